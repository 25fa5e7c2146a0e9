// SPDX-License-Identifier: Apache-2.0
//
// A query's filter, checked against a schema once and then evaluated batch by batch in plain loops
// over Arrow's buffers. Immutable after Compile(); safe to use from many threads.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "buffer/literal.h"
#include "buffer/row_gather.h"
#include "core/result.h"

namespace arrow {
class Array;
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::buffer {

// column <op> literal; literals are text, converted to the column's type (kInvalid when
// impossible). A null satisfies only kIsNull. NaN equals NaN and is above every other number; -0.0
// equals 0.0.
struct Predicate {
  enum class Op : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe, kIsNull, kIsNotNull };
  std::string column;
  Op op = Op::kEq;
  std::string literal;
};
// All predicates must hold.
using Filter = std::vector<Predicate>;

class CompiledFilter {
 public:
  // kInvalid: unknown column, a literal that is not of the column's type, or a nested column.
  static Result<CompiledFilter> Compile(const Filter& filter, const arrow::Schema& schema);

  // The first `limit` rows that satisfy every predicate, in order, as runs of source 0.
  std::vector<RowRun> Select(const arrow::RecordBatch& rows,
                             int64_t limit = std::numeric_limits<int64_t>::max()) const;

 private:
  struct Term {
    int column = 0;
    Predicate::Op op = Predicate::Op::kEq;
    Literal literal;
  };
  std::vector<Term> terms_;
};

// The rows of one column that equal the literal (of the column's type), tested one by one: for
// index look-ups.
bool RowEquals(const arrow::Array& column, int64_t row, const Literal& literal);

}  // namespace kafka_iceberg::buffer
