// SPDX-License-Identifier: Apache-2.0
//
// RowColumns: the columns a decoder fills, those of the payload and those of the record itself, and
// what all formats do with them: end a row, forget a half-built one, hand over a batch. Owned by
// one decoder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "decode/column.h"
#include "decode/dead_letter.h"
#include "decode/metadata_columns.h"
#include "iceberg/type.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::decode {

// Why a record is not a row; becomes a DeadLetter.
struct RowFailure {
  std::string_view code;
  std::string field_path;  // empty when the whole record is meant
  std::string reason;
};

DeadLetter MakeDeadLetter(const std::string& topic, const Record& record,
                          const RowFailure& failure);

class RowColumns {
 public:
  // kUnsupported or kInvalid, naming the column, when a type cannot be written, a reserved name has
  // another type, or a write-default is no value of its type.
  static Result<std::unique_ptr<RowColumns>> Make(const iceberg::Schema& schema);

  // The columns a payload fills, with their fields.
  const std::vector<iceberg::Field>& payload_fields() const { return payload_fields_; }
  const std::vector<Column*>& payload_columns() const { return payload_columns_; }

  // Ends a row whose payload columns are filled. False, with `failure` set, when a metadata column
  // cannot be: then ForgetRow() must follow, as after every failure before.
  bool EndRow(const std::string& topic, const Record& record, RowFailure& failure);
  // A row whose payload columns are all null. False, with `failure` set, as EndRow().
  bool AddNullRow(const std::string& topic, const Record& record, RowFailure& failure);
  void ForgetRow();

  int64_t rows() const { return rows_; }
  int64_t bytes() const;
  // All rows as one immutable batch, null when there are none; the columns are empty after.
  std::shared_ptr<arrow::RecordBatch> Seal();
  const std::shared_ptr<arrow::Schema>& arrow_schema() const { return arrow_schema_; }

 private:
  RowColumns(std::shared_ptr<arrow::Schema> arrow_schema, const iceberg::Schema& schema);

  const std::shared_ptr<arrow::Schema> arrow_schema_;
  std::vector<std::unique_ptr<Column>> columns_;  // in the order of the schema
  std::vector<iceberg::Field> payload_fields_;
  std::vector<Column*> payload_columns_;
  MetadataAppender metadata_{{}};
  int64_t rows_ = 0;
};

}  // namespace kafka_iceberg::decode
