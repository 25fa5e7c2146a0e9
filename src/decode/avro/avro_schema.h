// SPDX-License-Identifier: Apache-2.0
//
// AvroSchema: what the writer of a payload says its bytes are (Avro specification 1.12), as a
// finite tree: names are resolved, references to named types are expanded. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "decode/framing/payload_schema.h"

namespace kafka_iceberg::decode {

enum class AvroKind : uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kRecord,
  kArray,
  kMap,
  kUnion,
};

enum class AvroLogical : uint8_t {
  kNone,
  kDecimal,
  kDate,
  kTimeMillis,
  kTimeMicros,
  kTimestampMillis,
  kTimestampMicros,
  kTimestampNanos,
  kLocalTimestampMillis,
  kLocalTimestampMicros,
  kLocalTimestampNanos,
  kUuid,
  kDuration,
};

struct AvroField;

struct AvroSchema {
  AvroKind kind = AvroKind::kNull;
  AvroLogical logical = AvroLogical::kNone;
  std::string name;                  // record, enum, fixed: with its namespace, "org.shop.Order"
  std::vector<std::string> aliases;  // likewise, with namespaces
  int32_t size = 0;                  // fixed: bytes
  int32_t precision = 0;             // decimal
  int32_t scale = 0;                 // decimal
  std::vector<std::string> symbols;  // enum
  std::vector<AvroField> fields;     // record
  std::vector<AvroSchema> children;  // array: items; map: values; union: branches
};

struct AvroField {
  std::string name;
  std::vector<std::string> aliases;
  std::string doc;
  std::optional<std::string> default_json;  // as it stands in the schema
  AvroSchema schema;
};

inline constexpr size_t kAvroTextBytesMax = size_t{4} << 20;  // of a schema with its references
inline constexpr int32_t kAvroDepthMax = 64;
// Fields, items and branches, counted where a named type is used and not only where it is defined.
inline constexpr int64_t kAvroNodesMax = 50'000;

// Lenient where writers are: any text is a name, unknown properties mean nothing, and a logical
// type that does not suit its type is ignored, as the specification demands. kCorrupt: not an Avro
// schema; kUnsupported: a recursive one (no table column can be), or one beyond the limits above.
Result<AvroSchema> ParseAvroSchema(const PayloadSchema& schema);

// A record with that one field, whose bytes are those of `schema`.
AvroSchema AsOnlyField(AvroSchema schema, const std::string& name);

// "long", "record org.shop.Order", "timestamp-millis (long)", for messages.
std::string ToString(const AvroSchema& schema);
// The name behind the last dot.
std::string_view SimpleName(std::string_view full_name);

}  // namespace kafka_iceberg::decode
