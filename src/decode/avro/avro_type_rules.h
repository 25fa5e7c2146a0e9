// SPDX-License-Identifier: Apache-2.0
//
// Which columns take which Avro types: one table, which the mapping, the compiler and the
// documentation read. Constant.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decode/avro/avro_schema.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

// A few column types, known when compiled.
class ColumnTypes {
 public:
  constexpr ColumnTypes(std::initializer_list<iceberg::TypeId> types) : size_(types.size()) {
    std::copy(types.begin(), types.end(), types_.begin());
  }
  constexpr const iceberg::TypeId* begin() const { return types_.data(); }
  constexpr const iceberg::TypeId* end() const { return types_.data() + size_; }
  constexpr bool Has(iceberg::TypeId type) const {
    return std::find(begin(), end(), type) != end();
  }

 private:
  std::array<iceberg::TypeId, 3> types_ = {};
  size_t size_ = 0;
};

struct AvroTypeRule {
  std::string_view avro;  // as people write it, "long, timestamp-millis"
  AvroKind kind;
  AvroLogical logical;
  std::string_view column;      // the column made for it, "timestamptz"
  iceberg::TypeId column_type;  // the same
  int32_t format_version;       // of the table, at least
  ColumnTypes also;             // columns of other types that take it without loss
  std::string_view note;
};

// All of them, in the order of the documentation.
std::span<const AvroTypeRule> AvroTypeRules();
const AvroTypeRule& RuleOf(const AvroSchema& schema);

// The columns of a union with more than one branch that is not null, in the order of the branches:
// a branch's type name ("string", "long", "array"), for records, enums and fixed the name they are
// defined under, with the namespace only where two branches would otherwise share a name. Empty for
// null. A schema that is no union is its own only branch.
std::vector<std::string> BranchNames(const AvroSchema& schema);

// Iceberg's limit; a decimal beyond it is kept as its bytes.
inline constexpr int32_t kDecimalPrecisionMax = 38;

}  // namespace kafka_iceberg::decode
