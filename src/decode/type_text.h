// SPDX-License-Identifier: Apache-2.0
//
// Column types as people write them in a configuration: "long", "decimal(9,2)", "list<string>",
// "map<string,long>", "struct<a:int,b:list<string>>". Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

// Inner fields get ids from `next_id` on, which moves, and are optional (map keys are required). A
// struct member's name is everything up to its colon; white space around names and types does not
// matter. kInvalid names what is wrong and the character where it is.
Result<iceberg::Type> ParseTypeText(std::string_view text, int32_t& next_id);

// A column as declared.
struct DeclaredField {
  std::string name;  // dots are part of the name
  std::string type;
  bool required = false;
  std::string doc;
};

// The declared columns, then the metadata columns, with fresh ids. kInvalid names the field: a type
// that does not parse, a name that is empty, repeated, or reserved for a metadata column.
Result<iceberg::Schema> DeclaredSchema(const std::vector<DeclaredField>& fields,
                                       const std::vector<std::string>& metadata_columns);

}  // namespace kafka_iceberg::decode
