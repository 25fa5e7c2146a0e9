// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_update_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "iceberg/json/metadata_json.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::JsonWriter;

void WriteOptional(std::string_view name, const auto& value, JsonWriter& json) {
  if (value) json.Key(name).Int(*value);
}

class RequirementWriter {
 public:
  explicit RequirementWriter(JsonWriter& json) : json_(json) {}

  void operator()(const iceberg::AssertCreate&) { Type("assert-create"); }
  void operator()(const iceberg::AssertTableUuid& requirement) {
    Type("assert-table-uuid").Key("uuid").String(requirement.uuid);
  }
  void operator()(const iceberg::AssertRefSnapshotId& requirement) {
    Type("assert-ref-snapshot-id").Key("ref").String(requirement.ref);
    json_.Key("snapshot-id");
    if (requirement.snapshot_id) {
      json_.Int(*requirement.snapshot_id);
    } else {
      json_.Raw("null");
    }
  }
  void operator()(const iceberg::AssertLastAssignedFieldId& requirement) {
    Id("last-assigned-field-id", requirement.field_id);
  }
  void operator()(const iceberg::AssertCurrentSchemaId& requirement) {
    Id("current-schema-id", requirement.schema_id);
  }
  void operator()(const iceberg::AssertLastAssignedPartitionId& requirement) {
    Id("last-assigned-partition-id", requirement.partition_id);
  }
  void operator()(const iceberg::AssertDefaultSpecId& requirement) {
    Id("default-spec-id", requirement.spec_id);
  }
  void operator()(const iceberg::AssertDefaultSortOrderId& requirement) {
    Id("default-sort-order-id", requirement.order_id);
  }

 private:
  JsonWriter& Type(std::string_view type) { return json_.Key("type").String(type); }
  void Id(const std::string& what, int32_t id) { Type("assert-" + what).Key(what).Int(id); }

  JsonWriter& json_;
};

bool IsSameField(const iceberg::PartitionField& a, const iceberg::PartitionField& b) {
  return a.source_id == b.source_id && a.name == b.name && a.transform == b.transform;
}

const iceberg::PartitionSpec& WithIds(const iceberg::PartitionSpec& spec,
                                      const iceberg::TableMetadata& next) {
  const auto found =
      std::ranges::find_if(next.partition_specs, [&](const iceberg::PartitionSpec& known) {
        return std::ranges::equal(known.fields, spec.fields, IsSameField);
      });
  return found == next.partition_specs.end() ? spec : *found;
}

const iceberg::SortOrder& WithId(const iceberg::SortOrder& order,
                                 const iceberg::TableMetadata& next) {
  const auto found = std::ranges::find(next.sort_orders, order.fields, &iceberg::SortOrder::fields);
  return found == next.sort_orders.end() ? order : *found;
}

class UpdateWriter {
 public:
  UpdateWriter(const iceberg::TableMetadata& next, JsonWriter& json) : next_(next), json_(json) {}

  void operator()(const iceberg::AssignUuid& update) {
    Action("assign-uuid").Key("uuid").String(update.uuid);
  }
  void operator()(const iceberg::UpgradeFormatVersion& update) {
    Action("upgrade-format-version").Key("format-version").Int(update.format_version);
  }
  void operator()(const iceberg::AddSchema& update) {
    Action("add-schema").Key("schema");
    WriteSchema(update.schema, json_);
    // Deprecated, but Nessie fails without it.
    json_.Key("last-column-id").Int(next_.last_column_id);
  }
  void operator()(const iceberg::SetCurrentSchema& update) {
    Action("set-current-schema").Key("schema-id").Int(update.schema_id);
  }
  void operator()(const iceberg::AddPartitionSpec& update) {
    Action("add-spec").Key("spec");
    WritePartitionSpec(WithIds(update.spec, next_), json_);
  }
  void operator()(const iceberg::SetDefaultPartitionSpec& update) {
    Action("set-default-spec").Key("spec-id").Int(update.spec_id);
  }
  void operator()(const iceberg::AddSortOrder& update) {
    Action("add-sort-order").Key("sort-order");
    WriteSortOrder(WithId(update.order, next_), json_);
  }
  void operator()(const iceberg::SetDefaultSortOrder& update) {
    Action("set-default-sort-order").Key("sort-order-id").Int(update.order_id);
  }
  void operator()(const iceberg::AddSnapshot& update) {
    Action("add-snapshot").Key("snapshot");
    WriteSnapshot(update.snapshot, json_);
  }
  void operator()(const iceberg::SetSnapshotRef& update) {
    const iceberg::SnapshotRef& ref = update.ref;
    Action("set-snapshot-ref").Key("ref-name").String(update.name);
    json_.Key("type").String(ref.is_branch ? "branch" : "tag");
    json_.Key("snapshot-id").Int(ref.snapshot_id);
    WriteOptional("min-snapshots-to-keep", ref.min_snapshots_to_keep, json_);
    WriteOptional("max-snapshot-age-ms", ref.max_snapshot_age_ms, json_);
    WriteOptional("max-ref-age-ms", ref.max_ref_age_ms, json_);
  }
  void operator()(const iceberg::RemoveSnapshots& update) {
    Action("remove-snapshots").Key("snapshot-ids").BeginArray();
    for (const int64_t id : update.snapshot_ids) json_.Int(id);
    json_.EndArray();
  }
  void operator()(const iceberg::RemoveSnapshotRef& update) {
    Action("remove-snapshot-ref").Key("ref-name").String(update.name);
  }
  void operator()(const iceberg::SetLocation& update) {
    Action("set-location").Key("location").String(update.location);
  }
  void operator()(const iceberg::SetProperties& update) {
    Action("set-properties").Key("updates");
    WriteStringMap(update.properties, json_);
  }
  void operator()(const iceberg::RemoveProperties& update) {
    Action("remove-properties").Key("removals").BeginArray();
    for (const std::string& name : update.names) json_.String(name);
    json_.EndArray();
  }

 private:
  JsonWriter& Action(std::string_view action) { return json_.Key("action").String(action); }

  const iceberg::TableMetadata& next_;
  JsonWriter& json_;
};

}  // namespace

void WriteRequirement(const iceberg::TableRequirement& requirement, JsonWriter& json) {
  json.BeginObject();
  std::visit(RequirementWriter(json), requirement);
  json.EndObject();
}

void WriteUpdate(const iceberg::MetadataUpdate& update, const iceberg::TableMetadata& next,
                 JsonWriter& json) {
  json.BeginObject();
  std::visit(UpdateWriter(next, json), update);
  json.EndObject();
}

}  // namespace kafka_iceberg::catalog
