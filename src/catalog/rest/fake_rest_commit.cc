// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/fake_rest_commit.h"

#include <nlohmann/json.hpp>

#include "iceberg/json/json_reader.h"
#include "iceberg/json/metadata_json.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::Json;
using iceberg::MetadataUpdate;
using iceberg::TableRequirement;

Result<TableRequirement> RequirementFrom(const Json& json) {
  const std::string type = TRY(iceberg::ReadString(json, "type"));
  if (type == "assert-create") return iceberg::AssertCreate{};
  if (type == "assert-table-uuid") return iceberg::AssertTableUuid{json["uuid"]};
  if (type == "assert-ref-snapshot-id") {
    if (!json.contains("snapshot-id")) return Error::Invalid("no snapshot-id");
    const auto snapshot_id = TRY(iceberg::ReadOptionalLong(json, "snapshot-id"));
    return iceberg::AssertRefSnapshotId{json["ref"], snapshot_id};
  }
  const std::string field = type.substr(std::string("assert-").size());
  const int32_t id = TRY(iceberg::ReadInt(json, field));
  if (field == "last-assigned-field-id") return iceberg::AssertLastAssignedFieldId{id};
  if (field == "current-schema-id") return iceberg::AssertCurrentSchemaId{id};
  if (field == "last-assigned-partition-id") return iceberg::AssertLastAssignedPartitionId{id};
  if (field == "default-spec-id") return iceberg::AssertDefaultSpecId{id};
  if (field == "default-sort-order-id") return iceberg::AssertDefaultSortOrderId{id};
  return Error::Invalid("unknown requirement {}", type);
}

Result<MetadataUpdate> RefUpdateFrom(const Json& json) {
  const auto ref = TRY(iceberg::ReadSnapshotRef(json));
  return iceberg::SetSnapshotRef{json["ref-name"], ref};
}

Result<MetadataUpdate> StructureUpdateFrom(const Json& json, const std::string& action) {
  if (action == "add-schema") {
    if (!json.contains("last-column-id")) return Error::Invalid("no last-column-id");
    return iceberg::AddSchema{TRY(iceberg::ReadSchema(json["schema"]))};
  }
  if (action == "set-current-schema") return iceberg::SetCurrentSchema{json["schema-id"]};
  if (action == "add-spec") {
    return iceberg::AddPartitionSpec{TRY(iceberg::ReadPartitionSpec(json["spec"]))};
  }
  if (action == "set-default-spec") return iceberg::SetDefaultPartitionSpec{json["spec-id"]};
  if (action == "add-sort-order") {
    return iceberg::AddSortOrder{TRY(iceberg::ReadSortOrder(json["sort-order"]))};
  }
  if (action == "set-default-sort-order") {
    return iceberg::SetDefaultSortOrder{json["sort-order-id"]};
  }
  return Error::Invalid("unknown update {}", action);
}

Result<MetadataUpdate> UpdateFrom(const Json& json) {
  const std::string action = TRY(iceberg::ReadString(json, "action"));
  if (action == "assign-uuid") return iceberg::AssignUuid{json["uuid"]};
  if (action == "upgrade-format-version") {
    return iceberg::UpgradeFormatVersion{json["format-version"]};
  }
  if (action == "add-snapshot") {
    return iceberg::AddSnapshot{TRY(iceberg::ReadSnapshot(json["snapshot"]))};
  }
  if (action == "set-snapshot-ref") return RefUpdateFrom(json);
  if (action == "remove-snapshots") {
    return iceberg::RemoveSnapshots{json["snapshot-ids"].get<std::vector<int64_t>>()};
  }
  if (action == "remove-snapshot-ref") return iceberg::RemoveSnapshotRef{json["ref-name"]};
  if (action == "set-location") return iceberg::SetLocation{json["location"]};
  if (action == "set-properties") {
    return iceberg::SetProperties{TRY(iceberg::ReadStringMap(json, "updates"))};
  }
  if (action == "remove-properties") {
    return iceberg::RemoveProperties{json["removals"].get<std::vector<std::string>>()};
  }
  return StructureUpdateFrom(json, action);
}

}  // namespace

Result<TableCreation> FakeCreationFrom(const Json& body, const Namespace& name_space) {
  TableCreation creation;
  creation.identifier.name_space = name_space;
  creation.identifier.name = TRY(iceberg::ReadString(body, "name"));
  creation.schema = TRY(iceberg::ReadSchema(body["schema"]));
  creation.spec = TRY(iceberg::ReadPartitionSpec(body["partition-spec"]));
  creation.sort_order = TRY(iceberg::ReadSortOrder(body["write-order"]));
  creation.location = TRY(iceberg::ReadOptionalString(body, "location"));
  creation.properties = TRY(iceberg::ReadStringMap(body, "properties"));
  return creation;
}

Status FakeServerCommit(Catalog& catalog, const TableIdentifier& identifier, const Json& body,
                        bool only_check) {
  std::vector<TableRequirement> requirements;
  for (const Json& json : body["requirements"]) {
    requirements.push_back(TRY(RequirementFrom(json)));
  }
  std::vector<MetadataUpdate> updates;
  for (const Json& json : body["updates"]) updates.push_back(TRY(UpdateFrom(json)));
  const auto table = TRY(catalog.LoadTable(identifier));
  for (;;) {
    const TableVersion now = TRY(table->Refresh());
    TRY(iceberg::CheckRequirements(now.metadata.get(), requirements));
    if (only_check) return {};
    const CommitReply reply = table->Commit(now, updates, {});
    if (reply.outcome == CommitOutcome::kCommitted) return {};
    if (reply.outcome == CommitOutcome::kRejected) return Error::Invalid("{}", reply.detail);
    // A snapshot that is there already will not become acceptable.
    if (TRY(table->Refresh()).metadata_location == now.metadata_location) {
      return Error::Conflict("{}", reply.detail);
    }
  }
}

}  // namespace kafka_iceberg::catalog
