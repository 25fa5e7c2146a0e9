// SPDX-License-Identifier: Apache-2.0
//
// AvroProgram: what to do with the bytes of one writer schema to fill the columns of one decoder: a
// flat list of instructions in the order of the bytes. Made once per schema by CompileAvro(), run
// by AvroRowReader. Immutable; the columns must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "decode/avro/avro_schema.h"
#include "decode/column.h"
#include "decode/rescue/rescue_options.h"
#include "decode/row_columns.h"
#include "iceberg/value.h"

namespace kafka_iceberg::decode {

// "a -> b": a value of Avro type a goes into a column of type b.
enum class AvroCode : uint8_t {
  kBoolean,
  kInt,  // -> int, date
  kIntToLong,
  kIntToFloat,
  kIntToDouble,
  kLong,
  kLongToFloat,
  kLongToDouble,
  kFloat,
  kFloatToDouble,
  kDouble,
  kString,         // string or bytes -> string, as UTF-8
  kBytes,          // string or bytes -> binary
  kStringToUuid,   // 36 characters
  kFixed,          // -> fixed, uuid; argument: bytes
  kFixedToBinary,  // argument: bytes
  kEnum,           // argument: index of the symbols
  kDecimalBytes,   // two's complement
  kDecimalFixed,   // argument: bytes
  kTimeMillis,
  kTimeMicros,
  kTimestamp,  // argument: the factor between the units
  kDuration,   // -> struct of three longs
  kSkipNumber,
  kSkipBytes,
  kSkipFixed,   // argument: bytes
  kOptional,    // union of null and the value behind it; argument: the number that stands for null
  kUnion,       // argument: index of the branches, which are behind it
  kArray,       // the item is behind it; argument: the bytes of an item, at least
  kMap,         // the value is behind it; argument: likewise
  kEndStruct,   // every child has got a row more
  kFillStruct,  // children without a value become null, then as above
  kNull,
  kDefault,  // argument: index of the value
  kRescue,   // argument: index of the rescue; the value is kept beside the columns
  kIgnored,  // argument: how many fields no column takes
  kFail,     // argument: index of the failure
};

struct AvroOp {
  AvroCode code = AvroCode::kFail;
  uint32_t length = 0;  // instructions that belong to it and stand behind it
  int64_t argument = 0;
  Column* column = nullptr;  // null: the value is skipped; at the top: all columns are meant
};

// A value that no column takes.
struct AvroRescue {
  const AvroSchema* schema = nullptr;
  const Column* column = nullptr;  // that does not take it
  bool is_member = false;          // then of the struct `column`, null at the top
  std::string name;
};

struct AvroProgram {
  struct Branch {
    uint32_t begin = 0;
    uint32_t end = 0;
  };

  std::vector<AvroOp> ops;
  std::vector<std::vector<Branch>> unions;
  std::vector<std::vector<std::string>> symbols;
  std::vector<iceberg::Value> defaults;
  std::vector<RowFailure> failures;
  std::vector<AvroRescue> rescues;
  // Instructions whose value may turn out not to fit, and its schema then; in their order.
  std::vector<std::pair<uint32_t, const AvroSchema*>> misfits;
};

// The failure is that of every record: a column cannot take what the schema says (schema_mismatch,
// with the field's path), or a required one would get nothing (missing_field).
struct CompiledAvro {
  std::shared_ptr<const AvroSchema> schema;  // kept when the program refers to it
  AvroProgram program;
  std::optional<RowFailure> failure;
  // The payload columns that the schema asks for; a field that some column takes (see FieldMatch)
  // under that column's name. No fields: already told, or nothing can be said.
  iceberg::Schema wanted;
};

inline constexpr size_t kAvroOpsMax = 200'000;

// `fields` and `columns` of the payload, in the same order; they meet as in FieldMatch. `wanted` is
// left to others. What a program rescues refers to `schema`, which must live as long.
CompiledAvro CompileAvro(const AvroSchema& schema, const std::vector<iceberg::Field>& fields,
                         const std::vector<Column*>& columns,
                         RescueScope scope = RescueScope::kNothing);

}  // namespace kafka_iceberg::decode
