// SPDX-License-Identifier: Apache-2.0
//
// The bodies of Nessie's own API that are used here. Hostile answers are kCorrupt or kUnavailable.
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/nessie/nessie_api.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

std::string ReferenceJson(const NessieReference& reference);
std::string MergeJson(const NessieReference& from);
std::string PutTableJson(const TableIdentifier& table, const NessieTableEntry& entry,
                         const std::string& metadata_location,
                         const iceberg::TableMetadata& metadata);

// {"reference":{...}}
Result<NessieReference> ParseReference(std::string_view body);
struct ReferencePage {
  std::vector<NessieReference> references;
  std::optional<std::string> next_token;
};
Result<ReferencePage> ParseReferences(std::string_view body);
Result<NessieTableEntry> ParseTableEntry(std::string_view body);

// What one page of the log says about one snapshot of one table.
struct LogPage {
  bool has_snapshot = false;
  bool reaches_since = false;
  std::optional<std::string> next_token;
};
Result<LogPage> ParseLog(std::string_view body, const TableIdentifier& table, int64_t snapshot_id,
                         std::string_view since);

// What changed on both sides of a merge, from a 409's body: "db.events, db.clicks"; may be empty.
std::string ParseMergeConflicts(std::string_view body);

}  // namespace kafka_iceberg::catalog
