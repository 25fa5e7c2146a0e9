// SPDX-License-Identifier: Apache-2.0
#include "commit/fake_epoch.h"

namespace kafka_iceberg::commit {

write::StagedFile FakeFile(const std::string& path, int64_t rows) {
  write::StagedFile staged;
  staged.file.file_path = path;
  staged.file.record_count = rows;
  staged.file.file_size_in_bytes = 4;
  staged.sha256 = std::string(64, 'a');
  return staged;
}

FlushEpoch FakeEpoch(const std::string& uuid, int64_t snapshot_id, EpochRanges ranges) {
  FlushEpoch epoch{.uuid = uuid,
                   .snapshot_id = snapshot_id,
                   .ranges = std::move(ranges),
                   .table_uuid = kFakeTableUuid};
  for (const auto& [topic, partitions] : epoch.ranges) {
    for (const auto& [partition, range] : partitions) {
      if (range.start == range.end) continue;
      const int64_t rows = range.end - range.start;
      epoch.files.push_back(FakeFile(
          fmt::format("memory://data/{}-{}-{}-{}.parquet", uuid, partition, range.start, range.end),
          rows));
      epoch.rows += rows;
    }
  }
  return epoch;
}

std::vector<TransactionEntry> FakeSealing(const FlushEpoch& epoch, const std::string& table) {
  std::vector<TransactionEntry> entries;
  for (const write::StagedFile& file : epoch.files) {
    entries.emplace_back(ParquetWritten{.table = table, .epoch_uuid = epoch.uuid, .file = file});
  }
  entries.emplace_back(BufferSnapshot{.table = table,
                                      .epoch_uuid = epoch.uuid,
                                      .snapshot_id = epoch.snapshot_id,
                                      .ranges = epoch.ranges,
                                      .rows = epoch.rows,
                                      .dead_letters = epoch.dead_letters,
                                      .files = static_cast<int64_t>(epoch.files.size()),
                                      .table_uuid = epoch.table_uuid,
                                      .schema = epoch.schema});
  return entries;
}

}  // namespace kafka_iceberg::commit
