// SPDX-License-Identifier: Apache-2.0
#include "catalog/glue/fake_glue_server.h"

#include <gtest/gtest.h>

namespace kafka_iceberg::catalog {
namespace {

using Json = nlohmann::json;

constexpr size_t kPageSize = 2;

net::HttpResponse Response(int status, std::string body) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

net::HttpResponse Refusal(const std::string& type, const std::string& message) {
  return Response(400,
                  Json({{"__type", "com.amazonaws.glue#" + type}, {"message", message}}).dump());
}

std::string Quoted(const net::SentRequest& request) {
  std::string text = "The Canonical String for this request should have been 'POST";
  for (const net::HttpHeader& header : request.headers)
    text += " " + header.name + ":" + header.value;
  return text;
}

// Elements of a page, and where the next one begins.
Json Page(const Json& all, const Json& body, const char* list) {
  const size_t from = body.contains("NextToken") ? std::stoul(std::string(body["NextToken"])) : 0;
  const size_t size = body.value("MaxResults", kPageSize);
  Json page = {{list, Json::array()}};
  for (size_t i = from; i < std::min(from + size, all.size()); ++i) page[list].push_back(all[i]);
  if (from + size < all.size()) page["NextToken"] = std::to_string(from + size);
  return page;
}

}  // namespace

int FakeGlueServer::CountOf(const std::string& operation) const {
  MutexLock lock(mutex_);
  const auto found = counts_.find(operation);
  return found == counts_.end() ? 0 : found->second;
}

void FakeGlueServer::Next(const std::string& operation, std::vector<GlueFault> faults) {
  MutexLock lock(mutex_);
  for (const GlueFault fault : faults) faults_[operation].push_back(fault);
}

void FakeGlueServer::Before(const std::string& operation, std::function<void()> hook) {
  MutexLock lock(mutex_);
  hooks_[operation] = std::move(hook);
}

Json FakeGlueServer::Table(const std::string& database, const std::string& name) const {
  MutexLock lock(mutex_);
  const auto found = databases_.find(database);
  if (found == databases_.end() || !found->second.tables.contains(name)) return {};
  return Shown(database, found->second.tables.at(name));
}

void FakeGlueServer::Change(const std::string& database, const std::string& name,
                            const std::function<void(Json&)>& change) {
  MutexLock lock(mutex_);
  StoredTable& stored = databases_.at(database).tables.at(name);
  change(stored.table);
  ++stored.version;
}

void FakeGlueServer::AddTable(const std::string& database, Json input) {
  MutexLock lock(mutex_);
  const std::string name = input["Name"];
  databases_[database].tables[name] = {std::move(input), 1};
}

void FakeGlueServer::SetDatabaseLocation(const std::string& database, const std::string& location) {
  MutexLock lock(mutex_);
  databases_[database].location = location;
}

void FakeGlueServer::HideVersions() {
  MutexLock lock(mutex_);
  hides_versions_ = true;
}

Json FakeGlueServer::Shown(const std::string& database, const StoredTable& stored) const {
  Json shown = stored.table;
  shown["DatabaseName"] = database;
  if (!hides_versions_) shown["VersionId"] = std::to_string(stored.version);
  return shown;
}

Result<net::HttpResponse> FakeGlueServer::Handle(const net::SentRequest& request) {
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.Header("content-type"), "application/x-amz-json-1.1");
  EXPECT_TRUE(request.Header("authorization").starts_with("AWS4-HMAC-SHA256 Credential="));
  EXPECT_NE(request.Header("authorization").find("/us-east-1/glue/aws4_request"),
            std::string::npos);
  const std::string target = request.Header("x-amz-target");
  EXPECT_TRUE(target.starts_with("AWSGlue."));
  const std::string operation = target.substr(target.find('.') + 1);
  std::optional<GlueFault> fault;
  std::function<void()> hook;
  {
    MutexLock lock(mutex_);
    ++counts_[operation];
    hook = std::exchange(hooks_[operation], {});
    std::deque<GlueFault>& faults = faults_[operation];
    if (!faults.empty()) {
      fault = faults.front();
      faults.pop_front();
    }
  }
  if (hook) hook();
  if (fault) return WithFault(*fault, operation, request);
  const Answer answer = Apply(operation, Json::parse(request.body));
  return Response(answer.status, answer.body.dump());
}

