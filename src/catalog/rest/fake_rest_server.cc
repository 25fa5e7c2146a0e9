// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/fake_rest_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "catalog/rest/fake_rest_commit.h"
#include "catalog/rest/rest_config.h"
#include "iceberg/json/json_reader.h"
#include "iceberg/json/metadata_json.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::Json;
using iceberg::JsonWriter;

std::vector<std::string> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

net::HttpResponse Ok(std::string body, int status = 200) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

// As servers answer what their catalog says.
net::HttpResponse Failed(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kNotFound: return FakeRestError(404, error.message(), "NoSuchThing");
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict: return FakeRestError(409, error.message());
    case ErrorCode::kInvalid: return FakeRestError(400, error.message());
    default: return FakeRestError(500, error.message());
  }
}

std::string NamespaceJson(const Namespace& name) { return Json(name).dump(); }

TableIdentifier IdentifierFrom(const Json& json) {
  return {json["namespace"].get<Namespace>(), json["name"].get<std::string>()};
}

std::string QuoteAll(const std::vector<std::string_view>& texts) {
  JsonWriter json;
  json.BeginArray();
  for (const std::string_view text : texts) json.String(text);
  json.EndArray();
  return json.Take();
}

}  // namespace

net::HttpResponse FakeRestError(int status, const std::string& message, const std::string& type) {
  const Json body = {{"error", {{"message", message}, {"type", type}, {"code", status}}}};
  return Ok(body.dump(), status);
}

// A request's place below the prefix.
struct FakeRestServer::Target {
  std::vector<std::string> segments;  // still encoded
  std::map<std::string, std::string> query;
};

void FakeRestServer::Next(std::string method, std::string path_end, Interceptor interceptor) {
  const MutexLock lock(mutex_);
  waiting_.push_back({std::move(method), std::move(path_end), std::move(interceptor)});
}

void FakeRestServer::NextCommit(bool apply, Answer answer) {
  Next("POST", "", [apply, answer](const auto&, const auto& serve) {
    if (apply) {
      const Answer served = serve();
      EXPECT_TRUE(served.ok() && served->status == 200) << served->body;
    }
    return answer;
  });
}

FakeRestServer::Answer FakeRestServer::Handle(const net::SentRequest& request) {
  Interceptor interceptor;
  {
    const MutexLock lock(mutex_);
    const std::string path = request.url.substr(0, request.url.find('?'));
    const auto found = std::ranges::find_if(waiting_, [&](const Waiting& waiting) {
      return waiting.method == request.method && path.ends_with(waiting.path_end);
    });
    if (found != waiting_.end()) {
      interceptor = std::move(found->interceptor);
      waiting_.erase(found);
    }
  }
  if (!interceptor) return Serve(request);
  return interceptor(request, [&] { return Serve(request); });
}

FakeRestServer::Answer FakeRestServer::Serve(const net::SentRequest& request) {
  const std::string key = request.Header("Idempotency-Key");
  if (!key.empty()) {
    const MutexLock lock(mutex_);
    const auto kept = kept_answers_.find(key);
    if (kept != kept_answers_.end()) return kept->second;
  }
  const std::string root = traits_.base + "/v1/";
  if (!request.url.starts_with(root)) return FakeRestError(404, "no such path");
  std::string_view rest = std::string_view(request.url).substr(root.size());
  Target target;
  if (const size_t query = rest.find('?'); query != std::string_view::npos) {
    for (const std::string& field : Split(rest.substr(query + 1), "&")) {
      const size_t equals = field.find('=');
      target.query[field.substr(0, equals)] = net::PercentDecode(field.substr(equals + 1)).value();
    }
    rest = rest.substr(0, query);
  }
  if (rest == "config") return Config();
  if (!traits_.prefix.empty()) {
    if (!rest.starts_with(traits_.prefix + "/")) return FakeRestError(404, "wrong prefix");
    rest.remove_prefix(traits_.prefix.size() + 1);
  }
  target.segments = Split(rest, "/");
  const Answer answer = ServeOnce(request, target);
  if (!key.empty() && answer.ok() && answer->status < 500) {
    const MutexLock lock(mutex_);
    kept_answers_.emplace(key, *answer);
  }
  return answer;
}

