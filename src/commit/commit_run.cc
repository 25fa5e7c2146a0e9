// SPDX-License-Identifier: Apache-2.0
#include "commit/commit_run.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "commit/letters_property.h"
#include "core/check.h"
#include "core/retry_policy.h"

namespace kafka_iceberg::commit {
namespace {

// Epochs kept in memory while undecided. The engine commits in order, so there is one; more are
// left over from resets.
constexpr size_t kUndecidedMax = 16;
// Enough of the log to know how far this process's commits reached.
constexpr int64_t kLogEntriesRead = 1000;

bool MayPass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout || code == ErrorCode::kIo ||
         code == ErrorCode::kConflict || code == ErrorCode::kCommitUnknown;
}

Status ValidateEpoch(const FlushEpoch& epoch) {
  if (epoch.uuid.empty()) return Error::Invalid("flush epoch without a uuid");
  if (epoch.snapshot_id <= 0)
    return Error::Invalid("snapshot id {} is not positive", epoch.snapshot_id);
  TRY(ValidateRanges(epoch.ranges));
  // Covers() is false for ranges that hold no offset at all.
  if (!epoch.files.empty() && !Covers(epoch.ranges, epoch.ranges)) {
    return Error::Invalid("flush epoch {} has files but covers no offsets", epoch.uuid);
  }
  std::set<std::string_view> paths;
  for (const write::StagedFile& file : epoch.files) {
    if (!paths.insert(file.file.file_path).second) {
      return Error::Invalid("flush epoch {} names file {} twice", epoch.uuid, file.file.file_path);
    }
  }
  return {};
}

// Without it a request that arrives late could be applied on top of whatever is there by then.
bool PinsMain(const iceberg::PreparedCommit& prepared) {
  return std::ranges::any_of(
      prepared.requirements, [](const iceberg::TableRequirement& requirement) {
        const auto* pin = std::get_if<iceberg::AssertRefSnapshotId>(&requirement);
        return pin != nullptr && pin->ref == iceberg::kMainBranch;
      });
}

}  // namespace

CommitRun::CommitRun(CommitRunContext context, const FlushEpoch& epoch, std::stop_token stop)
    : context_(context),
      epoch_(epoch),
      stop_(std::move(stop)),
      started_(context_.clock.Steady()),
      base_(context_.table.Current()),
      last_error_(Error::Unavailable("no attempt was made")) {}

Result<SnapshotCommitResult> CommitRun::Run() {
  TRY(Begin());
  const RetryPolicy backoff{.delays = context_.options.backoff};
  const int attempts = 1 + context_.options.retries_max;
  for (int number = 1; number <= attempts; ++number) {
    if (number > 1) {
      const Duration pause = backoff.DelayAfter(number - 1, context_.random);
      if (!context_.clock.SleepFor(pause, stop_)) {
        return Fail(Error::Cancelled("stopped before it was committed: {}", last_error_.message()));
      }
    }
    Decision decision = Attempt(number);
    if (decision) return *std::move(decision);
  }
  return Fail(
      Error::Unavailable("not committed after {} attempts: {}", attempts, last_error_.message()));
}

Status CommitRun::Begin() {
  TRY(ValidateEpoch(epoch_));
  ReadLogOnce();
  was_tried_ = context_.memory.tried.contains(epoch_.uuid);
  CommitState& epochs = context_.memory.epochs;
  if (const EpochState* known = epochs.Find(epoch_.uuid)) {
    const bool same = known->epoch.snapshot_id == epoch_.snapshot_id &&
                      known->epoch.ranges == epoch_.ranges &&
                      known->epoch.files.size() == epoch_.files.size();
    if (!same) return Error::Invalid("flush epoch {} was changed between two calls", epoch_.uuid);
    return {};
  }
  // Forgetting one costs its manifests, which stay behind as orphans, and nothing else.
  while (epochs.epochs.size() >= kUndecidedMax)
    Forget(std::string(epochs.epochs.front().epoch.uuid));
  for (const StateEntry& entry : EntriesOf(epoch_, Name())) Mark(entry);
  return {};
}

