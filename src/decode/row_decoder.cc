// SPDX-License-Identifier: Apache-2.0
#include "decode/row_decoder.h"

namespace kafka_iceberg::decode {

void RowDecoder::TakeNullValue(const std::string& topic, const Record& record, DecodeStats& stats,
                               std::vector<DeadLetter>& dead_letters) {
  if (!stores_null_values_) {
    ++stats.tombstones;
    return;
  }
  RowFailure failure;
  if (columns_->AddNullRow(topic, record, failure)) {
    ++stats.rows;
    ++stats.null_rows;
    return;
  }
  columns_->ForgetRow();
  ++stats.dead_letters;
  dead_letters.push_back(MakeDeadLetter(topic, record, failure));
}

DecodeStats RecordDecoder::Decode(const std::string& topic, std::span<const Record> records,
                                  std::vector<DeadLetter>& dead_letters) {
  DecodeStats stats;
  Begin();
  for (const Record& record : records) {
    if (record.value_is_null) [[unlikely]] {
      TakeNullValue(topic, record, stats, dead_letters);
      ++stats.records;
      continue;
    }
    const Outcome outcome = DecodeRecord(topic, record);
    if (outcome == Outcome::kRow) [[likely]] {
      ++stats.rows;
      stats.ignored_fields += ignored_fields();
    } else if (outcome == Outcome::kStopped) {
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
