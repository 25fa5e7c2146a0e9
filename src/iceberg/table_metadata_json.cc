// SPDX-License-Identifier: Apache-2.0
#include "iceberg/table_metadata_json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "iceberg/json/gzip.h"
#include "iceberg/json/metadata_json.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr size_t kMetadataBytesMax = size_t{256} << 20U;
constexpr int64_t kNoSnapshot = -1;
constexpr int32_t kFormatVersionMax = 3;

// Members that have a place in TableMetadata. "schema" and "partition-spec" are version 1's and are
// derived.
constexpr std::array<std::string_view, 22> kKnownMembers = {"format-version",
                                                            "table-uuid",
                                                            "location",
                                                            "last-sequence-number",
                                                            "last-updated-ms",
                                                            "last-column-id",
                                                            "schema",
                                                            "schemas",
                                                            "current-schema-id",
                                                            "partition-spec",
                                                            "partition-specs",
                                                            "default-spec-id",
                                                            "last-partition-id",
                                                            "sort-orders",
                                                            "properties",
                                                            "default-sort-order-id",
                                                            "refs",
                                                            "snapshots",
                                                            "snapshot-log",
                                                            "current-snapshot-id",
                                                            "next-row-id",
                                                            "metadata-log"};

template <typename Item, typename Read>
Status ReadItems(const Json& json, std::string_view name, Read read, std::vector<Item>& items) {
  const Json* array = TRY(ReadOptionalArray(json, name));
  if (array == nullptr) return {};
  items.reserve(array->size());
  for (const Json& element : *array) {
    auto item = read(element);
    if (!item.ok()) return item.error().WithContext(name);
    items.push_back(std::move(item).value());
  }
  return {};
}

// Reads one document into one TableMetadata, part by part.
class MetadataReader {
 public:
  explicit MetadataReader(const Json& json) : json_(json) {}

  Result<TableMetadata> Read() {
    TRY(ReadVersion());
    TRY(ReadCounters());
    TRY(ReadSchemas());
    TRY(ReadSpecs());
    TRY(ReadSortOrders());
    TRY(ReadSnapshots());
    TRY(ReadRefs());
    TRY(ReadLogs());
    metadata_.properties = TRY(ReadStringMap(json_, "properties"));
    KeepUnknownMembers();
    TRY(ValidateTableMetadata(metadata_));
    return std::move(metadata_);
  }

 private:
  bool is_v1() const { return metadata_.format_version == 1; }

  Status ReadVersion() {
    metadata_.format_version = TRY(ReadInt(json_, "format-version"));
    if (metadata_.format_version > kFormatVersionMax) {
      return Error::Unsupported("format-version {} is newer than {}, the newest this program knows",
                                metadata_.format_version, kFormatVersionMax);
    }
    if (metadata_.format_version < 1) {
      return Error::Corrupt("format-version is {}", metadata_.format_version);
    }
    return {};
  }

  Status ReadCounters() {
    metadata_.table_uuid = is_v1() ? TRY(ReadOptionalString(json_, "table-uuid")).value_or("")
                                   : TRY(ReadString(json_, "table-uuid"));
    metadata_.location = TRY(ReadString(json_, "location"));
    while (metadata_.location.ends_with('/')) metadata_.location.pop_back();
    if (!is_v1()) metadata_.last_sequence_number = TRY(ReadLong(json_, "last-sequence-number"));
    metadata_.last_updated_ms = TRY(ReadLong(json_, "last-updated-ms"));
    metadata_.last_column_id = TRY(ReadInt(json_, "last-column-id"));
    if (metadata_.format_version >= 3) metadata_.next_row_id = TRY(ReadLong(json_, "next-row-id"));
    return {};
  }

  Status ReadSchemas() {
    TRY(ReadItems(json_, "schemas", ReadSchema, metadata_.schemas));
    if (!metadata_.schemas.empty()) {
      metadata_.current_schema_id = TRY(ReadInt(json_, "current-schema-id"));
      return {};
    }
    const Json* legacy = FindMember(json_, "schema");
    if (!is_v1() || legacy == nullptr) return Error::Corrupt("member 'schemas' is missing");
    metadata_.schemas.push_back(TRY(ReadSchema(*legacy)));
    metadata_.current_schema_id = metadata_.schemas[0].schema_id;
    return {};
  }

