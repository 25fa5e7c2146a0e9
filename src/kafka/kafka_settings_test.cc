// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"
#include "kafka/kafka_source.h"
#include "kafka/owned_settings.h"
#include "kafka/source_harness.h"

namespace kafka_iceberg::kafka {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

KafkaSourceOptions Options() {
  KafkaSourceOptions options;
  options.bootstrap_servers = "localhost:9092";
  options.topics = {"orders"};
  options.group_id = "g";
  return options;
}

// The one problem of these options.
SettingProblem Problem(const KafkaSourceOptions& options) {
  const auto problems = CheckSettings(options);
  EXPECT_EQ(problems.size(), 1U);
  return problems.empty() ? SettingProblem{"", "", Error::Invalid("none")} : problems.front();
}

TEST(KafkaSettings, AcceptsOrdinaryClientSettings) {
  auto options = Options();
  options.librdkafka = {{"fetch.max.bytes", "1000000"},
                        {"socket.timeout.ms", "5000"},
                        {"debug", "cgrp"},
                        {"client.rack", "a"}};
  EXPECT_THAT(CheckSettings(options), IsEmpty());
}

TEST(KafkaSettings, NamesKeyAndReason) {
  auto options = Options();
  options.librdkafka = {{"fetch.max.bytes", "many"}};
  const auto problem = Problem(options);
  EXPECT_EQ(problem.section, "kafka.librdkafka");
  EXPECT_EQ(problem.key, "fetch.max.bytes");
  EXPECT_THAT(problem.error.message(), HasSubstr("fetch.max.bytes"));
}

TEST(KafkaSettings, RefusesUnknownSettings) {
  auto options = Options();
  options.librdkafka = {{"fetch.max.byte", "1"}};
  EXPECT_THAT(Problem(options).error.message(), HasSubstr("not a setting of the Kafka client"));
}

TEST(KafkaSettings, RefusesWhatTheEngineOwns) {
  for (const auto* key :
       {"enable.auto.commit", "enable.auto.offset.store", "group.id", "bootstrap.servers",
        "auto.offset.reset", "isolation.level", "partition.assignment.strategy", "group.protocol",
        "enable.partition.eof", "check.crcs", "metadata.broker.list", "queued.max.messages.kbytes",
        "group.instance.id", "plugin.library.paths"}) {
    auto options = Options();
    options.librdkafka = {{key, "1"}};
    EXPECT_THAT(Problem(options).error.message(),
                AllOf(HasSubstr(key), HasSubstr("belongs to the engine")));
  }
}

TEST(KafkaSettings, EverySettingAppliedLastIsOwned) {
  auto options = Options();
  options.group_instance_id = "i";
  const auto settings = ConsumerSettings(options);
  bool owned_began = false;
  for (const auto& [key, value] : settings) {
    owned_began = owned_began || key == "bootstrap.servers";
    EXPECT_EQ(WhyOwned(key).has_value(), owned_began) << key;
  }
  EXPECT_TRUE(owned_began);
}

TEST(KafkaSettings, UserSettingsBeatDefaultsButNotRules) {
  auto options = Options();
  options.librdkafka = {{"fetch.wait.max.ms", "7"}, {"enable.auto.commit", "true"}};
  std::map<std::string, std::string> last;
  for (const auto& [key, value] : ConsumerSettings(options)) last[key] = value;
  EXPECT_EQ(last["fetch.wait.max.ms"], "7");
  EXPECT_EQ(last["enable.auto.commit"], "false");
  EXPECT_EQ(last["auto.offset.reset"], "error");
}

TEST(KafkaSettings, TheConsumerProtocolTakesItsTimeoutsFromTheBroker) {
  auto options = Options();
  options.group_protocol = "consumer";
  EXPECT_THAT(ConsumerSettings(options), Not(Contains(Pair("session.timeout.ms", testing::_))));
  options.librdkafka = {{"session.timeout.ms", "6000"}};
  EXPECT_THAT(Problem(options).error.message(), HasSubstr("set on the broker"));
}

TEST(KafkaSettings, SecretsAreNeverPrinted) {
  auto options = Options();
  options.security = {{"username", "bob"}, {"password", "hunter2"}};
  options.librdkafka = {{"ssl.key.password", "opensesame"}};
  const auto effective = EffectiveSettings(options);
  ASSERT_TRUE(effective.ok()) << effective.error().message();
  EXPECT_THAT(*effective, Contains(Pair("sasl.password", "***")));
  EXPECT_THAT(*effective, Contains(Pair("ssl.key.password", "***")));
  EXPECT_THAT(*effective, Contains(Pair("sasl.username", "bob")));
  for (const auto& [key, value] : *effective) {
    EXPECT_THAT(value, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("opensesame")))) << key;
  }
}

