// SPDX-License-Identifier: Apache-2.0
#include "net/token_source.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/hashing.h"
#include "core/mutex.h"
#include "net/http_text.h"
#include "net/renewing.h"

namespace kafka_iceberg::net {

namespace {

using Json = nlohmann::json;

constexpr int64_t kAnswerBytesMax = 1 << 20;
constexpr int64_t kLifetimeSecondsMax = 10L * 365 * 24 * 3600;
constexpr size_t kErrorCodeBytesMax = 64;
constexpr Duration kRenewBeforeMax = std::chrono::minutes(5);

class FixedTokenSource final : public TokenSource {
 public:
  explicit FixedTokenSource(std::string token) : token_(std::move(token)) {}

  Result<std::string> Token() override {
    if (token_.empty()) return Error::Denied("the bearer token is empty");
    return token_;
  }
  bool Reject(std::string_view /*token*/) override { return false; }

 private:
  const std::string token_;
};

// OAuth 2 error codes are short identifiers (RFC 6749, 5.2). Anything else could be an echo of
// what we sent, and is not shown.
std::string ErrorCodeOf(const HttpResponse& response) {
  const Json answer = Json::parse(response.body, nullptr, false);
  if (!answer.is_object() || !answer.contains("error") || !answer["error"].is_string()) return "";
  const auto& code = answer["error"].get_ref<const std::string&>();
  const bool is_code =
      code.size() <= kErrorCodeBytesMax && std::ranges::all_of(code, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
      });
  return is_code ? code : "";
}

// A whole number of seconds, as a number or as text, within reason.
std::optional<int64_t> SecondsOf(const Json& value) {
  double seconds = 0;
  if (value.is_number()) {
    seconds = value.get<double>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!(seconds > 0)) return std::nullopt;
  return static_cast<int64_t>(std::min(seconds, 1e15));
}

// The `exp` claim when the token is a JWT (RFC 7519); nobody vouches for it, but it is our own
// token and only decides when to ask for the next.
std::optional<Timestamp> ExpiryOfJwt(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = token.find('.', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::string payload(token.substr(first + 1, second - first - 1));
  std::ranges::replace(payload, '-', '+');
  std::ranges::replace(payload, '_', '/');
  payload.append((4 - payload.size() % 4) % 4, '=');
  const auto text = Base64Decode(payload);
  if (!text.ok()) return std::nullopt;
  const Json claims = Json::parse(*text, nullptr, false);
  if (!claims.is_object() || !claims.contains("exp")) return std::nullopt;
  const auto seconds = SecondsOf(claims["exp"]);
  // Beyond this, microseconds would not fit.
  if (!seconds.has_value() || *seconds > 1'000'000'000'000) return std::nullopt;
  return Timestamp(std::chrono::seconds(*seconds));
}

bool IsUsableToken(std::string_view token) {
  return !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
}

class OAuth2TokenSource final : public TokenSource {
 public:
  OAuth2TokenSource(OAuth2Options options, HttpClient& http, Clock& clock)
      : options_(std::move(options)),
        http_(http),
        clock_(clock),
        token_([this] { return Fetch(); }, clock) {}

  Result<std::string> Token() override { return TRY(Issued()).text; }
  Result<IssuedToken> Issued() override { return token_.Get(); }

  bool Reject(std::string_view token) override {
    const MutexLock lock(mutex_);
    const IssuedToken refused{.text = std::string(token), .expires_at = {}};
    if (!token_.IsCurrent(refused)) return true;  // another has come, or is asked for
    if (token == rejected_) return false;         // the server gave the same one again
    rejected_ = token;
    token_.Reject(refused);
    return true;
  }

 private:
  Result<Renewing<IssuedToken>::Fetched> Fetch() {
    std::vector<HttpHeader> fields = {{"grant_type", "client_credentials"}};
    if (!options_.client_id.empty()) fields.push_back({"client_id", options_.client_id});
    fields.push_back({"client_secret", options_.client_secret});
    if (!options_.scope.empty()) fields.push_back({"scope", options_.scope});
    fields.insert(fields.end(), options_.extra_fields.begin(), options_.extra_fields.end());
    const std::string form = FormEncode(fields);
    auto response = http_.Send({.method = "POST",
                                .url = options_.token_uri,
                                .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                                            {"Accept", "application/json"}},
                                .body = form,
                                .timeout = options_.timeout,
                                .response_bytes_max = kAnswerBytesMax});
    if (!response.ok()) return response.error().WithContext("token endpoint");
    const std::string endpoint = TRY(OriginOf(options_.token_uri));
    if (response->status != 200) return RefusalOf(*response, endpoint);
    return ReadToken(*response, endpoint);
  }

  static Error RefusalOf(const HttpResponse& response, const std::string& endpoint) {
    const std::string code = ErrorCodeOf(response);
    const int status = response.status;
    const std::string answer = fmt::format("token endpoint {} answers {}{}{}", endpoint, status,
                                           code.empty() ? "" : " ", code);
    if (status == 408 || status == 429 || (status >= 500 && status != 501))
      return Error::Unavailable("{}", answer);
    if (status == 400 || status == 401 || status == 403)
      return Error::Denied("{}: check client id, secret and scope", answer);
    return Error::Denied("{}: check its address", answer);
  }

  Result<Renewing<IssuedToken>::Fetched> ReadToken(const HttpResponse& response,
                                                   const std::string& endpoint) const {
    const Json answer = Json::parse(response.body, nullptr, false);
    if (!answer.is_object() || !answer.contains("access_token") ||
        !answer["access_token"].is_string())
      return Error::Unavailable("token endpoint {} answers 200 without an access token", endpoint);
    const std::string token = answer["access_token"].get<std::string>();
    if (!IsUsableToken(token))
      return Error::Unavailable("token endpoint {} gives a token that no header can hold",
                                endpoint);
    if (answer.contains("token_type") &&
        !(answer["token_type"].is_string() &&
          EqualsIgnoreCase(answer["token_type"].get_ref<const std::string&>(), "bearer")))
      return Error::Denied("token endpoint {} gives a token that is not a bearer token", endpoint);
    const Duration lifetime = LifetimeOf(answer, token);
    const Timestamp expires_at = clock_.Now() + lifetime;
    return Renewing<IssuedToken>::Fetched{.value = {.text = token, .expires_at = expires_at},
                                          .expires_at = expires_at,
                                          .renew_before = std::min(lifetime / 10, kRenewBeforeMax)};
  }

  Duration LifetimeOf(const Json& answer, const std::string& token) const {
    if (answer.contains("expires_in")) {
      if (const auto seconds = SecondsOf(answer["expires_in"]))
        return std::chrono::seconds(std::min(*seconds, kLifetimeSecondsMax));
    }
    const auto expiry = ExpiryOfJwt(token);
    return expiry.has_value() ? *expiry - clock_.Now() : options_.default_lifetime;
  }

  const OAuth2Options options_;
  HttpClient& http_;
  Clock& clock_;
  Renewing<IssuedToken> token_;
  Mutex mutex_;
  std::string rejected_ GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<TokenSource> FixedToken(std::string token) {
  return std::make_shared<FixedTokenSource>(std::move(token));
}

std::shared_ptr<TokenSource> OAuth2ClientCredentials(OAuth2Options options, HttpClient& http,
                                                     Clock& clock) {
  return std::make_shared<OAuth2TokenSource>(std::move(options), http, clock);
}

}  // namespace kafka_iceberg::net
