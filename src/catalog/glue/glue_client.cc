// SPDX-License-Identifier: Apache-2.0
#include "catalog/glue/glue_client.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "iceberg/json/json_reader.h"
#include "net/sigv4.h"

namespace kafka_iceberg::catalog {
namespace {

using Json = nlohmann::json;

// A page of tables with long parameters is the biggest answer.
constexpr int64_t kResponseBytesMax = 64 << 20;
constexpr size_t kMessageBytesMax = 400;
constexpr int kSlowDownRetries = 3;

template <size_t N>
bool IsOneOf(std::string_view type, const std::array<std::string_view, N>& types) {
  return std::ranges::find(types, type) != types.end();
}

constexpr std::array<std::string_view, 6> kThrottled = {
    "ThrottlingException",       "Throttling",           "TooManyRequestsException",
    "RequestThrottledException", "RequestLimitExceeded", "SlowDown"};
// New credentials may help.
constexpr std::array<std::string_view, 4> kExpired = {
    "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"};
// Their messages quote the request, session token included.
constexpr std::array<std::string_view, 8> kNotAuthentic = {"InvalidSignatureException",
                                                           "SignatureDoesNotMatch",
                                                           "IncompleteSignature",
                                                           "IncompleteSignatureException",
                                                           "MissingAuthenticationToken",
                                                           "MissingAuthenticationTokenException",
                                                           "RequestExpired",
                                                           "InvalidAccessKeyId"};
constexpr std::array<std::string_view, 5> kDenied = {"AccessDeniedException", "AccessDenied",
                                                     "UnauthorizedOperation", "NotAuthorized",
                                                     "OptInRequired"};
constexpr std::array<std::string_view, 6> kInvalid = {
    "ValidationException",       "ValidationError",        "InvalidInputException",
    "InvalidParameterException", "SerializationException", "UnknownOperationException"};

std::string Printable(std::string_view text) {
  std::string cut(text.substr(0, std::min(text.find('\n'), kMessageBytesMax)));
  std::ranges::replace_if(cut, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, ' ');
  return cut;
}

// Whatever a server quotes of our request.
void Redact(std::string& body, const net::AwsCredentials& credentials) {
  for (const std::string& secret : {credentials.secret_access_key, credentials.session_token}) {
    if (secret.empty()) continue;
    for (size_t at = 0; (at = body.find(secret, at)) != std::string::npos; at += 3)
      body.replace(at, secret.size(), "***");
  }
}

}  // namespace

struct GlueClient::Failure {
  int status = 0;
  std::string type;  // without its namespace; empty when the answer is no JSON
  std::string message;
  std::string server_date;

  // Refused before anything was done; a 5xx proves no such thing.
  bool is_throttled() const { return status < 500 && (status == 429 || IsOneOf(type, kThrottled)); }
  static Failure Of(const net::HttpResponse& response) {
    Failure failure{.status = response.status,
                    .server_date = Printable(response.Header("date").value_or(""))};
    const Json body = Json::parse(response.body, nullptr, false);
    const auto text = [&](const char* name) -> std::string {
      const Json* member = iceberg::FindMember(body, name);
      return member != nullptr && member->is_string() ? member->get<std::string>() : "";
    };
    failure.type = text("__type");
    if (failure.type.empty()) failure.type = response.Header("x-amzn-errortype").value_or("");
    // "com.amazonaws.glue#EntityNotFoundException", "EntityNotFoundException:http://..."
    failure.type.erase(0, failure.type.find('#') + 1);
    failure.type = Printable(failure.type.substr(0, failure.type.find(':')));
    failure.message = Printable(text("message").empty() ? text("Message") : text("message"));
    return failure;
  }
};

GlueClient::GlueClient(GlueClientOptions options, const CatalogContext& context,
                       net::HttpClient& http,
                       std::shared_ptr<net::AwsCredentialsProvider> credentials)
    : options_(std::move(options)),
      context_(context),
      http_(http),
      credentials_(std::move(credentials)) {}

Result<Json> GlueClient::Read(std::string_view operation, std::string_view target, Json body) {
  return Run(Kind::kRead, operation, target, std::move(body));
}

Result<Json> GlueClient::Write(std::string_view operation, std::string_view target, Json body) {
  return Run(Kind::kWrite, operation, target, std::move(body));
}

Result<Json> GlueClient::Run(Kind kind, std::string_view operation, std::string_view target,
                             Json body) {
  if (!options_.catalog_id.empty()) body["CatalogId"] = options_.catalog_id;
  const Call call{kind, operation, target,
                  body.dump(-1, ' ', false, Json::error_handler_t::replace)};
  for (int attempt = 1;; ++attempt) {
    Result<net::HttpResponse> response = Send(call);
    if (!response.ok()) return response.error();
    const bool is_busy = response->status == 503 ||
                         (response->status != 200 && Failure::Of(*response).is_throttled());
    if (!is_busy || kind == Kind::kWrite || attempt > kSlowDownRetries)
      return Interpret(call, *response);
    context_.clock.SleepFor(slow_down_.DelayAfter(attempt, context_.random), {});
  }
}

Result<net::HttpResponse> GlueClient::Send(const Call& call) {
  for (int attempt = 1;; ++attempt) {
    const auto credentials = credentials_->Get();
    if (!credentials.ok()) {
      // Nothing was sent, so a time-out here leaves nothing open.
      const bool is_denied = credentials.error().code() == ErrorCode::kDenied;
      const std::string message =
          fmt::format("glue:{}: {}", call.operation, credentials.error().message());
      return is_denied ? Error::Denied("{}", message) : Error::Unavailable("{}", message);
    }
    Result<net::HttpResponse> response = SendOnce(call, *credentials);
    if (!response.ok()) return response;
    const bool is_refused =
        response->status != 200 && IsOneOf(Failure::Of(*response).type, kExpired);
    if (!is_refused || attempt == 2) {
      if (response->status != 200) Redact(response->body, *credentials);
      return response;
    }
    credentials_->Reject(*credentials);
  }
}

Result<net::HttpResponse> GlueClient::SendOnce(const Call& call,
                                               const net::AwsCredentials& credentials) {
  net::HttpRequest request{.method = "POST",
                           .url = options_.endpoint + "/",
                           .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                       {"X-Amz-Target", fmt::format("AWSGlue.{}", call.operation)}},
                           .body = call.body,
                           .timeout = options_.request_timeout,
                           .response_bytes_max = kResponseBytesMax};
  TRY(net::SignV4(request, {.region = options_.region, .service = "glue"}, credentials,
                  context_.clock.Now()));
  Result<net::HttpResponse> response = http_.Send(request);
  if (response.ok()) return response;
  const Error error = response.error().WithContext(fmt::format("glue:{}", call.operation));
  const bool is_open = call.kind == Kind::kWrite && error.code() == ErrorCode::kTimeout;
  return is_open ? Open(call, error.message()) : error;
}

