// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/aws_sources.h"
#include "net/http_text.h"
#include "net/time_text.h"

namespace kafka_iceberg::net {

namespace {

using Json = nlohmann::json;

constexpr int64_t kAnswerBytesMax = 64 << 10;
constexpr size_t kTokenFileBytesMax = 64 << 10;
// These services are one hop away; where they do not exist nobody wants to wait for them.
constexpr Duration kTimeout = std::chrono::seconds(2);
constexpr std::string_view kMetadataPath = "/latest/meta-data/iam/security-credentials/";

Result<AwsCredentials> ReadDocument(const HttpResponse& response, std::string_view source) {
  const Json document = Json::parse(response.body, nullptr, false);
  const auto text = [&](const char* name) {
    const bool is_text =
        document.is_object() && document.contains(name) && document[name].is_string();
    return is_text ? document[name].get<std::string>() : std::string();
  };
  AwsCredentials credentials{.access_key_id = text("AccessKeyId"),
                             .secret_access_key = text("SecretAccessKey"),
                             .session_token = text("Token"),
                             .expires_at = ParseRfc3339(text("Expiration"))};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return Error::Unavailable("{} gives an answer without credentials", source);
  return credentials;
}

Error RefusalOf(const HttpResponse& response, std::string_view source) {
  if (response.status == 408 || response.status == 429 || response.status >= 500)
    return Error::Unavailable("{} answers {}", source, response.status);
  return Error::Denied("{} answers {}", source, response.status);
}

Result<HttpResponse> GetFrom(HttpClient& http, const std::string& url,
                             std::vector<HttpHeader> headers) {
  return http.Send({.url = url,
                    .headers = std::move(headers),
                    .timeout = kTimeout,
                    .response_bytes_max = kAnswerBytesMax});
}

// Without TLS only the machine itself and the two agents that AWS documents.
bool IsTrustedHost(std::string_view host) {
  const bool is_loopback_address =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_loopback_address || EqualsIgnoreCase(host, "localhost") || host == "::1" ||
         host == "169.254.170.2" || host == "169.254.170.23" || host == "fd00:ec2::23";
}

Result<std::string> ContainerUrl(const Environment& environment) {
  const std::string relative = Variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) {
    if (!relative.starts_with('/'))
      return Error::Denied("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with /");
    return "http://169.254.170.2" + relative;
  }
  std::string url = Variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const auto parts = SplitUrl(url);
  if (!parts.ok())
    return Error::Denied("AWS_CONTAINER_CREDENTIALS_FULL_URI: {}", parts.error().message());
  if (!EqualsIgnoreCase(parts->scheme, "https") && !IsTrustedHost(parts->host))
    return Error::Denied("AWS_CONTAINER_CREDENTIALS_FULL_URI: host {} needs https", parts->host);
  return url;
}

Result<std::vector<HttpHeader>> ContainerHeaders(const Environment& environment) {
  std::string token = Variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = Variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) {
    const auto content = ReadSmallFile(file, kTokenFileBytesMax);
    if (!content.ok()) return Error::Denied("{}", content.error().message());
    token = *content;
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  }
  std::vector<HttpHeader> headers = {{"Accept", "application/json"}};
  if (!token.empty()) headers.push_back({"Authorization", token});
  return headers;
}

std::string MetadataEndpoint(const AwsChainOptions& options) {
  std::string endpoint = options.metadata_endpoint;
  if (endpoint.empty())
    endpoint = Variable(options.environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.empty()) {
    const std::string mode =
        Variable(options.environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    endpoint = EqualsIgnoreCase(mode, "IPv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

}  // namespace

FoundCredentials FromContainer(const AwsSourceContext& context) {
  const Environment& environment = context.options.environment;
  if (Variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() &&
      Variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty())
    return std::optional<AwsCredentials>();
  const std::string url = TRY(ContainerUrl(environment));
  const auto response = GetFrom(context.http, url, TRY(ContainerHeaders(environment)));
  if (!response.ok()) return response.error().WithContext("container credentials");
  if (response->status != 200) return RefusalOf(*response, "container credentials");
  return TRY(ReadDocument(*response, "container credentials"));
}

FoundCredentials FromInstanceMetadata(const AwsSourceContext& context) {
  const AwsChainOptions& options = context.options;
  if (EqualsIgnoreCase(Variable(options.environment, "AWS_EC2_METADATA_DISABLED"), "true"))
    return std::optional<AwsCredentials>();
  constexpr std::string_view kSource = "instance metadata";
  const std::string endpoint = MetadataEndpoint(options);
  // The token proves that we may send any request at all, not just fetch a URL: version 2. Version
  // 1 has no such proof and is never used.
  const auto token =
      context.http.Send({.method = "PUT",
                         .url = endpoint + "/latest/api/token",
                         .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                         .timeout = kTimeout,
                         .response_bytes_max = kAnswerBytesMax});
  if (!token.ok()) return token.error().WithContext(kSource);
  if (token->status != 200) return RefusalOf(*token, kSource);
  const std::vector<HttpHeader> headers = {{"X-aws-ec2-metadata-token", token->body}};

  const std::string roles_url = fmt::format("{}{}", endpoint, kMetadataPath);
  const auto roles = GetFrom(context.http, roles_url, headers);
  if (!roles.ok()) return roles.error().WithContext(kSource);
  if (roles->status == 404) return Error::Denied("{}: the instance has no role", kSource);
  if (roles->status != 200) return RefusalOf(*roles, kSource);
  const std::string_view names = roles->body;
  const std::string_view role = Trim(names.substr(0, names.find_first_of("\r\n")));
  if (role.empty()) return Error::Denied("{}: the instance has no role", kSource);
  const auto document = GetFrom(context.http, roles_url + PercentEncode(role), headers);
  if (!document.ok()) return document.error().WithContext(kSource);
  if (document->status != 200) return RefusalOf(*document, kSource);
  return TRY(ReadDocument(*document, kSource));
}

}  // namespace kafka_iceberg::net