  Status ReadSpecs() {
    TRY(ReadItems(json_, "partition-specs", ReadPartitionSpec, metadata_.partition_specs));
    if (!metadata_.partition_specs.empty()) {
      metadata_.default_spec_id = TRY(ReadInt(json_, "default-spec-id"));
    } else {
      const Json* legacy = FindMember(json_, "partition-spec");
      if (!is_v1() || legacy == nullptr)
        return Error::Corrupt("member 'partition-specs' is missing");
      metadata_.partition_specs.emplace_back().fields = TRY(ReadPartitionFields(*legacy));
    }
    const std::optional<int32_t> last_id = TRY(ReadOptionalInt(json_, "last-partition-id"));
    if (!last_id && !is_v1()) return Error::Corrupt("member 'last-partition-id' is missing");
    metadata_.last_partition_id = last_id.value_or(HighestPartitionFieldId());
    return {};
  }

  int32_t HighestPartitionFieldId() const {
    int32_t highest = 999;
    for (const PartitionSpec& spec : metadata_.partition_specs) {
      for (const PartitionField& field : spec.fields) highest = std::max(highest, field.field_id);
    }
    return highest;
  }

  Status ReadSortOrders() {
    TRY(ReadItems(json_, "sort-orders", ReadSortOrder, metadata_.sort_orders));
    if (!metadata_.sort_orders.empty()) {
      metadata_.default_sort_order_id = TRY(ReadInt(json_, "default-sort-order-id"));
      return {};
    }
    if (!is_v1()) return Error::Corrupt("member 'sort-orders' is missing");
    metadata_.sort_orders = {SortOrder()};
    return {};
  }

  Status ReadSnapshots() {
    const auto current = TRY(ReadOptionalLong(json_, "current-snapshot-id"));
    if (current && *current != kNoSnapshot) metadata_.current_snapshot_id = current;
    return ReadItems(json_, "snapshots", ReadSnapshot, metadata_.snapshots);
  }

  Status ReadRefs() {
    const Json* refs = FindMember(json_, "refs");
    if (refs != nullptr && !refs->is_object()) {
      return Error::Corrupt("member 'refs' is not an object");
    }
    if (refs != nullptr) {
      for (auto entry = refs->begin(); entry != refs->end(); ++entry) {
        metadata_.refs.emplace(entry.key(), TRY(ReadSnapshotRef(*entry)));
      }
    }
    // Version 1 has no refs, and other writers may leave out main.
    if (metadata_.current_snapshot_id && !metadata_.refs.contains(std::string(kMainBranch))) {
      SnapshotRef main;
      main.snapshot_id = *metadata_.current_snapshot_id;
      metadata_.refs.emplace(kMainBranch, main);
    }
    return {};
  }

  Status ReadLogs() {
    const auto read_snapshot_entry = [](const Json& entry) -> Result<SnapshotLogEntry> {
      SnapshotLogEntry read;
      read.timestamp_ms = TRY(ReadLong(entry, "timestamp-ms"));
      read.snapshot_id = TRY(ReadLong(entry, "snapshot-id"));
      return read;
    };
    const auto read_metadata_entry = [](const Json& entry) -> Result<MetadataLogEntry> {
      MetadataLogEntry read;
      read.timestamp_ms = TRY(ReadLong(entry, "timestamp-ms"));
      read.metadata_file = TRY(ReadString(entry, "metadata-file"));
      return read;
    };
    TRY(ReadItems(json_, "snapshot-log", read_snapshot_entry, metadata_.snapshot_log));
    return ReadItems(json_, "metadata-log", read_metadata_entry, metadata_.metadata_log);
  }

  void KeepUnknownMembers() {
    for (auto member = json_.begin(); member != json_.end(); ++member) {
      const bool known = std::find(kKnownMembers.begin(), kKnownMembers.end(), member.key()) !=
                         kKnownMembers.end();
      if (!known) metadata_.unknown_members.emplace(member.key(), member->dump());
    }
  }

  const Json& json_;
  TableMetadata metadata_;
};

template <typename Items, typename Write>
void WriteItems(std::string_view name, const Items& items, Write write, JsonWriter& json) {
  json.Key(name).BeginArray();
  for (const auto& item : items) write(item, json);
  json.EndArray();
}

