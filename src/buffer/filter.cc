// SPDX-License-Identifier: Apache-2.0
#include "buffer/filter.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "buffer/column_values.h"
#include "core/check.h"

namespace kafka_iceberg::buffer {
namespace {

using Op = Predicate::Op;

// Rows tested at a time: the mask stays in the first-level cache and a small limit ends early.
constexpr int64_t kChunkRows = 4096;

template <typename T>
bool Less(const T& a, const T& b) {
  return a < b;
}
template <typename T>
bool Equal(const T& a, const T& b) {
  return a == b;
}
// One total order for both tests, as Spark and DuckDB have it: NaN is the greatest number and equal
// to itself.
template <>
bool Less(const double& a, const double& b) {
  return a < b || (std::isnan(b) && !std::isnan(a));
}
template <>
bool Equal(const double& a, const double& b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

template <typename T>
T LiteralAs(const Literal& literal) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return std::get<std::string>(literal);
  } else {
    return std::get<T>(literal);
  }
}

template <typename Test>
void Narrow(int64_t begin, int64_t count, uint8_t* mask, Test test) {
  for (int64_t i = 0; i < count; ++i) mask[i] = static_cast<uint8_t>(mask[i] & test(begin + i));
}

void Compare(const arrow::Array& column, Op op, const Literal& literal, int64_t begin,
             int64_t count, uint8_t* mask) {
  WithColumn(column, [=, &literal](auto get) {
    using T = decltype(get(0));
    const T value = LiteralAs<T>(literal);
    switch (op) {
      case Op::kEq:
        return Narrow(begin, count, mask, [&](int64_t row) { return Equal<T>(get(row), value); });
      case Op::kNe:
        return Narrow(begin, count, mask, [&](int64_t row) { return !Equal<T>(get(row), value); });
      case Op::kLt:
        return Narrow(begin, count, mask, [&](int64_t row) { return Less<T>(get(row), value); });
      case Op::kLe:
        return Narrow(begin, count, mask, [&](int64_t row) { return !Less<T>(value, get(row)); });
      case Op::kGt:
        return Narrow(begin, count, mask, [&](int64_t row) { return Less<T>(value, get(row)); });
      case Op::kGe:
        return Narrow(begin, count, mask, [&](int64_t row) { return !Less<T>(get(row), value); });
      case Op::kIsNull:
      case Op::kIsNotNull: CHECK(false);  // have no literal and do not come here
    }
  });
}

void Apply(const arrow::Array& column, Op op, const Literal& literal, int64_t begin, int64_t count,
           uint8_t* mask) {
  if (op == Op::kIsNull) {
    return Narrow(begin, count, mask, [&](int64_t row) { return column.IsNull(row); });
  }
  if (op != Op::kIsNotNull) Compare(column, op, literal, begin, count, mask);
  if (column.null_count() == 0) return;
  Narrow(begin, count, mask, [&](int64_t row) { return column.IsValid(row); });
}

std::string ColumnNames(const arrow::Schema& schema) {
  std::string names;
  for (const auto& field : schema.fields()) {
    if (names.size() > 500) return names + ", ...";
    if (!names.empty()) names += ", ";
    names += field->name();
  }
  return names;
}

}  // namespace

Result<CompiledFilter> CompiledFilter::Compile(const Filter& filter, const arrow::Schema& schema) {
  CompiledFilter compiled;
  for (const Predicate& predicate : filter) {
    Term term;
    term.column = schema.GetFieldIndex(predicate.column);
    if (term.column < 0) {
      return Error::Invalid("no column {}; there are: {}", predicate.column, ColumnNames(schema));
    }
    term.op = predicate.op;
    const arrow::DataType& type = *schema.field(term.column)->type();
    if (arrow::is_nested(type.id())) {
      return Error::Invalid("column {} is nested and cannot be filtered on", predicate.column);
    }
    if (term.op != Op::kIsNull && term.op != Op::kIsNotNull) {
      auto literal = ParseLiteral(predicate.literal, type);
      if (!literal.ok()) return literal.error().WithContext("column " + predicate.column);
      term.literal = std::move(literal).value();
    }
    compiled.terms_.push_back(std::move(term));
  }
  return compiled;
}

std::vector<RowRun> CompiledFilter::Select(const arrow::RecordBatch& rows, int64_t limit) const {
  std::vector<RowRun> runs;
  if (terms_.empty()) {
    const int64_t count = std::min(rows.num_rows(), limit);
    if (count > 0) runs.push_back({0, 0, static_cast<int32_t>(count)});
    return runs;
  }
  std::array<uint8_t, kChunkRows> mask;
  int64_t found = 0;
  for (int64_t begin = 0; begin < rows.num_rows() && found < limit; begin += kChunkRows) {
    const int64_t count = std::min(kChunkRows, rows.num_rows() - begin);
    std::memset(mask.data(), 1, mask.size());
    for (const Term& term : terms_) {
      Apply(*rows.column(term.column), term.op, term.literal, begin, count, mask.data());
    }
    for (int64_t i = 0; i < count && found < limit; ++i) {
      if (mask[static_cast<size_t>(i)] == 0) continue;
      AddRow(runs, 0, static_cast<int32_t>(begin + i));
      ++found;
    }
  }
  return runs;
}

bool RowEquals(const arrow::Array& column, int64_t row, const Literal& literal) {
  if (column.IsNull(row)) return false;
  bool equal = false;
  WithColumn(column, [&](auto get) {
    using T = decltype(get(0));
    equal = Equal<T>(get(row), LiteralAs<T>(literal));
  });
  return equal;
}

}  // namespace kafka_iceberg::buffer
