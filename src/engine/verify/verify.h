// SPDX-License-Identifier: Apache-2.0
//
// Verify: proves from the manifests and from the rows' own _kafka_offset that each partition's
// range is in the table once. Offsets without a row are legal when they are dead letters,
// tombstones, or never held a record that a reader may see (transactions, compaction); with Kafka
// at hand each of them is looked up there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "core/result.h"
#include "core/source_position.h"
#include "kafka/topic_reader.h"

namespace kafka_iceberg::engine {

struct PartitionVerdict {
  TopicPartition partition;
  int64_t next_offset = 0;  // the ledger's
  int64_t rows = 0;
  OffsetRange covered;               // what was checked
  std::vector<OffsetRange> present;  // offsets with a row
  std::vector<OffsetRange> duplicates;
  int64_t dead_letters = 0;
  std::vector<OffsetRange> lost;  // records Kafka still has and the table should, but does not
  std::vector<OffsetRange>
      unexplained;         // no row, and Kafka was not asked or no longer has the offsets
  int64_t legal_gaps = 0;  // offsets that Kafka confirms to hold nothing for the table
  std::vector<OffsetRange> beyond_ledger;  // rows the ledger does not know of
  // Somebody moved the ledger on purpose and accepted these (see commit/ledger_move.h).
  int64_t accepted_duplicates = 0;
  int64_t accepted_losses = 0;
  std::vector<OffsetRange> skipped;  // the ledger was moved over these
  // Without a row, and a backfill that is not finished will read them.
  int64_t to_be_backfilled = 0;
};

struct VerifyReport {
  std::string table;
  std::optional<int64_t> snapshot_id;
  int64_t data_files = 0;
  int64_t rows = 0;
  int64_t rows_without_offset = 0;  // written by somebody else
  std::vector<std::string>
      problems;  // one sentence each: duplicate paths, missing files, wrong counts
  std::vector<PartitionVerdict> partitions;
  bool kafka_asked = false;
  std::vector<std::string> notes;  // what could not be checked

  // No duplicate, no loss, no other problem. Unexplained gaps alone do not make it false.
  bool ok() const;
};

using OffsetsByPartition = std::map<TopicPartition, std::set<int64_t>>;

// Whether a record of the topic belongs into the table. kUnavailable, kTimeout: cannot be told now.
using BelongsHere = std::function<Result<bool>(const std::string& topic, const Record& record)>;

// The table alone, when `reader` is null. `belongs` empty: every record does.
Result<VerifyReport> VerifyTable(catalog::TableOperations& table,
                                 const OffsetsByPartition& dead_letters, kafka::TopicReader* reader,
                                 const std::stop_token& stop, const BelongsHere& belongs = {});

struct ReportToCompare {
  VerifyReport& report;  // of a table alone
  BelongsHere belongs;
};
// Looks the offsets without a row up: each partition is read once for all tables together.
Status CompareWithKafka(std::span<const ReportToCompare> reports, kafka::TopicReader& reader,
                        const std::stop_token& stop);

}  // namespace kafka_iceberg::engine
