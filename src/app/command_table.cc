// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "commit/ledger.h"
#include "engine/connect.h"
#include "engine/module_options.h"
#include "iceberg/table_metadata_json.h"
#include "iceberg/table_scan.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

struct OpenedTable {
  engine::OpenedCatalog catalog;
  std::unique_ptr<catalog::TableOperations> operations;
};

Result<OpenedTable> OpenTable(const config::Options& options, Runtime& runtime) {
  OpenedTable opened;
  opened.catalog = TRY(engine::OpenCatalog(options, runtime.engine_context()));
  opened.operations = TRY(opened.catalog.catalog->LoadTable(engine::TargetTable(options)));
  return opened;
}

// The part every `table` command shares: configuration, table, and the exit code.
template <typename Print>
int WithTable(const Arguments& arguments, Runtime& runtime, Print print) {
  const std::optional<config::Options> options = LoadTableOrReport(arguments);
  if (!options) return kExitConfiguration;
  const Result<OpenedTable> table = OpenTable(*options, runtime);
  if (!table.ok()) return ReportError(table.error());
  const Status printed = print(*table->operations);
  return printed.ok() ? kExitOk : ReportError(printed.error());
}

json LedgerJson(const commit::Ledger& ledger) {
  return json::parse(commit::LedgerToJson(ledger), nullptr, false);
}

Status Describe(const Arguments& arguments, catalog::TableOperations& table) {
  const catalog::TableVersion version = table.Current();
  const iceberg::TableMetadata& metadata = *version.metadata;
  const commit::Ledger ledger = TRY(commit::ReadLedger(metadata));
  if (arguments.json) {
    const json body = {
        {"table", table.identifier().ToString()},
        {"location", metadata.location},
        {"metadata_location", version.metadata_location},
        {"uuid", metadata.table_uuid},
        {"format_version", metadata.format_version},
        {"schema", json::parse(iceberg::SchemaToJson(metadata.schema()), nullptr, false)},
        {"partition_spec",
         json::parse(iceberg::PartitionSpecToJson(metadata.spec()), nullptr, false)},
        {"snapshots", metadata.snapshots.size()},
        {"current_snapshot_id",
         metadata.current_snapshot_id ? json(*metadata.current_snapshot_id) : json()},
        {"ledger", LedgerJson(ledger)},
        {"properties", metadata.properties}};
    std::cout << JsonText(body) << "\n";
    return {};
  }
  std::cout << fmt::format(
      "table      {}\nlocation   {}\nmetadata   {}\nformat     v{}\nsnapshots  {}\n\n",
      table.identifier().ToString(), metadata.location, version.metadata_location,
      metadata.format_version, metadata.snapshots.size());
  std::vector<std::vector<std::string>> rows;
  for (const iceberg::Field& field : metadata.schema().fields) {
    rows.push_back({std::to_string(field.id), field.name, iceberg::ToString(field.type),
                    field.required ? "required" : "optional"});
  }
  std::cout << FormatTable({"id", "column", "type", ""}, rows) << "\n";
  for (const iceberg::PartitionField& field : metadata.spec().fields) {
    std::cout << fmt::format("partitioned by {} ({} of {})\n", field.name,
                             iceberg::ToString(field.transform),
                             metadata.schema().PathOf(field.source_id));
  }
  rows.clear();
  for (const auto& [topic, offsets] : ledger.next_offsets) {
    for (const auto& [partition, next] : offsets)
      rows.push_back({topic.topic, std::to_string(partition), std::to_string(next)});
  }
  if (!rows.empty())
    std::cout << "\n" << FormatTable({"ledger: topic", "partition", "next offset"}, rows);
  return {};
}

Status Snapshots(const Arguments& arguments, catalog::TableOperations& table) {
  const iceberg::TableMetadataPtr metadata = table.Current().metadata;
  const size_t count = metadata->snapshots.size();
  const size_t first = arguments.limit > 0 && count > static_cast<size_t>(arguments.limit)
                           ? count - static_cast<size_t>(arguments.limit)
                           : 0;
  if (arguments.json) {
    json list = json::array();
    for (size_t i = first; i < count; ++i) {
      list.push_back(json::parse(iceberg::SnapshotToJson(metadata->snapshots[i]), nullptr, false));
    }
    std::cout << JsonText(list) << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  const auto counter = [](const iceberg::Snapshot& snapshot, const char* name) {
    const auto found = snapshot.summary.find(name);
    return found == snapshot.summary.end() ? std::string("0") : found->second;
  };
  for (size_t i = first; i < count; ++i) {
    const iceberg::Snapshot& snapshot = metadata->snapshots[i];
    rows.push_back({std::to_string(snapshot.snapshot_id), HumanTime(snapshot.timestamp_ms),
                    snapshot.operation(), counter(snapshot, "added-records"),
                    counter(snapshot, "added-data-files"), counter(snapshot, "total-records")});
  }
  std::cout << FormatTable(
      {"snapshot", "committed at", "operation", "added rows", "added files", "total rows"}, rows);
  return {};
}

Status Files(const Arguments& arguments, catalog::TableOperations& table) {
  const iceberg::TableMetadataPtr metadata = table.Current().metadata;
  std::vector<std::vector<std::string>> rows;
  json list = json::array();
  int64_t files = 0;
  int64_t bytes = 0;
  if (const iceberg::Snapshot* snapshot = metadata->current_snapshot()) {
    TRY(iceberg::VisitLiveEntries(
        *snapshot, table.store(),
        [&](const iceberg::ManifestFile&, const iceberg::ManifestEntry& entry) -> Status {
          ++files;
          bytes += entry.file.file_size_in_bytes;
          if (arguments.limit > 0 && files > arguments.limit) return {};
          if (arguments.json) {
            list.push_back({{"path", entry.file.file_path},
                            {"rows", entry.file.record_count},
                            {"bytes", entry.file.file_size_in_bytes}});
          } else {
            rows.push_back({std::to_string(entry.file.record_count),
                            HumanBytes(entry.file.file_size_in_bytes), entry.file.file_path});
          }
          return {};
        }));
  }
  if (arguments.json) {
    std::cout << JsonText({{"files", files}, {"bytes", bytes}, {"list", list}}) << "\n";
    return {};
  }
  std::cout << FormatTable({"rows", "size", "path"}, rows)
            << fmt::format("{} files, {}\n", files, HumanBytes(bytes));
  return {};
}

}  // namespace

int TableDescribeCommand(const Arguments& arguments, Runtime& runtime) {
  return WithTable(arguments, runtime,
                   [&](catalog::TableOperations& table) { return Describe(arguments, table); });
}

int TableSnapshotsCommand(const Arguments& arguments, Runtime& runtime) {
  return WithTable(arguments, runtime,
                   [&](catalog::TableOperations& table) { return Snapshots(arguments, table); });
}

int TableFilesCommand(const Arguments& arguments, Runtime& runtime) {
  return WithTable(arguments, runtime,
                   [&](catalog::TableOperations& table) { return Files(arguments, table); });
}

}  // namespace kafka_iceberg::app
