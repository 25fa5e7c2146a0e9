// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_json.h"

#include <nlohmann/json.hpp>

#include "catalog/rest/rest_update_json.h"
#include "iceberg/json/json_reader.h"
#include "iceberg/json/metadata_json.h"
#include "iceberg/table_properties.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::FindMember;
using iceberg::Json;
using iceberg::JsonWriter;

// Far above any real namespace; below it a hostile list is bounded by the reply's size.
constexpr size_t kLevelsMax = 64;

void WriteNamespace(const Namespace& name, JsonWriter& json) {
  json.BeginArray();
  for (const std::string& level : name) json.String(level);
  json.EndArray();
}

void WriteIdentifier(const TableIdentifier& identifier, JsonWriter& json) {
  json.BeginObject().Key("namespace");
  WriteNamespace(identifier.name_space, json);
  json.Key("name").String(identifier.name).EndObject();
}

void WriteCommit(const CommitParts& parts, JsonWriter& json) {
  json.BeginObject().Key("identifier");
  WriteIdentifier(parts.identifier, json);
  json.Key("requirements").BeginArray();
  for (const auto& requirement : parts.requirements) WriteRequirement(requirement, json);
  json.EndArray().Key("updates").BeginArray();
  for (const auto& update : parts.updates) WriteUpdate(update, parts.next, json);
  json.EndArray().EndObject();
}

Result<Json> ParseObject(std::string_view body) {
  auto parsed = iceberg::ParseJson(body, "the answer");
  // A proxy's page, or a server in trouble: asking again may help.
  if (!parsed.ok()) return Error::Unavailable("{}", parsed.error().message());
  if (!parsed->is_object()) return Error::Corrupt("the answer is not a JSON object");
  return parsed;
}

Result<Namespace> ReadNamespace(const Json& json) {
  if (!json.is_array() || json.size() > kLevelsMax) {
    return Error::Corrupt("a namespace in the answer is no list of names");
  }
  Namespace name;
  for (const Json& level : json) {
    if (!level.is_string()) return Error::Corrupt("a namespace in the answer is no list of names");
    name.push_back(level.get_ref<const std::string&>());
  }
  return name;
}

Result<storage::TableAccess> ReadAccess(const Json& json) {
  storage::TableAccess access;
  access.config = TRY(iceberg::ReadStringMap(json, "config"));
  const Json* credentials = TRY(iceberg::ReadOptionalArray(json, "storage-credentials"));
  if (credentials == nullptr) return access;
  for (const Json& credential : *credentials) {
    auto& added = access.credentials.emplace_back();
    added.prefix = TRY(iceberg::ReadString(credential, "prefix"));
    added.config = TRY(iceberg::ReadStringMap(credential, "config"));
  }
  return access;
}

Result<std::optional<std::string>> ReadNextToken(const Json& json) {
  auto token = TRY(iceberg::ReadOptionalString(json, "next-page-token"));
  if (token && token->empty()) token.reset();
  return token;
}

}  // namespace

std::string CreateNamespaceJson(const Namespace& name) {
  JsonWriter json;
  json.BeginObject().Key("namespace");
  WriteNamespace(name, json);
  json.Key("properties").BeginObject().EndObject().EndObject();
  return json.Take();
}

std::string CreateTableJson(const TableCreation& creation, const iceberg::TableMetadata& metadata,
                            bool stage) {
  JsonWriter json;
  json.BeginObject().Key("name").String(creation.identifier.name);
  if (creation.location) json.Key("location").String(metadata.location);
  json.Key("schema");
  WriteSchema(metadata.schema(), json);
  json.Key("partition-spec");
  WritePartitionSpec(metadata.spec(), json);
  json.Key("write-order");
  WriteSortOrder(metadata.sort_order(), json);
  // Nessie fails without it.
  json.Key("stage-create").Bool(stage);
  auto properties = metadata.properties;
  properties[std::string(iceberg::kFormatVersionProperty)] =
      std::to_string(metadata.format_version);
  json.Key("properties");
  WriteStringMap(properties, json);
  json.EndObject();
  return json.Take();
}

std::string RenameJson(const TableIdentifier& from, const TableIdentifier& to) {
  JsonWriter json;
  json.BeginObject().Key("source");
  WriteIdentifier(from, json);
  json.Key("destination");
  WriteIdentifier(to, json);
  json.EndObject();
  return json.Take();
}

std::string RegisterJson(const TableIdentifier& identifier, std::string_view metadata_location) {
  JsonWriter json;
  json.BeginObject().Key("name").String(identifier.name);
  json.Key("metadata-location").String(metadata_location).EndObject();
  return json.Take();
}

std::string CommitJson(const CommitParts& parts) {
  JsonWriter json;
  WriteCommit(parts, json);
  return json.Take();
}

std::string CommitTablesJson(std::span<const CommitParts> tables) {
  JsonWriter json;
  json.BeginObject().Key("table-changes").BeginArray();
  for (const CommitParts& table : tables) WriteCommit(table, json);
  json.EndArray().EndObject();
  return json.Take();
}

Result<LoadedTable> ParseTable(std::string_view body) {
  const Json json = TRY(ParseObject(body));
  const Json* metadata = FindMember(json, "metadata");
  if (metadata == nullptr) return Error::Corrupt("the answer holds no metadata");
  LoadedTable table;
  table.version.metadata =
      std::make_shared<const iceberg::TableMetadata>(TRY(iceberg::ReadTableMetadata(*metadata)));
  table.version.metadata_location =
      TRY(iceberg::ReadOptionalString(json, "metadata-location")).value_or("");
  table.access = TRY(ReadAccess(json));
  return table;
}

Result<storage::TableAccess> ParseAccess(std::string_view body) {
  return ReadAccess(TRY(ParseObject(body)));
}

Result<Page<Namespace>> ParseNamespaces(std::string_view body) {
  const Json json = TRY(ParseObject(body));
  Page<Namespace> page;
  for (const Json& entry : *TRY(iceberg::ReadArray(json, "namespaces"))) {
    page.items.push_back(TRY(ReadNamespace(entry)));
  }
  page.next_token = TRY(ReadNextToken(json));
  return page;
}

Result<Page<TableIdentifier>> ParseTables(std::string_view body) {
  const Json json = TRY(ParseObject(body));
  Page<TableIdentifier> page;
  for (const Json& entry : *TRY(iceberg::ReadArray(json, "identifiers"))) {
    const Json* name_space = FindMember(entry, "namespace");
    if (name_space == nullptr) return Error::Corrupt("a table in the answer has no namespace");
    TableIdentifier table;
    table.name_space = TRY(ReadNamespace(*name_space));
    table.name = TRY(iceberg::ReadString(entry, "name"));
    page.items.push_back(std::move(table));
  }
  page.next_token = TRY(ReadNextToken(json));
  return page;
}

}  // namespace kafka_iceberg::catalog
