// SPDX-License-Identifier: Apache-2.0
//
// Applies one commit's updates to a copy of the base, one after the other, and settles the logs and
// clocks at the end. Used through ApplyUpdates (metadata_update.h), by one thread, once.
#pragma once

#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/metadata_update.h"

namespace kafka_iceberg::iceberg {

class MetadataBuilder {
 public:
  MetadataBuilder(const TableMetadata& base, int64_t now_ms) : metadata_(base), now_ms_(now_ms) {}

  Status Apply(const AssignUuid& update);
  Status Apply(const UpgradeFormatVersion& update);
  Status Apply(const AddSchema& update);
  Status Apply(const SetCurrentSchema& update);
  Status Apply(const AddPartitionSpec& update);
  Status Apply(const SetDefaultPartitionSpec& update);
  Status Apply(const AddSortOrder& update);
  Status Apply(const SetDefaultSortOrder& update);
  Status Apply(const AddSnapshot& update);
  Status Apply(const SetSnapshotRef& update);
  Status Apply(const RemoveSnapshots& update);
  Status Apply(const RemoveSnapshotRef& update);
  Status Apply(const SetLocation& update);
  Status Apply(const SetProperties& update);
  Status Apply(const RemoveProperties& update);

  // The new metadata; the builder is spent.
  Result<TableMetadata> Finish(std::string_view base_location);

 private:
  Status AssignPartitionFieldIds(PartitionSpec& spec);
  Result<int32_t> PartitionFieldId(const PartitionField& field);
  Status CheckRowLineage(const Snapshot& snapshot) const;
  Status CheckCurrentStructure() const;
  void SetLastUpdated();
  void UpdateSnapshotLog();
  void DropHistoryBeforeRemovedSnapshots();
  void AppendMetadataLog(std::string_view base_location, int64_t base_updated_ms);

  TableMetadata metadata_;
  const int64_t now_ms_;
  // What -1 stands for in the Set... updates.
  std::optional<int32_t> last_added_schema_id_;
  std::optional<int32_t> last_added_spec_id_;
  std::optional<int32_t> last_added_order_id_;
  bool structure_changed_ = false;
  bool snapshots_removed_ = false;
  std::set<int64_t> added_snapshots_;
  std::vector<int64_t> main_heads_;  // the snapshots that main was set to, in order
};

}  // namespace kafka_iceberg::iceberg