FakeRestServer::Answer FakeRestServer::ServeOnce(const net::SentRequest& request,
                                                 const Target& target) {
  const auto& segments = target.segments;
  if (segments == std::vector<std::string>{"tables", "rename"}) return Rename(request.body);
  if (segments == std::vector<std::string>{"transactions", "commit"}) {
    return CommitTables(request.body);
  }
  if (segments[0] != "namespaces") return FakeRestError(404, "no such route");
  switch (segments.size()) {
    case 1: return Namespaces(request, target);
    case 2: return OneNamespace(request, target);
    case 3: return segments[2] == "register" ? Register(request, target) : Tables(request, target);
    case 4: return OneTable(request, target);
    default: break;
  }
  if (segments[4] != "credentials" || !traits_.vends_credentials) {
    return FakeRestError(404, "no such route");
  }
  return OneTable(request, target);
}

FakeRestServer::Answer FakeRestServer::Config() const {
  Json body = {{"defaults", Json::object()}, {"overrides", Json(traits_.overrides)}};
  if (!traits_.prefix.empty()) body["defaults"]["prefix"] = traits_.prefix;
  if (traits_.separator != "%1F") body["overrides"]["namespace-separator"] = traits_.separator;
  if (traits_.takes_idempotency_keys) body["idempotency-key-lifetime"] = "PT30M";
  if (traits_.lists_endpoints) {
    body["endpoints"] =
        Json::parse(QuoteAll({endpoint::kNamespaceExists, endpoint::kTableExists,
                              endpoint::kRegister, endpoint::kRename, endpoint::kCommitTables}));
    if (traits_.vends_credentials) body["endpoints"].push_back(endpoint::kCredentials);
  }
  return Ok(body.dump());
}

Namespace FakeRestServer::DecodeNamespace(std::string_view text, std::string_view separator) const {
  Namespace name;
  for (const std::string& level : Split(text, separator)) {
    name.push_back(net::PercentDecode(level).value());
  }
  return name;
}

template <typename T>
FakeRestServer::Answer FakeRestServer::ListAnswer(
    const std::string& name, const std::vector<T>& items, const Target& target,
    const std::function<std::string(const T&)>& to_json) const {
  const auto token = target.query.find("pageToken");
  const bool pages = traits_.page_size > 0 && token != target.query.end();
  const size_t begin = pages && !token->second.empty() ? std::stoul(token->second) : 0;
  const size_t end =
      pages ? std::min(items.size(), begin + static_cast<size_t>(traits_.page_size)) : items.size();
  Json body = {{name, Json::array()}};
  for (size_t i = begin; i < end; ++i) body[name].push_back(Json::parse(to_json(items[i])));
  if (end < items.size()) body["next-page-token"] = std::to_string(end);
  return Ok(body.dump());
}

FakeRestServer::Answer FakeRestServer::Namespaces(const net::SentRequest& request,
                                                  const Target& target) {
  if (request.method == "POST") {
    const auto name = Json::parse(request.body)["namespace"].get<Namespace>();
    const Status created = catalog_.CreateNamespace(name);
    return created.ok() ? Answer(Ok(request.body)) : Failed(created.error());
  }
  const auto parent = target.query.find("parent");
  Namespace name;
  if (parent != target.query.end()) {
    name = Split(parent->second, net::PercentDecode(traits_.separator).value());
  }
  const auto listed = catalog_.ListNamespaces(name);
  if (!listed.ok() && traits_.lists_missing_namespaces) {
    return ListAnswer<Namespace>("namespaces", {}, target, NamespaceJson);
  }
  if (!listed.ok()) return Failed(listed.error());
  return ListAnswer<Namespace>("namespaces", *listed, target, NamespaceJson);
}

FakeRestServer::Answer FakeRestServer::OneNamespace(const net::SentRequest& request,
                                                    const Target& target) {
  const Namespace name = DecodeNamespace(target.segments[1], traits_.separator);
  if (request.method == "DELETE") {
    const Status dropped = catalog_.DropNamespace(name);
    if (!dropped.ok() && dropped.error().code() == ErrorCode::kInvalid) {
      return FakeRestError(409, dropped.error().message(), "NamespaceNotEmptyException");
    }
    return dropped.ok() ? Answer(Ok("", 204)) : Failed(dropped.error());
  }
  const auto found = catalog_.ListTables(name);
  return found.ok() ? Answer(Ok("{}")) : Failed(found.error());
}

FakeRestServer::Answer FakeRestServer::Tables(const net::SentRequest& request,
                                              const Target& target) {
  if (request.method == "POST") return Create(request, target);
  const auto listed = catalog_.ListTables(DecodeNamespace(target.segments[1], traits_.separator));
  if (!listed.ok() && !traits_.lists_missing_namespaces) return Failed(listed.error());
  return ListAnswer<TableIdentifier>(
      "identifiers", listed.ok() ? *listed : std::vector<TableIdentifier>{}, target,
      [](const TableIdentifier& table) {
        return Json({{"namespace", table.name_space}, {"name", table.name}}).dump();
      });
}