void CommitRun::ReadLogOnce() {
  CoordinatorMemory& memory = context_.memory;
  if (memory.has_read_log) return;
  memory.has_read_log = true;
  const Result<std::vector<LoggedEntry>> entries = context_.log.ReadRecent(kLogEntriesRead);
  if (entries.ok()) {
    memory.seen = LedgerOfLog(*entries, base_.metadata->table_uuid);
  } else {
    context_.events.LogNotReadable(entries.error());
  }
}

CommitRun::Decision CommitRun::Attempt(int number) {
  // What is cached does for the very first attempt: if it is out of date, the swap says so.
  if (number > 1 || was_tried_ || InDoubt()) {
    if (const Status status = Refresh(); !status.ok()) return OnTrouble(status.error());
  }
  const CoordinatorMemory& memory = context_.memory;
  Examination found = Examine(*base_.metadata, epoch_, memory.seen, !memory.has_read_table);
  // A finding against us is believed only when the table was asked for it in this call.
  const bool against_us = found.finding == Examination::Finding::kFenced ||
                          found.finding == Examination::Finding::kBroken;
  if (against_us && !is_fresh_) {
    if (const Status status = Refresh(); !status.ok()) return OnTrouble(status.error());
    found = Examine(*base_.metadata, epoch_, memory.seen, !memory.has_read_table);
  }
  return Act(found);
}

Status CommitRun::Refresh() {
  base_ = TRY(context_.table.Refresh());
  is_fresh_ = true;
  return {};
}

CommitRun::Decision CommitRun::Act(const Examination& found) {
  switch (found.finding) {
    case Examination::Finding::kLanded: return Landed(*found.snapshot);
    case Examination::Finding::kBroken: return Fail(found.error);
    case Examination::Finding::kCovered: return Covered(found.snapshot);
    case Examination::Finding::kFenced: return Fenced(found.error);
    case Examination::Finding::kOurs: break;
  }
  CoordinatorMemory& memory = context_.memory;
  memory.seen = found.ledger;
  memory.has_read_table = true;
  for (const std::string& overtaken : Overtaken(memory.epochs, found.ledger, epoch_.uuid))
    Forget(overtaken);
  if (const EpochState* earlier = UndecidedBefore(memory.epochs, found.ledger, epoch_)) {
    return Fenced(
        Error::Conflict("the epoch before it, {}, is not committed", earlier->epoch.uuid));
  }
  return Add(found.ledger);
}

CommitRun::Decision CommitRun::Add(const Ledger& ledger) {
  Step("before_manifests");
  Result<iceberg::PreparedCommit> prepared =
      AppendOfEpoch().Prepare(*base_.metadata, ToMillis(context_.clock.Now()));
  if (!prepared.ok()) {
    return prepared.error().code() == ErrorCode::kConflict ? OnOtherSchema(prepared.error())
                                                           : OnTrouble(prepared.error());
  }
  CHECK(PinsMain(*prepared));
  auto letters = ChangePendingLetters(*base_.metadata, epoch_.letters, epoch_.letters_delivered);
  if (!letters.ok()) return OnTrouble(letters.error());
  std::ranges::move(*letters, std::back_inserter(prepared->updates));
  // The rows, the dead letters and the ledger that says they are there: one commit.
  prepared->updates.push_back(iceberg::SetProperties{
      {{std::string(kLedgerProperty), LedgerToJson(Advance(ledger, epoch_.ranges))}}});
  return Swap(*prepared);
}

// The records must be read again, for the columns the table has now. An attempt that is in doubt
// may still land: a change of schema does not move main.
CommitRun::Decision CommitRun::OnOtherSchema(const Error& error) {
  last_error_ = error;
  if (!is_fresh_) return std::nullopt;
  return InDoubt() ? OnTrouble(Error::CommitUnknown("{}", error.message())) : Fenced(error);
}

