// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/registry_client.h"

#include <algorithm>

#include "core/hashing.h"
#include "net/http_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr int kRedirectsMax = 2;  // the transport follows them to the same origin only
// A schema of the greatest length with all of it escaped, and its references.
constexpr int64_t kAnswerBytesMax = 8 << 20;

Result<std::string> NormalizedUrl(const std::string& url) {
  const net::UrlParts parts = TRY(net::SplitUrl(url));
  if (url.find('?') != std::string::npos) return Error::Invalid("a query is not allowed here");
  std::string_view path = parts.path;
  while (path.ends_with('/')) path.remove_suffix(1);
  return fmt::format("{}://{}{}", net::ToLower(parts.scheme), net::ToLower(parts.authority), path);
}

int64_t ToWholeMillis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

Result<std::unique_ptr<RegistryClient>> RegistryClient::Open(RegistryOptions options,
                                                             RegistryContext context) {
  if (options.urls.empty()) return Error::Invalid("the schema registry has no url");
  if (options.token != nullptr && !options.user.empty())
    return Error::Invalid("the schema registry has a user and a token: only one can be sent");
  if (options.user.find(':') != std::string::npos)
    return Error::Invalid("the user of the schema registry may not contain a colon");
  std::vector<Server> servers;
  for (const std::string& configured : options.urls) {
    auto url = NormalizedUrl(configured);
    if (!url.ok()) return url.error().WithContext("url of the schema registry");
    std::string name = "schema registry " + TRY(net::OriginOf(*url));
    servers.push_back({std::move(url).value(), std::move(name),
                       std::make_unique<CircuitBreaker>(options.breaker, context.clock)});
  }
  return std::unique_ptr<RegistryClient>(
      new RegistryClient(std::move(options), context, std::move(servers)));
}

Result<RegistrySchema> RegistryClient::Get(const RegistryCall& call, SteadyTime deadline) {
  for (int attempt = 1;; ++attempt) {
    Attempt last = AskAll(call, deadline);
    if (last.answer.next != NextStep::kTryLater || attempt >= options_.retry.attempts)
      return std::move(last.answer.schema);
    const Duration wait = std::max(options_.retry.policy.DelayAfter(attempt, context_.random),
                                   std::min(last.wait, options_.retry.wait_max));
    if (context_.clock.Steady() + wait >= deadline || !context_.clock.SleepFor(wait, {}))
      return std::move(last.answer.schema);
  }
}

RegistryClient::Attempt RegistryClient::AskAll(const RegistryCall& call, SteadyTime deadline) {
  std::optional<Attempt> last;
  bool may_help_later = false;
  for (Server& server : servers_) {
    std::optional<Attempt> attempt = Ask(server, call, deadline);
    if (!attempt.has_value()) continue;
    if (attempt->answer.next == NextStep::kDone) {
      if (last.has_value())
        context_.logger.Warn(
            "another address of the schema registry answered",
            {{"answered", server.name}, {"failed", last->answer.schema.error().message()}});
      return *std::move(attempt);
    }
    may_help_later |= attempt->answer.next == NextStep::kTryLater;
    last.emplace(*std::move(attempt));
  }
  if (!last.has_value()) return {{AllOpen(), NextStep::kNextUrl, "", false}};
  if (may_help_later) last->answer.next = NextStep::kTryLater;
  return *std::move(last);
}

std::optional<RegistryClient::Attempt> RegistryClient::Ask(Server& server, const RegistryCall& call,
                                                           SteadyTime deadline) {
  auto permit = server.breaker->TryAcquire();
  if (!permit.has_value()) return std::nullopt;
  const auto response = Send(server.url + call.path, deadline);
  Attempt attempt{ReadRegistryAnswer(response, call.asked)};
  RegistryAnswer& answer = attempt.answer;
  if (answer.is_server_failing)
    permit->Failed();
  else
    permit->Succeeded();
  if (response.ok())
    attempt.wait = net::RetryAfter(*response, context_.clock.Now()).value_or(Duration::zero());
  context_.metrics
      .GetCounter("kafka_iceberg_schema_registry_requests_total",
                  {{"result", std::string(answer.label)}})
      .Add();
  if (!answer.schema.ok()) answer.schema = answer.schema.error().WithContext(server.name);
  return attempt;
}

Result<net::HttpResponse> RegistryClient::Send(const std::string& url, SteadyTime deadline) {
  if (options_.token == nullptr) {
    const bool has_user = !options_.user.empty();
    return SendAs(
        url,
        has_user ? "Basic " + Base64Encode(options_.user + ":" + options_.password) : std::string(),
        deadline);
  }
  // Once more when the token has been taken back and there is another.
  for (bool is_second = false;; is_second = true) {
    const auto token = options_.token->Token();
    if (!token.ok()) return token.error().WithContext("cannot log in");
    auto response = SendAs(url, "Bearer " + *token, deadline);
    if (is_second || !response.ok() || response->status != 401 || !options_.token->Reject(*token))
      return response;
  }
}

Result<net::HttpResponse> RegistryClient::SendAs(const std::string& url,
                                                 const std::string& authorization,
                                                 SteadyTime deadline) {
  const Duration left = deadline - context_.clock.Steady();
  if (left <= Duration::zero())
    return Error::Timeout("no whole answer within {} ms", ToWholeMillis(options_.schema_timeout));
  net::HttpRequest request{
      .url = url,
      .headers = {{"Accept", "application/vnd.schemaregistry.v1+json, application/json"}},
      .timeout = std::min(left, options_.request_timeout),
      .response_bytes_max = kAnswerBytesMax,
      .redirects_max = kRedirectsMax};
  if (!authorization.empty()) request.headers.push_back({"Authorization", authorization});
  return context_.http.Send(request);
}

Error RegistryClient::AllOpen() const {
  Duration wait = Duration::max();
  for (const Server& server : servers_) wait = std::min(wait, server.breaker->RetryIn());
  return Error::Unavailable("{}: not asked, it failed too often; asked again in {} ms",
                            servers_.front().name, ToWholeMillis(wait));
}

}  // namespace kafka_iceberg::decode
