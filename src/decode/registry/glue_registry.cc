// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/glue_registry.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/retry_policy.h"
#include "decode/registry/cached_schemas.h"
#include "decode/registry/registry_answer.h"
#include "iceberg/json/json_reader.h"
#include "net/http_retry.h"
#include "net/http_text.h"
#include "net/sigv4.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Json;

constexpr int64_t kAnswerBytesMax = 4 << 20;
constexpr std::array<std::string_view, 4> kExpired = {
    "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"};

// "com.amazonaws.glue#EntityNotFoundException", "EntityNotFoundException:http://..." without what
// stands around the name.
std::string TypeOf(const net::HttpResponse& response) {
  const auto body = iceberg::ParseJson(response.body, "answer");
  const Json* member = body.ok() ? iceberg::FindMember(*body, "__type") : nullptr;
  std::string type(response.Header("x-amzn-errortype").value_or(""));
  if (member != nullptr && member->is_string()) type = member->get<std::string>();
  type.erase(0, type.find('#') + 1);
  return net::Printable(type.substr(0, type.find(':')), 80);
}

bool IsExpired(const net::HttpResponse& response) {
  return response.status != 200 && std::ranges::find(kExpired, TypeOf(response)) != kExpired.end();
}

Result<PayloadFormat> FormatOf(const std::string& name) {
  if (name == "AVRO") return PayloadFormat::kAvro;
  if (name == "PROTOBUF") return PayloadFormat::kProtobuf;
  if (name == "JSON") return PayloadFormat::kJsonSchema;
  return Error::Unsupported("the schema is none of AVRO, PROTOBUF, JSON");
}

// `uuid` empty: of any version.
Result<PayloadSchema> SchemaOf(const std::string& text, const std::string& uuid) {
  const auto body = iceberg::ParseJson(text, "answer");
  if (!body.ok() || !body->is_object())
    return Error::Unavailable("answered 200 with something that is no schema");
  const std::string status = TRY(iceberg::ReadString(*body, "Status"));
  // A version that is pending may become available; the others never will.
  if (status == "PENDING") return Error::Unavailable("the schema is still being checked by Glue");
  if (status == "FAILURE") return Error::Unsupported("Glue has found the schema unfit");
  const std::string id = TRY(iceberg::ReadString(*body, "SchemaVersionId"));
  if (!uuid.empty() && !net::EqualsIgnoreCase(id, uuid))
    return Error::Corrupt("the answer has another id");
  PayloadSchema schema;
  schema.format = TRY(FormatOf(TRY(iceberg::ReadString(*body, "DataFormat"))));
  schema.text = TRY(iceberg::ReadString(*body, "SchemaDefinition"));
  if (schema.text.size() > kRegistrySchemaBytesMax) {
    return Error::Corrupt("the schema has {} bytes, at most {} are allowed", schema.text.size(),
                          kRegistrySchemaBytesMax);
  }
  return schema;
}

// Only that there is no such schema is a verdict on the record; all else leaves it waiting.
Error ErrorOf(const net::HttpResponse& response) {
  const std::string type = TypeOf(response);
  if (response.status < 500 && type == "EntityNotFoundException")
    return Error::NotFound("the registry does not know it");
  if (response.status == 401 || response.status == 403 || type.starts_with("AccessDenied") ||
      std::ranges::find(kExpired, type) != kExpired.end()) {
    return Error::Unavailable(
        "{} {}: the credentials were refused: they need the permission glue:GetSchemaVersion",
        response.status, type);
  }
  return Error::Unavailable("{} {}: not able to answer", response.status, type);
}

class GlueFetcher final : public SchemaFetcher {
 public:
  GlueFetcher(GlueRegistryOptions options, RegistryContext context,
              std::shared_ptr<net::AwsCredentialsProvider> credentials)
      : options_(std::move(options)), context_(context), credentials_(std::move(credentials)) {}

  Result<std::string> KeyOf(const SchemaId& id) const override {
    const auto* uuid = std::get_if<std::string>(&id);
    if (uuid == nullptr) {
      return Error::NotFound("{} is a number, and the Glue schema registry knows UUIDs only",
                             ToString(id));
    }
    return SchemaUuid(*uuid);
  }

  Result<PayloadSchema> Fetch(const SchemaId& id) override {
    const std::string uuid = TRY(KeyOf(id));
    return Ask(Json{{"SchemaVersionId", uuid}}.dump(), uuid);
  }

