// SPDX-License-Identifier: Apache-2.0
#include "catalog/fake_fault_catalog.h"

#include <utility>

namespace kafka_iceberg::catalog {

namespace {

bool IsDelayed(CommitFault fault) {
  return fault == CommitFault::kAppliedLater || fault == CommitFault::kAppliedBeforeNextRefresh ||
         fault == CommitFault::kAppliedAfterNextRefresh ||
         fault == CommitFault::kAppliedBeforeNextCommit;
}

bool IsAppliedFirst(CommitFault fault) {
  return fault == CommitFault::kResponseLostAfterApply ||
         fault == CommitFault::kServerErrorAfterApply ||
         fault == CommitFault::kConflictAfterApply || fault == CommitFault::kGarbageReplyAfterApply;
}

CommitReply ReplyOf(CommitFault fault) {
  switch (fault) {
    case CommitFault::kConflictAfterApply:
    case CommitFault::kConflict: return {CommitOutcome::kConflict, "injected: the table moved"};
    case CommitFault::kRejected: return {CommitOutcome::kRejected, "injected: 400 bad request"};
    case CommitFault::kServerErrorAfterApply:
    case CommitFault::kServerErrorBeforeApply: return {CommitOutcome::kUnknown, "injected: 503"};
    case CommitFault::kGarbageReplyAfterApply:
    case CommitFault::kGarbageReplyBeforeApply:
      return {CommitOutcome::kUnknown, "injected: 200 with a body that does not parse"};
    default: return {CommitOutcome::kUnknown, "injected: no answer in time"};
  }
}

}  // namespace

void CommitFaults::NextCommit(CommitFault fault) {
  MutexLock lock(mutex_);
  commit_faults_.push_back(fault);
}

void CommitFaults::NextCommits(const std::vector<CommitFault>& faults) {
  for (const CommitFault fault : faults) NextCommit(fault);
}

void CommitFaults::NextRefresh(Error error, int times) {
  MutexLock lock(mutex_);
  for (int i = 0; i < times; ++i) refresh_errors_.push_back(error);
}

void CommitFaults::OnCommit(std::function<void()> hook) {
  MutexLock lock(mutex_);
  on_commit_ = std::move(hook);
}

std::vector<CommitReply> CommitFaults::ApplyDelayed() {
  return ApplyWhere([](CommitFault) { return true; });
}

int CommitFaults::commits_seen() const {
  MutexLock lock(mutex_);
  return commits_seen_;
}

int CommitFaults::commits_applied() const {
  MutexLock lock(mutex_);
  return commits_applied_;
}

int CommitFaults::refreshes_seen() const {
  MutexLock lock(mutex_);
  return refreshes_seen_;
}

CommitFault CommitFaults::TakeCommitFault() {
  std::function<void()> hook;
  {
    MutexLock lock(mutex_);
    ++commits_seen_;
    hook = on_commit_;
  }
  if (hook) hook();
  MutexLock lock(mutex_);
  if (commit_faults_.empty()) return CommitFault::kNone;
  const CommitFault fault = commit_faults_.front();
  commit_faults_.pop_front();
  return fault;
}

std::optional<Error> CommitFaults::TakeRefreshError() {
  MutexLock lock(mutex_);
  ++refreshes_seen_;
  if (refresh_errors_.empty()) return std::nullopt;
  Error error = refresh_errors_.front();
  refresh_errors_.pop_front();
  return error;
}

void CommitFaults::Delay(Delayed delayed) {
  MutexLock lock(mutex_);
  delayed_.push_back(std::move(delayed));
}

std::vector<CommitReply> CommitFaults::ApplyWhere(const std::function<bool(CommitFault)>& is_due) {
  std::deque<Delayed> due;
  {
    MutexLock lock(mutex_);
    std::deque<Delayed> kept;
    for (Delayed& delayed : delayed_) {
      (is_due(delayed.trigger) ? due : kept).push_back(std::move(delayed));
    }
    delayed_ = std::move(kept);
  }
  std::vector<CommitReply> replies;
  for (const Delayed& delayed : due) {
    replies.push_back(delayed.table->Commit(delayed.base, delayed.updates, delayed.requirements));
    CountApplied(replies.back());
  }
  return replies;
}

void CommitFaults::CountApplied(const CommitReply& reply) {
  MutexLock lock(mutex_);
  if (reply.outcome == CommitOutcome::kCommitted) ++commits_applied_;
}

FakeFaultTableOperations::FakeFaultTableOperations(std::unique_ptr<TableOperations> inner,
                                                   CommitFaults& faults)
    : inner_(std::move(inner)), faults_(faults), known_(inner_->Current()) {}

const TableIdentifier& FakeFaultTableOperations::identifier() const { return inner_->identifier(); }

storage::ObjectStore& FakeFaultTableOperations::store() { return inner_->store(); }

TableVersion FakeFaultTableOperations::Current() const {
  MutexLock lock(mutex_);
  return known_;
}

Result<TableVersion> FakeFaultTableOperations::Refresh() {
  if (auto error = faults_.TakeRefreshError()) return *std::move(error);
  faults_.ApplyWhere(
      [](CommitFault fault) { return fault == CommitFault::kAppliedBeforeNextRefresh; });
  auto version = TRY(inner_->Refresh());
  faults_.ApplyWhere(
      [](CommitFault fault) { return fault == CommitFault::kAppliedAfterNextRefresh; });
  MutexLock lock(mutex_);
  known_ = version;
  return version;
}

CommitReply FakeFaultTableOperations::Commit(
    const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
    std::span<const iceberg::TableRequirement> requirements) {
  faults_.ApplyWhere(
      [](CommitFault fault) { return fault == CommitFault::kAppliedBeforeNextCommit; });
  const CommitFault fault = faults_.TakeCommitFault();
  if (fault == CommitFault::kNone) return Pass(base, updates, requirements, true);
  if (IsAppliedFirst(fault)) {
    // A proven answer of the catalog that did not apply it is passed on: there is nothing to be in
    // doubt about.
    CommitReply reply = Pass(base, updates, requirements, false);
    if (reply.outcome != CommitOutcome::kCommitted) return reply;
  }
  if (IsDelayed(fault)) {
    faults_.Delay({fault,
                   inner_,
                   base,
                   {updates.begin(), updates.end()},
                   {requirements.begin(), requirements.end()}});
  }
  return ReplyOf(fault);
}

CommitReply FakeFaultTableOperations::Pass(const TableVersion& base,
                                           std::span<const iceberg::MetadataUpdate> updates,
                                           std::span<const iceberg::TableRequirement> requirements,
                                           bool caller_learns) {
  CommitReply reply = inner_->Commit(base, updates, requirements);
  faults_.CountApplied(reply);
  if (caller_learns && reply.outcome == CommitOutcome::kCommitted) {
    MutexLock lock(mutex_);
    known_ = inner_->Current();
  }
  return reply;
}

Result<bool> FakeFaultTableOperations::Reconcile(int64_t snapshot_id) {
  const TableVersion version = TRY(Refresh());
  return version.metadata->FindSnapshot(snapshot_id) != nullptr;
}

Status FakeFaultCatalog::CheckHealth() { return inner_.CheckHealth(); }

std::vector<Capability> FakeFaultCatalog::Capabilities() { return inner_.Capabilities(); }

Result<std::vector<Namespace>> FakeFaultCatalog::ListNamespaces(const Namespace& parent) {
  return inner_.ListNamespaces(parent);
}

Status FakeFaultCatalog::DropNamespace(const Namespace& name) { return inner_.DropNamespace(name); }

Status FakeFaultCatalog::CreateNamespace(const Namespace& name) {
  return inner_.CreateNamespace(name);
}

Result<std::vector<TableIdentifier>> FakeFaultCatalog::ListTables(const Namespace& name) {
  return inner_.ListTables(name);
}

Result<std::unique_ptr<TableOperations>> FakeFaultCatalog::CreateTable(
    const TableCreation& creation) {
  auto table = TRY(inner_.CreateTable(creation));
  return std::make_unique<FakeFaultTableOperations>(std::move(table), faults_);
}

Result<std::unique_ptr<TableOperations>> FakeFaultCatalog::LoadTable(
    const TableIdentifier& identifier) {
  auto table = TRY(inner_.LoadTable(identifier));
  return std::make_unique<FakeFaultTableOperations>(std::move(table), faults_);
}

Status FakeFaultCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  return inner_.DropTable(identifier, purge);
}

Status FakeFaultCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  return inner_.RenameTable(from, to);
}

Status FakeFaultCatalog::RegisterTable(const TableIdentifier& identifier,
                                       std::string_view metadata_location) {
  return inner_.RegisterTable(identifier, metadata_location);
}

}  // namespace kafka_iceberg::catalog
