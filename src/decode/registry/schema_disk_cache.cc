// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/schema_disk_cache.h"

#include <nlohmann/json.hpp>

#include "core/hashing.h"
#include "decode/letters/durable_files.h"
#include "decode/registry/reference_resolver.h"
#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::FindMember;
using iceberg::Json;

constexpr size_t kFolderNameBytes = 32;
constexpr int64_t kFolderBytesMax = 256 << 20;
constexpr int64_t kBlockBytes = 4096;  // what a small file takes
constexpr size_t kFileBytesMax = 4 * kResolvedBytesMax;
constexpr std::string_view kTemporarySuffix = ".tmp";

constexpr std::pair<PayloadFormat, const char*> kFormats[] = {
    {PayloadFormat::kAvro, "AVRO"},
    {PayloadFormat::kProtobuf, "PROTOBUF"},
    {PayloadFormat::kJsonSchema, "JSON"}};

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The id stands in the file, so that a file that was renamed is not taken for another's.
Json BodyOf(const std::string& id, const PayloadSchema& schema) {
  Json body{{"id", id}, {"text", schema.text}, {"references", Json::array()}};
  for (const auto& [format, name] : kFormats) {
    if (format == schema.format) body["format"] = name;
  }
  for (const SchemaReference& reference : schema.references)
    body["references"].push_back({{"name", reference.name}, {"text", reference.text}});
  return body;
}

Result<PayloadSchema> SchemaOf(const Json& body, const std::string& id) {
  if (TRY(iceberg::ReadString(body, "id")) != id) return Error::Corrupt("of another id");
  PayloadSchema schema;
  const std::string format = TRY(iceberg::ReadString(body, "format"));
  const auto* known = std::ranges::find(kFormats, format, [](const auto& f) { return f.second; });
  if (known == std::end(kFormats)) return Error::Corrupt("unknown format");
  schema.format = known->first;
  schema.text = TRY(iceberg::ReadString(body, "text"));
  const Json* references = TRY(iceberg::ReadArray(body, "references"));
  for (const Json& reference : *references) {
    auto& added = schema.references.emplace_back();
    added.name = TRY(iceberg::ReadString(reference, "name"));
    added.text = TRY(iceberg::ReadString(reference, "text"));
  }
  return schema;
}

Result<PayloadSchema> Parse(const std::string& text, const std::string& id) {
  const Json json = TRY(iceberg::ParseJson(text, "cached schema"));
  const std::string checksum = TRY(iceberg::ReadString(json, "sha256"));
  const Json* body = FindMember(json, "schema");
  if (body == nullptr || Sha256Hex(Dump(*body)) != checksum)
    return Error::Corrupt("wrong checksum");
  return SchemaOf(*body, id);
}

// Nothing when there is no such file, or none that can be read.
std::optional<std::string> ReadWhole(const std::string& path) {
  std::string text;
  const Status status = PosixDurableFiles().Read(path, [&](std::string_view piece) -> Status {
    if (text.size() + piece.size() > kFileBytesMax) return Error::Corrupt("too large");
    text += piece;
    return {};
  });
  if (!status.ok()) return std::nullopt;
  return text;
}

}  // namespace

Result<std::unique_ptr<SchemaDiskCache>> SchemaDiskCache::Open(const std::string& directory,
                                                               const std::string& registry_url,
                                                               Random& random,
                                                               telemetry::Logger& logger) {
  DurableFiles& files = PosixDurableFiles();
  std::string folder = directory + "/" + Sha256Hex(registry_url).substr(0, kFolderNameBytes);
  TRY(files.CreateDirectory(folder));
  auto cache =
      std::unique_ptr<SchemaDiskCache>(new SchemaDiskCache(std::move(folder), random, logger));
  for (const DirectoryEntry& entry : TRY(files.List(cache->folder_))) {
    // Left by a process that died; one that is alive fails to rename it, and asks the registry
    // again another time.
    if (entry.name.ends_with(kTemporarySuffix))
      TRY(files.Remove(cache->folder_ + "/" + entry.name));
    else
      cache->bytes_ += entry.bytes + kBlockBytes;
  }
  return cache;
}

std::optional<PayloadSchema> SchemaDiskCache::Read(const std::string& id) {
  const std::string path = folder_ + "/" + id + ".json";
  const auto text = ReadWhole(path);
  if (!text.has_value()) return std::nullopt;
  auto schema = Parse(*text, id);
  if (schema.ok()) return std::move(schema).value();
  logger_.Warn("a schema kept on disk is damaged: the registry is asked again",
               {{"file", path}, {"reason", schema.error().message()}});
  return std::nullopt;
}

void SchemaDiskCache::Write(const std::string& id, const PayloadSchema& schema) {
  const Json body = BodyOf(id, schema);
  const std::string text = Dump(Json{{"sha256", Sha256Hex(Dump(body))}, {"schema", body}});
  const int64_t bytes = static_cast<int64_t>(text.size()) + kBlockBytes;
  if (text.size() > kFileBytesMax || bytes_ + bytes > kFolderBytesMax) {
    logger_.Warn("a schema is not kept on disk: the cache is full",
                 {{"folder", folder_}, {"bytes_max", kFolderBytesMax}});
    return;
  }
  const Status status = TryWrite(id, text);
  if (status.ok())
    bytes_ += bytes;
  else
    logger_.Warn("a schema is not kept on disk", {{"reason", status.error().message()}});
}

Status SchemaDiskCache::TryWrite(const std::string& id, const std::string& text) {
  DurableFiles& files = PosixDurableFiles();
  const std::string temporary =
      fmt::format("{}/{}.{}{}", folder_, id, NewUuid(random_), kTemporarySuffix);
  auto file = TRY(files.Create(temporary));
  Status status = file->Append(text);
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = files.Rename(temporary, folder_ + "/" + id + ".json");
  if (status.ok()) return files.SyncDirectory(folder_);
  const Status ignored = files.Remove(temporary);  // the next Open does it otherwise
  return status;
}

}  // namespace kafka_iceberg::decode