  // A subject is the name of a schema, in the default registry or after "registry/".
  Result<PayloadSchema> FetchLatest(const std::string& subject) override {
    Json schema;
    const size_t slash = subject.find('/');
    if (slash != std::string::npos) schema["RegistryName"] = subject.substr(0, slash);
    schema["SchemaName"] = slash == std::string::npos ? subject : subject.substr(slash + 1);
    const Json request{{"SchemaId", schema}, {"SchemaVersionNumber", {{"LatestVersion", true}}}};
    return Ask(request.dump(-1, ' ', false, Json::error_handler_t::replace), "");
  }

 private:
  Result<PayloadSchema> Ask(const std::string& question, const std::string& uuid) {
    for (int attempt = 1;; ++attempt) {
      Result<net::HttpResponse> response = Send(question);
      const bool is_answer = response.ok() && !net::IsRetryable(response->status) &&
                             response->status < 500 && !IsThrottled(*response);
      Count(response);
      if (is_answer && response->status == 200) return SchemaOf(response->body, uuid);
      if (is_answer || attempt >= options_.attempts) {
        return response.ok() ? ErrorOf(*response)
                             : Error::Unavailable("{}", response.error().message());
      }
      context_.clock.SleepFor(pauses_.DelayAfter(attempt, context_.random), {});
    }
  }

  static bool IsThrottled(const net::HttpResponse& response) {
    return response.status != 200 && (TypeOf(response).starts_with("Throttling") ||
                                      TypeOf(response) == "TooManyRequestsException");
  }

  void Count(const Result<net::HttpResponse>& response) {
    const char* result = !response.ok()            ? "unavailable"
                         : response->status == 200 ? "ok"
                         : IsThrottled(*response)  ? "unavailable"
                         : response->status == 400 ? "not_found"
                         : response->status == 403 ? "denied"
                                                   : "unavailable";
    context_.metrics
        .GetCounter("kafka_iceberg_schema_registry_requests_total", {{"result", result}})
        .Add();
  }

  // Once more when the credentials were refused as expired.
  Result<net::HttpResponse> Send(const std::string& question) {
    for (int attempt = 1;; ++attempt) {
      const auto credentials = credentials_->Get();
      if (!credentials.ok()) return credentials.error();
      Result<net::HttpResponse> response = SendAs(question, *credentials);
      if (!response.ok() || !IsExpired(*response) || attempt == 2) return response;
      credentials_->Reject(*credentials);
    }
  }

  Result<net::HttpResponse> SendAs(const std::string& question,
                                   const net::AwsCredentials& credentials) {
    net::HttpRequest request{.method = "POST",
                             .url = options_.endpoint + "/",
                             .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                         {"X-Amz-Target", "AWSGlue.GetSchemaVersion"}},
                             .body = question,
                             .timeout = options_.request_timeout,
                             .response_bytes_max = kAnswerBytesMax};
    TRY(net::SignV4(request, {.region = options_.region, .service = "glue"}, credentials,
                    context_.clock.Now()));
    return context_.http.Send(request);
  }

  const GlueRegistryOptions options_;
  const RegistryContext context_;
  const std::shared_ptr<net::AwsCredentialsProvider> credentials_;
  const RetryPolicy pauses_;
};

}  // namespace

Result<std::shared_ptr<SchemaSource>> OpenGlueRegistry(
    GlueRegistryOptions options, RegistryContext context,
    std::shared_ptr<net::AwsCredentialsProvider> credentials) {
  if (options.region.empty())
    return Error::Invalid("no AWS region: set schema_registry.region or AWS_REGION");
  if (options.endpoint.empty())
    options.endpoint = fmt::format("https://glue.{}.amazonaws.com", options.region);
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  std::unique_ptr<SchemaDiskCache> disk;
  if (!options.cache_directory.empty()) {
    disk = TRY(SchemaDiskCache::Open(options.cache_directory, options.endpoint, context.random,
                                     context.logger));
  }
  const SchemaTtls ttls{options.negative_ttl, options.subject_ttl};
  return std::make_shared<CachedSchemas>(
      std::make_unique<GlueFetcher>(std::move(options), context, std::move(credentials)),
      std::move(disk), ttls, context);
}

}  // namespace kafka_iceberg::decode
