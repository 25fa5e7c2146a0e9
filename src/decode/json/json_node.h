// SPDX-License-Identifier: Apache-2.0
//
// JsonNode: a column as the JSON reader sees it, with the keys of its members when it is a struct.
// The tree has the shape of the schema and is built once. Owned by one decoder; the columns must
// outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "decode/column.h"
#include "decode/json/key_table.h"

namespace kafka_iceberg::decode {

struct JsonNode {
  Column* column = nullptr;  // null at the top, where the columns have no parent
  iceberg::TypeId kind = iceberg::TypeId::kStruct;
  bool required = false;
  std::unique_ptr<KeyTable> keys;  // of a struct
  std::vector<JsonNode> children;  // struct: its members; list: element; map: key, value
  std::optional<iceberg::Value> absent_default;  // write-default, for a member that is absent
};

// The node of one field, whose column has the same shape. kUnsupported: a map whose key is nested;
// kInvalid: a write-default that is not a value of its type.
Result<JsonNode> MakeJsonNode(const iceberg::Field& field, Column& column);
// The node above top-level fields; `columns` in the same order.
Result<JsonNode> MakeJsonRoot(const std::vector<iceberg::Field>& fields,
                              const std::vector<Column*>& columns);

}  // namespace kafka_iceberg::decode
