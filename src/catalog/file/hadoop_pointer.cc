// SPDX-License-Identifier: Apache-2.0
#include "catalog/file/hadoop_pointer.h"

#include <algorithm>

#include "catalog/metadata_file.h"
#include "iceberg/table_metadata_json.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

constexpr size_t kHeadBytes = 64 << 10;
constexpr int kLoadAttemptsMax = 4;

std::string_view HeadOf(std::string_view bytes, const std::string& table_uuid) {
  const size_t uuid_at = bytes.find(table_uuid);
  const size_t uuid_end =
      uuid_at == std::string_view::npos ? bytes.size() : uuid_at + table_uuid.size();
  return bytes.substr(0, std::max(kHeadBytes, uuid_end));
}

}  // namespace

Status CheckHadoopProperties(const iceberg::TableMetadata& metadata) {
  const std::string codec = metadata.Property("write.metadata.compression-codec", "none");
  if (codec != "none") {
    return Error::Invalid(
        "the file catalog cannot write compressed metadata (two writers could both win a version): "
        "set "
        "write.metadata.compression-codec to none, not {}",
        codec);
  }
  if (!metadata.Property("write.metadata.path", "").empty()) {
    return Error::Invalid(
        "the file catalog keeps metadata below the table: remove the property write.metadata.path");
  }
  return {};
}

Result<TableVersion> HadoopPointer::Load(const TableVersion& known) {
  const int64_t known_number =
      ParseVersionFileName(storage::FileName(known.metadata_location)).value_or(0);
  for (int attempt = 1;; ++attempt) {
    const MetadataVersion current = TRY(layout_.FindCurrent(known_number));
    if (known.metadata && current.location == known.metadata_location) {
      const auto unchanged = IsUnchanged(known);
      if (unchanged.ok() && *unchanged) return known;
    }
    auto file = ReadMetadataFile(context_, current.location);
    if (file.ok()) {
      Remember(current.location, file->bytes, file->version.metadata->table_uuid);
      return std::move(file->version);
    }
    if (file.error().code() == ErrorCode::kCorrupt &&
        TRY(ReadMetadataBytes(context_, current.location)) == kDroppedMarker) {
      return Error::NotFound("it is being dropped; drop it again if that never ends");
    }
    // Found and then gone: the table moved on and old versions are deleted. Look again.
    if (file.error().code() != ErrorCode::kNotFound || attempt == kLoadAttemptsMax)
      return file.error();
  }
}

void HadoopPointer::Remember(const std::string& location, std::string_view bytes,
                             const std::string& table_uuid) {
  std::string head(HeadOf(bytes, table_uuid));
  MutexLock lock(mutex_);
  known_ = {location, std::move(head)};
}

// False when the file is gone, or another one has its name now.
Result<bool> HadoopPointer::IsUnchanged(const TableVersion& base) {
  auto same = IsSameFile(base);
  if (!same.ok() && same.error().code() == ErrorCode::kNotFound) return false;
  return same;
}

Result<bool> HadoopPointer::IsSameFile(const TableVersion& base) {
  Fingerprint known;
  {
    MutexLock lock(mutex_);
    known = known_;
  }
  if (known.location != base.metadata_location) {
    const MetadataFile file = TRY(ReadMetadataFile(context_, base.metadata_location));
    return *file.version.metadata == *base.metadata;
  }
  const auto head_bytes = static_cast<int64_t>(std::max(kHeadBytes, known.head.size()));
  return TRY(context_.store.ReadRange(base.metadata_location, 0, head_bytes)) == known.head;
}

Status HadoopPointer::CheckAllowed(const iceberg::TableMetadata& base,
                                   const iceberg::TableMetadata& next) {
  if (next.location != base.location) {
    return Error::Unsupported("the file catalog cannot move a table: its location is its folder");
  }
  return CheckHadoopProperties(next);
}

SwapResult HadoopPointer::TrySwap(const Swap& swap) {
  const auto number = ParseVersionFileName(storage::FileName(swap.base.metadata_location));
  if (!number ||
      storage::ParentLocation(swap.base.metadata_location) != layout_.metadata_folder()) {
    return {
        {CommitOutcome::kRejected, swap.base.metadata_location + " is no version of this table"},
        {}};
  }
  const MetadataVersion ours{*number + 1, layout_.VersionLocation(*number + 1)};
  CommitReply reply = CheckBeforeWrite(swap, ours.number);
  if (reply.outcome != CommitOutcome::kCommitted) return {reply, {}};
  const WriteResult written = WriteVersion(ours.location, swap.bytes, swap.is_unmistakable);
  switch (written.outcome) {
    case WriteOutcome::kOurs: break;
    case WriteOutcome::kTaken: return {{CommitOutcome::kConflict, written.detail}, {}};
    case WriteOutcome::kRefused: return {{CommitOutcome::kRejected, written.detail}, {}};
    case WriteOutcome::kUnknown: return {{CommitOutcome::kUnknown, written.detail}, {}};
  }
  reply = ConfirmCurrent(swap, ours);
  if (reply.outcome != CommitOutcome::kCommitted) return {reply, {}};
  Remember(ours.location, swap.bytes, swap.next.table_uuid);
  layout_.WriteHint(ours.number);
  return {reply, ours.location};
}