TEST(KafkaSettings, KnowsWhatIsSecret) {
  for (const auto* key : {"sasl.password", "ssl.key.pem", "ssl.keystore.password", "ssl_key",
                          "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config",
                          "oauth_client_secret", "key_pem", "key_password"}) {
    EXPECT_TRUE(IsSecretSetting(key)) << key;
  }
  for (const auto* key :
       {"sasl.username", "ssl.ca.location", "sasl.oauthbearer.token.endpoint.url"}) {
    EXPECT_FALSE(IsSecretSetting(key)) << key;
  }
}

TEST(SecuritySettings, CredentialsMeanEncryptedLogin) {
  const auto settings = SecuritySettings({{"username", "bob"}, {"password", "x"}});
  EXPECT_EQ(settings.at("security.protocol"), "sasl_ssl");
  EXPECT_EQ(settings.at("sasl.mechanisms"), "PLAIN");
  EXPECT_EQ(settings.at("sasl.username"), "bob");
}

TEST(SecuritySettings, ACertificateMeansTls) {
  EXPECT_EQ(SecuritySettings({{"ca_pem", "x"}}).at("security.protocol"), "ssl");
  EXPECT_THAT(SecuritySettings({}), IsEmpty());
}

TEST(SecuritySettings, MapsFriendlyNames) {
  const auto settings = SecuritySettings({{"protocol", "SASL_PLAINTEXT"},
                                          {"sasl_mechanism", "scram-sha-512"},
                                          {"verify_hostname", "false"},
                                          {"ca_file", "/ca"}});
  EXPECT_EQ(settings.at("security.protocol"), "sasl_plaintext");
  EXPECT_EQ(settings.at("sasl.mechanisms"), "SCRAM-SHA-512");
  EXPECT_EQ(settings.at("ssl.endpoint.identification.algorithm"), "none");
  EXPECT_EQ(settings.at("ssl.ca.location"), "/ca");
}

TEST(SecuritySettings, OauthAndMskLogInByTokensOfOurs) {
  const std::map<std::string, std::string> oauth = {{"oauth_token_url", "https://issuer/token"},
                                                    {"oauth_client_id", "c"},
                                                    {"oauth_client_secret", "s"}};
  const std::map<std::string, std::string> msk = {{"sasl_mechanism", "AWS_MSK_IAM"}};
  for (const auto& security : {oauth, msk}) {
    const auto settings = SecuritySettings(security);
    EXPECT_EQ(settings.at("sasl.mechanisms"), "OAUTHBEARER");
    EXPECT_EQ(settings.at("security.protocol"), "sasl_ssl");
    EXPECT_EQ(settings.size(), 2U) << "the client is told no secret";
  }
  EXPECT_EQ(TokensFor(oauth), TokenKind::kOAuth);
  EXPECT_EQ(TokensFor(msk), TokenKind::kMskIam);
  EXPECT_EQ(TokensFor({{"username", "u"}, {"password", "p"}}), TokenKind::kNone);
}

