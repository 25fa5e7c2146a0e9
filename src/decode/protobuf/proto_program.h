// SPDX-License-Identifier: Apache-2.0
//
// ProtoProgram: how the fields of one message type go into the columns of a table, worked out once
// per schema. A tree with the shape of the columns: fields that no column takes are not in it, so
// its size is bounded by the table and types that contain themselves do no harm. Owned by one
// decoder; the columns must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decode/column.h"
#include "decode/protobuf/proto_schema.h"
#include "decode/rescue/rescue_options.h"
#include "decode/row_columns.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

// What is done with one value of a field.
enum class ProtoOp : uint8_t {
  kSkip,  // a branch of a oneof that no column takes, but that replaces the others
  // The common pairs of type and column, one case each in the reader.
  kBool,
  kInt32,
  kInt64,
  kSint32,
  kSint64,
  kFixed32,  // sfixed32 to int, float to float
  kFixed64,
  kString,
  kBytes,
  kEnumName,
  kMessage,
  kMapEntry,
  kTimestamp,
  // The others.
  kInteger,  // any integer type to any column that holds whole numbers, range checked
  kFloatToDouble,
  kText,        // a string in the notation of another type
  kFixedBytes,  // bytes to fixed and uuid
  kWrapper,
  kDuration,
  kDate,
  kTimeOfDay,
  kJsonStruct,
  kJsonValue,
  kJsonList,
  kPresence,  // a message without fields to a boolean
};

struct ProtoNode;

struct ProtoSlot {
  uint32_t wire_type = kWireVarint;  // of one value
  ProtoOp op = ProtoOp::kSkip;
  bool repeated = false;
  bool merges = false;  // a message that may come in pieces, which belong together
  int32_t oneof = -1;   // index into ProtoNode::oneofs
  Column* column = nullptr;
  Column* target = nullptr;           // where one value goes: the column, or the elements of a list
  std::unique_ptr<ProtoNode> node;    // kMessage, kMapEntry, kWrapper
  const ProtoEnum* values = nullptr;  // kEnumName
  ProtoType type = ProtoType::kInt32;
  uint32_t number = 0;
  int64_t cells = 1;  // what one element adds to the columns
  bool required = false;
  std::optional<std::string> absent_value;  // see ProtoField
  const ProtoField* field = nullptr;
};

// A column that the message has no field for.
struct ProtoFill {
  Column* column = nullptr;
  std::optional<iceberg::Value> value;  // its write-default
};

struct ProtoNode {
  static constexpr int32_t kUnknown = -1;

  int32_t Find(uint32_t number) const {
    if (number < dense.size()) [[likely]]
      return dense[number];
    return sparse.empty() ? kUnknown : FindSparse(number);
  }
  int32_t FindSparse(uint32_t number) const;

  std::vector<ProtoSlot> slots;
  std::vector<int32_t> dense;                        // field number -> slot
  std::vector<std::pair<uint32_t, int32_t>> sparse;  // the numbers beyond, in order
  int32_t single_count = 0;                          // slots with a column that are not repeated
  std::vector<int32_t> repeated;                     // the others
  std::vector<int32_t> oneofs;  // the slot each oneof was last read into, in any row
  std::vector<ProtoFill> fills;
  std::vector<const ProtoField*> rescued;  // that no column takes, when they are kept; by number
  bool rescues = false;                    // these, or below
  const ProtoSchema* schema = nullptr;     // of the root
};

struct ProtoProgram {
  std::shared_ptr<const ProtoSchema> schema;  // the slots point into it
  std::shared_ptr<const ProtoMessage> outer;  // or into this; see ProtoSchema::AsOnlyField()
  std::unique_ptr<ProtoNode> root;
  int64_t slot_count = 0;
};

// Columns, with their fields in the same order.
struct FieldColumns {
  std::vector<iceberg::Field> fields;
  std::vector<Column*> columns;
};

// Columns and fields meet by name. False: a field has values that its column cannot take
// (schema_mismatch) or a required column has no field and no default (missing_field); see
// `failure`.
bool CompileProtoProgram(const ProtoMessage& message, const FieldColumns& columns,
                         RescueScope scope, ProtoProgram& program, RowFailure& failure);

}  // namespace kafka_iceberg::decode
