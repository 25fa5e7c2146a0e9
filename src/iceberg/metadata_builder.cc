// SPDX-License-Identifier: Apache-2.0
//
// Everything but snapshots and refs, which are in metadata_builder_snapshots.cc.
#include "iceberg/metadata_builder.h"

#include <algorithm>
#include <limits>

#include "iceberg/table_properties.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr int32_t kLastAdded = -1;
constexpr int32_t kFirstPartitionFieldId = 1000;

bool IsSamePartitionField(const PartitionField& a, const PartitionField& b) {
  return a.source_id == b.source_id && a.transform == b.transform;
}

bool IsVoid(const PartitionField& field) { return field.transform.kind == TransformKind::kVoid; }

// Field ids do not count: they are assigned by the table.
bool IsSameSpec(const PartitionSpec& a, const PartitionSpec& b) {
  return std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                    [](const PartitionField& x, const PartitionField& y) {
                      return IsSamePartitionField(x, y) && x.name == y.name;
                    });
}

// Resolves -1 and checks that the id exists.
template <typename Exists>
Result<int32_t> Resolve(int32_t id, const std::optional<int32_t>& last_added, std::string_view what,
                        Exists exists) {
  if (id == kLastAdded) {
    if (!last_added) return Error::Invalid("no {} was added in this commit", what);
    return *last_added;
  }
  if (!exists(id)) return Error::Invalid("the table has no {} with the id {}", what, id);
  return id;
}

// Version 1 tells partition fields by position only.
Status CheckSequentialIds(const PartitionSpec& spec) {
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    if (spec.fields[i].field_id != kFirstPartitionFieldId + static_cast<int32_t>(i)) {
      return Error::Invalid("format version 1 needs partition field ids counted from {}",
                            kFirstPartitionFieldId);
    }
  }
  return {};
}

}  // namespace

Status MetadataBuilder::Apply(const AssignUuid& update) {
  if (update.uuid.empty()) return Error::Invalid("the uuid of a table cannot be empty");
  if (!metadata_.table_uuid.empty() && metadata_.table_uuid != update.uuid) {
    return Error::Invalid("the uuid of a table cannot change from {} to {}", metadata_.table_uuid,
                          update.uuid);
  }
  metadata_.table_uuid = update.uuid;
  return {};
}

Status MetadataBuilder::Apply(const UpgradeFormatVersion& update) {
  if (update.format_version < metadata_.format_version) {
    return Error::Invalid("format version {} cannot be lowered to {}", metadata_.format_version,
                          update.format_version);
  }
  if (update.format_version > 3) {
    return Error::Unsupported("format version {} is not supported", update.format_version);
  }
  metadata_.format_version = update.format_version;
  return {};
}

Status MetadataBuilder::Apply(const AddSchema& update) {
  TRY(ValidateSchema(update.schema, metadata_.format_version));
  structure_changed_ = true;
  metadata_.last_column_id = std::max(metadata_.last_column_id, update.schema.HighestFieldId());
  int32_t next_id = 0;
  for (const Schema& schema : metadata_.schemas) {
    if (schema.SameColumns(update.schema)) {
      last_added_schema_id_ = schema.schema_id;
      return {};
    }
    next_id = std::max(next_id, schema.schema_id + 1);
  }
  metadata_.schemas.push_back(update.schema);
  metadata_.schemas.back().schema_id = next_id;
  last_added_schema_id_ = next_id;
  return {};
}

Status MetadataBuilder::Apply(const SetCurrentSchema& update) {
  const auto exists = [&](int32_t id) { return metadata_.FindSchema(id) != nullptr; };
  metadata_.current_schema_id =
      TRY(Resolve(update.schema_id, last_added_schema_id_, "schema", exists));
  structure_changed_ = true;
  return {};
}

Result<int32_t> MetadataBuilder::PartitionFieldId(const PartitionField& field) {
  for (const PartitionSpec& spec : metadata_.partition_specs) {
    for (const PartitionField& known : spec.fields) {
      const bool same = IsSamePartitionField(known, field);
      if (same && field.field_id == 0) return known.field_id;
      if (!same && known.field_id == field.field_id && !IsVoid(known) && !IsVoid(field)) {
        return Error::Invalid("partition field '{}' has the id {} of another field", field.name,
                              field.field_id);
      }
    }
  }
  if (field.field_id != 0) return field.field_id;
  if (metadata_.last_partition_id == std::numeric_limits<int32_t>::max()) {
    return Error::Invalid("the table has no partition field ids left");
  }
  return ++metadata_.last_partition_id;
}

Status MetadataBuilder::AssignPartitionFieldIds(PartitionSpec& spec) {
  if (metadata_.format_version == 1) {
    int32_t id = kFirstPartitionFieldId;
    for (PartitionField& field : spec.fields) {
      if (field.field_id == 0) field.field_id = id;
      ++id;
    }
    TRY(CheckSequentialIds(spec));
  } else {
    for (PartitionField& field : spec.fields) field.field_id = TRY(PartitionFieldId(field));
  }
  for (const PartitionField& field : spec.fields) {
    metadata_.last_partition_id = std::max(metadata_.last_partition_id, field.field_id);
  }
  return {};
}