Result<Json> GlueClient::Interpret(const Call& call, const net::HttpResponse& response) const {
  if (response.status != 200) return ErrorOf(call, Failure::Of(response));
  if (response.body.empty() && call.kind == Kind::kWrite) return Json();
  Result<Json> body = iceberg::ParseJson(response.body, "answer");
  if (body.ok() && body->is_object()) return body;
  const std::string detail = fmt::format(
      "glue:{} was answered with something that is not Glue's: check the endpoint", call.operation);
  if (call.kind == Kind::kWrite) return Open(call, detail);
  return Error::Unavailable("{}", detail);
}

Error GlueClient::Open(const Call& call, const std::string& detail) {
  return Error::CommitUnknown("{}: whether {} was changed is open", detail, call.target);
}

Error GlueClient::ErrorOf(const Call& call, const Failure& failure) const {
  const std::string_view type = failure.type;
  const std::string what = fmt::format("glue:{} on {}: {}{}{}", call.operation, call.target,
                                       failure.status, type.empty() ? "" : " ", type);
  const std::string full = failure.message.empty() ? what : what + ": " + failure.message;
  if (failure.is_throttled()) return Error::Unavailable("{} (asked to slow down)", what);
  if (failure.status >= 500 || type == "OperationTimeoutException") {
    return call.kind == Kind::kWrite ? Open(call, full) : Error::Unavailable("{}", full);
  }
  if (type == "EntityNotFoundException") return Error::NotFound("{}", full);
  if (type == "AlreadyExistsException") return Error::AlreadyExists("{}", full);
  if (type == "ConcurrentModificationException") return Error::Conflict("{}", full);
  if (type == "ResourceNumberLimitExceededException") {
    return Error::Invalid(
        "{}: a quota of the account; old table versions count too unless "
        "skip_archive is true",
        full);
  }
  if (IsOneOf(type, kExpired)) {
    return Error::Denied("{}: the credentials are expired or not known", what);
  }
  if (IsOneOf(type, kNotAuthentic)) {
    return Error::Denied(
        "{}: the signature was refused: check the secret key, the region {} and "
        "this machine's clock (the server's: {})",
        what, options_.region, failure.server_date);
  }
  if (IsOneOf(type, kDenied)) {
    return Error::Denied("{}: the credentials lack the permission glue:{} on {}: {}", what,
                         call.operation, call.target, failure.message);
  }
  if (IsOneOf(type, kInvalid)) return Error::Invalid("{}", full);
  // Not foreseen: a 4xx of a proxy, or of a newer Glue.
  if (call.kind == Kind::kWrite) return Open(call, full);
  if (failure.status == 401 || failure.status == 403) return Error::Denied("{}", full);
  return failure.status >= 400 ? Error::Invalid("{}", full) : Error::Unavailable("{}", full);
}

}  // namespace kafka_iceberg::catalog
