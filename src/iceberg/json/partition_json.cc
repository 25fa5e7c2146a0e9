// SPDX-License-Identifier: Apache-2.0
//
// Partition specs and sort orders as JSON (spec Appendix C).
#include <nlohmann/json.hpp>

#include "iceberg/json/metadata_json.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr int32_t kFirstPartitionFieldId = 1000;

// Version 3 may name one source as a list of one.
Result<int32_t> ReadSourceId(const Json& json) {
  const Json* sources = FindMember(json, "source-ids");
  if (FindMember(json, "source-id") != nullptr || sources == nullptr) {
    return ReadInt(json, "source-id");
  }
  if (!sources->is_array() || sources->size() != 1) {
    return Error::Unsupported("transforms of several columns are not supported");
  }
  const std::optional<int64_t> id = AsInt64(sources->front());
  if (!id || *id != static_cast<int32_t>(*id)) {
    return Error::Corrupt("member 'source-ids' holds no 32-bit integer");
  }
  return static_cast<int32_t>(*id);
}

Result<PartitionField> ReadPartitionField(const Json& json) {
  PartitionField field;
  field.name = TRY(ReadString(json, "name"));
  field.transform = ParseTransform(TRY(ReadString(json, "transform")));
  field.source_id = TRY(ReadSourceId(json));
  return field;
}

Result<SortField> ReadSortField(const Json& json) {
  SortField field;
  field.transform = ParseTransform(TRY(ReadString(json, "transform")));
  field.source_id = TRY(ReadSourceId(json));
  const std::string direction = TRY(ReadString(json, "direction"));
  const std::string null_order = TRY(ReadString(json, "null-order"));
  field.ascending = direction == "asc";
  field.nulls_first = null_order == "nulls-first";
  if ((!field.ascending && direction != "desc") ||
      (!field.nulls_first && null_order != "nulls-last")) {
    return Error::Corrupt("a sort field has direction '{}' and null-order '{}'", direction,
                          null_order);
  }
  return field;
}

}  // namespace

void WritePartitionFields(const PartitionSpec& spec, JsonWriter& json) {
  json.BeginArray();
  for (const PartitionField& field : spec.fields) {
    json.BeginObject().Key("name").String(field.name);
    json.Key("transform").String(ToString(field.transform));
    json.Key("source-id").Int(field.source_id).Key("field-id").Int(field.field_id).EndObject();
  }
  json.EndArray();
}

void WritePartitionSpec(const PartitionSpec& spec, JsonWriter& json) {
  json.BeginObject().Key("spec-id").Int(spec.spec_id).Key("fields");
  WritePartitionFields(spec, json);
  json.EndObject();
}

Result<std::vector<PartitionField>> ReadPartitionFields(const Json& array) {
  if (!array.is_array()) return Error::Corrupt("partition fields are not an array");
  std::vector<PartitionField> fields;
  size_t with_id = 0;
  for (const Json& element : array) {
    PartitionField field = TRY(ReadPartitionField(element));
    const std::optional<int32_t> id = TRY(ReadOptionalInt(element, "field-id"));
    if (id) ++with_id;
    // Old version-1 specs have no ids; they count from 1000.
    field.field_id = id.value_or(kFirstPartitionFieldId + static_cast<int32_t>(fields.size()));
    fields.push_back(std::move(field));
  }
  if (with_id != 0 && with_id != fields.size()) {
    return Error::Corrupt("only some partition fields have a field-id");
  }
  return fields;
}

Result<PartitionSpec> ReadPartitionSpec(const Json& json) {
  PartitionSpec spec;
  spec.spec_id = TRY(ReadInt(json, "spec-id"));
  const Json* fields = TRY(ReadArray(json, "fields"));
  spec.fields = TRY(ReadPartitionFields(*fields));
  return spec;
}

void WriteSortOrder(const SortOrder& order, JsonWriter& json) {
  json.BeginObject().Key("order-id").Int(order.order_id).Key("fields").BeginArray();
  for (const SortField& field : order.fields) {
    json.BeginObject().Key("transform").String(ToString(field.transform));
    json.Key("source-id").Int(field.source_id);
    json.Key("direction").String(field.ascending ? "asc" : "desc");
    json.Key("null-order").String(field.nulls_first ? "nulls-first" : "nulls-last").EndObject();
  }
  json.EndArray().EndObject();
}

Result<SortOrder> ReadSortOrder(const Json& json) {
  SortOrder order;
  order.order_id = TRY(ReadInt(json, "order-id"));
  const Json* fields = TRY(ReadArray(json, "fields"));
  for (const Json& element : *fields) order.fields.push_back(TRY(ReadSortField(element)));
  return order;
}

std::string PartitionFieldsToJson(const PartitionSpec& spec) {
  JsonWriter json;
  WritePartitionFields(spec, json);
  return json.Take();
}

Result<PartitionSpec> PartitionFieldsFromJson(std::string_view json, int32_t spec_id) {
  const Json parsed = TRY(ParseJson(json, "partition spec"));
  PartitionSpec spec;
  spec.spec_id = spec_id;
  spec.fields = TRY(ReadPartitionFields(parsed));
  return spec;
}

std::string PartitionSpecToJson(const PartitionSpec& spec) {
  JsonWriter json;
  WritePartitionSpec(spec, json);
  return json.Take();
}

std::string SortOrderToJson(const SortOrder& order) {
  JsonWriter json;
  WriteSortOrder(order, json);
  return json.Take();
}

}  // namespace kafka_iceberg::iceberg
