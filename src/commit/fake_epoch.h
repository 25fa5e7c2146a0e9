// SPDX-License-Identifier: Apache-2.0
//
// Makes flush epochs, ranges and data files for tests: short to write, recognisable in messages.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commit/commit_state.h"
#include "commit/flush_epoch.h"
#include "commit/ledger.h"

namespace kafka_iceberg::commit {

inline const SourceTopic kFakeTopic{.cluster_id = "cluster", .topic = "orders", .topic_id = "id-1"};
inline constexpr const char* kFakeTable = "raw.orders";
inline constexpr const char* kFakeTableUuid = "0b5a4f1e-6f5b-4a39-9c4e-2f0d5c1f7a10";

// Ranges of kFakeTopic.
inline EpochRanges FakeRanges(PartitionRanges partitions) {
  return {{kFakeTopic, std::move(partitions)}};
}

// A ledger of kFakeTopic.
inline Ledger FakeLedger(std::map<int32_t, int64_t> next) {
  return {.next_offsets = {{kFakeTopic, std::move(next)}}};
}

// An unpartitioned data file that holds `rows` rows.
write::StagedFile FakeFile(const std::string& path, int64_t rows = 10);

// An epoch with one file for each range that is not empty; the file's name says partition and
// offsets.
FlushEpoch FakeEpoch(const std::string& uuid, int64_t snapshot_id, EpochRanges ranges);

// What the engine appends to the log when the epoch is sealed: its files first, then the seal.
std::vector<TransactionEntry> FakeSealing(const FlushEpoch& epoch,
                                          const std::string& table = kFakeTable);

}  // namespace kafka_iceberg::commit
