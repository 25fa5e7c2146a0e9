// SPDX-License-Identifier: Apache-2.0
#include "decode/metadata_columns.h"

#include <array>
#include <limits>
#include <set>

#include "decode/json/json_index.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

constexpr std::array<std::string_view, 6> kNames = {"_kafka_topic",  "_kafka_partition",
                                                    "_kafka_offset", "_kafka_timestamp",
                                                    "_kafka_key",    "_kafka_headers"};

Type HeadersType(int32_t& next_id) {
  const int32_t element = next_id++;
  Field key{
      .id = next_id++, .name = "key", .required = true, .type = Type::Primitive(TypeId::kString)};
  Field value{.id = next_id++, .name = "value", .type = Type::Primitive(TypeId::kBinary)};
  return Type::List(element, /*element_required=*/true,
                    Type::Struct({std::move(key), std::move(value)}));
}

Type TypeOf(MetadataColumn column, int32_t& next_id) {
  switch (column) {
    case MetadataColumn::kTopic: return Type::Primitive(TypeId::kString);
    case MetadataColumn::kPartition: return Type::Primitive(TypeId::kInt);
    case MetadataColumn::kOffset: return Type::Primitive(TypeId::kLong);
    case MetadataColumn::kTimestamp: return Type::Primitive(TypeId::kTimestamptz);
    case MetadataColumn::kKey: return Type::Primitive(TypeId::kBinary);
    case MetadataColumn::kHeaders: break;
  }
  return HeadersType(next_id);
}

bool SameShape(const Type& a, const Type& b) {
  if (a.id != b.id || a.fields.size() != b.fields.size()) return false;
  for (size_t i = 0; i < a.fields.size(); ++i) {
    if (a.fields[i].name != b.fields[i].name || !SameShape(a.fields[i].type, b.fields[i].type))
      return false;
  }
  return true;
}

bool AppendOptional(Column& column, bool is_null, std::string_view value) {
  if (is_null && column.required()) return false;
  if (is_null) {
    column.AppendNull();
  } else {
    column.AppendString(value);
  }
  return true;
}

bool AppendTimestamp(Column& column, int64_t timestamp_ms) {
  constexpr int64_t kMicrosPerMilli = 1000;
  const bool absent =
      timestamp_ms < 0 || timestamp_ms > std::numeric_limits<int64_t>::max() / kMicrosPerMilli;
  if (absent && column.required()) return false;
  if (absent) {
    column.AppendNull();
  } else {
    column.AppendFixed(timestamp_ms * kMicrosPerMilli);
  }
  return true;
}

}  // namespace

std::optional<MetadataColumn> FindMetadataColumn(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<MetadataColumn>(i);
  }
  return std::nullopt;
}

Result<std::vector<Field>> MetadataFields(const std::vector<std::string>& names, int32_t& next_id) {
  std::vector<Field> fields;
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    const auto column = FindMetadataColumn(name);
    if (!column) {
      return Error::Invalid("\"{}\" is not a metadata column; there are {}", name,
                            fmt::join(kNames, ", "));
    }
    if (!seen.insert(name).second)
      return Error::Invalid("metadata column {} is listed twice", name);
    Field field;
    field.id = next_id++;
    field.name = name;
    field.type = TypeOf(*column, next_id);
    fields.push_back(std::move(field));
  }
  return fields;
}

Status ValidateMetadataColumns(const iceberg::Schema& schema) {
  for (const Field& field : schema.fields) {
    const auto column = FindMetadataColumn(field.name);
    if (!column) continue;
    int32_t unused_id = 1;
    const Type expected = TypeOf(*column, unused_id);
    if (!SameShape(field.type, expected)) {
      return Error::Invalid(
          "column {} has type {}; the name is reserved for a column of type {}, so rename it",
          field.name, iceberg::ToString(field.type), iceberg::ToString(expected));
    }
  }
  return {};
}

const Column* MetadataAppender::Append(const std::string& topic, const Record& record) {
  for (auto& [kind, column] : columns_) {
    bool appended = true;
    switch (kind) {
      case MetadataColumn::kTopic: column->AppendString(topic); break;
      case MetadataColumn::kPartition: column->AppendFixed(record.partition); break;
      case MetadataColumn::kOffset: column->AppendFixed(record.offset); break;
      case MetadataColumn::kTimestamp:
        appended = AppendTimestamp(*column, record.timestamp_ms);
        break;
      case MetadataColumn::kKey:
        appended = AppendOptional(*column, record.key_is_null, record.key);
        break;
      case MetadataColumn::kHeaders: appended = AppendHeaders(*column, record); break;
    }
    if (!appended) [[unlikely]]
      return column;
  }
  return nullptr;
}

bool MetadataAppender::AppendHeaders(Column& column, const Record& record) {
  Column& element = *column.children()[0];
  for (const Header& header : record.headers.all()) {
    if (!IsUtf8(header.key)) return false;
    element.children()[0]->AppendString(header.key);
    if (!AppendOptional(*element.children()[1], header.value_is_null, header.value)) return false;
    element.AppendStruct();
  }
  column.AppendList();
  return true;
}

}  // namespace kafka_iceberg::decode
