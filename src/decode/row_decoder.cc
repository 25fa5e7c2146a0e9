// SPDX-License-Identifier: Apache-2.0
#include "decode/row_decoder.h"

namespace kafka_iceberg::decode {

bool RowDecoder::TakeNullValue(const std::string& topic, const Record& record, DecodeStats& stats,
                               std::vector<DeadLetter>& dead_letters) {
  if (!stores_null_values_) {
    ++stats.tombstones;
    return true;
  }
  RowFailure failure;
  const RowEnd end = columns_->AddNullRow(topic, record, failure);
  if (end == RowEnd::kRow) {
    ++stats.rows;
    ++stats.null_rows;
    return true;
  }
  columns_->ForgetRow();
  if (end == RowEnd::kStopped) return false;
  ++stats.dead_letters;
  dead_letters.push_back(MakeDeadLetter(topic, record, failure));
  return true;
}

DecodeStats RecordDecoder::Decode(const std::string& topic, std::span<const Record> records,
                                  std::vector<DeadLetter>& dead_letters) {
  DecodeStats stats;
  Begin();
  for (const Record& record : records) {
    if (record.value_is_null) [[unlikely]] {
      if (!TakeNullValue(topic, record, stats, dead_letters)) break;
      ++stats.records;
      continue;
    }
    const Outcome outcome = DecodeRecord(topic, record);
    if (outcome == Outcome::kRow) [[likely]] {
      ++stats.rows;
      stats.ignored_fields += ignored_fields();
    } else if (outcome == Outcome::kStopped) {
      columns().ForgetRow();
      stats.stopped = std::exchange(stopped_, std::nullopt);
      stats.drift = std::exchange(drift_, std::nullopt);
      break;
    } else {
      columns().ForgetRow();
      ++stats.dead_letters;
      dead_letters.push_back(MakeDeadLetter(topic, record, failure_));
      dead_letters.back().schema_id = failed_schema_id();
    }
    ++stats.records;
  }
  FinishCall(stats);
  return stats;
}

}  // namespace kafka_iceberg::decode
