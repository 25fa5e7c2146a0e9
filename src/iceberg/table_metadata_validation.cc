// SPDX-License-Identifier: Apache-2.0
//
// The invariants a reader relies on. Anything stricter would refuse tables that other engines read.
#include <set>

#include "iceberg/table_metadata.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr int32_t kFormatVersionMax = 3;
// Writers' clocks differ; the logs may be out of order by this much.
constexpr int64_t kClockSkewMs = 60'000;

template <typename Items, typename GetId>
Status CheckUnique(const Items& items, std::string_view what, GetId get_id) {
  std::set<int64_t> ids;
  for (const auto& item : items) {
    const int64_t id = get_id(item);
    if (!ids.insert(id).second) return Error::Corrupt("two {} have the id {}", what, id);
  }
  return {};
}

Status ValidateSchemas(const TableMetadata& metadata) {
  TRY(CheckUnique(metadata.schemas, "schemas", [](const Schema& s) { return s.schema_id; }));
  if (metadata.FindSchema(metadata.current_schema_id) == nullptr) {
    return Error::Corrupt("current-schema-id {} is not in schemas", metadata.current_schema_id);
  }
  for (const Schema& schema : metadata.schemas) {
    std::set<int32_t> ids;
    std::optional<int32_t> repeated;
    VisitFields(schema.fields, [&](const Field& field) {
      if (!ids.insert(field.id).second) repeated = field.id;
    });
    if (repeated) {
      return Error::Corrupt("schema {} has two columns with the id {}", schema.schema_id,
                            *repeated);
    }
    if (schema.HighestFieldId() > metadata.last_column_id) {
      return Error::Corrupt("schema {} has the field id {} above last-column-id {}",
                            schema.schema_id, schema.HighestFieldId(), metadata.last_column_id);
    }
  }
  return {};
}

Status ValidateSpecs(const TableMetadata& metadata) {
  TRY(CheckUnique(metadata.partition_specs, "partition specs",
                  [](const PartitionSpec& spec) { return spec.spec_id; }));
  if (metadata.FindSpec(metadata.default_spec_id) == nullptr) {
    return Error::Corrupt("default-spec-id {} is not in partition-specs", metadata.default_spec_id);
  }
  for (const PartitionSpec& spec : metadata.partition_specs) {
    const std::string what = fmt::format("fields of partition spec {}", spec.spec_id);
    TRY(CheckUnique(spec.fields, what, [](const PartitionField& field) { return field.field_id; }));
    for (const PartitionField& field : spec.fields) {
      if (field.field_id > metadata.last_partition_id) {
        return Error::Corrupt("partition spec {} has the field id {} above last-partition-id {}",
                              spec.spec_id, field.field_id, metadata.last_partition_id);
      }
    }
  }
  return {};
}

Status ValidateSortOrders(const TableMetadata& metadata) {
  TRY(CheckUnique(metadata.sort_orders, "sort orders",
                  [](const SortOrder& order) { return order.order_id; }));
  const int32_t wanted = metadata.default_sort_order_id;
  bool found = wanted == 0;
  for (const SortOrder& order : metadata.sort_orders) found = found || order.order_id == wanted;
  if (!found) return Error::Corrupt("default-sort-order-id {} is not in sort-orders", wanted);
  return {};
}

Status ValidateSnapshots(const TableMetadata& metadata) {
  TRY(CheckUnique(metadata.snapshots, "snapshots",
                  [](const Snapshot& snapshot) { return snapshot.snapshot_id; }));
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (metadata.format_version > 1 && snapshot.sequence_number > metadata.last_sequence_number) {
      return Error::Corrupt("snapshot {} has the sequence number {} above last-sequence-number {}",
                            snapshot.snapshot_id, snapshot.sequence_number,
                            metadata.last_sequence_number);
    }
  }
  if (metadata.current_snapshot_id && metadata.current_snapshot() == nullptr) {
    return Error::Corrupt("current-snapshot-id {} is not in snapshots",
                          *metadata.current_snapshot_id);
  }
  if (metadata.next_row_id < 0)
    return Error::Corrupt("next-row-id {} is negative", metadata.next_row_id);
  return {};
}

Status ValidateRefs(const TableMetadata& metadata) {
  std::set<int64_t> snapshot_ids;
  for (const Snapshot& snapshot : metadata.snapshots) snapshot_ids.insert(snapshot.snapshot_id);
  for (const auto& [name, ref] : metadata.refs) {
    if (!snapshot_ids.contains(ref.snapshot_id)) {
      return Error::Corrupt("ref '{}' names snapshot {}, which is not in snapshots", name,
                            ref.snapshot_id);
    }
  }
  const auto main = metadata.refs.find(std::string(kMainBranch));
  if (main == metadata.refs.end()) {
    if (!metadata.current_snapshot_id) return {};
    return Error::Corrupt("there is a current snapshot but no branch main");
  }
  if (!main->second.is_branch) return Error::Corrupt("ref 'main' is a tag");
  if (metadata.current_snapshot_id != main->second.snapshot_id) {
    return Error::Corrupt("branch main is at snapshot {}, which is not the current snapshot",
                          main->second.snapshot_id);
  }
  return {};
}

// `later` may be before `earlier` by the tolerated skew. Subtraction could overflow.
bool IsInOrder(int64_t earlier, int64_t later) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(later, earlier, &difference)) return later > earlier;
  return difference >= -kClockSkewMs;
}

template <typename Log>
Status ValidateLog(const Log& log, std::string_view name, int64_t last_updated_ms) {
  for (size_t i = 1; i < log.size(); ++i) {
    if (!IsInOrder(log[i - 1].timestamp_ms, log[i].timestamp_ms)) {
      return Error::Corrupt("{} is not sorted by time: {} before {}", name, log[i - 1].timestamp_ms,
                            log[i].timestamp_ms);
    }
  }
  if (!log.empty() && !IsInOrder(log.back().timestamp_ms, last_updated_ms)) {
    return Error::Corrupt("{} ends at {}, after last-updated-ms {}", name, log.back().timestamp_ms,
                          last_updated_ms);
  }
  return {};
}

}  // namespace

Status ValidateTableMetadata(const TableMetadata& metadata) {
  if (metadata.format_version < 1 || metadata.format_version > kFormatVersionMax) {
    return Error::Unsupported("format-version {} is not supported", metadata.format_version);
  }
  if (metadata.location.empty()) return Error::Corrupt("location is empty");
  if (metadata.format_version > 1 && metadata.table_uuid.empty()) {
    return Error::Corrupt("table-uuid is empty");
  }
  TRY(ValidateSchemas(metadata));
  TRY(ValidateSpecs(metadata));
  TRY(ValidateSortOrders(metadata));
  TRY(ValidateSnapshots(metadata));
  TRY(ValidateRefs(metadata));
  TRY(ValidateLog(metadata.snapshot_log, "snapshot-log", metadata.last_updated_ms));
  return ValidateLog(metadata.metadata_log, "metadata-log", metadata.last_updated_ms);
}

}  // namespace kafka_iceberg::iceberg
