// SPDX-License-Identifier: Apache-2.0
//
// The table of dead letters, version 1: its columns, and letters as rows of it. The columns are
// frozen and documented in docs/DEAD_LETTERS.md; another layout would be another version. Pure.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "decode/dead_letter.h"
#include "iceberg/type.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::engine {

inline constexpr std::string_view kLetterTableVersion = "1";

// With ids 1.. in the order of the reference implementation.
iceberg::Schema LetterTableSchema();

// Rows for `columns` (ToArrowSchema of LetterTableSchema), in batches of bounded bytes.
Status VisitLetterRows(const std::vector<decode::DeadLetter>& letters,
                       const std::shared_ptr<arrow::Schema>& columns,
                       const std::function<Status(const arrow::RecordBatch&)>& visit);
// The letters of a batch that has all columns of the schema, in its order. kCorrupt when it is not
// such a batch.
Result<std::vector<decode::DeadLetter>> LettersOfRows(const arrow::RecordBatch& rows);

}  // namespace kafka_iceberg::engine
