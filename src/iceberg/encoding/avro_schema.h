// SPDX-License-Identifier: Apache-2.0
//
// The schema of an Avro file, with the properties Iceberg adds to it (field ids, element, key and
// value ids, logical types), and its JSON form. Plain values. References to named types are
// expanded while parsing, so a parsed schema is a finite tree; recursive schemas, which no Iceberg
// type can be, are refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::iceberg {

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

struct AvroField;

struct AvroSchema {
  AvroKind kind = AvroKind::kNull;
  std::string name;  // record, fixed, enum
  int32_t size = 0;  // fixed: bytes; enum: symbols
  std::string logical_type;
  int32_t precision = 0;  // logical type decimal
  int32_t scale = 0;      // logical type decimal
  std::optional<bool> adjust_to_utc;
  std::optional<int32_t> element_id;  // array
  std::optional<int32_t> key_id;      // map
  std::optional<int32_t> value_id;    // map
  std::vector<AvroField> fields;      // record
  std::vector<AvroSchema> children;   // array: items; map: values; union: branches

  static AvroSchema Of(AvroKind kind);
  // The union of null and `schema`, null first as Iceberg wants it.
  static AvroSchema Optional(AvroSchema schema);

  friend bool operator==(const AvroSchema&, const AvroSchema&);
};

struct AvroField {
  std::string name;
  std::optional<int32_t> field_id;  // readers find fields by id; one without an id is skipped
  AvroSchema schema;
  std::string iceberg_name;  // "iceberg-field-name": the name before it was made legal in Avro;
                             // empty when the same

  friend bool operator==(const AvroField&, const AvroField&) = default;
};

// JSON as it stands in a file's `avro.schema`. An optional field gets "default": null.
std::string AvroSchemaToJson(const AvroSchema& schema);
// kCorrupt for anything that is no Avro schema, for recursive schemas and for unreasonably big
// ones.
Result<AvroSchema> AvroSchemaFromJson(std::string_view json);

// `name` made legal: [A-Za-z_][A-Za-z0-9_]*, by the reference implementation's rules ("1a" ->
// "_1a", "a.b" -> "a_x2Eb").
std::string AvroName(std::string_view name);

}  // namespace kafka_iceberg::iceberg