CommitRun::Decision CommitRun::Swap(const iceberg::PreparedCommit& prepared) {
  Step("before_swap");
  ++swaps_;
  context_.memory.tried.insert(epoch_.uuid);
  const catalog::CommitReply reply =
      context_.table.Commit(base_, prepared.updates, prepared.requirements);
  Step("after_swap");
  switch (reply.outcome) {
    case catalog::CommitOutcome::kCommitted: return Landed(prepared.snapshot);
    case catalog::CommitOutcome::kConflict:
      context_.events.RetriedAfterConflict(epoch_, reply.detail);
      return OnTrouble(Error::Conflict("{}", reply.detail));
    case catalog::CommitOutcome::kRejected: return OnRejected(prepared, reply.detail);
    case catalog::CommitOutcome::kUnknown: break;
  }
  return OnUnknown(prepared, reply.detail);
}

CommitRun::Decision CommitRun::OnUnknown(const iceberg::PreparedCommit& prepared,
                                         const std::string& detail) {
  Mark(AttemptInDoubt{epoch_.uuid});
  context_.events.InDoubt(epoch_, detail);
  const Result<bool> landed = context_.table.Reconcile(epoch_.snapshot_id);
  if (landed.ok() && *landed) return Landed(prepared.snapshot);
  // Not there proves nothing: the request may still be under way. Sending it again is safe all the
  // same, because both are pinned to the head of main they were made for and carry the same
  // snapshot id.
  return OnTrouble(Error::CommitUnknown("{}", detail));
}

CommitRun::Decision CommitRun::OnRejected(const iceberg::PreparedCommit& prepared,
                                          const std::string& detail) {
  // After an earlier attempt the refusal may only mean "this snapshot is there already".
  bool is_proven = swaps_ == 1 && !was_tried_ && !InDoubt();
  if (!is_proven) {
    const Result<bool> landed = context_.table.Reconcile(epoch_.snapshot_id);
    if (landed.ok() && *landed) return Landed(prepared.snapshot);
    is_proven = landed.ok();
  }
  const Error error = Error::Invalid("the catalog rejected the commit: {}", detail);
  if (InDoubt()) return Fail(error);
  if (is_proven) CleanUp();
  Forget(epoch_.uuid);
  return Fail(error);
}

CommitRun::Decision CommitRun::OnTrouble(const Error& error) {
  last_error_ = error;
  if (MayPass(error.code())) return std::nullopt;
  return Fail(error);
}

CommitRun::Decision CommitRun::Landed(const iceberg::Snapshot& snapshot) {
  SnapshotCommitResult result = NewResult();
  result.snapshot_id = snapshot.snapshot_id;
  result.committed_at = FromMillis(snapshot.timestamp_ms);
  result.files_added = static_cast<int64_t>(epoch_.files.size());
  Witness(context_.memory.seen, epoch_.ranges, epoch_.ledger_generation);
  Forget(epoch_.uuid);
  // Without an attempt in this call it is news only when the log does not have it.
  const auto record = swaps_ == 0 ? FindInLog() : std::nullopt;
  if (record && record->snapshot_id == snapshot.snapshot_id) {
    result.already_committed = true;
    context_.events.AlreadyCommitted(epoch_, result);
    return result;
  }
  Step("before_log");
  result.transaction_log_entry_id = WriteLog(result);
  Step("after_log");
  context_.events.Committed(epoch_, result);
  return result;
}

CommitRun::Decision CommitRun::Covered(const iceberg::Snapshot* snapshot) {
  SnapshotCommitResult result = NewResult();
  result.already_committed = true;
  if (snapshot != nullptr) {
    result.snapshot_id = snapshot->snapshot_id;
    result.committed_at = FromMillis(snapshot->timestamp_ms);
  } else if (const auto record = FindInLog()) {
    result.snapshot_id = record->snapshot_id;
    result.committed_at = record->committed_at;
  }
  Witness(context_.memory.seen, epoch_.ranges, epoch_.ledger_generation);
  Forget(epoch_.uuid);
  context_.events.AlreadyCommitted(epoch_, result);
  return result;
}

CommitRun::Decision CommitRun::Fenced(const Error& error) {
  // Proven even after doubt: an attempt of ours that landed would have moved the ledger over all of
  // our ranges, and one that is still under way is pinned to a head of main that is gone.
  CleanUp();
  Forget(epoch_.uuid);
  return error.WithContext(fmt::format("cannot commit to {}", Name()));
}

