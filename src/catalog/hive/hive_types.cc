// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_types.h"

#include <fmt/format.h>

#include "iceberg/json/metadata_json.h"
#include "iceberg/table_metadata_json.h"
#include "iceberg/unicode.h"

namespace kafka_iceberg::catalog {

namespace {

// What the columns of the usual metastore databases hold: keys and comments of 256 characters; for
// values the limit of the reference implementation.
constexpr size_t kKeyBytesMax = 256;
constexpr size_t kCommentCharactersMax = 255;
constexpr size_t kValueBytesMax = 32'672;

std::string StructType(const iceberg::Type& type) {
  std::string text = "struct<";
  for (const iceberg::Field& field : type.fields) {
    if (text.back() != '<') text += ',';
    text += field.name + ":" + HiveTypeOf(field.type);
  }
  return text + ">";
}

class Parameters {
 public:
  explicit Parameters(std::map<std::string, std::string>& map) : map_(map) {}

  // What does not fit is left out: others can find it in the metadata file.
  void Set(const std::string& key, const std::string& value) {
    map_.erase(key);
    if (key.size() <= kKeyBytesMax && value.size() <= kValueBytesMax) map_[key] = value;
  }
  void Remove(const std::string& key) { map_.erase(key); }

 private:
  std::map<std::string, std::string>& map_;
};

std::string SummaryJson(const iceberg::Snapshot& snapshot) {
  iceberg::JsonWriter json;
  iceberg::WriteStringMap(snapshot.summary, json);
  return json.Take();
}

void DescribeSnapshot(const iceberg::TableMetadata& metadata, Parameters& parameters) {
  parameters.Set("snapshot-count", std::to_string(metadata.snapshots.size()));
  const std::pair<const char*, const char*> statistics[] = {{"numFiles", "total-data-files"},
                                                            {"numRows", "total-records"},
                                                            {"totalSize", "total-files-size"}};
  for (const char* key :
       {"current-snapshot-id", "current-snapshot-timestamp-ms", "current-snapshot-summary"})
    parameters.Remove(key);
  for (const auto& [key, total] : statistics) parameters.Remove(key);
  const iceberg::Snapshot* snapshot = metadata.current_snapshot();
  if (snapshot == nullptr) return;
  parameters.Set("current-snapshot-id", std::to_string(snapshot->snapshot_id));
  parameters.Set("current-snapshot-timestamp-ms", std::to_string(snapshot->timestamp_ms));
  parameters.Set("current-snapshot-summary", SummaryJson(*snapshot));
  for (const auto& [key, total] : statistics) {
    const auto found = snapshot->summary.find(total);
    if (found != snapshot->summary.end()) parameters.Set(key, found->second);
  }
}

void DescribeEngine(const iceberg::TableMetadata& metadata, Parameters& parameters) {
  if (metadata.Property("engine.hive.enabled", "false") == "true") {
    parameters.Set("storage_handler", "org.apache.iceberg.mr.hive.HiveIcebergStorageHandler");
  } else {
    parameters.Remove("storage_handler");
  }
}

// The name under which a property is a parameter too.
std::string ParameterOf(const std::string& property) {
  return property == "gc.enabled" ? "external.table.purge" : property;
}

}  // namespace

std::string HiveTypeOf(const iceberg::Type& type) {
  using iceberg::TypeId;
  switch (type.id) {
    case TypeId::kBoolean: return "boolean";
    case TypeId::kInt: return "int";
    case TypeId::kLong: return "bigint";
    case TypeId::kFloat: return "float";
    case TypeId::kDouble: return "double";
    case TypeId::kDecimal: return fmt::format("decimal({},{})", type.precision, type.scale);
    case TypeId::kDate: return "date";
    case TypeId::kTimestamp:
    case TypeId::kTimestampNs: return "timestamp";
    case TypeId::kTimestamptz:
    case TypeId::kTimestamptzNs: return "timestamp with local time zone";
    case TypeId::kTime:
    case TypeId::kString:
    case TypeId::kUuid: return "string";
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kGeometry:
    case TypeId::kGeography: return "binary";
    case TypeId::kUnknown:
    case TypeId::kVariant: return "unknown";
    case TypeId::kStruct: return StructType(type);
    case TypeId::kList: return "array<" + HiveTypeOf(type.fields[0].type) + ">";
    case TypeId::kMap:
      return "map<" + HiveTypeOf(type.fields[0].type) + "," + HiveTypeOf(type.fields[1].type) + ">";
  }
  return "unknown";
}

std::vector<HiveColumn> HiveColumnsOf(const iceberg::Schema& schema) {
  std::vector<HiveColumn> columns;
  for (const iceberg::Field& field : schema.fields) {
    const size_t bytes = iceberg::PrefixBytes(field.doc, kCommentCharactersMax);
    columns.push_back({field.name, HiveTypeOf(field.type), field.doc.substr(0, bytes)});
  }
  return columns;
}

void DescribeTable(const iceberg::TableMetadata* base, const iceberg::TableMetadata& metadata,
                   HiveTable& table) {
  table.columns = HiveColumnsOf(metadata.schema());
  table.location = metadata.location;
  Parameters parameters(table.parameters);
  if (base != nullptr) {
    for (const auto& [key, value] : base->properties) parameters.Remove(ParameterOf(key));
  }
  for (const auto& [key, value] : metadata.properties) parameters.Set(ParameterOf(key), value);
  parameters.Set("uuid", metadata.table_uuid);
  parameters.Set("table_type", "ICEBERG");
  parameters.Set("EXTERNAL", "TRUE");
  // Otherwise the server lists the table's folder at each change.
  parameters.Remove("COLUMN_STATS_ACCURATE");
  parameters.Set("DO_NOT_UPDATE_STATS", "true");
  parameters.Set("current-schema", iceberg::SchemaToJson(metadata.schema()));
  parameters.Remove("default-partition-spec");
  parameters.Remove("default-sort-order");
  if (!metadata.spec().is_unpartitioned())
    parameters.Set("default-partition-spec", iceberg::PartitionSpecToJson(metadata.spec()));
  if (!metadata.sort_order().fields.empty())
    parameters.Set("default-sort-order", iceberg::SortOrderToJson(metadata.sort_order()));
  DescribeSnapshot(metadata, parameters);
  DescribeEngine(metadata, parameters);
}

void PointTo(const std::string& metadata_location, const std::string& previous, HiveTable& table) {
  table.parameters["metadata_location"] = metadata_location;
  table.parameters.erase("previous_metadata_location");
  if (!previous.empty()) table.parameters["previous_metadata_location"] = previous;
}

}  // namespace kafka_iceberg::catalog
