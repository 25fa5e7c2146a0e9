// SPDX-License-Identifier: Apache-2.0
#include "buffer/key_index.h"

#include <arrow/array.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>

#include "buffer/column_values.h"
#include "buffer/filter.h"

namespace kafka_iceberg::buffer {
namespace {

// Equal values must hash alike: both zeros, and all NaNs.
uint64_t HashOf(double value) {
  if (value == 0) value = 0;
  if (value != value) return 0x7ff8;
  return std::bit_cast<uint64_t>(value);
}
uint64_t HashOf(bool value) { return value ? 1 : 0; }
uint64_t HashOf(int64_t value) { return static_cast<uint64_t>(value); }
uint64_t HashOf(const iceberg::Int128& value) {
  return static_cast<uint64_t>(value) ^ static_cast<uint64_t>(value >> 64) * 31;
}
uint64_t HashOf(std::string_view value) { return std::hash<std::string_view>()(value); }

size_t Slot(uint64_t hash, size_t slots) {
  // Multiplicative mixing: sequential integers must not fill neighbouring slots in step.
  return static_cast<size_t>((hash * 0x9e3779b97f4a7c15ULL) >> 32) & (slots - 1);
}

}  // namespace

KeyIndex KeyIndex::Build(const arrow::Array& column) {
  KeyIndex index;
  const auto rows = static_cast<size_t>(column.length());
  index.heads_.assign(std::bit_ceil(std::max<size_t>(rows, 1)), -1);
  index.next_.assign(rows, -1);
  WithColumn(column, [&](auto get) {
    // Backwards, so that the chains are ascending.
    for (int64_t row = column.length() - 1; row >= 0; --row) {
      if (column.IsNull(row)) continue;
      int32_t& head = index.heads_[Slot(HashOf(get(row)), index.heads_.size())];
      index.next_[static_cast<size_t>(row)] = head;
      head = static_cast<int32_t>(row);
    }
  });
  return index;
}

std::vector<int32_t> KeyIndex::Find(const arrow::Array& column, const Literal& literal) const {
  const uint64_t hash = std::visit(
      [](const auto& value) -> uint64_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
          return HashOf(std::string_view(value));
        } else {
          return HashOf(value);
        }
      },
      literal);
  std::vector<int32_t> rows;
  for (int32_t row = heads_[Slot(hash, heads_.size())]; row >= 0;
       row = next_[static_cast<size_t>(row)]) {
    if (RowEquals(column, row, literal)) rows.push_back(row);
  }
  return rows;
}

int64_t KeyIndex::bytes() const {
  return static_cast<int64_t>((heads_.capacity() + next_.capacity()) * sizeof(int32_t));
}

}  // namespace kafka_iceberg::buffer
