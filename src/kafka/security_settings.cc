// SPDX-License-Identifier: Apache-2.0
//
// [kafka.security]: friendly names, mapped to librdkafka's, and the combinations that cannot work.
#include "kafka/security_settings.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "kafka/kafka_settings.h"

namespace kafka_iceberg::kafka {
namespace {

enum class Kind : uint8_t { kText, kFile, kProtocol, kFlag, kUrl, kPairs };

struct SecurityKey {
  std::string_view name;
  std::string_view librdkafka;
  Kind kind = Kind::kText;
};

constexpr auto kKeys = std::to_array<SecurityKey>({
    {"protocol", "security.protocol", Kind::kProtocol},
    {"sasl_mechanism", "sasl.mechanisms"},
    {"username", "sasl.username"},
    {"password", "sasl.password"},
    {"ca_file", "ssl.ca.location", Kind::kFile},
    {"ca_pem", "ssl.ca.pem"},
    {"certificate_file", "ssl.certificate.location", Kind::kFile},
    {"certificate_pem", "ssl.certificate.pem"},
    {"key_file", "ssl.key.location", Kind::kFile},
    {"key_pem", "ssl.key.pem"},
    {"key_password", "ssl.key.password"},
    {"keystore_file", "ssl.keystore.location", Kind::kFile},
    {"keystore_password", "ssl.keystore.password"},
    {"verify_hostname", "ssl.endpoint.identification.algorithm", Kind::kFlag},
    // Tokens are had by our own HTTP client, so these have no counterpart in librdkafka.
    {"oauth_token_url", "", Kind::kUrl},
    {"oauth_client_id", ""},
    {"oauth_client_secret", ""},
    {"oauth_scope", ""},
    {"oauth_audience", ""},
    {"oauth_extensions", "", Kind::kPairs},
    {"aws_region", ""},
    {"aws_profile", ""},
    {"aws_access_key", ""},
    {"aws_secret_key", ""},
    {"aws_session_token", ""},
    {"aws_role_arn", ""},
    {"aws_external_id", ""},
    {"kerberos_service_name", "sasl.kerberos.service.name"},
    {"kerberos_principal", "sasl.kerberos.principal"},
    {"kerberos_keytab_file", "sasl.kerberos.keytab", Kind::kFile},
});

// The mechanism as the user names it; for the client it is OAUTHBEARER.
constexpr std::string_view kMskIam = "AWS_MSK_IAM";

constexpr auto kProtocols =
    std::to_array<std::string_view>({"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"});

const SecurityKey* FindKey(std::string_view name) {
  const auto found = std::find_if(kKeys.begin(), kKeys.end(),
                                  [&](const SecurityKey& key) { return key.name == name; });
  return found == kKeys.end() ? nullptr : &*found;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

bool HasPrefix(const std::map<std::string, std::string>& security, std::string_view prefix) {
  const auto found = security.lower_bound(std::string(prefix));
  return found != security.end() && found->first.starts_with(prefix);
}

// The mechanism that is meant when none is named.
std::string Mechanism(const std::map<std::string, std::string>& security) {
  if (const auto found = security.find("sasl_mechanism"); found != security.end()) {
    return Upper(found->second);
  }
  if (HasPrefix(security, "oauth_")) return "OAUTHBEARER";
  if (HasPrefix(security, "aws_")) return std::string(kMskIam);
  if (HasPrefix(security, "kerberos_")) return "GSSAPI";
  return security.contains("username") ? "PLAIN" : "";
}

// The protocol that is meant when none is named: never less than what the other keys need.
std::string Protocol(const std::map<std::string, std::string>& security) {
  if (const auto found = security.find("protocol"); found != security.end()) {
    return Lower(found->second);
  }
  if (!Mechanism(security).empty()) return "sasl_ssl";
  for (const auto* prefix : {"ca_", "certificate_", "key_", "keystore_"}) {
    if (HasPrefix(security, prefix)) return "ssl";
  }
  return "plaintext";
}

// "a=b,c=d"; nothing when it is not of that form.
std::optional<std::map<std::string, std::string>> ParsePairs(std::string_view text) {
  std::map<std::string, std::string> pairs;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(','));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    pairs.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
  }
  return pairs;
}

std::optional<Error> CheckValue(const SecurityKey& key, const std::string& value) {
  switch (key.kind) {
    case Kind::kText: return std::nullopt;
    case Kind::kFile:
      if (std::ifstream(value).good()) return std::nullopt;
      return Error::Invalid("cannot read file '{}': check the path and its permissions", value);
    case Kind::kProtocol:
      if (std::ranges::find(kProtocols, Lower(value)) != kProtocols.end()) return std::nullopt;
      return Error::Invalid("unknown protocol '{}': use plaintext, ssl, sasl_plaintext or sasl_ssl",
                            value);
    case Kind::kFlag:
      if (value == "true" || value == "false") return std::nullopt;
      return Error::Invalid("expected true or false, got '{}'", value);
    case Kind::kUrl:
      if (value.starts_with("https://") || value.starts_with("http://")) return std::nullopt;
      return Error::Invalid("'{}' is not an http(s) URL", value);
    case Kind::kPairs:
      if (ParsePairs(value)) return std::nullopt;
      return Error::Invalid("expected \"name=value,name=value\"");
  }
  return std::nullopt;
}

// A key that is useless, or cannot work, without another one.
struct Needs {
  std::string_view key;
  std::string_view other;
};
constexpr auto kNeeds = std::to_array<Needs>({
    {"username", "password"},
    {"password", "username"},
    {"certificate_file", "key_file"},
    {"key_file", "certificate_file"},
    {"certificate_pem", "key_pem"},
    {"key_pem", "certificate_pem"},
    {"keystore_password", "keystore_file"},
    {"oauth_client_id", "oauth_token_url"},
    {"oauth_client_secret", "oauth_client_id"},
    {"oauth_token_url", "oauth_client_secret"},
    {"oauth_scope", "oauth_token_url"},
    {"oauth_audience", "oauth_token_url"},
    {"oauth_extensions", "oauth_token_url"},
    {"aws_access_key", "aws_secret_key"},
    {"aws_secret_key", "aws_access_key"},
    {"aws_session_token", "aws_access_key"},
    {"aws_external_id", "aws_role_arn"},
});

void CheckCombinations(const std::map<std::string, std::string>& security,
                       std::vector<SettingProblem>& problems) {
  const auto complain = [&](std::string_view key, Error error) {
    problems.push_back({std::string(kSecuritySection), std::string(key), std::move(error)});
  };
  for (const auto& [key, other] : kNeeds) {
    if (security.contains(std::string(key)) && !security.contains(std::string(other))) {
      complain(key, Error::Invalid("'{}' needs '{}' beside it", key, other));
    }
  }
  const std::string protocol = Protocol(security);
  const std::string mechanism = Mechanism(security);
  if (!mechanism.empty() && !protocol.starts_with("sasl_")) {
    complain("protocol", Error::Invalid("protocol '{}' does not log in, but credentials are given: "
                                        "use sasl_ssl (or sasl_plaintext)",
                                        protocol));
  }
  const bool needs_user = mechanism == "PLAIN" || mechanism.starts_with("SCRAM-");
  if (needs_user && !security.contains("username")) {
    complain("sasl_mechanism", Error::Invalid("{} needs username and password", mechanism));
  }
  if (HasPrefix(security, "oauth_") && mechanism != "OAUTHBEARER") {
    complain("sasl_mechanism",
             Error::Invalid("the keys oauth_* are for OAUTHBEARER, not for {}", mechanism));
  }
  if (HasPrefix(security, "aws_") && mechanism != kMskIam) {
    complain("sasl_mechanism",
             Error::Invalid("the keys aws_* are for {}, not for {}", kMskIam, mechanism));
  }
  if (protocol.starts_with("sasl_") && mechanism.empty()) {
    complain("protocol",
             Error::Invalid("protocol '{}' needs sasl_mechanism and credentials", protocol));
  }
}

}  // namespace

