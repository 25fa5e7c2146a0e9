// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifests/fake_manifests.h"

#include <utility>

namespace kafka_iceberg::iceberg {
namespace {

Field Column(int32_t id, std::string name, Type type) {
  Field field;
  field.id = id;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

PartitionField PartitionBy(int32_t source_id, int32_t field_id, std::string name,
                           TransformKind kind) {
  PartitionField field;
  field.source_id = source_id;
  field.field_id = field_id;
  field.name = std::move(name);
  field.transform.kind = kind;
  return field;
}

}  // namespace

Schema FakeSchema() {
  Schema schema;
  schema.fields = {Column(1, "id", Type::Primitive(TypeId::kLong)),
                   Column(2, "category", Type::Primitive(TypeId::kString)),
                   Column(3, "price", Type::Decimal(9, 2)),
                   Column(4, "ratio", Type::Primitive(TypeId::kDouble)),
                   Column(5, "at", Type::Primitive(TypeId::kTimestamptz))};
  return schema;
}

PartitionSpec FakeSpec() {
  PartitionSpec spec;
  spec.spec_id = 1;
  spec.fields = {PartitionBy(2, 1000, "category", TransformKind::kIdentity),
                 PartitionBy(5, 1001, "at.day", TransformKind::kDay),
                 PartitionBy(4, 1002, "ratio", TransformKind::kIdentity)};
  return spec;
}

PartitionTuple FakePartition(const std::string& category, int32_t day, double ratio) {
  return {category, day, ratio};
}

DataFile FakeFile(const std::string& path, const PartitionTuple& partition, int64_t rows) {
  DataFile file;
  file.file_path = path;
  file.spec_id = 1;
  file.partition = partition;
  file.record_count = rows;
  file.file_size_in_bytes = 100 * rows;
  file.column_sizes = {{1, 80}, {2, 20}};
  file.value_counts = {{1, rows}, {2, rows}};
  file.null_value_counts = {{1, 0}, {2, 1}};
  file.lower_bounds = {{1, std::string(8, '\0')}, {2, "a"}};
  file.upper_bounds = {{1, std::string(8, '\1')}, {2, "z"}};
  file.split_offsets = {4};
  file.sort_order_id = 0;
  return file;
}

TableMetadata FakeTable(int32_t format_version) {
  TableMetadata table;
  table.format_version = format_version;
  table.table_uuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1";
  table.location = "memory://w/t";
  table.last_column_id = 5;
  table.schemas = {FakeSchema()};
  table.partition_specs = {PartitionSpec(), FakeSpec()};
  table.default_spec_id = 1;
  table.last_partition_id = 1002;
  table.sort_orders = {SortOrder()};
  return table;
}

}  // namespace kafka_iceberg::iceberg
