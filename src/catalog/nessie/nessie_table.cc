// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/nessie_table.h"

#include <algorithm>

#include "catalog/metadata_file.h"
#include "catalog/metadata_swap.h"
#include "catalog/nessie/first_snapshot.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::catalog {
namespace {

// Nessie writes it into the properties of what it answers.
constexpr std::string_view kCommitIdProperty = "nessie.commit.id";
constexpr size_t kInDoubtMax = 64;

std::string CommitOf(const TableVersion& version) {
  return version.metadata->Property(kCommitIdProperty, "");
}

bool AddsSnapshot(std::span<const iceberg::MetadataUpdate> updates) {
  return std::ranges::any_of(updates, [](const iceberg::MetadataUpdate& update) {
    return std::holds_alternative<iceberg::AddSnapshot>(update);
  });
}

// A writer that loaded the table before it had any snapshot numbers its own with 1 and has it
// accepted at any later time; the table's counter stays where it was.
Status CheckNotReplaced(const TableIdentifier& identifier, const TableVersion& version) {
  const iceberg::TableMetadata& metadata = *version.metadata;
  const iceberg::Snapshot* head = metadata.Head();
  if (head == nullptr || head->sequence_number != 1 || metadata.last_sequence_number <= 1)
    return {};
  return Error::Corrupt(
      "table {} lost rows: a writer that had loaded it empty replaced its content with snapshot "
      "{}; "
      "assign the branch to the commit before that one (nessie reference assign), then let that "
      "writer commit again",
      identifier.ToString(), head->snapshot_id);
}

}  // namespace

Status CheckWritable(const NessieReference& reference) {
  if (reference.is_branch) return {};
  return Error::Unsupported("'{}' is a tag, and tags are read-only; set ref to a branch",
                            reference.name);
}

Result<std::unique_ptr<TableOperations>> NessieTable::Open(const NessieRef& ref,
                                                           std::unique_ptr<TableOperations> table) {
  TRY(CheckNotReplaced(table->identifier(), table->Current()));
  return std::unique_ptr<TableOperations>(new NessieTable(ref, std::move(table)));
}

NessieTable::NessieTable(const NessieRef& ref, std::unique_ptr<TableOperations> table)
    : ref_(ref), table_(std::move(table)), opened_at_(CommitOf(table_->Current())) {}

Result<TableVersion> NessieTable::Refresh() {
  TableVersion version = TRY(table_->Refresh());
  TRY(CheckNotReplaced(identifier(), version));
  return version;
}

CommitReply NessieTable::Commit(const TableVersion& base,
                                std::span<const iceberg::MetadataUpdate> updates,
                                std::span<const iceberg::TableRequirement> requirements) {
  const Status writable = CheckWritable(ref_.reference);
  if (!writable.ok()) return {CommitOutcome::kRejected, writable.error().message()};
  const Status sound = CheckNotReplaced(identifier(), base);
  if (!sound.ok()) return {CommitOutcome::kRejected, sound.error().message()};
  if (AddsSnapshot(updates) && base.metadata->Head() == nullptr) return AddFirstSnapshot();
  CommitReply reply = table_->Commit(base, updates, requirements);
  if (reply.outcome == CommitOutcome::kUnknown) Remember(base, updates);
  return reply;
}

void NessieTable::Remember(const TableVersion& base,
                           std::span<const iceberg::MetadataUpdate> updates) {
  const MutexLock lock(mutex_);
  // Forgetting one costs a longer walk through the log.
  if (in_doubt_since_.size() >= kInDoubtMax) in_doubt_since_.erase(in_doubt_since_.begin());
  for (const iceberg::MetadataUpdate& update : updates) {
    const auto* added = std::get_if<iceberg::AddSnapshot>(&update);
    // The first attempt's base is the oldest.
    if (added != nullptr) in_doubt_since_.emplace(added->snapshot.snapshot_id, CommitOf(base));
  }
}

Result<bool> NessieTable::Reconcile(int64_t snapshot_id) {
  const TableVersion version = TRY(Refresh());
  if (version.metadata->FindSnapshot(snapshot_id) != nullptr) return true;
  std::string since = opened_at_;
  {
    const MutexLock lock(mutex_);
    const auto found = in_doubt_since_.find(snapshot_id);
    if (found != in_doubt_since_.end()) since = found->second;
  }
  // Nothing happened since: the log has nothing to add.
  if (!since.empty() && since == CommitOf(version)) return false;
  if (since.empty()) {
    return Error::CommitUnknown(
        "table {} does not say which commit it was loaded at, so the commit log cannot tell "
        "whether "
        "snapshot {} was committed",
        identifier().ToString(), snapshot_id);
  }
  return ref_.api->WasCommitted(ref_.reference.name, identifier(), snapshot_id, since);
}

Result<iceberg::TableMetadata> NessieTable::WithFirstSnapshot(const TableVersion& base) {
  const RestCatalogContext& context = ref_.session->context();
  const int64_t now_ms = ToMillis(context.clock.Now());
  const auto first = TRY(WriteFirstSnapshot(*base.metadata, store(), context.random, now_ms));
  return iceberg::ApplyUpdates(*base.metadata, first.updates, base.metadata_location, now_ms);
}

CommitReply NessieTable::AddFirstSnapshot() {
  const auto refuse = [&](const Error& error) -> CommitReply {
    const bool may_pass =
        error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kTimeout;
    return {may_pass ? CommitOutcome::kConflict : CommitOutcome::kRejected,
            error
                .WithContext(fmt::format(
                    "table {} has no snapshot yet, and Nessie does not protect a first commit; "
                    "cannot add an empty one before it",
                    identifier().ToString()))
                .message()};
  };
  const auto entry = ref_.api->GetTable(ref_.reference.name, identifier());
  if (!entry.ok()) return refuse(entry.error());
  if (entry->snapshot_id != -1) return {CommitOutcome::kConflict, "it has a snapshot by now"};
  const RestCatalogContext& rest = ref_.session->context();
  const CatalogContext context{store(), rest.clock, rest.random, rest.metrics};
  const auto file = ReadMetadataFile(context, entry->metadata_location);
  if (!file.ok()) return refuse(file.error());
  const TableVersion& base = file->version;
  if (base.metadata->table_uuid != Current().metadata->table_uuid || base.metadata->Head()) {
    return {CommitOutcome::kConflict, "it was changed meanwhile"};
  }
  const auto next = WithFirstSnapshot(base);
  if (!next.ok()) return refuse(next.error());
  const std::string bytes = iceberg::TableMetadataToJson(*next);
  const SwapResult result =
      WriteAndMove(context, {base, *next, bytes, true}, [&](const std::string& location) {
        return ref_.api->PutTable(ref_.reference.name, identifier(), *entry, location, *next);
      });
  if (result.reply.outcome == CommitOutcome::kRejected) {
    return refuse(Error::Invalid("{}", result.reply.detail));
  }
  // Whether it landed, somebody was faster, or the answer was lost: the caller's own commit was not
  // sent, and an empty snapshot that lands late does so only on a table that is still empty.
  return {
      CommitOutcome::kConflict,
      "the table had no snapshot; an empty first one was added, because Nessie does not protect "
      "a first commit"};
}

}  // namespace kafka_iceberg::catalog
