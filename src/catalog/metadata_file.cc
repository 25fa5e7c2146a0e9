// SPDX-License-Identifier: Apache-2.0
#include "catalog/metadata_file.h"

#include <charconv>
#include <set>
#include <vector>

#include "core/retry_policy.h"
#include "iceberg/table_metadata_json.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

// A table with 100,000 snapshots stays below 200 MB.
constexpr int64_t kMetadataBytesMax = int64_t{512} << 20;
constexpr int kReadAttemptsMax = 4;

bool IsTransient(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout;
}

bool IsMetadataName(std::string_view name) {
  return name.ends_with(".metadata.json") || name.ends_with(".metadata.json.gz");
}

Result<MetadataFile> ParseMetadataFile(std::string bytes, const std::string& location) {
  auto metadata = TRY(iceberg::TableMetadataFromJson(bytes, location));
  TRY(iceberg::ValidateTableMetadata(metadata));
  return MetadataFile{
      {std::make_shared<const iceberg::TableMetadata>(std::move(metadata)), location},
      std::move(bytes)};
}

}  // namespace

Result<std::string> ReadMetadataBytes(const CatalogContext& context, const std::string& location) {
  const RetryPolicy policy{
      {std::chrono::milliseconds(100), std::chrono::milliseconds(400), std::chrono::seconds(1)}};
  for (int attempt = 1;; ++attempt) {
    auto bytes = context.store.ReadRange(location, 0, kMetadataBytesMax + 1);
    if (bytes.ok() && static_cast<int64_t>(bytes->size()) > kMetadataBytesMax) {
      return Error::Unsupported("metadata file {} is larger than {} bytes", location,
                                kMetadataBytesMax);
    }
    if (bytes.ok() || !IsTransient(bytes.error().code()) || attempt == kReadAttemptsMax)
      return bytes;
    context.clock.SleepFor(policy.DelayAfter(attempt, context.random), {});
  }
}

Result<MetadataFile> ReadMetadataFile(const CatalogContext& context, const std::string& location) {
  auto file = ParseMetadataFile(TRY(ReadMetadataBytes(context, location)), location);
  if (file.ok() || file.error().code() != ErrorCode::kCorrupt) return file;
  return ParseMetadataFile(TRY(ReadMetadataBytes(context, location)), location);
}

Result<iceberg::TableMetadata> MakeMetadata(const CatalogContext& context,
                                            const TableCreation& creation,
                                            const std::string& location) {
  auto metadata = iceberg::MakeTableMetadata({.schema = creation.schema,
                                              .spec = creation.spec,
                                              .sort_order = creation.sort_order,
                                              .location = location,
                                              .properties = creation.properties,
                                              .format_version = creation.format_version,
                                              .table_uuid = NewUuid(context.random),
                                              .now_ms = ToMillis(context.clock.Now())});
  if (!metadata.ok())
    return metadata.error().WithContext("cannot create table " + creation.identifier.ToString());
  return metadata;
}

std::string NextMetadataLocation(std::string_view folder, std::string_view previous_location,
                                 Random& random) {
  const std::string_view previous = storage::FileName(previous_location);
  int64_t number = -1;
  const size_t dash = previous.find('-');
  if (dash != std::string_view::npos) {
    const auto parsed = std::from_chars(previous.data(), previous.data() + dash, number);
    if (parsed.ec != std::errc() || parsed.ptr != previous.data() + dash || number < 0 ||
        number == INT64_MAX) {
      number = -1;
    }
  }
  return storage::JoinLocation(folder,
                               fmt::format("{:05}-{}.metadata.json", number + 1, NewUuid(random)));
}

void DeleteRetiredMetadata(storage::ObjectStore& store, const iceberg::TableMetadata& base,
                           const iceberg::TableMetadata& next, const std::string& next_location) {
  if (next.Property("write.metadata.delete-after-commit.enabled", "false") != "true") return;
  std::set<std::string> kept;
  for (const auto& entry : next.metadata_log) kept.insert(entry.metadata_file);
  for (const auto& entry : base.metadata_log) {
    if (kept.contains(entry.metadata_file)) continue;
    const auto location = storage::NormalizeLocation(entry.metadata_file);
    const bool is_ours =
        location.ok() && IsMetadataName(*location) && *location != next_location &&
        storage::ParentLocation(*location) == storage::ParentLocation(next_location);
    // Oldest first and no further than the first failure: a version is never missing while an older
    // one is there.
    if (is_ours && !store.Delete(*location).ok()) return;
  }
}

}  // namespace kafka_iceberg::catalog
