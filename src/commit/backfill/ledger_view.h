// SPDX-License-Identifier: Apache-2.0
//
// LedgerView: a table as somebody sees it who reads other offsets than the live tail: the same rows
// and files, but its ledger is another one, the lane's. Everything that works with a table's ledger
// (start positions, commits, adoption, fencing) works on a lane of it unchanged, and neither lane
// can mistake the other's commits for its own.
//
// A lane's ledger is the property "kafka-iceberg.ledger.<lane>", its commits say
// "kafka-iceberg.ranges.<lane>" in their summaries. Safe for concurrent use, as the table is.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "catalog/catalog.h"
#include "commit/ledger.h"
#include "core/mutex.h"

namespace kafka_iceberg::commit {

// In the metadata that a view shows, never in a table: which lane it is.
inline constexpr std::string_view kLaneShown = "kafka-iceberg.lane";

std::string LaneProperty(const std::string& lane);
std::string LaneRangesSummary(const std::string& lane);
// Empty when the lane has none.
Result<Ledger> ReadLaneLedger(const iceberg::TableMetadata& metadata, const std::string& lane);

class LedgerView final : public catalog::TableOperations {
 public:
  // With `must_exist` a lane without a ledger is an error at every Refresh(): it was closed.
  LedgerView(catalog::TableOperations& table, std::string lane, bool must_exist);
  static std::unique_ptr<LedgerView> Own(std::unique_ptr<catalog::TableOperations> table,
                                         std::string lane, bool must_exist);

  const catalog::TableIdentifier& identifier() const override { return table_.identifier(); }
  catalog::TableVersion Current() const override;
  // kInvalid: the lane was closed.
  Result<catalog::TableVersion> Refresh() override;
  catalog::CommitReply Commit(const catalog::TableVersion& base,
                              std::span<const iceberg::MetadataUpdate> updates,
                              std::span<const iceberg::TableRequirement> requirements) override;
  Result<bool> Reconcile(int64_t snapshot_id) override { return table_.Reconcile(snapshot_id); }
  storage::ObjectStore& store() override { return table_.store(); }

 private:
  struct Shown {
    catalog::TableVersion real;
    catalog::TableVersion view;
  };
  catalog::TableVersion Show(const catalog::TableVersion& real) const;
  iceberg::MetadataUpdate Translate(const iceberg::MetadataUpdate& update) const;

  std::unique_ptr<catalog::TableOperations> owned_;  // may be null
  catalog::TableOperations& table_;
  const std::string lane_;
  const bool must_exist_;
  mutable Mutex mutex_;
  // The last few, newest first: a commit is based on one of them.
  mutable std::deque<Shown> shown_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::commit