std::vector<std::string_view> SecurityKeys() {
  std::vector<std::string_view> names;
  for (const auto& key : kKeys) names.push_back(key.name);
  return names;
}

TokenKind TokensFor(const std::map<std::string, std::string>& security) {
  const std::string mechanism = Mechanism(security);
  if (mechanism == kMskIam) return TokenKind::kMskIam;
  if (mechanism == "OAUTHBEARER" && security.contains("oauth_token_url")) return TokenKind::kOAuth;
  return TokenKind::kNone;
}

std::map<std::string, std::string> OAuthExtensions(
    const std::map<std::string, std::string>& security) {
  const auto found = security.find("oauth_extensions");
  if (found == security.end()) return {};
  return ParsePairs(found->second).value_or(std::map<std::string, std::string>{});
}

std::string_view LibrdkafkaName(std::string_view security_key) {
  const auto* key = FindKey(security_key);
  return key == nullptr ? std::string_view{} : key->librdkafka;
}

void CheckSecurity(const std::map<std::string, std::string>& security,
                   std::vector<SettingProblem>& problems) {
  for (const auto& [name, value] : security) {
    const auto* key = FindKey(name);
    auto error = key == nullptr
                     ? std::optional(Error::Invalid("unknown key '{}'; known are {}", name,
                                                    fmt::join(SecurityKeys(), ", ")))
                     : CheckValue(*key, value);
    if (error) problems.push_back({std::string(kSecuritySection), name, *std::move(error)});
  }
  CheckCombinations(security, problems);
}

std::map<std::string, std::string> SecuritySettings(
    const std::map<std::string, std::string>& security) {
  std::map<std::string, std::string> settings;
  if (security.empty()) return settings;
  settings["security.protocol"] = Protocol(security);
  if (const auto mechanism = Mechanism(security); !mechanism.empty()) {
    settings["sasl.mechanisms"] = mechanism == kMskIam ? "OAUTHBEARER" : mechanism;
  }
  for (const auto& [name, value] : security) {
    const auto* key = FindKey(name);
    if (key == nullptr || key->librdkafka.empty() || name == "protocol" || name == "sasl_mechanism")
      continue;
    const bool is_flag = key->kind == Kind::kFlag;
    settings[std::string(key->librdkafka)] = !is_flag ? value : value == "true" ? "https" : "none";
  }
  return settings;
}

}  // namespace kafka_iceberg::kafka