Result<net::HttpResponse> FakeGlueServer::WithFault(GlueFault fault, const std::string& operation,
                                                    const net::SentRequest& request) {
  const auto apply = [&] { EXPECT_EQ(Apply(operation, Json::parse(request.body)).status, 200); };
  switch (fault) {
    case GlueFault::kThrottled: return Refusal("ThrottlingException", "Rate exceeded");
    case GlueFault::kTooManyRequests: return Response(429, "");
    case GlueFault::kBusy: return Response(503, "busy");
    case GlueFault::kServerErrorAfter: apply(); [[fallthrough]];
    case GlueFault::kServerErrorBefore:
      return Response(500, R"({"__type":"InternalServiceException","message":"oops"})");
    case GlueFault::kTimeoutAfter: apply(); [[fallthrough]];
    case GlueFault::kTimeoutBefore: return Error::Timeout("glue.test: no answer within 30 s");
    case GlueFault::kNotSent: return Error::Unavailable("glue.test: connection refused");
    case GlueFault::kGarbageAfter: apply(); return Response(200, "<html>hello</html>");
    case GlueFault::kEmptyAfter: apply(); return Response(200, "");
    case GlueFault::kConflictAfter:
      apply();
      return Refusal("ConcurrentModificationException", "changed meanwhile");
    case GlueFault::kDenied:
      return Refusal("AccessDeniedException", "User: arn:aws:iam::1:user/me is not authorized");
    case GlueFault::kExpiredToken: return Refusal("ExpiredTokenException", Quoted(request));
    case GlueFault::kBadSignature: return Refusal("InvalidSignatureException", Quoted(request));
    case GlueFault::kQuota:
      return Refusal("ResourceNumberLimitExceededException", "too many table versions");
    case GlueFault::kTooLongDefinition: return Refusal("ValidationException", "type is too long");
    case GlueFault::kUnforeseen: return Response(418, "I'm a teapot");
  }
  return Response(500, "");
}

FakeGlueServer::Answer FakeGlueServer::Apply(const std::string& operation, const Json& body) {
  MutexLock lock(mutex_);
  return operation.find("Database") != std::string::npos ? ApplyToDatabase(operation, body)
                                                         : ApplyToTable(operation, body);
}

namespace {

Json ErrorBody(const std::string& type) { return {{"__type", type}, {"message", type + "."}}; }

}  // namespace

FakeGlueServer::Answer FakeGlueServer::ApplyToDatabase(const std::string& operation,
                                                       const Json& body) {
  if (operation == "GetDatabases") {
    Json all = Json::array();
    for (const auto& [name, database] : databases_) all.push_back({{"Name", name}});
    return {200, Page(all, body, "DatabaseList")};
  }
  const std::string name =
      operation == "CreateDatabase" ? body["DatabaseInput"]["Name"] : body["Name"];
  const bool exists = databases_.contains(name);
  if (operation == "CreateDatabase") {
    if (exists) return {400, ErrorBody("AlreadyExistsException")};
    databases_[name] = {};
    return {200, Json::object()};
  }
  if (!exists) return {400, ErrorBody("EntityNotFoundException")};
  if (operation == "DeleteDatabase") {
    databases_.erase(name);  // with all its tables, as Glue does
    return {200, Json::object()};
  }
  Json shown = {{"Name", name}};
  if (!databases_[name].location.empty()) shown["LocationUri"] = databases_[name].location;
  return {200, {{"Database", shown}}};
}

FakeGlueServer::Answer FakeGlueServer::ApplyToTable(const std::string& operation,
                                                    const Json& body) {
  const auto database = databases_.find(body["DatabaseName"]);
  if (database == databases_.end()) return {400, ErrorBody("EntityNotFoundException")};
  std::map<std::string, StoredTable>& tables = database->second.tables;
  if (operation == "GetTables") {
    Json all = Json::array();
    for (const auto& [name, stored] : tables) all.push_back(Shown(database->first, stored));
    return {200, Page(all, body, "TableList")};
  }
  const bool has_input = body.contains("TableInput");
  const std::string name = has_input ? body["TableInput"]["Name"] : body["Name"];
  const auto found = tables.find(name);
  if (operation == "CreateTable") {
    if (found != tables.end()) return {400, ErrorBody("AlreadyExistsException")};
    tables[name] = {body["TableInput"], 1};
    return {200, Json::object()};
  }
  if (found == tables.end()) return {400, ErrorBody("EntityNotFoundException")};
  if (operation == "UpdateTable") return UpdateTable(found->second, body);
  if (operation == "DeleteTable") {
    tables.erase(found);
    return {200, Json::object()};
  }
  return {200, {{"Table", Shown(database->first, found->second)}}};
}

FakeGlueServer::Answer FakeGlueServer::UpdateTable(StoredTable& stored, const Json& body) {
  const std::string expected = body.value("VersionId", "");
  EXPECT_NE(expected, "") << "an update without VersionId overwrites";
  if (expected != std::to_string(stored.version))
    return {400, ErrorBody("ConcurrentModificationException")};
  stored.table = body["TableInput"];
  ++stored.version;
  return {200, Json::object()};
}

Result<net::AwsCredentials> FakeAwsCredentials::Get() {
  MutexLock lock(mutex_);
  if (error_) return *error_;
  return net::AwsCredentials{.access_key_id = fmt::format("AKIA{}", rejections_),
                             .secret_access_key = kSecret,
                             .session_token = kToken};
}

void FakeAwsCredentials::Reject(const net::AwsCredentials& credentials) {
  MutexLock lock(mutex_);
  EXPECT_EQ(credentials.access_key_id, fmt::format("AKIA{}", rejections_));
  ++rejections_;
}

int FakeAwsCredentials::rejections() const {
  MutexLock lock(mutex_);
  return rejections_;
}

void FakeAwsCredentials::Fail(Error error) {
  MutexLock lock(mutex_);
  error_ = std::move(error);
}

}  // namespace kafka_iceberg::catalog
