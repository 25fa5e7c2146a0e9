// SPDX-License-Identifier: Apache-2.0
//
// NessieTable: a REST table of a Nessie branch, with what Nessie's Iceberg endpoint leaves open
// closed by Nessie's own API:
// - "there is no snapshot yet" is not enforced there, so of two first commits both are accepted and
//   one loses its rows. Tables made here have an empty snapshot from the start; to any other table
//   Commit() first adds one by compare-and-set, and says kConflict.
// - only the current snapshot is listed, so whether ours was committed is looked up in the branch's
//   commit log.
// Safe for concurrent use.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "catalog/nessie/nessie_api.h"
#include "catalog/rest/rest_session.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

// What a table of a Nessie catalog works with besides its REST session.
struct NessieRef {
  std::shared_ptr<RestSession> session;
  std::shared_ptr<NessieApi> api;
  NessieReference reference;
};

// kUnsupported on a tag.
Status CheckWritable(const NessieReference& reference);

class NessieTable final : public TableOperations {
 public:
  // kCorrupt: somebody's first commit has replaced the table's content.
  static Result<std::unique_ptr<TableOperations>> Open(const NessieRef& ref,
                                                       std::unique_ptr<TableOperations> table);

  const TableIdentifier& identifier() const override { return table_->identifier(); }
  TableVersion Current() const override { return table_->Current(); }
  Result<TableVersion> Refresh() override;
  CommitReply Commit(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                     std::span<const iceberg::TableRequirement> requirements) override;
  // Also true when others committed after this snapshot.
  Result<bool> Reconcile(int64_t snapshot_id) override;
  storage::ObjectStore& store() override { return table_->store(); }

 private:
  NessieTable(const NessieRef& ref, std::unique_ptr<TableOperations> table);
  // Gives a table without any snapshot an empty one.
  CommitReply AddFirstSnapshot();
  Result<iceberg::TableMetadata> WithFirstSnapshot(const TableVersion& base);
  void Remember(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates);

  const NessieRef ref_;
  const std::unique_ptr<TableOperations> table_;
  const std::string opened_at_;  // the commit that made what was loaded first
  mutable Mutex mutex_;
  // Snapshots whose commit is in doubt, and the commit each was built on.
  std::map<int64_t, std::string> in_doubt_since_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
