// SPDX-License-Identifier: Apache-2.0
#include "iceberg/table_scan.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "iceberg/manifest_avro.h"
#include "iceberg/manifests/manifest_reader.h"

namespace kafka_iceberg::iceberg {
namespace {

Result<std::string> ReadObject(std::string_view what, const std::string& location,
                               storage::ObjectStore& store) {
  auto bytes = store.Read(location);
  if (!bytes.ok())
    return bytes.error().WithContext(fmt::format("cannot read {} {}", what, location));
  return bytes;
}

bool HasAllCounts(const ManifestFile& manifest) {
  return manifest.added_files_count && manifest.existing_files_count &&
         manifest.deleted_files_count && manifest.added_rows_count &&
         manifest.existing_rows_count && manifest.deleted_rows_count;
}

// The line a manifest list would have for a manifest that a version-1 snapshot names itself.
Result<ManifestFile> DescribeVersion1(const Snapshot& snapshot, const std::string& path,
                                      storage::ObjectStore& store) {
  const std::string bytes = TRY(ReadObject("manifest", path, store));
  const auto reader = TRY(ManifestReader::Open(bytes, path));
  ManifestFile manifest;
  manifest.manifest_path = path;
  manifest.manifest_length = static_cast<int64_t>(bytes.size());
  manifest.partition_spec_id = reader->spec().spec_id;
  manifest.added_snapshot_id = snapshot.snapshot_id;
  return manifest;
}

}  // namespace

Result<std::vector<ManifestFile>> ReadManifestList(const Snapshot& snapshot,
                                                   storage::ObjectStore& store) {
  if (!snapshot.manifest_list.empty()) {
    return DecodeManifestList(TRY(ReadObject("manifest list", snapshot.manifest_list, store)),
                              snapshot.manifest_list);
  }
  std::vector<ManifestFile> manifests;
  for (const std::string& path : snapshot.manifests) {
    manifests.push_back(TRY(DescribeVersion1(snapshot, path, store)));
  }
  return manifests;
}

Result<std::vector<ManifestEntry>> ReadManifest(const ManifestFile& manifest,
                                                storage::ObjectStore& store) {
  std::vector<ManifestEntry> entries;
  TRY(VisitEntries(manifest, store, [&](const ManifestEntry& entry) -> Status {
    entries.push_back(entry);
    return {};
  }));
  return entries;
}

Status VisitEntries(const ManifestFile& manifest, storage::ObjectStore& store,
                    const std::function<Status(const ManifestEntry&)>& visit) {
  if (manifest.key_metadata)
    return Error::Unsupported("manifest {} is encrypted", manifest.manifest_path);
  const std::string bytes = TRY(ReadObject("manifest", manifest.manifest_path, store));
  const auto reader = TRY(ManifestReader::Open(bytes, manifest.manifest_path));
  if (reader->spec().spec_id != manifest.partition_spec_id) {
    return Error::Corrupt("manifest {} is of partition spec {}, its manifest list says {}",
                          manifest.manifest_path, reader->spec().spec_id,
                          manifest.partition_spec_id);
  }
  EntryInheritance inheritance(manifest);
  ManifestEntry entry;
  while (TRY(reader->Next(entry))) {
    inheritance.Apply(entry);
    TRY(visit(entry));
  }
  return {};
}

Status VisitLiveEntries(
    const Snapshot& snapshot, storage::ObjectStore& store,
    const std::function<Status(const ManifestFile&, const ManifestEntry&)>& visit) {
  for (const ManifestFile& manifest : TRY(ReadManifestList(snapshot, store))) {
    if (!manifest.may_have_live_files()) continue;
    TRY(VisitEntries(manifest, store, [&](const ManifestEntry& entry) -> Status {
      return entry.status == EntryStatus::kDeleted ? Status() : visit(manifest, entry);
    }));
  }
  return {};
}

Status CompleteCounts(ManifestFile& manifest, storage::ObjectStore& store) {
  if (HasAllCounts(manifest)) return {};
  std::array<int32_t, 3> files = {};
  std::array<int64_t, 3> rows = {};
  TRY(VisitEntries(manifest, store, [&](const ManifestEntry& entry) -> Status {
    const auto index = static_cast<size_t>(entry.status);
    ++files[index];
    if (__builtin_add_overflow(rows[index], entry.file.record_count, &rows[index])) {
      return Error::Corrupt("record counts of {} add up to more than 64 bits",
                            manifest.manifest_path);
    }
    return {};
  }));
  const auto existing = static_cast<size_t>(EntryStatus::kExisting);
  const auto added = static_cast<size_t>(EntryStatus::kAdded);
  const auto deleted = static_cast<size_t>(EntryStatus::kDeleted);
  manifest.added_files_count = files[added];
  manifest.existing_files_count = files[existing];
  manifest.deleted_files_count = files[deleted];
  manifest.added_rows_count = rows[added];
  manifest.existing_rows_count = rows[existing];
  manifest.deleted_rows_count = rows[deleted];
  return {};
}

}  // namespace kafka_iceberg::iceberg
