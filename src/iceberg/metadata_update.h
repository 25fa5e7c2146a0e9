// SPDX-License-Identifier: Apache-2.0
//
// What a commit asks for: updates to apply and requirements that must still hold (the REST
// protocol's vocabulary, used by every catalog here). Plain values; applying them is pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::iceberg {

struct AssignUuid {
  std::string uuid;
};
struct UpgradeFormatVersion {
  int32_t format_version = 0;
};
struct AddSchema {
  Schema schema;
};  // its schema_id is ignored
struct SetCurrentSchema {
  int32_t schema_id = -1;
};  // -1: the one added last in this commit
struct AddPartitionSpec {
  PartitionSpec spec;
};  // its spec_id is ignored; field_id 0 is assigned
struct SetDefaultPartitionSpec {
  int32_t spec_id = -1;
};  // -1 as above
struct AddSortOrder {
  SortOrder order;
};
struct SetDefaultSortOrder {
  int32_t order_id = -1;
};  // -1 as above
struct AddSnapshot {
  Snapshot snapshot;
};
struct SetSnapshotRef {
  std::string name;
  SnapshotRef ref;
};
struct RemoveSnapshots {
  std::vector<int64_t> snapshot_ids;
};
struct RemoveSnapshotRef {
  std::string name;
};
struct SetLocation {
  std::string location;
};
struct SetProperties {
  std::map<std::string, std::string> properties;
};
struct RemoveProperties {
  std::vector<std::string> names;
};

using MetadataUpdate =
    std::variant<AssignUuid, UpgradeFormatVersion, AddSchema, SetCurrentSchema, AddPartitionSpec,
                 SetDefaultPartitionSpec, AddSortOrder, SetDefaultSortOrder, AddSnapshot,
                 SetSnapshotRef, RemoveSnapshots, RemoveSnapshotRef, SetLocation, SetProperties,
                 RemoveProperties>;

struct AssertCreate {};
struct AssertTableUuid {
  std::string uuid;
};
struct AssertRefSnapshotId {
  std::string ref;
  std::optional<int64_t> snapshot_id;
};  // nullopt: must not exist
struct AssertLastAssignedFieldId {
  int32_t field_id = 0;
};
struct AssertCurrentSchemaId {
  int32_t schema_id = 0;
};
struct AssertLastAssignedPartitionId {
  int32_t partition_id = 0;
};
struct AssertDefaultSpecId {
  int32_t spec_id = 0;
};
struct AssertDefaultSortOrderId {
  int32_t order_id = 0;
};

using TableRequirement =
    std::variant<AssertCreate, AssertTableUuid, AssertRefSnapshotId, AssertLastAssignedFieldId,
                 AssertCurrentSchemaId, AssertLastAssignedPartitionId, AssertDefaultSpecId,
                 AssertDefaultSortOrderId>;

// kConflict with the first requirement that does not hold; `base` is null when the table does not
// exist.
Status CheckRequirements(const TableMetadata* base, std::span<const TableRequirement> requirements);

// `base` with the updates applied in order, by the rules of the spec and of the reference
// implementation: last-updated-ms becomes max(now_ms, newest log entry), `base_location` is
// appended to the metadata log (cut to write.metadata.previous-versions-max), the snapshot log
// follows main. kInvalid when an update is illegal; kConflict when it is only out of date (sequence
// number or first row id behind), or when the table already has the snapshot: then look whether it
// is this commit that landed.
Result<TableMetadata> ApplyUpdates(const TableMetadata& base,
                                   std::span<const MetadataUpdate> updates,
                                   std::string_view base_location, int64_t now_ms);

}  // namespace kafka_iceberg::iceberg
