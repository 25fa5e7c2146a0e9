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
#include <utility>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "decode/column.h"
#include "decode/dead_letter.h"
#include "decode/metadata_columns.h"
#include "decode/rescue/rescue.h"
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
  // Of a decimal that has too many digits: the precision that its column would need, with its
  // scale; 0: no other precision would do.
  int32_t precision_needed = 0;
};

DeadLetter MakeDeadLetter(const std::string& topic, const Record& record,
                          const RowFailure& failure);

// What has become of a row at its end.
enum class RowEnd : uint8_t {
  kRow,
  kFailed,   // its record becomes a dead letter
  kStopped,  // its record must be looked at again, later
};

// Rows that are made elsewhere, one with each row of some RowColumns: see Decoder::JoinRows().
class RowPartner {
 public:
  virtual ~RowPartner() = default;
  // One row more for the record, whose other columns are filled already; or, on failure, none.
  virtual RowEnd TakeRow(const std::string& topic, const Record& record) = 0;
};

class RowColumns {
 public:
  // kUnsupported or kInvalid, naming the column, when a type cannot be written, a reserved name has
  // another type, a write-default is no value of its type, or there is no such rescue column.
  static Result<std::unique_ptr<RowColumns>> Make(const iceberg::Schema& schema,
                                                  const RescueOptions& rescue = {});

  // The columns a payload fills, with their fields.
  const std::vector<iceberg::Field>& payload_fields() const { return payload_fields_; }
  const std::vector<Column*>& payload_columns() const { return payload_columns_; }

  // What the row is to keep beside its columns goes here; null: nothing does.
  Rescue* rescue() const { return rescue_.get(); }
  // Since the last call.
  int64_t TakeRescuedFields() { return std::exchange(rescued_fields_, 0); }

  // Ends a row whose payload columns are filled. When a metadata column cannot be, too much was
  // rescued, or the partner has no row for it, ForgetRow() must follow, as after every failure
  // before. `failure` is set with kFailed.
  RowEnd EndRow(const std::string& topic, const Record& record, RowFailure& failure);
  // A row whose payload columns are all null; as EndRow().
  RowEnd AddNullRow(const std::string& topic, const Record& record, RowFailure& failure);
  // From the first row on; the partner outlives this.
  void set_partner(RowPartner* partner) { partner_ = partner; }
  void ForgetRow();

  int64_t rows() const { return rows_; }
  int64_t bytes() const;
  // All rows as one immutable batch, null when there are none; the columns are empty after.
  std::shared_ptr<arrow::RecordBatch> Seal();
  const std::shared_ptr<arrow::Schema>& arrow_schema() const { return arrow_schema_; }

 private:
  RowColumns(std::shared_ptr<arrow::Schema> arrow_schema, const iceberg::Schema& schema,
             const RescueOptions& rescue);

  bool EndRescue(RowFailure& failure);
  void FillRescueColumn();

  const std::shared_ptr<arrow::Schema> arrow_schema_;
  std::vector<std::unique_ptr<Column>> columns_;  // in the order of the schema
  std::vector<iceberg::Field> payload_fields_;
  std::vector<Column*> payload_columns_;
  MetadataAppender metadata_{{}};
  RowPartner* partner_ = nullptr;
  // Gets its cells when there is something to keep, and at the end those that are null: a row
  // without anything to rescue does not pay for the column.
  Column* rescue_column_ = nullptr;
  std::unique_ptr<Rescue> rescue_;
  std::string rescue_text_;
  int64_t rescued_fields_ = 0;
  int64_t rows_ = 0;
};

}  // namespace kafka_iceberg::decode
