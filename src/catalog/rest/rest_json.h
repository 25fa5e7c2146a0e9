// SPDX-License-Identifier: Apache-2.0
//
// The bodies of the REST protocol: what is sent (create, commit, rename, register) and what is
// answered (tables, lists). Hostile answers are kCorrupt, or kUnavailable when they are no JSON at
// all, as a proxy's page is. Pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "core/result.h"
#include "iceberg/metadata_update.h"
#include "storage/store_factory.h"

namespace kafka_iceberg::catalog {

std::string CreateNamespaceJson(const Namespace& name);
// `metadata` is the new table as MakeTableMetadata made it; its location is sent only when the
// creation asks for one.
std::string CreateTableJson(const TableCreation& creation, const iceberg::TableMetadata& metadata,
                            bool stage);
std::string RenameJson(const TableIdentifier& from, const TableIdentifier& to);
std::string RegisterJson(const TableIdentifier& identifier, std::string_view metadata_location);

// One table's part of a commit. `next` is `base` with the updates applied: ids that the updates
// leave open are taken from there.
struct CommitParts {
  const TableIdentifier& identifier;
  const iceberg::TableMetadata& next;
  std::span<const iceberg::MetadataUpdate> updates;
  std::span<const iceberg::TableRequirement> requirements;
};
std::string CommitJson(const CommitParts& parts);
std::string CommitTablesJson(std::span<const CommitParts> tables);

struct LoadedTable {
  TableVersion version;  // without a location when the table is only staged
  storage::TableAccess access;
};
Result<LoadedTable> ParseTable(std::string_view body);
// Only `config` and `storage-credentials`, as GET .../credentials has them.
Result<storage::TableAccess> ParseAccess(std::string_view body);

template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_token;
};
Result<Page<Namespace>> ParseNamespaces(std::string_view body);
Result<Page<TableIdentifier>> ParseTables(std::string_view body);

}  // namespace kafka_iceberg::catalog
