// SPDX-License-Identifier: Apache-2.0
#include "table/metadata_cache.h"

#include <algorithm>
#include <utility>

#include "iceberg/table_scan.h"

namespace kafka_iceberg::table {
namespace {

// Estimates; what counts is that the sum is bounded.
constexpr size_t kPartitionValueBytes = 64;

size_t BytesOf(const iceberg::ManifestEntry& entry) {
  return sizeof(entry) + entry.file.file_path.size() +
         entry.file.partition.size() * kPartitionValueBytes +
         entry.file.split_offsets.size() * sizeof(int64_t);
}

// Bounds and counts of every column are most of an entry, and nobody chooses files by them.
iceberg::ManifestEntry WithoutColumnMetrics(iceberg::ManifestEntry entry) {
  entry.file.column_sizes.clear();
  entry.file.value_counts.clear();
  entry.file.null_value_counts.clear();
  entry.file.nan_value_counts.clear();
  entry.file.lower_bounds.clear();
  entry.file.upper_bounds.clear();
  return entry;
}

}  // namespace

MetadataCache::Key::Key(telemetry::Metrics& metrics, const std::string& name, Duration key_ttl)
    : ttl(key_ttl),
      hits_(metrics.GetCounter("iceberg_metadata_cache_hits_total", {{"key", name}})),
      misses_(metrics.GetCounter("iceberg_metadata_cache_misses_total", {{"key", name}})),
      hit_rate_(metrics.GetGauge("iceberg_metadata_cache_hit_rate", {{"key", name}})) {}

void MetadataCache::Key::Count(bool is_hit) {
  (is_hit ? hits_ : misses_).Add();
  hit_rate_.Set(hits_.value() / (hits_.value() + misses_.value()));
}

MetadataCache::MetadataCache(catalog::TableOperations& table, Clock& clock,
                             telemetry::Metrics& metrics, const MetadataCacheOptions& options)
    : table_(table),
      clock_(clock),
      options_(options),
      snapshot_id_key_(metrics, "snapshot_id", options.snapshot_id_ttl),
      schema_key_(metrics, "schema", options.schema_ttl),
      files_key_(metrics, "manifests", options.files_ttl),
      version_(table.Current()),
      confirmed_at_(clock.Steady()) {}

CachedVersion MetadataCache::Get() {
  MutexLock lock(mutex_);
  const SteadyTime now = clock_.Steady();
  if (looked_at_) look_gap_ = now - *looked_at_;
  looked_at_ = now;
  return LookUp(snapshot_id_key_);
}

CachedVersion MetadataCache::GetSchema() {
  MutexLock lock(mutex_);
  return LookUp(schema_key_);
}

CachedVersion MetadataCache::LookUp(Key& key) {
  key.Count(IsFresh(key.ttl));
  // Twice: an Invalidate() may overtake the first answer.
  for (int i = 0; i < 2 && !IsFresh(key.ttl) && MayAsk(); ++i) AskOnce();
  return {version_, clock_.Steady() - confirmed_at_, !IsFresh(key.ttl)};
}

bool MetadataCache::IsFresh(Duration ttl) const {
  return is_valid_ && clock_.Steady() - confirmed_at_ <= ttl;
}

// A catalog that is away is not asked by every look-up: each would wait for its time-out.
bool MetadataCache::MayAsk() const {
  return !failed_at_ || clock_.Steady() - *failed_at_ >= options_.snapshot_id_ttl;
}

void MetadataCache::AskOnce() {
  if (is_asking_) {
    const uint64_t before = asks_;
    while (asks_ == before) done_.wait(mutex_);
    return;
  }
  is_asking_ = true;
  const uint64_t changes = changes_;
  const SteadyTime asked_at = clock_.Steady();
  mutex_.unlock();
  Result<catalog::TableVersion> answer = table_.Refresh();
  mutex_.lock();
  is_asking_ = false;
  ++asks_;
  done_.notify_all();
  if (!answer.ok()) {
    failed_at_ = clock_.Steady();
    return;
  }
  failed_at_.reset();
  if (changes != changes_) return;
  version_ = std::move(answer).value();
  confirmed_at_ = asked_at;
  is_valid_ = true;
}

void MetadataCache::Put(const catalog::TableVersion& version) {
  MutexLock lock(mutex_);
  ++changes_;
  // Somebody else's later commit may have been seen before we were told about ours.
  if (version.metadata->last_sequence_number < version_.metadata->last_sequence_number) {
    is_valid_ = false;
  } else {
    version_ = version;
    confirmed_at_ = clock_.Steady();
    is_valid_ = true;
    failed_at_.reset();
  }
  const iceberg::Snapshot* snapshot = version.metadata->current_snapshot();
  const bool may_have_removed = snapshot != nullptr &&
                                snapshot->snapshot_id != files_.snapshot_id &&
                                snapshot->operation() != "append";
  if (!may_have_removed) return;
  are_files_valid_ = false;
  ++file_changes_;
}

void MetadataCache::Invalidate() {
  MutexLock lock(mutex_);
  ++changes_;
  is_valid_ = false;
  failed_at_.reset();
  ++file_changes_;
  are_files_valid_ = false;
}

bool MetadataCache::IsWatched() const {
  const Duration recent = 2 * options_.snapshot_id_ttl;
  return look_gap_ && *look_gap_ <= recent && clock_.Steady() - *looked_at_ <= recent;
}

Duration MetadataCache::KeepFresh() {
  MutexLock lock(mutex_);
  // Half-way, so that an answer may take as long again before anybody has to wait for it.
  const Duration half = options_.snapshot_id_ttl / 2;
  if (!IsWatched()) return half;
  if (!IsFresh(half) && MayAsk() && !is_asking_) AskOnce();
  return std::clamp(confirmed_at_ + half - clock_.Steady(), half / 5, half);
}

Result<CachedFiles> MetadataCache::GetFiles() {
  MutexLock lock(mutex_);
  files_key_.Count(HasFreshFiles());
  Status status;
  for (int i = 0; i < 2 && !HasFreshFiles() && status.ok(); ++i) status = ListOnce();
  // A listing that cannot be kept must not be answered with an old one for ever.
  const bool may_pass = status.ok() || status.error().code() != ErrorCode::kUnsupported;
  if (!may_pass || files_.entries == nullptr) {
    if (!status.ok()) return status.error();
    return Error::Conflict("the table's files changed while they were listed");
  }
  CachedFiles files = files_;
  files.age = clock_.Steady() - listed_at_;
  files.is_outdated = !HasFreshFiles();
  return files;
}

bool MetadataCache::HasFreshFiles() const {
  return are_files_valid_ && clock_.Steady() - listed_at_ <= files_key_.ttl;
}

Status MetadataCache::ListOnce() {
  if (is_listing_) {
    const uint64_t before = listings_;
    while (listings_ == before) done_.wait(mutex_);
    return listing_status_;
  }
  is_listing_ = true;
  const uint64_t changes = file_changes_;
  const catalog::TableVersion version = LookUp(snapshot_id_key_).version;
  const SteadyTime listed_at = clock_.Steady();
  mutex_.unlock();
  Result<CachedFiles> files = ListFiles(version);
  mutex_.lock();
  is_listing_ = false;
  ++listings_;
  done_.notify_all();
  listing_status_ = files.ok() ? Status() : Status(files.error());
  if (!files.ok() || changes != file_changes_) return listing_status_;
  files_ = std::move(files).value();
  listed_at_ = listed_at;
  are_files_valid_ = true;
  return {};
}

Result<CachedFiles> MetadataCache::ListFiles(const catalog::TableVersion& version) const {
  const iceberg::Snapshot* snapshot = version.metadata->current_snapshot();
  std::vector<iceberg::ManifestEntry> entries;
  size_t bytes = 0;
  const auto keep = [&](const iceberg::ManifestFile&,
                        const iceberg::ManifestEntry& entry) -> Status {
    entries.push_back(WithoutColumnMetrics(entry));
    bytes += BytesOf(entries.back());
    if (bytes <= options_.file_bytes_max) return {};
    return Error::Unsupported("table {} has too many files to list at once: {} take {} bytes",
                              table_.identifier().ToString(), entries.size(), bytes);
  };
  CachedFiles files;
  if (snapshot != nullptr) {
    TRY(iceberg::VisitLiveEntries(*snapshot, table_.store(), keep));
    files.snapshot_id = snapshot->snapshot_id;
  }
  files.entries = std::make_shared<const std::vector<iceberg::ManifestEntry>>(std::move(entries));
  return files;
}

}  // namespace kafka_iceberg::table
