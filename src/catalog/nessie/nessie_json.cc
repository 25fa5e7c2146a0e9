// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/nessie_json.h"

#include <nlohmann/json.hpp>

#include "iceberg/json/json_reader.h"
#include "iceberg/json/json_writer.h"
#include "net/http_text.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::FindMember;
using iceberg::Json;
using iceberg::JsonWriter;

constexpr size_t kConflictsNamedMax = 10;
constexpr size_t kNameBytesMax = 200;

Result<Json> ParseObject(std::string_view body) {
  auto parsed = iceberg::ParseJson(body, "the answer");
  if (!parsed.ok()) return Error::Unavailable("{}", parsed.error().message());
  if (!parsed->is_object()) return Error::Corrupt("the answer is not a JSON object");
  return parsed;
}

std::vector<std::string> KeyOf(const TableIdentifier& table) {
  std::vector<std::string> key = table.name_space;
  key.push_back(table.name);
  return key;
}

void WriteKey(const TableIdentifier& table, JsonWriter& json) {
  json.BeginObject().Key("elements").BeginArray();
  for (const std::string& element : KeyOf(table)) json.String(element);
  json.EndArray().EndObject();
}

Result<NessieReference> ReadReference(const Json& json) {
  NessieReference reference;
  reference.name = TRY(iceberg::ReadString(json, "name"));
  reference.hash = TRY(iceberg::ReadString(json, "hash"));
  reference.is_branch = TRY(iceberg::ReadString(json, "type")) == "BRANCH";
  return reference;
}

bool IsKey(const Json& operation, const std::vector<std::string>& key) {
  const Json* found = FindMember(operation, "key");
  const Json* elements = found == nullptr ? nullptr : FindMember(*found, "elements");
  return elements != nullptr && *elements == Json(key);
}

bool PutsSnapshot(const Json& entry, const std::vector<std::string>& key, int64_t snapshot_id) {
  const Json* operations = FindMember(entry, "operations");
  if (operations == nullptr || !operations->is_array()) return false;
  for (const Json& operation : *operations) {
    const Json* content = FindMember(operation, "content");
    const Json* id = content == nullptr ? nullptr : FindMember(*content, "snapshotId");
    if (id != nullptr && iceberg::AsInt64(*id) == snapshot_id && IsKey(operation, key)) return true;
  }
  return false;
}

Result<std::optional<std::string>> ReadNextToken(const Json& json) {
  const Json* has_more = FindMember(json, "hasMore");
  if (has_more == nullptr || !has_more->is_boolean() || !has_more->get<bool>()) {
    return std::optional<std::string>();
  }
  return iceberg::ReadOptionalString(json, "token");
}

}  // namespace

std::string ReferenceJson(const NessieReference& reference) {
  JsonWriter json;
  json.BeginObject().Key("type").String(reference.is_branch ? "BRANCH" : "TAG");
  json.Key("name").String(reference.name).Key("hash").String(reference.hash).EndObject();
  return json.Take();
}

std::string MergeJson(const NessieReference& from) {
  JsonWriter json;
  json.BeginObject().Key("fromRefName").String(from.name).Key("fromHash").String(from.hash);
  json.Key("defaultKeyMergeMode").String("NORMAL").EndObject();
  return json.Take();
}

std::string PutTableJson(const TableIdentifier& table, const NessieTableEntry& entry,
                         const std::string& metadata_location,
                         const iceberg::TableMetadata& metadata) {
  JsonWriter json;
  json.BeginObject().Key("commitMeta").BeginObject().Key("message");
  json.String("kafka-iceberg: empty first snapshot of " + table.ToString()).EndObject();
  json.Key("operations").BeginArray().BeginObject().Key("type").String("PUT").Key("key");
  WriteKey(table, json);
  json.Key("content").BeginObject().Key("type").String("ICEBERG_TABLE");
  json.Key("id").String(entry.content_id).Key("metadataLocation").String(metadata_location);
  json.Key("snapshotId").Int(metadata.current_snapshot_id.value_or(-1));
  json.Key("schemaId").Int(metadata.current_schema_id);
  json.Key("specId").Int(metadata.default_spec_id);
  json.Key("sortOrderId").Int(metadata.default_sort_order_id);
  json.EndObject().EndObject().EndArray().EndObject();
  return json.Take();
}

Result<NessieReference> ParseReference(std::string_view body) {
  const Json json = TRY(ParseObject(body));
  const Json* reference = FindMember(json, "reference");
  if (reference == nullptr) return Error::Corrupt("the answer holds no reference");
  return ReadReference(*reference);
}

Result<ReferencePage> ParseReferences(std::string_view body) {
  const Json json = TRY(ParseObject(body));
  ReferencePage page;
  for (const Json& reference : *TRY(iceberg::ReadArray(json, "references"))) {
    page.references.push_back(TRY(ReadReference(reference)));
  }
  page.next_token = TRY(ReadNextToken(json));
  return page;
}

Result<NessieTableEntry> ParseTableEntry(std::string_view body) {
  const Json json = TRY(ParseObject(body));
  const Json* content = FindMember(json, "content");
  const Json* reference = FindMember(json, "effectiveReference");
  if (content == nullptr || reference == nullptr) {
    return Error::Corrupt("the answer holds no content");
  }
  if (TRY(iceberg::ReadString(*content, "type")) != "ICEBERG_TABLE") {
    return Error::Invalid("it is not a table");
  }
  NessieTableEntry entry;
  entry.content_id = TRY(iceberg::ReadString(*content, "id"));
  entry.metadata_location = TRY(iceberg::ReadString(*content, "metadataLocation"));
  entry.snapshot_id = TRY(iceberg::ReadLong(*content, "snapshotId"));
  entry.hash = TRY(iceberg::ReadString(*reference, "hash"));
  return entry;
}

Result<LogPage> ParseLog(std::string_view body, const TableIdentifier& table, int64_t snapshot_id,
                         std::string_view since) {
  const Json json = TRY(ParseObject(body));
  const std::vector<std::string> key = KeyOf(table);
  LogPage page;
  for (const Json& entry : *TRY(iceberg::ReadArray(json, "logEntries"))) {
    const Json* meta = FindMember(entry, "commitMeta");
    if (meta == nullptr) return Error::Corrupt("an entry of the commit log has no commitMeta");
    if (TRY(iceberg::ReadString(*meta, "hash")) == since) {
      page.reaches_since = true;
      return page;
    }
    page.has_snapshot = page.has_snapshot || PutsSnapshot(entry, key, snapshot_id);
  }
  page.next_token = TRY(ReadNextToken(json));
  return page;
}

std::string ParseMergeConflicts(std::string_view body) {
  const auto json = iceberg::ParseJson(body, "error");
  const Json* details = json.ok() ? FindMember(*json, "errorDetails") : nullptr;
  const Json* conflicts = details == nullptr ? nullptr : FindMember(*details, "conflicts");
  if (conflicts == nullptr || !conflicts->is_array()) return "";
  std::vector<std::string> names;
  for (const Json& conflict : *conflicts) {
    const Json* key = FindMember(conflict, "key");
    const Json* elements = key == nullptr ? nullptr : FindMember(*key, "elements");
    if (elements == nullptr || !elements->is_array()) continue;
    std::string name;
    for (const Json& element : *elements) {
      if (!element.is_string()) continue;
      name += (name.empty() ? "" : ".") + element.get_ref<const std::string&>();
    }
    names.push_back(net::Printable(name, kNameBytesMax));
    if (names.size() == kConflictsNamedMax) break;
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace kafka_iceberg::catalog
