// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_client.h"

#include "net/sigv4.h"

namespace kafka_iceberg::catalog {
namespace {

constexpr int kRedirectsMax = 3;
// Shorter ones would be found everywhere, and are hardly secret.
constexpr size_t kSecretBytesMin = 8;

// The token server's time-out says nothing about the catalog: its request was never sent.
Error NotSent(const Error& error) {
  const ErrorCode code =
      error.code() == ErrorCode::kTimeout ? ErrorCode::kUnavailable : error.code();
  return Error(code, error.message()).WithContext("cannot log in");
}

void Replace(std::string_view secret, std::string& text) {
  if (secret.size() < kSecretBytesMin) return;
  for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
    text.replace(at, secret.size(), "***");
  }
}

}  // namespace

Result<RestClient::Authority> RestClient::Authorize() {
  Authority authority;
  if (context_.signing) {
    auto credentials = context_.signing->credentials->Get();
    if (!credentials.ok()) return NotSent(credentials.error());
    authority.aws = std::move(credentials).value();
  } else if (context_.token) {
    auto token = context_.token->Token();
    if (!token.ok()) return NotSent(token.error());
    authority.token = std::move(token).value();
  }
  return authority;
}

Result<net::HttpResponse> RestClient::SendAs(const RestCall& call, const Authority& authority) {
  const bool changes_nothing = call.method == "GET" || call.method == "HEAD";
  net::HttpRequest request{
      .method = call.method,
      .url = call.url,
      .headers = options_.headers,
      .body = call.body,
      .timeout = options_.request_timeout,
      .response_bytes_max = options_.reply_bytes_max,
      .redirects_max = changes_nothing && !context_.signing ? kRedirectsMax : 0};
  request.headers.push_back({"Accept", "application/json"});
  if (!call.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!call.idempotency_key.empty()) {
    request.headers.push_back({"Idempotency-Key", call.idempotency_key});
  }
  if (call.wants_credentials && options_.vended_credentials) {
    request.headers.push_back({"X-Iceberg-Access-Delegation", "vended-credentials"});
  }
  if (context_.signing) {
    const net::SigningScope scope{.region = context_.signing->region,
                                  .service = context_.signing->service,
                                  .encode_path_twice = context_.signing->service != "s3",
                                  .body_sha256 = "",
                                  .sign_body = true};
    TRY(net::SignV4(request, scope, authority.aws, context_.clock.Now()));
  } else if (!authority.token.empty()) {
    request.headers.push_back({"Authorization", "Bearer " + authority.token});
  }
  return context_.http.Send(request);
}

bool RestClient::HasOther(int status, const Authority& refused) {
  if (context_.signing) {
    // An expired key is a 403 to AWS; so is a missing permission, where there is no other key.
    if (status != 401 && status != 403) return false;
    context_.signing->credentials->Reject(refused.aws);
    const auto other = context_.signing->credentials->Get();
    return other.ok() && (other->access_key_id != refused.aws.access_key_id ||
                          other->session_token != refused.aws.session_token);
  }
  return (status == 401 || status == 419) && context_.token != nullptr &&
         context_.token->Reject(refused.token);
}

// What a server says ends up in logs, and some echo the request.
void RestClient::Redact(const Authority& authority, std::string& body) const {
  Replace(authority.token, body);
  Replace(authority.aws.secret_access_key, body);
  Replace(authority.aws.session_token, body);
  for (const net::HttpHeader& header : options_.headers) Replace(header.value, body);
}

Result<net::HttpResponse> RestClient::Send(const RestCall& call) {
  Authority authority = TRY(Authorize());
  auto reply = SendAs(call, authority);
  if (reply.ok() && HasOther(reply->status, authority)) {
    authority = TRY(Authorize());
    reply = SendAs(call, authority);
  }
  if (reply.ok() && reply->status >= 300) Redact(authority, reply->body);
  return reply;
}

Result<net::HttpResponse> RestClient::Read(const RestCall& call) {
  return net::SendWithRetry([&] { return Send(call); }, options_.reads, context_.clock,
                            context_.random);
}

}  // namespace kafka_iceberg::catalog
