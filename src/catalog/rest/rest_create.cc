// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_create.h"

namespace kafka_iceberg::catalog {
namespace {

Error Exists(const TableIdentifier& identifier) {
  return Error::AlreadyExists("table {} exists", identifier.ToString());
}

bool IsOurs(const LoadedTable& table, std::string_view creation_id) {
  return table.version.metadata->Property(kCreationIdProperty, "") == creation_id;
}

Result<LoadedTable> Create(RestSession& session, const TableCreation& creation) {
  const TableIdentifier& identifier = creation.identifier;
  const std::string id = NewUuid(session.context().random);
  auto answer =
      session.Change("POST", session.config().TablesUrl(identifier.name_space),
                     TRY(CreationBody(session.context(), creation, id, false)), RestRoute::kCreate);
  if (!answer.ok()) {
    if (IsOpen(answer.error())) return FindCreated(session, identifier, id, answer.error());
    return answer.error();
  }
  auto table = ParseTable(*answer);
  if (!table.ok()) return FindCreated(session, identifier, id, session.Named(table.error()));
  if (!IsOurs(*table, id)) return Exists(identifier);
  // Some servers let two creators through; the table that is there afterwards is the one. (Should
  // it be overwritten later still, its uuid keeps us from committing to the other.)
  auto seen = session.Load(identifier);
  if (seen.ok()) return IsOurs(*seen, id) ? std::move(seen) : Exists(identifier);
  table->access = session.WithDefaults(std::move(table->access));
  return table;
}

}  // namespace

bool IsOpen(const Error& error) {
  return error.code() == ErrorCode::kTimeout || error.code() == ErrorCode::kUnavailable;
}

Result<std::string> CreationBody(const RestCatalogContext& context, const TableCreation& creation,
                                 std::string_view creation_id, bool stage) {
  auto metadata = iceberg::MakeTableMetadata({.schema = creation.schema,
                                              .spec = creation.spec,
                                              .sort_order = creation.sort_order,
                                              .location = creation.location.value_or("unplaced:/"),
                                              .properties = creation.properties,
                                              .format_version = creation.format_version,
                                              .table_uuid = NewUuid(context.random),
                                              .now_ms = ToMillis(context.clock.Now())});
  if (!metadata.ok()) return metadata.error();
  metadata->properties[std::string(kCreationIdProperty)] = creation_id;
  return CreateTableJson(creation, *metadata, stage);
}

Result<LoadedTable> FindCreated(RestSession& session, const TableIdentifier& identifier,
                                std::string_view creation_id, const Error& error) {
  auto found = session.Load(identifier);
  if (!found.ok()) return error;
  if (!IsOurs(*found, creation_id)) return Exists(identifier);
  return found;
}

Result<std::unique_ptr<RestTable>> CreateRestTable(const std::shared_ptr<RestSession>& session,
                                                   const TableCreation& creation) {
  auto created = Create(*session, creation);
  if (!created.ok()) {
    return created.error().WithContext("cannot create table " + creation.identifier.ToString());
  }
  return RestTable::Open(session, creation.identifier, std::move(created).value());
}

}  // namespace kafka_iceberg::catalog
