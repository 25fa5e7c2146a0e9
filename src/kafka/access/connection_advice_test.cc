// SPDX-License-Identifier: Apache-2.0
//
// The reasons are what the client really says against Kafka 4.
#include "kafka/access/connection_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::kafka {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kBadCertificate =
    "ssl://b1:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate "
    "verify "
    "failed: broker certificate could not be verified, verify that ssl.ca.location is correctly "
    "configured (after 28ms in state SSL_HANDSHAKE)";

const SecurityFacts kTls{.protocol = "ssl", .mechanism = "", .username = "", .has_ca = true};
const SecurityFacts kScram{
    .protocol = "sasl_ssl", .mechanism = "SCRAM-SHA-512", .username = "alice", .has_ca = true};
const SecurityFacts kPlaintext{.protocol = "plaintext", .mechanism = "", .username = ""};

TEST(ConnectionAdvice, TellsWhatIsWrongWithTheCertificate) {
  const auto said = [](int error, const SecurityFacts& facts = kTls) {
    return ExplainFailure(facts, RD_KAFKA_RESP_ERR__SSL, kBadCertificate, error).message();
  };
  EXPECT_THAT(said(10), HasSubstr("expired"));
  EXPECT_THAT(said(9), HasSubstr("not valid yet"));
  EXPECT_THAT(said(62), HasSubstr("another host name"));
  EXPECT_THAT(said(64), HasSubstr("another host name"));
  EXPECT_THAT(said(20), HasSubstr("not signed by an authority in kafka.security.ca_file"));
  EXPECT_THAT(said(20, {.protocol = "ssl", .mechanism = "", .username = ""}),
              HasSubstr("set kafka.security.ca_file"));
  EXPECT_THAT(said(10), HasSubstr("kafka b1:9093: "));
}

TEST(ConnectionAdvice, AHandshakeThatIsHungUpOnMetNoTls) {
  const auto said = [](std::string_view state) {
    return ExplainFailure(kTls, RD_KAFKA_RESP_ERR__TRANSPORT,
                          fmt::format("ssl://b1:9093/bootstrap: Disconnected: connection closed by "
                                      "peer (after 1ms in state {})",
                                      state),
                          0)
        .message();
  };
  EXPECT_THAT(said("SSL_HANDSHAKE"), HasSubstr("this port of the broker does not speak TLS"));
  EXPECT_THAT(said("APIVERSION_QUERY"), HasSubstr("probably wants a login"));
}

TEST(ConnectionAdvice, RefusalsAreFinal) {
  EXPECT_EQ(ExplainFailure(kTls, RD_KAFKA_RESP_ERR__SSL, kBadCertificate, 20).code(),
            ErrorCode::kDenied);
}

TEST(ConnectionAdvice, NamesUserAndMechanismOfARefusedLogin) {
  const auto error = ExplainFailure(
      kScram, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      "sasl_ssl://b:1/bootstrap: SASL authentication error: Authentication failed during "
      "authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512",
      0);
  EXPECT_THAT(error.message(), HasSubstr("'alice' by SCRAM-SHA-512"));
  EXPECT_THAT(error.message(), HasSubstr("password"));
}

TEST(ConnectionAdvice, ListsTheMechanismsOfTheBroker) {
  const auto error = ExplainFailure(
      kScram, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      "sasl_ssl://b:1/bootstrap: SASL SCRAM-SHA-512 mechanism handshake failed: Broker: "
      "Unsupported "
      "SASL mechanism: broker's supported mechanisms: PLAIN,GSSAPI (after 2ms in state X)",
      0);
  EXPECT_THAT(error.message(), HasSubstr("(PLAIN,GSSAPI)"));
}

TEST(ConnectionAdvice, SeesThatThePortSpeaksNoTls) {
  const auto error = ExplainFailure(kTls, RD_KAFKA_RESP_ERR__TRANSPORT,
                                    "ssl://b:1/bootstrap: SSL handshake failed: Disconnected: SSL "
                                    "connection closed by peer: connecting to a PLAINTEXT broker "
                                    "listener?",
                                    0);
  EXPECT_THAT(error.message(), HasSubstr("does not speak TLS"));
}

TEST(ConnectionAdvice, SuspectsTlsOnlyBeforeTheFirstConnection) {
  constexpr std::string_view kClosed =
      "b:1/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN";
  SecurityFacts facts = kPlaintext;
  EXPECT_THAT(ExplainFailure(facts, RD_KAFKA_RESP_ERR__TRANSPORT, kClosed, 0).message(),
              HasSubstr("wants TLS or a login"));
  facts.was_connected = true;
  const auto later = ExplainFailure(facts, RD_KAFKA_RESP_ERR__TRANSPORT, kClosed, 0);
  EXPECT_THAT(later.message(), Not(HasSubstr("TLS")));
  EXPECT_EQ(later.code(), ErrorCode::kUnavailable);
}

TEST(ConnectionAdvice, AsksForACertificateOrRefusesIt) {
  constexpr std::string_view kAlert =
      "ssl://b:1/bootstrap: Receive failed: error:0A000412:SSL routines::ssl/tls alert bad "
      "certificate: SSL alert number 42";
  SecurityFacts facts = kTls;
  EXPECT_THAT(ExplainFailure(facts, RD_KAFKA_RESP_ERR__TRANSPORT, kAlert, 0).message(),
              HasSubstr("wants a client's certificate"));
  facts.has_certificate = true;
  EXPECT_THAT(ExplainFailure(facts, RD_KAFKA_RESP_ERR__TRANSPORT, kAlert, 0).message(),
              HasSubstr("refuses the client's certificate"));
}

TEST(ConnectionAdvice, LeavesOtherErrorsAsTheyAre) {
  const auto error =
      ExplainFailure(kPlaintext, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", 0);
  EXPECT_EQ(error.message(), "kafka: 1/1 brokers are down");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
}

TEST(ConnectionAdvice, SaysWhatToGrant) {
  EXPECT_THAT(
      ExplainForbidden(kScram, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "orders").message(),
      HasSubstr("user 'alice' may not read topic orders: grant it Read and Describe"));
  EXPECT_THAT(ExplainForbidden(kTls, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "g").message(),
              HasSubstr("grant it Read on that group"));
}

}  // namespace
}  // namespace kafka_iceberg::kafka
