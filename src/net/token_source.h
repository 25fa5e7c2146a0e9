// SPDX-License-Identifier: Apache-2.0
//
// TokenSource: bearer tokens, a fixed one or by OAuth2 client credentials. Renews before expiry
// (10 % of the lifetime, at most five minutes), asks once for all callers. Safe for concurrent use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_client.h"

namespace kafka_iceberg::net {

struct IssuedToken {
  std::string text;
  std::optional<Timestamp> expires_at;  // absent: never, as far as is known
  friend bool operator==(const IssuedToken& a, const IssuedToken& b) { return a.text == b.text; }
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // kDenied: the server refused the credential (or a fixed token is empty); kUnavailable, kTimeout:
  // no token to be had now.
  virtual Result<std::string> Token() = 0;
  // The same with what is known of its end.
  virtual Result<IssuedToken> Issued() {
    return IssuedToken{.text = TRY(Token()), .expires_at = {}};
  }
  // After a 401 with `token`: the next Token() asks for another, at most once per token. False when
  // there is no other (a fixed token).
  virtual bool Reject(std::string_view token) = 0;
};

std::shared_ptr<TokenSource> FixedToken(std::string token);

struct OAuth2Options {
  std::string token_uri;
  std::string client_id;
  std::string client_secret;
  std::string scope;
  std::vector<HttpHeader> extra_fields;  // audience, resource
  Duration timeout = std::chrono::seconds(30);
  Duration default_lifetime = std::chrono::hours(1);  // when the answer names none
};
// `http` and `clock` outlive it.
std::shared_ptr<TokenSource> OAuth2ClientCredentials(OAuth2Options options, HttpClient& http,
                                                     Clock& clock);

}  // namespace kafka_iceberg::net
