// SPDX-License-Identifier: Apache-2.0
#include "iceberg/metadata_update.h"

#include <algorithm>

#include "iceberg/metadata_builder.h"

namespace kafka_iceberg::iceberg {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string SnapshotText(const std::optional<int64_t>& snapshot_id) {
  return snapshot_id ? fmt::format("snapshot {}", *snapshot_id) : "no snapshot";
}

Status CheckId(std::string_view what, int32_t expected, int32_t found) {
  if (expected == found) return {};
  return Error::Conflict("{} is {}, expected {}", what, found, expected);
}

class RequirementChecker {
 public:
  explicit RequirementChecker(const TableMetadata& base) : base_(base) {}

  Status operator()(const AssertCreate&) const {
    return Error::Conflict("the table exists, expected none");
  }
  Status operator()(const AssertTableUuid& requirement) const {
    if (EqualsIgnoringCase(base_.table_uuid, requirement.uuid)) return {};
    return Error::Conflict("the table's uuid is {}, expected {}", base_.table_uuid,
                           requirement.uuid);
  }
  Status operator()(const AssertRefSnapshotId& requirement) const {
    const auto ref = base_.refs.find(requirement.ref);
    std::optional<int64_t> found;
    if (ref != base_.refs.end()) found = ref->second.snapshot_id;
    if (found == requirement.snapshot_id) return {};
    return Error::Conflict("ref '{}' is at {}, expected {}", requirement.ref, SnapshotText(found),
                           SnapshotText(requirement.snapshot_id));
  }
  Status operator()(const AssertLastAssignedFieldId& requirement) const {
    return CheckId("the last assigned field id", requirement.field_id, base_.last_column_id);
  }
  Status operator()(const AssertCurrentSchemaId& requirement) const {
    return CheckId("the current schema id", requirement.schema_id, base_.current_schema_id);
  }
  Status operator()(const AssertLastAssignedPartitionId& requirement) const {
    return CheckId("the last assigned partition id", requirement.partition_id,
                   base_.last_partition_id);
  }
  Status operator()(const AssertDefaultSpecId& requirement) const {
    return CheckId("the default spec id", requirement.spec_id, base_.default_spec_id);
  }
  Status operator()(const AssertDefaultSortOrderId& requirement) const {
    return CheckId("the default sort order id", requirement.order_id, base_.default_sort_order_id);
  }

 private:
  const TableMetadata& base_;
};

}  // namespace

Status CheckRequirements(const TableMetadata* base,
                         std::span<const TableRequirement> requirements) {
  for (const TableRequirement& requirement : requirements) {
    if (base != nullptr) {
      TRY(std::visit(RequirementChecker(*base), requirement));
    } else if (!std::holds_alternative<AssertCreate>(requirement)) {
      return Error::Conflict("the table does not exist");
    }
  }
  return {};
}

Result<TableMetadata> ApplyUpdates(const TableMetadata& base,
                                   std::span<const MetadataUpdate> updates,
                                   std::string_view base_location, int64_t now_ms) {
  MetadataBuilder builder(base, now_ms);
  for (const MetadataUpdate& update : updates) {
    TRY(std::visit([&](const auto& alternative) { return builder.Apply(alternative); }, update));
  }
  return builder.Finish(base_location);
}

}  // namespace kafka_iceberg::iceberg
