// SPDX-License-Identifier: Apache-2.0
//
// FakeFaultCatalog wraps any Catalog, FakeFaultTableOperations any TableOperations, and breaks
// commits and refreshes by script: what is applied and what the caller is told are chosen apart.
// The script (CommitFaults) is owned by the test and shared by all wrappers made with it. Safe for
// concurrent use; faults are consumed in the order they were added.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

enum class CommitFault : uint8_t {
  kNone,                      // passed through
  kResponseLostAfterApply,    // applied; the caller sees kUnknown
  kServerErrorAfterApply,     // applied; kUnknown, as after a 503
  kServerErrorBeforeApply,    // not applied and never will be; kUnknown, as after a 503
  kGarbageReplyAfterApply,    // applied; kUnknown, the answer does not parse
  kGarbageReplyBeforeApply,   // not applied and never will be; kUnknown
  kAppliedLater,              // kUnknown; tried when the test calls ApplyDelayed()
  kAppliedBeforeNextRefresh,  // kUnknown; tried just before the next Refresh or Reconcile looks
  kAppliedAfterNextRefresh,   // kUnknown; tried just after the next Refresh or Reconcile looked (it
                              // saw nothing)
  kAppliedBeforeNextCommit,   // kUnknown; tried just before the next Commit: the retry meets the
                              // late first attempt
  kConflict,                  // not applied; kConflict
  kConflictAfterApply,        // applied; kConflict all the same: a server that lies
  kRejected,                  // not applied; kRejected
};

// The script, and what happened so far.
class CommitFaults {
 public:
  // The next commits that have no fault yet get these, in order; after the last, commits pass
  // through.
  void NextCommit(CommitFault fault);
  void NextCommits(const std::vector<CommitFault>& faults);
  // The next `times` Refresh or Reconcile calls fail with `error` without asking the catalog.
  void NextRefresh(Error error, int times = 1);
  // Runs at the start of each Commit, before anything else: the place to interleave another writer.
  void OnCommit(std::function<void()> hook);

  // Tries every delayed commit now, in order; what the inner catalog answered.
  std::vector<CommitReply> ApplyDelayed();

  int commits_seen() const;     // calls of Commit
  int commits_applied() const;  // of them, those the inner catalog committed, delayed ones included
  int refreshes_seen() const;   // calls of Refresh and Reconcile

 private:
  friend class FakeFaultTableOperations;
  // A commit the caller was told nothing certain about. Holds copies: the caller's own are gone by
  // then.
  struct Delayed {
    CommitFault trigger = CommitFault::kAppliedLater;
    std::shared_ptr<TableOperations> table;
    TableVersion base;
    std::vector<iceberg::MetadataUpdate> updates;
    std::vector<iceberg::TableRequirement> requirements;
  };

  CommitFault TakeCommitFault();
  std::optional<Error> TakeRefreshError();
  void Delay(Delayed delayed);
  std::vector<CommitReply> ApplyWhere(const std::function<bool(CommitFault)>& is_due);
  void CountApplied(const CommitReply& reply);

  mutable Mutex mutex_;
  std::deque<CommitFault> commit_faults_ GUARDED_BY(mutex_);
  std::deque<Error> refresh_errors_ GUARDED_BY(mutex_);
  std::deque<Delayed> delayed_ GUARDED_BY(mutex_);
  std::function<void()> on_commit_ GUARDED_BY(mutex_);
  int commits_seen_ GUARDED_BY(mutex_) = 0;
  int commits_applied_ GUARDED_BY(mutex_) = 0;
  int refreshes_seen_ GUARDED_BY(mutex_) = 0;
};

class FakeFaultTableOperations final : public TableOperations {
 public:
  FakeFaultTableOperations(std::unique_ptr<TableOperations> inner, CommitFaults& faults);

  const TableIdentifier& identifier() const override;
  // What the caller may know: a commit whose answer was lost does not show here before a Refresh.
  TableVersion Current() const override;
  Result<TableVersion> Refresh() override;
  CommitReply Commit(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                     std::span<const iceberg::TableRequirement> requirements) override;
  Result<bool> Reconcile(int64_t snapshot_id) override;
  storage::ObjectStore& store() override;

 private:
  CommitReply Pass(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                   std::span<const iceberg::TableRequirement> requirements, bool caller_learns);

  const std::shared_ptr<TableOperations> inner_;
  CommitFaults& faults_;
  mutable Mutex mutex_;
  TableVersion known_ GUARDED_BY(mutex_);
};

class FakeFaultCatalog final : public Catalog {
 public:
  FakeFaultCatalog(Catalog& inner, CommitFaults& faults) : inner_(inner), faults_(faults) {}

  std::string_view type() const override { return inner_.type(); }
  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override;
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  Status DropNamespace(const Namespace& name) override;
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;

 private:
  Catalog& inner_;
  CommitFaults& faults_;
};

}  // namespace kafka_iceberg::catalog
