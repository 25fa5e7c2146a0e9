// SPDX-License-Identifier: Apache-2.0
//
// Decoder: payloads straight into typed Arrow columns, in one pass, without a row object in
// between.
//
// One decoder belongs to one writer thread. A record that does not fit never stops the others: it
// leaves no trace in the columns and is reported as a DeadLetter. Implementations pass
// decoder_conformance.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "decode/dead_letter.h"
#include "iceberg/type.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::decode {

struct DecodeStats {
  int64_t records = 0;  // that were looked at, from the first on
  int64_t rows = 0;
  int64_t dead_letters = 0;
  int64_t tombstones = 0;      // null values, skipped
  int64_t null_rows = 0;       // of the rows: null values, stored
  int64_t ignored_fields = 0;  // members of the payload that no column takes
  int64_t rescued_fields = 0;  // members and values kept in the rescue column
  // Why the remaining records were not looked at: the schema of the next one cannot be had now
  // (kUnavailable, kTimeout). Hand them in again later.
  std::optional<Error> stopped;
  // Why they were not, when the decoder reports drift: the next record asks for these payload
  // columns, more or wider ones than there are. Hand the rest in again, to a decoder that has them
  // or to this one, which then leaves out what it has no column for.
  std::optional<iceberg::Schema> drift;
};

class RowPartner;

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Appends the records as rows; those that do not fit are added to `dead_letters`.
  // records = rows + dead letters + tombstones, always.
  virtual DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                             std::vector<DeadLetter>& dead_letters) = 0;
  // From now on a record without a value becomes a row whose payload columns are null; where one of
  // them is required, a dead letter. Until then it is skipped.
  virtual void StoreNullValues() = 0;
  // From the first record on, a record becomes a row only together with one of the partner, which
  // outlives this. When the partner stops, Decode() returns before that record without saying why;
  // a record that the partner fails becomes a dead letter without a reason.
  virtual void JoinRows(RowPartner& partner) = 0;
  virtual int64_t pending_rows() const = 0;
  virtual int64_t pending_bytes() const = 0;  // memory of the columns being built
  // The rows since the last call as one immutable batch (columns in the order of arrow_schema());
  // null when none.
  virtual std::shared_ptr<arrow::RecordBatch> Seal() = 0;
  // Every field carries its Iceberg id under "PARQUET:field_id", at every depth.
  virtual const std::shared_ptr<arrow::Schema>& arrow_schema() const = 0;
};

}  // namespace kafka_iceberg::decode
