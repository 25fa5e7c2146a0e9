// SPDX-License-Identifier: Apache-2.0
//
// The first metadata of a table.
#include <algorithm>

#include "iceberg/table_metadata.h"
#include "iceberg/table_properties.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr int32_t kFirstPartitionFieldId = 1000;
constexpr int32_t kFirstSortOrderId = 1;

// Whatever refers to columns does so by their id, which therefore must be unambiguous before ids
// are re-assigned.
Status CheckReferences(const NewTable& table) {
  const bool refers = !table.spec.fields.empty() || !table.sort_order.fields.empty() ||
                      !table.schema.identifier_field_ids.empty();
  if (!refers) return {};
  std::vector<int32_t> ids;
  VisitFields(table.schema.fields, [&](const Field& field) { ids.push_back(field.id); });
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end()) {
    return Error::Invalid("columns share ids, so partition fields cannot name them");
  }
  return {};
}

Result<int32_t> FreshSourceId(int32_t source_id, const Schema& schema, const Schema& fresh) {
  // Both schemas have the same shape, so the position decides and names need not be unique yet.
  std::vector<int32_t> old_ids;
  std::vector<int32_t> new_ids;
  VisitFields(schema.fields, [&](const Field& field) { old_ids.push_back(field.id); });
  VisitFields(fresh.fields, [&](const Field& field) { new_ids.push_back(field.id); });
  const auto found = std::find(old_ids.begin(), old_ids.end(), source_id);
  if (found == old_ids.end()) return Error::Invalid("no column has the source id {}", source_id);
  return new_ids[static_cast<size_t>(found - old_ids.begin())];
}

Status SetPartitioning(const NewTable& table, TableMetadata& metadata) {
  PartitionSpec spec = table.spec;
  spec.spec_id = 0;
  int32_t next_id = kFirstPartitionFieldId;
  for (PartitionField& field : spec.fields) {
    field.source_id = TRY(FreshSourceId(field.source_id, table.schema, metadata.schemas[0]));
    field.field_id = next_id++;
  }
  TRY(ValidatePartitionSpec(spec, metadata.schemas[0]));
  metadata.last_partition_id = next_id - 1;
  metadata.partition_specs = {std::move(spec)};
  return {};
}

Status SetSortOrder(const NewTable& table, TableMetadata& metadata) {
  metadata.sort_orders = {SortOrder()};
  if (table.sort_order.fields.empty()) return {};
  SortOrder order = table.sort_order;
  order.order_id = kFirstSortOrderId;
  for (SortField& field : order.fields) {
    field.source_id = TRY(FreshSourceId(field.source_id, table.schema, metadata.schemas[0]));
  }
  TRY(ValidateSortOrder(order, metadata.schemas[0]));
  metadata.default_sort_order_id = order.order_id;
  metadata.sort_orders.push_back(std::move(order));
  return {};
}

Result<int32_t> WantedFormatVersion(const NewTable& table) {
  int32_t version = table.format_version;
  const auto property = table.properties.find(std::string(kFormatVersionProperty));
  if (property != table.properties.end()) version = TRY(ParseFormatVersion(property->second));
  if (version != 2 && version != 3) {
    return Error::Unsupported("new tables have format version 2 or 3, not {}", version);
  }
  return version;
}

void SetProperties(const NewTable& table, TableMetadata& metadata) {
  // The format's default codec is an older one than what new tables should be written with.
  metadata.properties.emplace(kParquetCompressionProperty, "zstd");
  for (const auto& [name, value] : table.properties) {
    if (!IsReservedProperty(name)) metadata.properties[name] = value;
  }
}

}  // namespace

Result<TableMetadata> MakeTableMetadata(NewTable table) {
  TableMetadata metadata;
  metadata.format_version = TRY(WantedFormatVersion(table));
  metadata.table_uuid = table.table_uuid;
  metadata.location = table.location;
  while (metadata.location.ends_with('/')) metadata.location.pop_back();
  if (metadata.location.empty()) return Error::Invalid("a new table needs a location");
  if (metadata.table_uuid.empty()) return Error::Invalid("a new table needs a uuid");
  metadata.last_updated_ms = table.now_ms;

  TRY(CheckReferences(table));
  metadata.schemas = {AssignFreshIds(table.schema)};
  metadata.schemas[0].schema_id = 0;
  TRY(ValidateSchema(metadata.schemas[0], metadata.format_version));
  metadata.last_column_id = metadata.schemas[0].HighestFieldId();
  TRY(SetPartitioning(table, metadata));
  TRY(SetSortOrder(table, metadata));
  SetProperties(table, metadata);
  TRY(ValidateMetricsProperties(metadata.properties, metadata.schemas[0]));
  return metadata;
}

}  // namespace kafka_iceberg::iceberg
