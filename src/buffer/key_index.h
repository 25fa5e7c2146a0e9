// SPDX-License-Identifier: Apache-2.0
//
// KeyIndex: a hash index over one column of one immutable batch, for point look-ups. Eight bytes a
// row and built in one pass; rows with equal hashes are chained, so duplicates of a key cost
// nothing extra. Immutable after Build().
#pragma once

#include <cstdint>
#include <vector>

#include "buffer/literal.h"

namespace arrow {
class Array;
}  // namespace arrow

namespace kafka_iceberg::buffer {

class KeyIndex {
 public:
  // The column must be of a type that ParseLiteral() accepts. Nulls are not in the index.
  static KeyIndex Build(const arrow::Array& column);

  // The rows of `column` (the one the index was built from) that equal the literal, ascending.
  std::vector<int32_t> Find(const arrow::Array& column, const Literal& literal) const;
  int64_t bytes() const;

 private:
  std::vector<int32_t> heads_;  // by hash; a power of two; -1 is empty
  std::vector<int32_t> next_;   // by row
};

}  // namespace kafka_iceberg::buffer
