// SPDX-License-Identifier: Apache-2.0
#include "decode/row_columns.h"

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/check.h"
#include "decode/arrow_schema.h"

namespace kafka_iceberg::decode {

DeadLetter MakeDeadLetter(const std::string& topic, const Record& record,
                          const RowFailure& failure) {
  DeadLetter letter;
  letter.topic = topic;
  letter.partition = record.partition;
  letter.offset = record.offset;
  letter.timestamp_ms = record.timestamp_ms;
  letter.code = failure.code;
  letter.field_path = failure.field_path;
  letter.reason = failure.reason;
  letter.key = record.key;
  letter.value = record.value;
  letter.key_is_null = record.key_is_null;
  letter.value_is_null = record.value_is_null;
  for (const Header& header : record.headers.all()) {
    letter.headers.push_back({.key = std::string(header.key),
                              .value = std::string(header.value),
                              .value_is_null = header.value_is_null});
  }
  return letter;
}

namespace {

Status ValidateDefaults(const iceberg::Schema& schema) {
  Status status;
  iceberg::VisitFields(schema.fields, [&](const iceberg::Field& field) {
    if (!status.ok() || !field.write_default || !field.type.is_primitive()) return;
    const auto value = iceberg::FromJsonText(*field.write_default, field.type);
    if (!value.ok()) {
      status = value.error().WithContext("write-default of column " + schema.PathOf(field.id));
    }
  });
  return status;
}

Status ValidateRescueColumn(const iceberg::Schema& schema, const std::string& name) {
  const auto field = std::ranges::find(schema.fields, name, &iceberg::Field::name);
  if (field == schema.fields.end()) {
    return Error::Invalid(
        "the table has no column {0}, which schema.rescue_column names: set schema_mismatch_action "
        "to \"evolve\" to have it added, or add it (ALTER TABLE ... ADD COLUMN {0} string)",
        name);
  }
  if (field->required || field->type.id != iceberg::TypeId::kString) {
    return Error::Invalid(
        "column {} is {}{}, and the rescue column must be an optional string: name another one in "
        "schema.rescue_column",
        name, field->required ? "a required " : "", iceberg::ToString(field->type));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<RowColumns>> RowColumns::Make(const iceberg::Schema& schema,
                                                     const RescueOptions& rescue) {
  auto arrow_schema = TRY(ToArrowSchema(schema));
  TRY(ValidateMetadataColumns(schema));
  TRY(ValidateDefaults(schema));
  if (!rescue.column.empty()) TRY(ValidateRescueColumn(schema, rescue.column));
  return std::unique_ptr<RowColumns>(new RowColumns(std::move(arrow_schema), schema, rescue));
}

RowColumns::RowColumns(std::shared_ptr<arrow::Schema> arrow_schema, const iceberg::Schema& schema,
                       const RescueOptions& rescue)
    : arrow_schema_(std::move(arrow_schema)) {
  std::vector<std::pair<MetadataColumn, Column*>> metadata;
  for (const iceberg::Field& field : schema.fields) {
    Column* column = columns_.emplace_back(std::make_unique<Column>(field, field.name)).get();
    if (const auto kind = FindMetadataColumn(field.name)) {
      metadata.emplace_back(*kind, column);
    } else if (!rescue.column.empty() && field.name == rescue.column) {
      rescue_column_ = column;
    } else {
      payload_fields_.push_back(field);
      payload_columns_.push_back(column);
    }
  }
  metadata_ = MetadataAppender(std::move(metadata));
  if (rescue_column_ != nullptr && rescue.scope != RescueScope::kNothing) {
    rescue_ = std::make_unique<Rescue>(rescue, payload_columns_);
  }
}

RowEnd RowColumns::EndRow(const std::string& topic, const Record& record, RowFailure& failure) {
  const Column* failed = metadata_.Append(topic, record);
  if (failed != nullptr) [[unlikely]] {
    const bool headers = failed->type().id == iceberg::TypeId::kList;
    failure = {headers ? "bad_utf8" : "missing_field", failed->path(),
               failed->path() +
                   (headers ? " has a name that is not UTF-8, or a value that is null but required"
                            : " is absent, and the column is required")};
    return RowEnd::kFailed;
  }
  const int64_t rescued_before = rescued_fields_;
  if (rescue_ != nullptr && !rescue_->fields().empty()) [[unlikely]] {
    if (!EndRescue(failure)) return RowEnd::kFailed;
  }
  // Nothing may fail any more once the partner has its row.
  if (partner_ != nullptr) [[unlikely]] {
    const RowEnd end = partner_->TakeRow(topic, record);
    if (end != RowEnd::kRow) {
      failure = {};  // the partner knows
      rescued_fields_ = rescued_before;
      return end;
    }
  }
  ++rows_;
  return RowEnd::kRow;
}

bool RowColumns::EndRescue(RowFailure& failure) {
  rescue_text_.clear();
  int64_t count = 0;
  if (!rescue_->fields().WriteTo(rescue_text_, count)) {
    failure = {"rescue_too_big", rescue_column_->path(),
               fmt::format("{} would hold more than {} bytes of this record, which is its limit",
                           rescue_column_->path(), rescue_->bytes_max())};
    return false;
  }
  rescue_->fields().Clear();
  if (count == 0) return true;
  FillRescueColumn();
  rescue_column_->AppendString(rescue_text_);
  rescued_fields_ += count;
  return true;
}

void RowColumns::FillRescueColumn() {
  while (rescue_column_->size() < rows_) rescue_column_->AppendNull();
}

RowEnd RowColumns::AddNullRow(const std::string& topic, const Record& record, RowFailure& failure) {
  for (Column* column : payload_columns_) {
    if (column->required()) {
      failure = {"missing_field", column->path(),
                 column->path() + " is required, and the record's value is null"};
      return RowEnd::kFailed;
    }
    column->AppendNull();
  }
  return EndRow(topic, record, failure);
}

void RowColumns::ForgetRow() {
  for (const auto& column : columns_) column->TruncateTo(rows_);
  if (rescue_ != nullptr) rescue_->fields().Clear();
}

int64_t RowColumns::bytes() const {
  int64_t total = 0;
  for (const auto& column : columns_) total += column->bytes();
  return total;
}

std::shared_ptr<arrow::RecordBatch> RowColumns::Seal() {
  if (rows_ == 0) return nullptr;
  if (rescue_column_ != nullptr) FillRescueColumn();
  std::vector<std::shared_ptr<arrow::ArrayData>> arrays;
  arrays.reserve(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    CHECK(columns_[i]->size() == rows_);
    arrays.push_back(columns_[i]->Finish(arrow_schema_->field(static_cast<int>(i))->type()));
  }
  auto batch = arrow::RecordBatch::Make(arrow_schema_, rows_, std::move(arrays));
  rows_ = 0;
  return batch;
}

}  // namespace kafka_iceberg::decode
