// SPDX-License-Identifier: Apache-2.0
//
// Snapshots and refs as JSON (spec Appendix C). Members of snapshots that are not known survive a
// rewrite.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "iceberg/json/metadata_json.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr std::array<std::string_view, 11> kSnapshotMembers = {
    "snapshot-id",  "parent-snapshot-id", "sequence-number", "timestamp-ms",
    "summary",      "manifest-list",      "manifests",       "schema-id",
    "first-row-id", "added-rows",         "key-id"};

void WriteOptional(std::string_view name, const auto& value, JsonWriter& json) {
  if (value) json.Key(name).Int(*value);
}

void WriteManifests(const Snapshot& snapshot, JsonWriter& json) {
  if (!snapshot.manifest_list.empty() || snapshot.manifests.empty()) {
    json.Key("manifest-list").String(snapshot.manifest_list);
    return;
  }
  json.Key("manifests").BeginArray();
  for (const std::string& manifest : snapshot.manifests) json.String(manifest);
  json.EndArray();
}

Status ReadManifests(const Json& json, Snapshot& snapshot) {
  if (FindMember(json, "manifest-list") != nullptr) {
    snapshot.manifest_list = TRY(ReadString(json, "manifest-list"));
    return {};
  }
  const Json* manifests = TRY(ReadOptionalArray(json, "manifests"));
  if (manifests == nullptr) {
    return Error::Corrupt("snapshot {} has no manifest-list", snapshot.snapshot_id);
  }
  for (const Json& element : *manifests) {
    if (!element.is_string()) return Error::Corrupt("member 'manifests' holds no strings");
    snapshot.manifests.push_back(element.get_ref<const std::string&>());
  }
  return {};
}

}  // namespace

void WriteStringMap(const std::map<std::string, std::string>& map, JsonWriter& json) {
  json.BeginObject();
  for (const auto& [name, value] : map) json.Key(name).String(value);
  json.EndObject();
}

void WriteSnapshot(const Snapshot& snapshot, JsonWriter& json) {
  json.BeginObject();
  // 0 is what version 1 has; the member is new in version 2.
  if (snapshot.sequence_number > 0) json.Key("sequence-number").Int(snapshot.sequence_number);
  json.Key("snapshot-id").Int(snapshot.snapshot_id);
  WriteOptional("parent-snapshot-id", snapshot.parent_snapshot_id, json);
  json.Key("timestamp-ms").Int(snapshot.timestamp_ms);
  if (!snapshot.summary.empty()) {
    json.Key("summary");
    WriteStringMap(snapshot.summary, json);
  }
  WriteManifests(snapshot, json);
  WriteOptional("schema-id", snapshot.schema_id, json);
  WriteOptional("first-row-id", snapshot.first_row_id, json);
  WriteOptional("added-rows", snapshot.added_rows, json);
  if (snapshot.key_id) json.Key("key-id").String(*snapshot.key_id);
  for (const auto& [name, text] : snapshot.unknown_members) json.Key(name).Raw(text);
  json.EndObject();
}

Result<Snapshot> ReadSnapshot(const Json& json) {
  Snapshot snapshot;
  snapshot.snapshot_id = TRY(ReadLong(json, "snapshot-id"));
  snapshot.parent_snapshot_id = TRY(ReadOptionalLong(json, "parent-snapshot-id"));
  snapshot.sequence_number = TRY(ReadOptionalLong(json, "sequence-number")).value_or(0);
  snapshot.timestamp_ms = TRY(ReadLong(json, "timestamp-ms"));
  snapshot.summary = TRY(ReadStringMap(json, "summary"));
  TRY(ReadManifests(json, snapshot));
  snapshot.schema_id = TRY(ReadOptionalInt(json, "schema-id"));
  snapshot.first_row_id = TRY(ReadOptionalLong(json, "first-row-id"));
  snapshot.added_rows = TRY(ReadOptionalLong(json, "added-rows"));
  snapshot.key_id = TRY(ReadOptionalString(json, "key-id"));
  if (snapshot.sequence_number < 0 || snapshot.first_row_id.value_or(0) < 0 ||
      snapshot.added_rows.value_or(0) < 0) {
    return Error::Corrupt("snapshot {} has a negative number", snapshot.snapshot_id);
  }
  for (auto member = json.begin(); member != json.end(); ++member) {
    const bool known = std::find(kSnapshotMembers.begin(), kSnapshotMembers.end(), member.key()) !=
                       kSnapshotMembers.end();
    if (!known) snapshot.unknown_members.emplace(member.key(), member->dump());
  }
  return snapshot;
}

void WriteSnapshotRef(const SnapshotRef& ref, JsonWriter& json) {
  json.BeginObject().Key("snapshot-id").Int(ref.snapshot_id);
  json.Key("type").String(ref.is_branch ? "branch" : "tag");
  WriteOptional("min-snapshots-to-keep", ref.min_snapshots_to_keep, json);
  WriteOptional("max-snapshot-age-ms", ref.max_snapshot_age_ms, json);
  WriteOptional("max-ref-age-ms", ref.max_ref_age_ms, json);
  json.EndObject();
}

Result<SnapshotRef> ReadSnapshotRef(const Json& json) {
  SnapshotRef ref;
  ref.snapshot_id = TRY(ReadLong(json, "snapshot-id"));
  const std::string type = TRY(ReadString(json, "type"));
  ref.is_branch = type == "branch";
  if (!ref.is_branch && type != "tag") return Error::Corrupt("a ref has the type '{}'", type);
  ref.min_snapshots_to_keep = TRY(ReadOptionalInt(json, "min-snapshots-to-keep"));
  ref.max_snapshot_age_ms = TRY(ReadOptionalLong(json, "max-snapshot-age-ms"));
  ref.max_ref_age_ms = TRY(ReadOptionalLong(json, "max-ref-age-ms"));
  return ref;
}

std::string StatisticsWithout(const std::string& statistics,
                              const std::set<int64_t>& snapshot_ids) {
  const auto parsed = ParseJson(statistics, "statistics");
  if (!parsed.ok() || !parsed->is_array()) return statistics;
  JsonWriter kept;
  kept.BeginArray();
  for (const Json& file : *parsed) {
    const Json* snapshot_id = FindMember(file, "snapshot-id");
    const std::optional<int64_t> id = snapshot_id ? AsInt64(*snapshot_id) : std::nullopt;
    if (!id || !snapshot_ids.contains(*id)) kept.Raw(file.dump());
  }
  kept.EndArray();
  return kept.Take();
}

std::string SnapshotToJson(const Snapshot& snapshot) {
  JsonWriter json;
  WriteSnapshot(snapshot, json);
  return json.Take();
}

}  // namespace kafka_iceberg::iceberg
