// SPDX-License-Identifier: Apache-2.0
#include "write/fake_table.h"

#include <memory>
#include <utility>

#include "core/check.h"

namespace kafka_iceberg::write {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

iceberg::TableMetadataPtr MakeTable(FakeTable table) {
  auto metadata = std::make_shared<iceberg::TableMetadata>();
  metadata->table_uuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1";
  metadata->location = std::move(table.location);
  metadata->properties = std::move(table.properties);
  metadata->last_column_id = table.schema.HighestFieldId();
  iceberg::PartitionSpec spec{.spec_id = 3, .fields = {}};
  for (const std::string& expression : table.partition_by) {
    auto field = iceberg::ParsePartitionField(expression, table.schema);
    CHECK(field.ok());
    field->field_id = 1000 + static_cast<int32_t>(spec.fields.size());
    spec.fields.push_back(*std::move(field));
  }
  iceberg::SortOrder order{.order_id = 1, .fields = {}};
  for (const std::string& column : table.sort_by) {
    const Field* field = table.schema.FindField(std::string_view(column));
    CHECK(field != nullptr);
    order.fields.push_back({.transform = {}, .source_id = field->id});
  }
  metadata->schemas = {std::move(table.schema)};
  metadata->partition_specs = {std::move(spec)};
  metadata->default_spec_id = 3;
  metadata->sort_orders = {{}, std::move(order)};
  metadata->default_sort_order_id = 1;
  return metadata;
}

iceberg::Schema OrdersTable() {
  return {.fields = {{.id = 1, .name = "id", .type = Type::Primitive(TypeId::kLong)},
                     {.id = 2, .name = "name", .type = Type::Primitive(TypeId::kString)},
                     {.id = 3, .name = "price", .type = Type::Primitive(TypeId::kDouble)},
                     {.id = 4, .name = "moment", .type = Type::Primitive(TypeId::kTimestamptz)}}};
}

}  // namespace kafka_iceberg::write
