// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_settings.h"

#include <algorithm>
#include <array>

#include "kafka/client_conf.h"
#include "kafka/owned_settings.h"
#include "kafka/security_settings.h"

namespace kafka_iceberg::kafka {
namespace {

using Settings = ClientSettings;

// librdkafka tries to keep this many records ready; beside the bytes limit it bounds the about 400
// bytes that each queued record costs beyond its payload.
constexpr int64_t kQueuedRecordsMin = 100'000;
// Statistics tell when a broker is back, nothing else here needs them to be fresher.
constexpr int kStatisticsIntervalMs = 1000;

// Ours, but the user may override them in [kafka.librdkafka]. Sources of the figures: measured, see
// `./dev bench`.
void AddTunables(const KafkaSourceOptions& options, Settings& settings) {
  const auto add = [&](std::string key, std::string value) {
    settings.emplace_back(std::move(key), std::move(value));
  };
  // A full queue is looked at again after this long; the default of 1 s starves a fast consumer.
  add("fetch.queue.backoff.ms", "5");
  // One fetch is in flight per broker: idle partitions must not hold it back from the busy ones.
  add("fetch.wait.max.ms", "100");
  add("fetch.max.bytes", "4194304");
  add("fetch.message.max.bytes", "524288");
  add("socket.keepalive.enable", "true");
  add("topic.metadata.refresh.interval.ms", "60000");
  add("reconnect.backoff.ms", "100");
  add("reconnect.backoff.max.ms", "5000");
  add("log.connection.close", "false");
  add("max.poll.interval.ms", std::to_string(std::max(1, ToMs(options.max_poll_interval))));
  if (options.group_protocol == kClassicProtocol) {
    add("session.timeout.ms", std::to_string(std::max(1, ToMs(options.session_timeout))));
  }
}

// What the exactly-once rules and the memory bound stand on; applied last and refused from the
// user.
void AddOwned(const KafkaSourceOptions& options, Settings& settings) {
  const auto add = [&](std::string key, std::string value) {
    settings.emplace_back(std::move(key), std::move(value));
  };
  add("bootstrap.servers", options.bootstrap_servers);
  add("client.id", options.client_id);
  add("group.id", options.group_id);
  if (!options.group_instance_id.empty()) add("group.instance.id", options.group_instance_id);
  add("group.protocol", options.group_protocol);
  if (options.group_protocol == kClassicProtocol) {
    add("partition.assignment.strategy", "cooperative-sticky");
  }
  add("isolation.level", options.isolation_level);
  add("enable.auto.commit", "false");
  add("enable.auto.offset.store", "false");
  add("auto.offset.reset", "error");
  add("enable.partition.eof", "true");
  add("allow.auto.create.topics", "false");
  add("check.crcs", "true");
  add("queued.min.messages", std::to_string(kQueuedRecordsMin));
  const int64_t queued_kbytes = std::clamp<int64_t>(options.queued_bytes_max / 1024, 1, 2097151);
  add("queued.max.messages.kbytes", std::to_string(queued_kbytes));
  add("statistics.interval.ms", std::to_string(kStatisticsIntervalMs));
  add("log.queue", "true");
}

std::optional<Error> TrySetting(const std::string& key, const std::string& value) {
  const RdKafkaPtr<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  auto outcome = SetSetting(conf.get(), key, value);
  if (outcome.ok()) return std::nullopt;
  return std::move(outcome).error();
}

std::optional<Error> CheckPassThrough(const KafkaSourceOptions& options, const std::string& key,
                                      const std::string& value) {
  if (const auto why = WhyOwned(key)) {
    return Error::Invalid("'{}' belongs to the engine: {}", key, *why);
  }
  const bool classic_only = key == "session.timeout.ms" || key == "heartbeat.interval.ms";
  if (classic_only && options.group_protocol == kConsumerProtocol) {
    return Error::Invalid("'{}' is set on the broker when group_protocol is 'consumer'", key);
  }
  const auto clash = std::ranges::find_if(
      options.security, [&](const auto& entry) { return LibrdkafkaName(entry.first) == key; });
  if (clash != options.security.end()) {
    return Error::Invalid("'{}' is already set by '{}' in [{}]: keep one of them", key,
                          clash->first, kSecuritySection);
  }
  return TrySetting(key, value);
}

}  // namespace

bool IsSecretSetting(std::string_view key) {
  // sasl.jaas and the like may carry credentials inside; ssl.key.* is a private key.
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"password", "secret", "token", "ssl.key", "ssl_key", "key_pem", "oauthbearer.config",
       "assertion.private", "jwt.assertion"});
  if (key == "sasl.oauthbearer.token.endpoint.url" || key == "oauth_token_url") return false;
  return std::ranges::any_of(kMarks,
                             [&](auto mark) { return key.find(mark) != std::string_view::npos; });
}

std::vector<SettingProblem> CheckSettings(const KafkaSourceOptions& options) {
  std::vector<SettingProblem> problems;
  for (const auto& [key, value] : options.librdkafka) {
    if (auto error = CheckPassThrough(options, key, value)) {
      problems.push_back({std::string(kLibrdkafkaSection), key, *std::move(error)});
    }
  }
  const size_t before_security = problems.size();
  CheckSecurity(options.security, problems);
  if (problems.size() == before_security) {
    // Each value by itself is fine for us; is it for the client?
    for (const auto& [key, value] : SecuritySettings(options.security)) {
      if (auto error = TrySetting(key, value)) {
        problems.push_back({std::string(kSecuritySection), "", *std::move(error)});
      }
    }
  }
  return problems;
}

Settings ConsumerSettings(const KafkaSourceOptions& options) {
  Settings settings;
  AddTunables(options, settings);
  for (const auto& [key, value] : SecuritySettings(options.security))
    settings.emplace_back(key, value);
  for (const auto& [key, value] : options.librdkafka) settings.emplace_back(key, value);
  AddOwned(options, settings);
  return settings;
}

Result<Settings> EffectiveSettings(const KafkaSourceOptions& options) {
  const auto conf = TRY(MakeClientConf(ConsumerSettings(options)));
  const RdKafkaPtr<rd_kafka_conf_t> defaults(rd_kafka_conf_new());
  const auto dump = [](rd_kafka_conf_t* from) {
    std::map<std::string, std::string> all;
    size_t count = 0;
    const char** pairs = rd_kafka_conf_dump(from, &count);
    for (size_t i = 0; i + 1 < count; i += 2) all[pairs[i]] = pairs[i + 1];
    rd_kafka_conf_dump_free(pairs, count);
    return all;
  };
  const auto usual = dump(defaults.get());
  Settings effective;
  for (auto& [key, value] : dump(conf.get())) {
    const auto found = usual.find(key);
    if (found != usual.end() && found->second == value) continue;
    effective.emplace_back(key, IsSecretSetting(key) ? "***" : value);
  }
  return effective;
}

}  // namespace kafka_iceberg::kafka