Result<SnapshotCommitResult> CommitRun::Fail(const Error& error) const {
  const std::string context = fmt::format("cannot commit to {}", Name());
  if (!InDoubt()) return error.WithContext(context);
  return Error::CommitUnknown(
      "{}: an earlier attempt for snapshot {} may have been applied, or may still be: {}", context,
      epoch_.snapshot_id, error.message());
}

SnapshotCommitResult CommitRun::NewResult() const {
  SnapshotCommitResult result;
  result.committed_at = context_.clock.Now();
  result.attempts = swaps_;
  result.duration = context_.clock.Steady() - started_;
  return result;
}

std::optional<IdempotencyRecord> CommitRun::FindInLog() const {
  Result<std::optional<IdempotencyRecord>> record =
      context_.log.FindCommitted(Name(), epoch_.ranges);
  if (!record.ok()) {
    context_.events.LogNotReadable(record.error());
    return std::nullopt;
  }
  const bool is_of_this_table =
      record->has_value() && (*record)->table_uuid == base_.metadata->table_uuid;
  return is_of_this_table ? std::move(record).value() : std::nullopt;
}

int64_t CommitRun::WriteLog(const SnapshotCommitResult& result) const {
  const Result<int64_t> last =
      context_.log.Append({IcebergSnapshotCreated{.table = Name(),
                                                  .epoch_uuid = epoch_.uuid,
                                                  .snapshot_id = result.snapshot_id,
                                                  .ranges = epoch_.ranges,
                                                  .files_added = result.files_added},
                           IdempotencyRecord{.table = Name(),
                                             .ranges = epoch_.ranges,
                                             .snapshot_id = result.snapshot_id,
                                             .committed_at = result.committed_at,
                                             .table_uuid = base_.metadata->table_uuid,
                                             .ledger_generation = epoch_.ledger_generation}});
  if (last.ok()) return *last;
  // The table has it: a log that cannot be written must neither undo nor repeat anything.
  context_.events.CommittedButNotLogged(epoch_, last.error());
  return 0;
}

EpochAppend& CommitRun::AppendOfEpoch() {
  std::unique_ptr<EpochAppend>& append = context_.memory.appends[epoch_.uuid];
  if (append == nullptr) {
    std::map<std::string, std::string> summary = {
        {std::string(kRangesSummary), RangesToJson(epoch_.ranges)},
        {std::string(kCommitIdSummary), epoch_.uuid},
        {std::string(kWriterSummary), context_.options.writer_id}};
    if (epoch_.ledger_generation > 0)
      summary.emplace(kGenerationSummary, std::to_string(epoch_.ledger_generation));
    // A uuid of its own: after a restart the epoch's may be in the names of manifests that landed.
    append = std::make_unique<EpochAppend>(epoch_, NewUuid(context_.random), std::move(summary),
                                           context_.table.store());
  }
  return *append;
}

bool CommitRun::InDoubt() const {
  const EpochState* epoch = context_.memory.epochs.Find(epoch_.uuid);
  return epoch != nullptr && epoch->phase == EpochPhase::kInDoubt;
}

void CommitRun::Mark(const StateEntry& entry) { Apply(context_.memory.epochs, entry); }

void CommitRun::Forget(const std::string& epoch_uuid) {
  // It may be the key of what is erased.
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
  const std::string uuid = epoch_uuid;
  Mark(AttemptsSettled{uuid});
  Mark(FlushComplete{.table = Name(), .epoch_uuid = uuid});
  context_.memory.appends.erase(uuid);
  context_.memory.tried.erase(uuid);
}

// Only manifests and manifest lists, only of attempts that are proven not applied; data files are
// never touched.
void CommitRun::CleanUp() {
  const auto append = context_.memory.appends.find(epoch_.uuid);
  if (append == context_.memory.appends.end() || !MayCleanUp(context_.memory.epochs, epoch_.uuid))
    return;
  for (const std::string& location : append->second->written_locations()) {
    // Best effort: what stays behind is an orphan.
    (void)context_.table.store().Delete(location);
  }
}

void CommitRun::Step(std::string_view name) const {
  if (context_.step_hook) context_.step_hook(name);
}

std::string CommitRun::Name() const { return context_.table.identifier().ToString(); }

}  // namespace kafka_iceberg::commit
