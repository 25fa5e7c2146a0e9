// SPDX-License-Identifier: Apache-2.0
#include "engine/kafka_tokens.h"

#include "config/config_file.h"
#include "engine/module_options.h"
#include "kafka/kafka_settings.h"
#include "net/curl_client.h"
#include "net/msk_token.h"
#include "net/token_source.h"

namespace kafka_iceberg::engine {
namespace {

using Security = std::map<std::string, std::string>;

// The client may be closing and waits for us then.
constexpr Duration kTokenTimeout = std::chrono::seconds(10);
// For a token whose end nobody knows.
constexpr Duration kUnknownLifetime = std::chrono::minutes(5);

std::string ValueOf(const Security& security, const std::string& key) {
  const auto found = security.find(key);
  return found == security.end() ? "" : found->second;
}

class OAuthTokens final : public kafka::SaslTokenSource {
 public:
  OAuthTokens(const Security& security, std::unique_ptr<net::HttpClient> http, Clock& clock)
      : client_id_(ValueOf(security, "oauth_client_id")),
        extensions_(kafka::OAuthExtensions(security)),
        http_(std::move(http)),
        clock_(clock) {
    net::OAuth2Options options{.token_uri = ValueOf(security, "oauth_token_url"),
                               .client_id = client_id_,
                               .client_secret = ValueOf(security, "oauth_client_secret"),
                               .scope = ValueOf(security, "oauth_scope"),
                               .timeout = kTokenTimeout};
    if (const auto audience = ValueOf(security, "oauth_audience"); !audience.empty())
      options.extra_fields.push_back({"audience", audience});
    source_ = net::OAuth2ClientCredentials(std::move(options), *http_, clock_);
  }

  Result<kafka::SaslToken> Token() override {
    const net::IssuedToken issued = TRY(source_->Issued());
    return kafka::SaslToken{
        .text = issued.text,
        .expires_at = issued.expires_at.value_or(clock_.Now() + kUnknownLifetime),
        .principal = client_id_,
        .extensions = extensions_};
  }

 private:
  const std::string client_id_;
  const Security extensions_;
  const std::unique_ptr<net::HttpClient> http_;
  Clock& clock_;
  std::shared_ptr<net::TokenSource> source_;
};

class MskTokens final : public kafka::SaslTokenSource {
 public:
  MskTokens(std::string region, std::unique_ptr<net::HttpClient> http, Clock& clock)
      : region_(std::move(region)), http_(std::move(http)), clock_(clock) {}

  void UseCredentials(const Security& security, const net::AwsChainOptions& chain) {
    if (const auto key = ValueOf(security, "aws_access_key"); !key.empty()) {
      credentials_ =
          net::StaticAwsCredentials({.access_key_id = key,
                                     .secret_access_key = ValueOf(security, "aws_secret_key"),
                                     .session_token = ValueOf(security, "aws_session_token"),
                                     .expires_at = {}});
    } else {
      credentials_ = net::DefaultAwsCredentials(chain, *http_, clock_);
    }
    if (const auto role = ValueOf(security, "aws_role_arn"); !role.empty()) {
      credentials_ =
          net::AssumedRoleCredentials({.role_arn = role,
                                       .external_id = ValueOf(security, "aws_external_id"),
                                       .region = region_,
                                       .sts_endpoint = chain.sts_endpoint},
                                      credentials_, *http_, clock_);
    }
  }

  Result<kafka::SaslToken> Token() override {
    const net::AwsCredentials credentials = TRY(credentials_->Get());
    const Timestamp now = clock_.Now();
    // It is no good any more once its credentials are not.
    const Timestamp ends =
        std::min(now + net::kMskTokenLifetime, credentials.expires_at.value_or(Timestamp::max()));
    return kafka::SaslToken{.text = TRY(net::MskToken(region_, credentials, now)),
                            .expires_at = ends,
                            .principal = credentials.access_key_id,
                            .extensions = {}};
  }

 private:
  const std::string region_;
  const std::unique_ptr<net::HttpClient> http_;
  Clock& clock_;
  std::shared_ptr<net::AwsCredentialsProvider> credentials_;
};

Result<std::shared_ptr<kafka::SaslTokenSource>> OpenMskTokens(const config::Options& options,
                                                              std::unique_ptr<net::HttpClient> http,
                                                              Clock& clock) {
  const Security& security = options.kafka.security;
  net::AwsChainOptions chain{.environment = config::ProcessEnvironment(),
                             .profile = ValueOf(security, "aws_profile"),
                             .region = ValueOf(security, "aws_region")};
  if (chain.region.empty()) chain.region = net::MskRegion(options.kafka.bootstrap_servers);
  if (chain.region.empty()) chain.region = net::DefaultAwsRegion(chain);
  if (chain.region.empty()) {
    return Error::Invalid(
        "the AWS region of the brokers is not known: set kafka.security.aws_region");
  }
  auto tokens = std::make_shared<MskTokens>(chain.region, std::move(http), clock);
  tokens->UseCredentials(security, chain);
  return tokens;
}

}  // namespace

Result<std::shared_ptr<kafka::SaslTokenSource>> OpenKafkaTokens(const config::Options& options,
                                                                Clock& clock) {
  const kafka::TokenKind kind = kafka::TokensFor(options.kafka.security);
  if (kind == kafka::TokenKind::kNone) return std::shared_ptr<kafka::SaslTokenSource>();
  auto http = TRY(net::MakeCurlClient({.connections = 1,
                                       .connect_timeout = kTokenTimeout,
                                       .ca_file = options.http.ca_file,
                                       .client_cert_file = options.http.client_cert_file,
                                       .client_key_file = options.http.client_key_file,
                                       .proxy = options.http.proxy},
                                      clock));
  if (kind == kafka::TokenKind::kMskIam) return OpenMskTokens(options, std::move(http), clock);
  return std::make_shared<OAuthTokens>(options.kafka.security, std::move(http), clock);
}

Result<kafka::KafkaSourceOptions> SecuredSourceOptions(const config::Options& options,
                                                       Clock& clock) {
  kafka::KafkaSourceOptions source = SourceOptions(options);
  source.sasl_tokens = TRY(OpenKafkaTokens(options, clock));
  return source;
}

}  // namespace kafka_iceberg::engine
