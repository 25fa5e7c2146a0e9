// SPDX-License-Identifier: Apache-2.0
#include "net/aws_sts.h"

#include <algorithm>
#include <array>

#include "net/http_text.h"
#include "net/sigv4.h"
#include "net/time_text.h"
#include "net/xml_tags.h"

namespace kafka_iceberg::net {

namespace {

constexpr Duration kTimeout = std::chrono::seconds(15);
constexpr int64_t kAnswerBytesMax = 256 << 10;
constexpr size_t kErrorCodeBytesMax = 64;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::vector<HttpHeader> Form(std::string_view action, const AssumeRoleOptions& options) {
  std::vector<HttpHeader> fields = {{"Action", std::string(action)},
                                    {"Version", "2011-06-15"},
                                    {"RoleArn", options.role_arn},
                                    {"RoleSessionName", options.session_name}};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.duration).count();
  fields.push_back({"DurationSeconds", std::to_string(seconds)});
  return fields;
}

HttpRequest Request(const AssumeRoleOptions& options, const std::string& form) {
  return {.method = "POST",
          .url = options.sts_endpoint.ends_with('/') ? options.sts_endpoint
                                                     : options.sts_endpoint + "/",
          .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
          .body = form,
          .timeout = kTimeout,
          .response_bytes_max = kAnswerBytesMax};
}

// AWS's codes are words such as "AccessDenied"; anything else could be an echo of what we sent.
std::string ErrorCodeOf(const HttpResponse& response) {
  const auto answer = ParseXml(response.body);
  const XmlElement* code = answer.ok() ? answer->Find({"Error", "Code"}) : nullptr;
  // The older form, which some stand-ins for AWS still use.
  if (code == nullptr && answer.ok()) code = answer->Find({"Errors", "Error", "Code"});
  if (code == nullptr || code->text.size() > kErrorCodeBytesMax ||
      !std::ranges::all_of(code->text, [](char c) { return IsLetterOrDigit(c) || c == '.'; }))
    return "";
  return code->text;
}

Error RefusalOf(const HttpResponse& response, const AssumeRoleOptions& options) {
  constexpr std::array<std::string_view, 4> kTransient = {
      "Throttling", "ThrottlingException", "RequestLimitExceeded", "IDPCommunicationError"};
  const std::string code = ErrorCodeOf(response);
  const int status = response.status;
  if (status == 408 || status == 429 || status >= 500 ||
      std::ranges::find(kTransient, std::string_view(code)) != kTransient.end())
    return Error::Unavailable("sts answers {} {} for role {}", status, code, options.role_arn);
  return Error::Denied("sts answers {} {} for role {}", status, code, options.role_arn);
}

Result<AwsCredentials> ReadAnswer(const Result<HttpResponse>& response, std::string_view action,
                                  const AssumeRoleOptions& options) {
  if (!response.ok()) return response.error().WithContext("sts");
  if (response->status != 200) return RefusalOf(*response, options);
  const auto unusable = [&] {
    return Error::Unavailable("sts gives an unusable answer for role {}", options.role_arn);
  };
  const auto answer = ParseXml(response->body);
  if (!answer.ok()) return unusable();
  const std::string result = fmt::format("{}Result", action);
  const XmlElement* given = answer->Find({result, "Credentials"});
  if (given == nullptr) return unusable();
  const auto text = [&](std::string_view name) {
    const XmlElement* element = given->Child(name);
    return element == nullptr ? std::string() : element->text;
  };
  AwsCredentials credentials{.access_key_id = text("AccessKeyId"),
                             .secret_access_key = text("SecretAccessKey"),
                             .session_token = text("SessionToken"),
                             .expires_at = ParseRfc3339(text("Expiration"))};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      credentials.session_token.empty() || !credentials.expires_at.has_value())
    return unusable();
  return credentials;
}

}  // namespace

Result<std::string> StsEndpoint(const std::string& region) {
  if (region.empty())
    return Error::Denied("no AWS region for sts: set AWS_REGION, or region in the profile");
  // It becomes part of a host name.
  if (!std::ranges::all_of(region, [](char c) { return IsLetterOrDigit(c) || c == '-'; }))
    return Error::Denied("{} is not an AWS region", Printable(region, 40));
  return fmt::format("https://sts.{}.amazonaws.com{}", region,
                     region.starts_with("cn-") ? ".cn" : "");
}

Result<AwsCredentials> AssumeRole(const AssumeRoleOptions& options, const AwsCredentials& as,
                                  HttpClient& http, Timestamp now) {
  std::vector<HttpHeader> fields = Form("AssumeRole", options);
  if (!options.external_id.empty()) fields.push_back({"ExternalId", options.external_id});
  const std::string form = FormEncode(fields);
  HttpRequest request = Request(options, form);
  TRY(SignV4(request, {.region = options.region, .service = "sts"}, as, now));
  return ReadAnswer(http.Send(request), "AssumeRole", options);
}

Result<AwsCredentials> AssumeRoleWithWebIdentity(const AssumeRoleOptions& options,
                                                 const std::string& token, HttpClient& http) {
  std::vector<HttpHeader> fields = Form("AssumeRoleWithWebIdentity", options);
  fields.push_back({"WebIdentityToken", token});
  const std::string form = FormEncode(fields);
  return ReadAnswer(http.Send(Request(options, form)), "AssumeRoleWithWebIdentity", options);
}

}  // namespace kafka_iceberg::net
