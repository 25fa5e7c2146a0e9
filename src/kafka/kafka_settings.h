// SPDX-License-Identifier: Apache-2.0
//
// Settings of the Kafka client: which raw librdkafka settings a user may pass through, the friendly
// names of [kafka.security], and how both are checked before a client exists. Pure functions, but
// that files named by [kafka.security] are opened for reading.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "kafka/kafka_source_options.h"

namespace kafka_iceberg::kafka {

inline constexpr std::string_view kSecuritySection = "kafka.security";
inline constexpr std::string_view kLibrdkafkaSection = "kafka.librdkafka";

// What is wrong with one setting; `key` is as the user wrote it, "" when it is about the section as
// a whole.
struct SettingProblem {
  std::string section;
  std::string key;
  Error error;
};

// Every problem at once, in the order of section and key; nothing is connected to.
std::vector<SettingProblem> CheckSettings(const KafkaSourceOptions& options);

// [kafka.security] as librdkafka settings. Only for options that passed CheckSettings().
std::map<std::string, std::string> SecuritySettings(
    const std::map<std::string, std::string>& security);

// Which tokens, if any, [kafka.security] asks us to get. The client would have an OIDC login of its
// own, but not for MSK, without our settings for proxy and certificates, and with the secret
// inside.
enum class TokenKind : uint8_t { kNone, kOAuth, kMskIam };
TokenKind TokensFor(const std::map<std::string, std::string>& security);
// The RFC 7628 extensions in "oauth_extensions".
std::map<std::string, std::string> OAuthExtensions(
    const std::map<std::string, std::string>& security);

// The keys that [kafka.security] knows.
std::vector<std::string_view> SecurityKeys();

// What the client will run with where it differs from librdkafka's defaults, secrets replaced by
// "***"; sorted.
Result<std::vector<std::pair<std::string, std::string>>> EffectiveSettings(
    const KafkaSourceOptions& options);

// Whether a setting's value must never be printed.
bool IsSecretSetting(std::string_view key);

// All settings of a consumer with these options, in the order in which they are to be applied.
std::vector<std::pair<std::string, std::string>> ConsumerSettings(
    const KafkaSourceOptions& options);

}  // namespace kafka_iceberg::kafka