FakeRestServer::Answer FakeRestServer::TableAnswer(const TableIdentifier& identifier,
                                                   const net::SentRequest* request) {
  const auto table = catalog_.LoadTable(identifier);
  if (!table.ok()) return Failed(table.error());
  const TableVersion version = table.value()->Current();
  JsonWriter body;
  body.BeginObject().Key("metadata-location").String(version.metadata_location);
  body.Key("metadata").Raw(iceberg::TableMetadataToJson(*version.metadata));
  const bool wants_credentials =
      request != nullptr && request->Header("X-Iceberg-Access-Delegation") == "vended-credentials";
  if (traits_.vends_credentials && wants_credentials) {
    const Json credential = {{"prefix", version.metadata->location},
                             {"config", {{"s3.access-key-id", "vended"}}}};
    body.Key("config").Raw(R"({"s3.endpoint":"https://s3.test"})");
    body.Key("storage-credentials").Raw(Json::array({credential}).dump());
  }
  return Ok(body.EndObject().Take());
}

FakeRestServer::Answer FakeRestServer::OneTable(const net::SentRequest& request,
                                                const Target& target) {
  const TableIdentifier identifier{DecodeNamespace(target.segments[1], traits_.separator),
                                   net::PercentDecode(target.segments[3]).value()};
  if (request.method == "POST") return Commit(identifier, request.body);
  if (request.method == "DELETE") {
    const Status dropped =
        catalog_.DropTable(identifier, target.query.at("purgeRequested") == "true");
    return dropped.ok() ? Answer(Ok("", 204)) : Failed(dropped.error());
  }
  return TableAnswer(identifier, &request);
}

FakeRestServer::Answer FakeRestServer::Create(const net::SentRequest& request,
                                              const Target& target) {
  const Json body = Json::parse(request.body);
  if (!body.contains("stage-create")) return FakeRestError(500, "HTTP 400 Bad Request");
  const auto creation =
      FakeCreationFrom(body, DecodeNamespace(target.segments[1], traits_.separator));
  if (!creation.ok()) return Failed(creation.error());
  const auto created = catalog_.CreateTable(*creation);
  const bool exists = !created.ok() && created.error().code() == ErrorCode::kAlreadyExists;
  if (!created.ok() && !(exists && traits_.create_answers_existing)) {
    return Failed(created.error());
  }
  return TableAnswer(creation->identifier, &request);
}

FakeRestServer::Answer FakeRestServer::Commit(const TableIdentifier& identifier,
                                              std::string_view body) {
  const Status committed = FakeServerCommit(catalog_, identifier, Json::parse(body));
  if (!committed.ok()) return Failed(committed.error());
  return TableAnswer(identifier, nullptr);
}

// Good enough for a test without rivals: all requirements first, then all updates.
FakeRestServer::Answer FakeRestServer::CommitTables(std::string_view body) {
  const Json changes = Json::parse(body)["table-changes"];
  for (const bool only_check : {true, false}) {
    for (const Json& change : changes) {
      const Status status =
          FakeServerCommit(catalog_, IdentifierFrom(change["identifier"]), change, only_check);
      if (!status.ok()) return Failed(status.error());
    }
  }
  return Ok("", 204);
}

FakeRestServer::Answer FakeRestServer::Rename(std::string_view body) {
  const Json names = Json::parse(body);
  const Status renamed =
      catalog_.RenameTable(IdentifierFrom(names["source"]), IdentifierFrom(names["destination"]));
  return renamed.ok() ? Answer(Ok("", 204)) : Failed(renamed.error());
}

FakeRestServer::Answer FakeRestServer::Register(const net::SentRequest& request,
                                                const Target& target) {
  const Json body = Json::parse(request.body);
  const TableIdentifier identifier{DecodeNamespace(target.segments[1], traits_.separator),
                                   body["name"].get<std::string>()};
  const Status registered =
      catalog_.RegisterTable(identifier, body["metadata-location"].get<std::string>());
  // Servers say anything when the file is missing.
  if (!registered.ok() && registered.error().code() == ErrorCode::kNotFound) {
    return FakeRestError(500, "cannot read the file");
  }
  if (!registered.ok()) return Failed(registered.error());
  return TableAnswer(identifier, nullptr);
}

}  // namespace kafka_iceberg::catalog