void WriteSchemasAndSpecs(const TableMetadata& metadata, JsonWriter& json) {
  const bool is_v1 = metadata.format_version == 1;
  if (is_v1) {
    json.Key("schema");
    WriteSchema(metadata.schema(), json);
  }
  json.Key("current-schema-id").Int(metadata.current_schema_id);
  WriteItems("schemas", metadata.schemas, WriteSchema, json);
  if (is_v1) {
    json.Key("partition-spec");
    WritePartitionFields(metadata.spec(), json);
  }
  json.Key("default-spec-id").Int(metadata.default_spec_id);
  WriteItems("partition-specs", metadata.partition_specs, WritePartitionSpec, json);
  json.Key("last-partition-id").Int(metadata.last_partition_id);
  json.Key("default-sort-order-id").Int(metadata.default_sort_order_id);
  WriteItems("sort-orders", metadata.sort_orders, WriteSortOrder, json);
}

void WriteCurrentSnapshot(const TableMetadata& metadata, JsonWriter& json) {
  json.Key("current-snapshot-id");
  if (metadata.current_snapshot_id) {
    json.Int(*metadata.current_snapshot_id);
  } else if (metadata.format_version >= 3) {
    json.Raw("null");
  } else {
    // What versions 1 and 2 are used to; readers of version 3 expect null.
    json.Int(kNoSnapshot);
  }
  if (metadata.format_version >= 3) json.Key("next-row-id").Int(metadata.next_row_id);
}

void WriteSnapshots(const TableMetadata& metadata, JsonWriter& json) {
  WriteCurrentSnapshot(metadata, json);
  json.Key("refs").BeginObject();
  for (const auto& [name, ref] : metadata.refs) {
    json.Key(name);
    WriteSnapshotRef(ref, json);
  }
  json.EndObject();
  WriteItems("snapshots", metadata.snapshots, WriteSnapshot, json);
  const auto write_snapshot_entry = [](const SnapshotLogEntry& entry, JsonWriter& out) {
    out.BeginObject().Key("timestamp-ms").Int(entry.timestamp_ms);
    out.Key("snapshot-id").Int(entry.snapshot_id).EndObject();
  };
  const auto write_metadata_entry = [](const MetadataLogEntry& entry, JsonWriter& out) {
    out.BeginObject().Key("timestamp-ms").Int(entry.timestamp_ms);
    out.Key("metadata-file").String(entry.metadata_file).EndObject();
  };
  WriteItems("snapshot-log", metadata.snapshot_log, write_snapshot_entry, json);
  WriteItems("metadata-log", metadata.metadata_log, write_metadata_entry, json);
}

bool IsGzipName(std::string_view location) {
  return location.ends_with(".gz.metadata.json") || location.ends_with(".metadata.json.gz");
}

Result<TableMetadata> FromText(std::string_view text) {
  if (text.size() > kMetadataBytesMax) {
    return Error::Corrupt("{} bytes are more than the limit of {}", text.size(), kMetadataBytesMax);
  }
  return ReadTableMetadata(TRY(ParseJson(text, "content")));
}

Result<TableMetadata> FromFile(std::string_view bytes, std::string_view location) {
  if (!IsGzipName(location)) return FromText(bytes);
  const std::string text = TRY(Gunzip(bytes, kMetadataBytesMax));
  return FromText(text);
}

}  // namespace

Result<TableMetadata> ReadTableMetadata(const Json& json) {
  if (!json.is_object()) return Error::Corrupt("content is not a JSON object");
  return MetadataReader(json).Read();
}

std::string TableMetadataToJson(const TableMetadata& metadata) {
  JsonWriter json;
  json.BeginObject().Key("format-version").Int(metadata.format_version);
  if (!metadata.table_uuid.empty()) json.Key("table-uuid").String(metadata.table_uuid);
  json.Key("location").String(metadata.location);
  if (metadata.format_version > 1) {
    json.Key("last-sequence-number").Int(metadata.last_sequence_number);
  }
  json.Key("last-updated-ms").Int(metadata.last_updated_ms);
  json.Key("last-column-id").Int(metadata.last_column_id);
  WriteSchemasAndSpecs(metadata, json);
  json.Key("properties");
  WriteStringMap(metadata.properties, json);
  WriteSnapshots(metadata, json);
  for (const auto& [name, text] : metadata.unknown_members) json.Key(name).Raw(text);
  json.EndObject();
  return json.Take();
}

Result<TableMetadata> TableMetadataFromJson(std::string_view bytes, std::string_view location) {
  auto metadata = FromFile(bytes, location);
  if (!metadata.ok())
    return metadata.error().WithContext(fmt::format("table metadata {}", location));
  return metadata;
}

}  // namespace kafka_iceberg::iceberg
