// SPDX-License-Identifier: Apache-2.0
//
// RowDecoder: what every decoder over RowColumns does: hand out batches, and count a record as row,
// tombstone or dead letter. RecordDecoder: the loop of those formats that read one record after the
// other. Owned by one writer thread.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "decode/decoder.h"
#include "decode/row_columns.h"

namespace kafka_iceberg::decode {

class RowDecoder : public Decoder {
 public:
  int64_t pending_rows() const final { return columns_->rows(); }
  int64_t pending_bytes() const final { return pending_bytes_; }
  const std::shared_ptr<arrow::Schema>& arrow_schema() const final {
    return columns_->arrow_schema();
  }
  void StoreNullValues() final { stores_null_values_ = true; }
  void JoinRows(RowPartner& partner) final { columns_->set_partner(&partner); }
  std::shared_ptr<arrow::RecordBatch> Seal() final {
    pending_bytes_ = 0;
    return columns_->Seal();
  }

 protected:
  explicit RowDecoder(std::unique_ptr<RowColumns> columns) : columns_(std::move(columns)) {}

  RowColumns& columns() { return *columns_; }
  // At the end of each Decode().
  void FinishCall(DecodeStats& stats) {
    pending_bytes_ = columns_->bytes();
    stats.rescued_fields = columns_->TakeRescuedFields();
  }
  // A record whose value is null: counted as what it becomes. False: it must be looked at again.
  bool TakeNullValue(const std::string& topic, const Record& record, DecodeStats& stats,
                     std::vector<DeadLetter>& dead_letters);

 private:
  const std::unique_ptr<RowColumns> columns_;
  int64_t pending_bytes_ = 0;
  bool stores_null_values_ = false;
};

class RecordDecoder : public RowDecoder {
 public:
  DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                     std::vector<DeadLetter>& dead_letters) final;

 protected:
  enum class Outcome : uint8_t {
    kRow,      // the payload columns are filled, and the row is ended
    kFailed,   // see failure(); what was appended is forgotten
    kStopped,  // neither this record nor those after it can be looked at now: Stop(), Drift(), or
               // the rows' partner says why
  };

  using RowDecoder::RowDecoder;

  // Called before the first record of each Decode().
  virtual void Begin() {}
  // Of a record that has a value.
  virtual Outcome DecodeRecord(const std::string& topic, const Record& record) = 0;
  // Of the last row.
  virtual int64_t ignored_fields() const { return 0; }

  // Of the record that failed, as text; empty when it named none.
  virtual std::string failed_schema_id() const { return {}; }

  Outcome Fail(RowFailure failure) {
    failure_ = std::move(failure);
    return Outcome::kFailed;
  }
  Outcome Stop(Error reason) {
    stopped_ = std::move(reason);
    return Outcome::kStopped;
  }
  Outcome Drift(iceberg::Schema wanted) {
    drift_ = std::move(wanted);
    return Outcome::kStopped;
  }
  Outcome EndRow(const std::string& topic, const Record& record) {
    switch (columns().EndRow(topic, record, failure_)) {
      case RowEnd::kRow: return Outcome::kRow;
      case RowEnd::kFailed: return Outcome::kFailed;
      case RowEnd::kStopped: break;
    }
    return Outcome::kStopped;
  }
  // A record longer than this is a dead letter.
  Outcome FailTooBig(const Record& record, int64_t bytes_max) {
    return Fail({"too_big", "",
                 fmt::format("the record has {} bytes; at most {} are decoded", record.value.size(),
                             bytes_max)});
  }

 private:
  RowFailure failure_;
  std::optional<Error> stopped_;
  std::optional<iceberg::Schema> drift_;
};

}  // namespace kafka_iceberg::decode