TEST(SecuritySettings, KeysOfAnotherMechanismAreRefused) {
  auto options = Options();
  options.security = {{"sasl_mechanism", "SCRAM-SHA-512"},
                      {"username", "u"},
                      {"password", "p"},
                      {"aws_region", "eu-west-1"}};
  EXPECT_THAT(Problem(options).error.message(), HasSubstr("AWS_MSK_IAM"));
}

TEST(SecuritySettings, ReadsExtensions) {
  EXPECT_THAT(OAuthExtensions({{"oauth_extensions", "logicalCluster=lkc-1,pool=a=b"}}),
              testing::ElementsAre(Pair("logicalCluster", "lkc-1"), Pair("pool", "a=b")));
  EXPECT_THAT(OAuthExtensions({}), IsEmpty());
}

TEST(SecuritySettings, EveryKeyIsKnownToTheClient) {
  for (const auto key : SecurityKeys()) {
    if (key == "protocol" || key.starts_with("kerberos_"))
      continue;  // Kerberos is a build option of the client
    auto options = Options();
    const FakeTemporaryFolder folder;
    const std::string path = folder.path() + "/file";
    std::ofstream(path) << "x";
    options.security = {{std::string(key), key == "verify_hostname" ? "true" : path}};
    for (const auto& problem : CheckSettings(options)) {
      EXPECT_THAT(problem.error.message(), Not(HasSubstr("not a setting"))) << key;
    }
  }
}

struct BadSecurity {
  std::map<std::string, std::string> security;
  std::string said;
};

TEST(SecuritySettings, SaysWhatCannotWork) {
  const std::vector<BadSecurity> cases = {
      {{{"username", "bob"}}, "'username' needs 'password'"},
      {{{"protocol", "tls"}}, "unknown protocol 'tls'"},
      {{{"pasword", "x"}}, "unknown key 'pasword'"},
      {{{"ca_file", "/no/such/file"}}, "cannot read file '/no/such/file'"},
      {{{"protocol", "ssl"}, {"username", "b"}, {"password", "x"}}, "does not log in"},
      {{{"sasl_mechanism", "SCRAM-SHA-256"}}, "SCRAM-SHA-256 needs username"},
      {{{"protocol", "sasl_ssl"}}, "needs sasl_mechanism"},
      {{{"verify_hostname", "maybe"}}, "true or false"},
      {{{"certificate_pem", "x"}}, "'certificate_pem' needs 'key_pem'"},
  };
  for (const auto& bad : cases) {
    auto options = Options();
    options.security = bad.security;
    EXPECT_THAT(Problem(options).error.message(), HasSubstr(bad.said));
  }
}

TEST(SecuritySettings, MayNotBeSetTwice) {
  auto options = Options();
  options.security = {{"username", "bob"}, {"password", "x"}};
  options.librdkafka = {{"sasl.username", "eve"}};
  EXPECT_THAT(Problem(options).error.message(), HasSubstr("already set by 'username'"));
}

TEST(KafkaSource, RefusesOptionsThatContradict) {
  FakeClock clock;
  SilentLogger logger;
  auto both = Options();
  both.topic_pattern = "^a";
  EXPECT_EQ(OpenKafkaSource(both, clock, logger).error().code(), ErrorCode::kInvalid);
  auto pattern_as_name = Options();
  pattern_as_name.topics = {"^orders"};
  EXPECT_THAT(OpenKafkaSource(pattern_as_name, clock, logger).error().message(),
              HasSubstr("topic_pattern"));
  auto broken_pattern = Options();
  broken_pattern.topics.clear();
  broken_pattern.topic_pattern = "^orders(";
  EXPECT_THAT(OpenKafkaSource(broken_pattern, clock, logger).error().message(),
              HasSubstr("orders("));
  auto bad_protocol = Options();
  bad_protocol.group_protocol = "none";
  EXPECT_EQ(OpenKafkaSource(bad_protocol, clock, logger).error().code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace kafka_iceberg::kafka
