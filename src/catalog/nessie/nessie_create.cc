// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/nessie_create.h"

#include "catalog/nessie/first_snapshot.h"
#include "catalog/rest/rest_create.h"

namespace kafka_iceberg::catalog {
namespace {

// What the server adds for itself.
bool IsNessieProperty(std::string_view name) { return name.starts_with("nessie."); }

// Everything that makes `staged`, then the first snapshot.
std::vector<iceberg::MetadataUpdate> UpdatesFor(const iceberg::TableMetadata& staged,
                                                const FirstSnapshot& snapshot) {
  auto properties = staged.properties;
  std::erase_if(properties, [](const auto& entry) { return IsNessieProperty(entry.first); });
  std::vector<iceberg::MetadataUpdate> updates = {
      iceberg::AssignUuid{staged.table_uuid},
      iceberg::UpgradeFormatVersion{staged.format_version},
      iceberg::AddSchema{staged.schema()},
      iceberg::SetCurrentSchema{},
      iceberg::AddPartitionSpec{staged.spec()},
      iceberg::SetDefaultPartitionSpec{},
      iceberg::AddSortOrder{staged.sort_order()},
      iceberg::SetDefaultSortOrder{},
      iceberg::SetLocation{staged.location},
      iceberg::SetProperties{std::move(properties)},
  };
  updates.insert(updates.end(), snapshot.updates.begin(), snapshot.updates.end());
  return updates;
}

Result<LoadedTable> Stage(RestSession& session, const TableCreation& creation,
                          const std::string& creation_id) {
  auto staged = ParseTable(TRY(session.Change(
      "POST", session.config().TablesUrl(creation.identifier.name_space),
      TRY(CreationBody(session.context(), creation, creation_id, true)), RestRoute::kCreate)));
  if (!staged.ok()) return session.Named(staged.error());
  if (staged->version.metadata->Head() != nullptr) {
    return Error::AlreadyExists("table {} exists", creation.identifier.ToString());
  }
  staged->access = session.WithDefaults(std::move(staged->access));
  return staged;
}

Result<FirstSnapshot> MakeFirstSnapshot(const std::shared_ptr<RestSession>& session,
                                        const TableIdentifier& identifier,
                                        const LoadedTable& staged) {
  const RestCatalogContext& context = session->context();
  const auto store = TRY(context.make_store(
      staged.access, [session, identifier] { return session->RefreshAccess(identifier); }));
  return WriteFirstSnapshot(*staged.version.metadata, *store, context.random,
                            ToMillis(context.clock.Now()));
}

Result<LoadedTable> Create(const std::shared_ptr<RestSession>& session,
                           const TableCreation& creation) {
  const TableIdentifier& identifier = creation.identifier;
  const std::string id = NewUuid(session->context().random);
  const LoadedTable staged = TRY(Stage(*session, creation, id));
  const auto snapshot = TRY(MakeFirstSnapshot(session, identifier, staged));
  const auto updates = UpdatesFor(*staged.version.metadata, snapshot);
  const std::vector<iceberg::TableRequirement> requirements = {iceberg::AssertCreate{}};
  const auto answer =
      session->Change("POST", session->config().TableUrl(identifier),
                      CommitJson({identifier, *staged.version.metadata, updates, requirements}),
                      RestRoute::kCreate);
  if (!answer.ok() && !IsOpen(answer.error())) return answer.error();
  // Loaded in any case: only then its metadata is where it says.
  return FindCreated(
      *session, identifier, id,
      answer.ok() ? session->Named(Error::Unavailable("it was created, but cannot be loaded now"))
                  : answer.error());
}

}  // namespace

Result<std::unique_ptr<RestTable>> CreateNessieTable(const std::shared_ptr<RestSession>& session,
                                                     const TableCreation& creation) {
  auto created = Create(session, creation);
  if (!created.ok()) {
    return created.error().WithContext("cannot create table " + creation.identifier.ToString());
  }
  return RestTable::Open(session, creation.identifier, std::move(created).value());
}

}  // namespace kafka_iceberg::catalog
