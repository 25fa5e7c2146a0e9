// SPDX-License-Identifier: Apache-2.0
#include "commit/fake_commit_world.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/check.h"
#include "iceberg/actions/append.h"
#include "iceberg/table_scan.h"

namespace kafka_iceberg::commit {
namespace {

const catalog::TableIdentifier kIdentifier{{"raw"}, "orders"};

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) std::fprintf(stderr, "%s\n", result.error().message().c_str());
  CHECK(result.ok());
  return std::move(result).value();
}

catalog::TableCreation Creation() {
  catalog::TableCreation creation{.identifier = kIdentifier};
  creation.schema.fields = {{.id = 1,
                             .name = "id",
                             .required = false,
                             .type = iceberg::Type::Primitive(iceberg::TypeId::kLong)}};
  return creation;
}

// What is in a file is in its name: "...-<partition>-<start>-<end>.parquet". False for other
// people's files.
bool ParseName(const std::string& path, int32_t& partition, OffsetRange& range) {
  const size_t name = path.find("/epoch-");
  if (name == std::string::npos) return false;
  return std::sscanf(path.c_str() + name, "/epoch-%*[0-9a-f]-%d-%ld-%ld.parquet", &partition,
                     &range.start, &range.end) == 3;
}

}  // namespace

FakeCommitWorld::FakeCommitWorld(FakeCatalogKind kind, uint64_t seed)
    : random(seed), catalog_("memory://warehouse", store, clock, random, *metrics) {
  CHECK(catalog_.CreateNamespace({"raw"}).ok());
  const auto table = Must(catalog_.CreateTable(Creation()));
  if (kind == FakeCatalogKind::kServer) {
    server_ =
        std::make_unique<FakeTableServer>(kIdentifier, *table->Current().metadata, store, clock);
  }
  observer_ = OpenPlain();
}

std::unique_ptr<catalog::TableOperations> FakeCommitWorld::OpenPlain() {
  return server_ != nullptr ? server_->Open() : Must(catalog_.LoadTable(kIdentifier));
}

std::unique_ptr<catalog::TableOperations> FakeCommitWorld::OpenFaulty() {
  return std::make_unique<catalog::FakeFaultTableOperations>(OpenPlain(), faults);
}

FakeProcess FakeCommitWorld::Start(TransactionLog& process_log, StepHook step_hook) {
  FakeProcess process{.table = OpenFaulty()};
  process.coordinator = std::make_unique<TransactionCoordinator>(
      CoordinatorOptions{.writer_id = "test", .catalog_type = "memory"},
      CoordinatorContext{.table = *process.table,
                         .log = process_log,
                         .clock = clock,
                         .random = random,
                         .logger = logger,
                         .metrics = *metrics,
                         .step_hook = std::move(step_hook)});
  return process;
}

FlushEpoch FakeCommitWorld::Upload(PartitionRanges partitions) {
  const auto name = fmt::format("epoch-{:016x}", random.Next());
  const iceberg::TableMetadataPtr metadata = Metadata();
  FlushEpoch epoch =
      FakeEpoch(name, iceberg::NewSnapshotId(*metadata, random), FakeRanges(std::move(partitions)));
  epoch.table_uuid = metadata->table_uuid;
  for (const write::StagedFile& staged : epoch.files)
    CHECK(store.Write(staged.file.file_path, "PAR1").ok());
  return epoch;
}

iceberg::TableMetadataPtr FakeCommitWorld::Metadata() {
  return Must(observer_->Refresh()).metadata;
}

Ledger FakeCommitWorld::TableLedger() { return Must(ReadLedger(*Metadata())); }

