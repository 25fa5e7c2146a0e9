// SPDX-License-Identifier: Apache-2.0
#include "commit/note_commit.h"

#include <utility>

#include "commit/epoch_append.h"
#include "commit/ledger.h"
#include "core/retry_policy.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::commit {
namespace {

constexpr int kAttempts = 4;

// One CommitNote() call: the same snapshot for all its attempts.
class NoteCommit {
 public:
  NoteCommit(const NoteContext& context, const MakeNote& make) : context_(context), make_(make) {}

  Result<int64_t> Run(std::string_view what, const std::stop_token& stop) {
    Error last = Error::Unavailable("no attempt was made");
    const RetryPolicy backoff;
    for (int number = 1; number <= kAttempts; ++number) {
      if (number > 1 &&
          !context_.clock.SleepFor(backoff.DelayAfter(number - 1, context_.random), stop))
        break;
      const Status done = Attempt();
      if (done.ok()) return snapshot_id_;
      last = done.error();
      if (last.code() != ErrorCode::kUnavailable && last.code() != ErrorCode::kTimeout) break;
    }
    if (!in_doubt_) return last;
    return Error::CommitUnknown("{} (snapshot {}): {}", what, snapshot_id_, last.message());
  }

 private:
  // kUnavailable: not decided, try again.
  Status Attempt() {
    const catalog::TableVersion base = TRY(context_.table.Refresh());
    const iceberg::TableMetadata& metadata = *base.metadata;
    if (snapshot_id_ == 0) {
      snapshot_id_ = iceberg::NewSnapshotId(metadata, context_.random);
    } else if (metadata.FindSnapshot(snapshot_id_) != nullptr) {
      return {};
    }
    const iceberg::PreparedCommit prepared = TRY(Prepare(metadata));
    const catalog::CommitReply reply =
        context_.table.Commit(base, prepared.updates, prepared.requirements);
    switch (reply.outcome) {
      case catalog::CommitOutcome::kCommitted: return {};
      case catalog::CommitOutcome::kConflict: return Error::Unavailable("{}", reply.detail);
      case catalog::CommitOutcome::kRejected:
        return Error::Invalid("the catalog rejected the commit: {}", reply.detail);
      case catalog::CommitOutcome::kUnknown: break;
    }
    in_doubt_ = true;
    const Result<bool> landed = context_.table.Reconcile(snapshot_id_);
    if (landed.ok() && *landed) return {};
    // Safe to send again: pinned to the head of main, under the same snapshot id.
    return Error::Unavailable("{}", reply.detail);
  }

  Result<iceberg::PreparedCommit> Prepare(const iceberg::TableMetadata& metadata) {
    Note note = TRY(make_(metadata));
    const FlushEpoch epoch{.uuid = NewUuid(context_.random), .snapshot_id = snapshot_id_};
    note.summary.emplace(kCommitIdSummary, epoch.uuid);
    note.summary.emplace(kWriterSummary, context_.writer_id);
    EpochAppend append(epoch, NewUuid(context_.random), std::move(note.summary),
                       context_.table.store());
    iceberg::PreparedCommit prepared =
        TRY(append.Prepare(metadata, ToMillis(context_.clock.Now())));
    prepared.updates.push_back(iceberg::SetProperties{std::move(note.properties)});
    if (!note.removed_properties.empty())
      prepared.updates.push_back(iceberg::RemoveProperties{std::move(note.removed_properties)});
    return prepared;
  }

  const NoteContext& context_;
  const MakeNote& make_;
  int64_t snapshot_id_ = 0;
  bool in_doubt_ = false;
};

}  // namespace

Result<int64_t> CommitNote(const NoteContext& context, const MakeNote& make, std::string_view what,
                           const std::stop_token& stop) {
  return NoteCommit(context, make).Run(what, stop);
}

}  // namespace kafka_iceberg::commit
