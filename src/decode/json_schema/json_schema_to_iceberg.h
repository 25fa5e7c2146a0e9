// SPDX-License-Identifier: Apache-2.0
//
// The table schema for payloads of a JSON Schema: the table that the documentation prints, and the
// columns made by it. Pure functions over hostile text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "decode/framing/payload_schema.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

struct JsonSchemaMappingRow {
  std::string_view json_schema;
  std::string_view column;
  std::string_view remark;
};
std::span<const JsonSchemaMappingRow> JsonSchemaMapping();

struct JsonSchemaOptions {
  int32_t columns_max = 2000;
  int32_t depth_max = 32;
  // Not empty: the schema is that of this column, and may be of any kind.
  std::string column;
};

// A column for each property, in the order of the schema's text, with fresh ids; required when the
// schema requires it and does not allow null. "$ref" is followed within the document and into the
// schema's references, drafts 4 to 2020-12. Properties with the name of a metadata column are left
// out, and so are those that only null fits.
//
// kUnsupported, naming the field: what has no column type (a union of types, an object or array of
// anything, a schema that contains itself), more columns or levels than the limits; another format
// than JSON Schema. kCorrupt: not JSON, or a reference that leads nowhere.
Result<iceberg::Schema> JsonSchemaToIceberg(const PayloadSchema& schema,
                                            JsonSchemaOptions options = {});

}  // namespace kafka_iceberg::decode
