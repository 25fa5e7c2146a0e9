// SPDX-License-Identifier: Apache-2.0
#include "table/table_manager.h"

#include "table/partition_mismatch.h"
#include "table/schema_mismatch.h"
#include "table/table_layout.h"

namespace kafka_iceberg::table {

namespace {

using catalog::Catalog;
using catalog::Namespace;

Status CreateNamespaceIfMissing(Catalog& catalog, const Namespace& name) {
  Status status = catalog.CreateNamespace(name);
  if (status.ok() || status.error().code() == ErrorCode::kAlreadyExists) return {};
  return status;
}

// The namespace itself first: its parents may not be ours to touch.
Status EnsureNamespace(Catalog& catalog, const Namespace& name) {
  Status status = CreateNamespaceIfMissing(catalog, name);
  if (status.ok() || status.error().code() != ErrorCode::kNotFound) return status;
  for (size_t levels = 1; levels <= name.size(); ++levels) {
    const Namespace outer(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(levels));
    TRY(CreateNamespaceIfMissing(catalog, outer));
  }
  return {};
}

Result<OpenedTable> Create(Catalog& catalog, const TableOptions& options,
                           const iceberg::Schema& wanted) {
  const catalog::TableCreation creation = TRY(MakeTableCreation(options, wanted));
  TRY(EnsureNamespace(catalog, options.identifier.name_space));
  OpenedTable table;
  auto created = catalog.CreateTable(creation);
  if (created.ok()) {
    table.operations = std::move(created).value();
    table.created = true;
    return table;
  }
  // Somebody was faster, or the answer to our own creation was lost: either way the table may be
  // there now.
  auto loaded = catalog.LoadTable(options.identifier);
  if (!loaded.ok()) {
    // It exists and cannot be loaded: why is the better answer (it is being dropped, damaged, ...).
    const bool exists = created.error().code() == ErrorCode::kAlreadyExists;
    return exists ? loaded.error() : created.error();
  }
  table.operations = std::move(loaded).value();
  return table;
}

Result<OpenedTable> LoadOrCreate(Catalog& catalog, const TableOptions& options,
                                 const iceberg::Schema& wanted) {
  auto loaded = catalog.LoadTable(options.identifier);
  if (loaded.ok()) {
    OpenedTable table;
    table.operations = std::move(loaded).value();
    return table;
  }
  if (loaded.error().code() != ErrorCode::kNotFound) return loaded.error();
  if (!options.auto_create_if_missing) {
    return Error::NotFound(
        "table {} does not exist: create it, or set auto_create_if_missing to true",
        options.identifier.ToString());
  }
  return Create(catalog, options, wanted);
}

}  // namespace

Result<OpenedTable> GetOrCreateTable(Catalog& catalog, const TableOptions& options,
                                     const iceberg::Schema& wanted) {
  OpenedTable table = TRY(LoadOrCreate(catalog, options, wanted));
  if (table.created) return table;
  const iceberg::Schema keyed = TRY(WithIdentifierFields(wanted, options.identifier_fields));
  TRY(SettleSchemaMismatch(table, keyed, options.schema_mismatch_action));
  TRY(SettlePartitionMismatch(table, options));
  return table;
}

}  // namespace kafka_iceberg::table