Result<std::vector<std::string>> FakeCommitWorld::FilesOf(const iceberg::Snapshot& snapshot) {
  std::vector<std::string> paths;
  for (const iceberg::ManifestFile& manifest : TRY(iceberg::ReadManifestList(snapshot, store))) {
    TRY(store.Stat(manifest.manifest_path));
    const auto [files, is_new] = files_by_manifest_.try_emplace(manifest.manifest_path);
    if (is_new) {
      for (const iceberg::ManifestEntry& entry : TRY(iceberg::ReadManifest(manifest, store))) {
        if (entry.status == iceberg::EntryStatus::kDeleted) continue;
        files->second.push_back(entry.file.file_path);
      }
    }
    paths.insert(paths.end(), files->second.begin(), files->second.end());
  }
  return paths;
}

std::vector<std::string> FakeCommitWorld::LiveFiles() {
  const iceberg::TableMetadataPtr metadata = Metadata();
  if (metadata->Head() == nullptr) return {};
  return Must(FilesOf(*metadata->Head()));
}

std::string FakeCommitWorld::CheckExactlyOnce() {
  std::map<int32_t, std::vector<OffsetRange>> held;
  for (const std::string& path : LiveFiles()) {
    int32_t partition = 0;
    OffsetRange range;
    if (ParseName(path, partition, range)) held[partition].push_back(range);
  }
  const Ledger ledger = TableLedger();
  for (auto& [partition, ranges] : held) {
    std::ranges::sort(ranges);
    int64_t next = 0;
    for (const OffsetRange& range : ranges) {
      if (range.start < next)
        return fmt::format("partition {}: offset {} twice", partition, range.start);
      if (range.start > next)
        return fmt::format("partition {}: offset {} missing", partition, next);
      next = range.end;
    }
    const auto stands = ledger.NextOffset(kFakeTopic, partition);
    if (stands != next) {
      return fmt::format("partition {}: rows to {}, ledger at {}", partition, next,
                         stands.value_or(-1));
    }
  }
  return {};
}

std::string FakeCommitWorld::CheckReadable() {
  const iceberg::TableMetadataPtr metadata = Metadata();
  for (const iceberg::Snapshot& snapshot : metadata->snapshots) {
    const auto files = FilesOf(snapshot);
    if (!files.ok()) return files.error().message();
    for (const std::string& path : *files) {
      if (path.starts_with("memory://data/") && !store.Stat(path).ok()) return path + " is gone";
    }
  }
  return {};
}

void FakeCommitWorld::ForeignAppend(const std::string& path) {
  const auto table = OpenPlain();
  iceberg::AppendOptions options{
      .snapshot_id = iceberg::NewSnapshotId(*table->Current().metadata, random),
      .commit_uuid = NewUuid(random),
      .files = {FakeFile(path).file}};
  iceberg::Append append(options, store);
  const iceberg::PreparedCommit prepared =
      Must(append.Prepare(*table->Current().metadata, ToMillis(clock.Now())));
  const catalog::CommitReply reply =
      table->Commit(table->Current(), prepared.updates, prepared.requirements);
  CHECK(reply.outcome == catalog::CommitOutcome::kCommitted);
}

void FakeCommitWorld::Change(std::vector<iceberg::MetadataUpdate> updates) {
  const auto table = OpenPlain();
  CHECK(table->Commit(table->Current(), updates, {}).outcome == catalog::CommitOutcome::kCommitted);
}

void FakeCommitWorld::SetProperty(const std::string& name, const std::string& value) {
  Change({iceberg::SetProperties{{{name, value}}}});
}

void FakeCommitWorld::RemoveProperty(const std::string& name) {
  Change({iceberg::RemoveProperties{{name}}});
}

void FakeCommitWorld::ExpireSnapshots() {
  const iceberg::TableMetadataPtr metadata = Metadata();
  iceberg::RemoveSnapshots remove;
  for (const iceberg::Snapshot& snapshot : metadata->snapshots) {
    if (snapshot.snapshot_id != metadata->current_snapshot_id)
      remove.snapshot_ids.push_back(snapshot.snapshot_id);
  }
  if (!remove.snapshot_ids.empty()) Change({remove});
}

double FakeCommitWorld::Counter(const std::string& name, const telemetry::Labels& labels) {
  return metrics->GetCounter(name, labels).value();
}

}  // namespace kafka_iceberg::commit