Status MetadataBuilder::Apply(const AddPartitionSpec& update) {
  structure_changed_ = true;
  int32_t next_id = 0;
  for (const PartitionSpec& spec : metadata_.partition_specs) {
    if (IsSameSpec(spec, update.spec)) {
      last_added_spec_id_ = spec.spec_id;
      return {};
    }
    next_id = std::max(next_id, spec.spec_id + 1);
  }
  const Schema* schema = metadata_.FindSchema(metadata_.current_schema_id);
  if (schema == nullptr) return Error::Invalid("a partition spec needs a current schema");
  PartitionSpec spec = update.spec;
  spec.spec_id = next_id;
  TRY(AssignPartitionFieldIds(spec));
  TRY(ValidatePartitionSpec(spec, *schema));
  metadata_.partition_specs.push_back(std::move(spec));
  last_added_spec_id_ = next_id;
  return {};
}

Status MetadataBuilder::Apply(const SetDefaultPartitionSpec& update) {
  const auto exists = [&](int32_t id) { return metadata_.FindSpec(id) != nullptr; };
  metadata_.default_spec_id =
      TRY(Resolve(update.spec_id, last_added_spec_id_, "partition spec", exists));
  structure_changed_ = true;
  return {};
}

Status MetadataBuilder::Apply(const AddSortOrder& update) {
  structure_changed_ = true;
  SortOrder order = update.order;
  order.order_id = order.fields.empty() ? 0 : 1;
  for (const SortOrder& known : metadata_.sort_orders) {
    if (known.fields == order.fields) {
      last_added_order_id_ = known.order_id;
      return {};
    }
    if (!order.fields.empty()) order.order_id = std::max(order.order_id, known.order_id + 1);
  }
  const Schema* schema = metadata_.FindSchema(metadata_.current_schema_id);
  if (schema == nullptr) return Error::Invalid("a sort order needs a current schema");
  TRY(ValidateSortOrder(order, *schema));
  last_added_order_id_ = order.order_id;
  metadata_.sort_orders.push_back(std::move(order));
  return {};
}

Status MetadataBuilder::Apply(const SetDefaultSortOrder& update) {
  const auto exists = [&](int32_t id) {
    return id == 0 || std::any_of(metadata_.sort_orders.begin(), metadata_.sort_orders.end(),
                                  [&](const SortOrder& order) { return order.order_id == id; });
  };
  metadata_.default_sort_order_id =
      TRY(Resolve(update.order_id, last_added_order_id_, "sort order", exists));
  structure_changed_ = true;
  return {};
}

Status MetadataBuilder::Apply(const SetLocation& update) {
  std::string location = update.location;
  while (location.ends_with('/')) location.pop_back();
  if (location.empty()) return Error::Invalid("the location of a table cannot be empty");
  metadata_.location = std::move(location);
  return {};
}

Status MetadataBuilder::Apply(const SetProperties& update) {
  for (const auto& [name, value] : update.properties) {
    if (name == kFormatVersionProperty) {
      // Setting it means upgrading; it is never stored.
      TRY(Apply(UpgradeFormatVersion{TRY(ParseFormatVersion(value))}));
    } else if (IsReservedProperty(name)) {
      return Error::Invalid("property '{}' is reserved and cannot be set", name);
    }
  }
  if (const Schema* schema = metadata_.FindSchema(metadata_.current_schema_id)) {
    TRY(ValidateMetricsProperties(update.properties, *schema));
  }
  for (const auto& [name, value] : update.properties) {
    if (name != kFormatVersionProperty) metadata_.properties[name] = value;
  }
  return {};
}

Status MetadataBuilder::Apply(const RemoveProperties& update) {
  for (const std::string& name : update.names) metadata_.properties.erase(name);
  return {};
}

// The default spec and order must be usable with the current schema: a column they read cannot be
// dropped.
Status MetadataBuilder::CheckCurrentStructure() const {
  const Schema* schema = metadata_.FindSchema(metadata_.current_schema_id);
  const PartitionSpec* spec = metadata_.FindSpec(metadata_.default_spec_id);
  if (schema == nullptr || spec == nullptr) {
    return Error::Invalid("a table needs a current schema and a default partition spec");
  }
  TRY(ValidatePartitionSpec(*spec, *schema));
  return ValidateSortOrder(metadata_.sort_order(), *schema);
}

void MetadataBuilder::AppendMetadataLog(std::string_view base_location, int64_t base_updated_ms) {
  if (base_location.empty()) return;
  auto& log = metadata_.metadata_log;
  log.push_back({base_updated_ms, std::string(base_location)});
  const int64_t kept_max =
      std::max<int64_t>(1, metadata_.IntProperty(kPreviousVersionsMaxProperty, 100));
  const auto size = static_cast<int64_t>(log.size());
  if (size > kept_max) log.erase(log.begin(), log.begin() + (size - kept_max));
}

// A writer whose clock is behind must not write times before those that are in the table already.
void MetadataBuilder::SetLastUpdated() {
  int64_t updated_ms = std::max(now_ms_, metadata_.last_updated_ms);
  if (!metadata_.snapshot_log.empty()) {
    updated_ms = std::max(updated_ms, metadata_.snapshot_log.back().timestamp_ms);
  }
  for (const Snapshot& snapshot : metadata_.snapshots) {
    if (added_snapshots_.contains(snapshot.snapshot_id)) {
      updated_ms = std::max(updated_ms, snapshot.timestamp_ms);
    }
  }
  metadata_.last_updated_ms = updated_ms;
}

Result<TableMetadata> MetadataBuilder::Finish(std::string_view base_location) {
  if (structure_changed_) TRY(CheckCurrentStructure());
  AppendMetadataLog(base_location, metadata_.last_updated_ms);
  SetLastUpdated();
  UpdateSnapshotLog();
  TRY(ValidateTableMetadata(metadata_));
  return std::move(metadata_);
}

}  // namespace kafka_iceberg::iceberg
