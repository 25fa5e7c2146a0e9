// SPDX-License-Identifier: Apache-2.0
//
// What the tests of appends share: tables in memory, appends committed to them as a catalog would,
// manifests of other writers. Test code only; one thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "iceberg/actions/append.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/manifests/fake_manifests.h"
#include "iceberg/table_scan.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::iceberg {

inline constexpr int64_t kNow = 1'767'882'600'000;

class AppendTest : public testing::Test {
 protected:
  static AppendOptions Options(int64_t snapshot_id, std::vector<DataFile> files) {
    AppendOptions options;
    options.snapshot_id = snapshot_id;
    options.commit_uuid = fmt::format("uuid-{}", snapshot_id);
    options.files = std::move(files);
    return options;
  }

  static std::vector<DataFile> OneFile(int64_t snapshot_id, int64_t rows = 10) {
    return {FakeFile(fmt::format("memory://w/t/data/{}.parquet", snapshot_id),
                     FakePartition("x", 1), rows)};
  }

  // What a catalog does: checks the requirements and applies the updates.
  static TableMetadata Apply(const TableMetadata& base, const PreparedCommit& commit) {
    EXPECT_THAT(CheckRequirements(&base, commit.requirements), IsOk());
    auto result =
        ApplyUpdates(base, commit.updates, "memory://w/t/metadata/v1.metadata.json", kNow);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : base;
  }

  TableMetadata Committed(const TableMetadata& base, AppendOptions options) {
    Append append(std::move(options), store_);
    auto commit = append.Prepare(base, kNow);
    EXPECT_THAT(commit, IsOk());
    return commit.ok() ? Apply(base, *commit) : base;
  }

  TableMetadata WithAppends(TableMetadata table, int64_t count) {
    for (int64_t id = 1; id <= count; ++id) table = Committed(table, Options(id, OneFile(id)));
    return table;
  }

  std::vector<ManifestFile> Lines(const Snapshot& snapshot) {
    auto lines = ReadManifestList(snapshot, store_);
    EXPECT_THAT(lines, IsOk());
    return lines.ok() ? *lines : std::vector<ManifestFile>();
  }

  std::vector<std::string> LivePaths(const Snapshot& snapshot) {
    std::vector<std::string> paths;
    EXPECT_THAT(VisitLiveEntries(snapshot, store_,
                                 [&](const ManifestFile&, const ManifestEntry& entry) -> Status {
                                   paths.push_back(entry.file.file_path);
                                   return {};
                                 }),
                IsOk());
    return paths;
  }

  // Adds a manifest of the given kind below the table's head, as another writer might have.
  TableMetadata WithCarried(
      TableMetadata table, const Manifest& manifest, const std::string& path,
      std::function<void(ManifestFile&)> change = [](ManifestFile&) {}) {
    EXPECT_THAT(store_.Write(path, EncodeManifest(manifest).value()), IsOk());
    Snapshot& head = table.snapshots.back();
    std::vector<ManifestFile> lines = Lines(head);
    ManifestFile& line = lines.emplace_back();
    line.manifest_path = path;
    line.partition_spec_id = manifest.spec.spec_id;
    line.content = manifest.content;
    line.sequence_number = 1;
    line.min_sequence_number = 1;
    line.added_snapshot_id = 500;
    line.added_files_count = line.existing_files_count = line.deleted_files_count = 1;
    line.added_rows_count = line.existing_rows_count = line.deleted_rows_count = 1;
    change(line);
    ManifestListHeader header;
    header.format_version = table.format_version;
    EXPECT_THAT(store_.Write(head.manifest_list, EncodeManifestList(header, lines).value()),
                IsOk());
    return table;
  }

  static Manifest OtherManifest(std::vector<ManifestEntry> entries) {
    Manifest manifest;
    manifest.schema = FakeSchema();
    manifest.spec = FakeSpec();
    manifest.entries = std::move(entries);
    return manifest;
  }

  static ManifestEntry OtherEntry(EntryStatus status, const std::string& path) {
    ManifestEntry entry;
    entry.status = status;
    entry.snapshot_id = 400;
    entry.sequence_number = 1;
    entry.file_sequence_number = 1;
    entry.file = FakeFile(path, FakePartition("x", 1));
    return entry;
  }

  FakeClock clock_;
  storage::MemoryStore memory_{clock_};
  storage::FaultStore store_{memory_};
};

}  // namespace kafka_iceberg::iceberg