// kCommitted: go on. Nothing is written yet, so whatever stops us here proves that nothing was
// applied.
CommitReply HadoopPointer::CheckBeforeWrite(const Swap& swap, int64_t next_number) {
  const auto unchanged = IsUnchanged(swap.base);
  if (!unchanged.ok()) return {CommitOutcome::kConflict, unchanged.error().message()};
  if (!*unchanged) {
    return {CommitOutcome::kConflict,
            swap.base.metadata_location + " is gone: the table moved on, or was dropped"};
  }
  const auto compressed = layout_.HasCompressedVersion(next_number);
  if (!compressed.ok()) return {CommitOutcome::kConflict, compressed.error().message()};
  if (*compressed) {
    return {CommitOutcome::kConflict,
            fmt::format("version {} exists, written compressed by another writer", next_number)};
  }
  return {CommitOutcome::kCommitted, {}};
}

HadoopPointer::WriteResult HadoopPointer::WriteVersion(const std::string& location,
                                                       std::string_view bytes,
                                                       bool is_unmistakable) {
  const Status status = context_.store.WriteIfAbsent(location, bytes);
  if (status.ok()) return {WriteOutcome::kOurs, {}};
  const ErrorCode code = status.error().code();
  const std::string& detail = status.error().message();
  // The store refused before it did anything.
  if (code == ErrorCode::kInvalid || code == ErrorCode::kUnsupported)
    return {WriteOutcome::kRefused, detail};
  const bool is_taken = code == ErrorCode::kAlreadyExists;
  const auto found = ReadMetadataBytes(context_, location);
  if (!found.ok()) return {WriteOutcome::kUnknown, detail + "; " + found.error().message()};
  if (*found != bytes) return {WriteOutcome::kTaken, location + " was written by another writer"};
  // Our own bytes: ours, if nobody else can have made the same. A store that retries by itself
  // meets its own first try.
  if (is_unmistakable) return {WriteOutcome::kOurs, {}};
  return {is_taken ? WriteOutcome::kTaken : WriteOutcome::kUnknown,
          detail + "; another writer may have made the same change"};
}

CommitReply HadoopPointer::ConfirmCurrent(const Swap& swap, const MetadataVersion& ours) {
  const auto unchanged = IsUnchanged(swap.base);
  if (!unchanged.ok()) return {CommitOutcome::kUnknown, unchanged.error().message()};
  // Versions are deleted oldest first: while the base is there, ours was not there before. The
  // hint, which only grows ahead of us when others committed, guards against an old version that
  // escaped deletion.
  if (*unchanged && layout_.ReadHint().value_or(0) <= ours.number)
    return {CommitOutcome::kCommitted, {}};
  return ExamineHistory(swap, ours, *unchanged);
}

CommitReply HadoopPointer::ExamineHistory(const Swap& swap, const MetadataVersion& ours,
                                          bool base_is_unchanged) {
  const auto highest = layout_.FindHighest();
  if (!highest.ok()) return {CommitOutcome::kUnknown, highest.error().message()};
  if (highest->number < ours.number)
    return {CommitOutcome::kUnknown, ours.location + " is not listed"};
  if (highest->number == ours.number) {
    if (base_is_unchanged) return {CommitOutcome::kCommitted, {}};
    // Nobody deletes the version before the newest, except with the whole table.
    return Withdraw(ours, {CommitOutcome::kRejected, "the table was dropped"});
  }
  const auto tip = ReadMetadataFile(context_, highest->location);
  if (!tip.ok()) return {CommitOutcome::kUnknown, tip.error().message()};
  const iceberg::TableMetadata& metadata = *tip->version.metadata;
  if (metadata.table_uuid != swap.next.table_uuid) {
    return Withdraw(ours, {CommitOutcome::kRejected, "the table was dropped and created again"});
  }
  int64_t oldest_logged = highest->number;
  for (const iceberg::MetadataLogEntry& entry : metadata.metadata_log) {
    const int64_t number =
        ParseVersionFileName(storage::FileName(entry.metadata_file)).value_or(INT64_MAX);
    if (number == ours.number && entry.timestamp_ms == swap.next.last_updated_ms)
      return {CommitOutcome::kCommitted, {}};
    oldest_logged = std::min(oldest_logged, number);
  }
  // The log reaches back to our version and has another one in its place, or is too short to tell.
  if (oldest_logged <= ours.number) {
    return Withdraw(ours, {CommitOutcome::kConflict,
                           fmt::format("the table is at version {}", highest->number)});
  }
  return {CommitOutcome::kUnknown,
          fmt::format("the table is at version {} and its log does not reach back to {}",
                      highest->number, ours.number)};
}

// Takes back a file that is proven not to be part of the table; until it is gone, nothing is
// proven.
CommitReply HadoopPointer::Withdraw(const MetadataVersion& ours, CommitReply reply) {
  const Status deleted = context_.store.Delete(ours.location);
  if (!deleted.ok())
    return {CommitOutcome::kUnknown, reply.detail + "; " + deleted.error().message()};
  return reply;
}

Result<std::string> HadoopPointer::CreateFirst(const iceberg::TableMetadata& metadata) {
  TRY(CheckHadoopProperties(metadata));
  const std::string bytes = iceberg::TableMetadataToJson(metadata);
  std::string location = layout_.VersionLocation(1);
  const Status status = context_.store.WriteIfAbsent(location, bytes);
  if (!status.ok()) {
    // The uuid inside is new, so our own bytes are ours.
    const auto found = ReadMetadataBytes(context_, location);
    if (!found.ok()) return status.error();
    if (*found != bytes) return Error::AlreadyExists("{} exists", location);
  }
  layout_.WriteHint(1);
  return location;
}

}  // namespace kafka_iceberg::catalog
