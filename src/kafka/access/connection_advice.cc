// SPDX-License-Identifier: Apache-2.0
#include "kafka/access/connection_advice.h"

#include <algorithm>
#include <array>

namespace kafka_iceberg::kafka {
namespace {

// OpenSSL's numbers (X509_V_ERR_*), which are part of its interface.
constexpr int kNotYetValid = 9;
constexpr int kExpired = 10;
constexpr int kRevoked = 23;
constexpr int kHostMismatch = 62;
constexpr int kIpMismatch = 64;

bool Holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "ssl://broker:9093/bootstrap: SSL handshake failed: ... (after 28ms in state SSL_HANDSHAKE)"
struct Report {
  std::string broker;  // "broker:9093", may be empty
  std::string text;    // without what changes each time
};

Report Split(std::string_view reason) {
  reason = reason.substr(0, reason.find(" (after "));
  constexpr auto kSchemes =
      std::to_array<std::string_view>({"sasl_ssl://", "sasl_plaintext://", "ssl://"});
  for (const auto scheme : kSchemes) {
    if (!reason.starts_with(scheme)) continue;
    reason.remove_prefix(scheme.size());
    break;
  }
  const size_t end = reason.find(": ");
  const size_t slash = reason.find('/');
  const bool has_broker = end != std::string_view::npos && slash < end &&
                          reason.substr(0, slash).find(' ') == std::string_view::npos;
  if (!has_broker) return {"", std::string(reason)};
  return {std::string(reason.substr(0, slash)), std::string(reason.substr(end + 2))};
}

std::string AdviceOnCertificate(const SecurityFacts& facts, int certificate_error) {
  switch (certificate_error) {
    case kExpired:
      return "the broker's certificate has expired: renew it on the broker, or correct this "
             "machine's clock";
    case kNotYetValid:
      return "the broker's certificate is not valid yet: correct this machine's clock, or the "
             "certificate";
    case kRevoked: return "the broker's certificate was revoked: renew it on the broker";
    case kHostMismatch:
    case kIpMismatch:
      return "the broker's certificate is for another host name: use a name that it holds in "
             "kafka.bootstrap_servers and in the broker's advertised.listeners (or, less safe, set "
             "kafka.security.verify_hostname = \"false\")";
    default: break;
  }
  if (facts.has_ca) {
    return "the broker's certificate is not signed by an authority in kafka.security.ca_file: put "
           "the certificate of the authority that signed it there";
  }
  return "the broker's certificate is not signed by an authority this system trusts: set "
         "kafka.security.ca_file to the certificate of the authority that signed it";
}

std::string AdviceOnLogin(const SecurityFacts& facts, std::string_view text) {
  if (Holds(text, "Failed to acquire SASL OAUTHBEARER token")) return "";  // says why itself
  if (Holds(text, "Request not valid in current SASL state")) {
    return "this port of the broker takes no login: set kafka.security.protocol to \"ssl\" or "
           "\"plaintext\", or use the port of its SASL listener";
  }
  if (Holds(text, "Unsupported SASL mechanism")) {
    constexpr std::string_view kMark = "supported mechanisms: ";
    const size_t at = text.find(kMark);
    return fmt::format(
        "the broker does not take a login by {}: set kafka.security.sasl_mechanism to one it does "
        "({})",
        facts.mechanism, at == std::string_view::npos ? "unknown" : text.substr(at + kMark.size()));
  }
  if (facts.mechanism == "OAUTHBEARER") {
    return "the broker refuses the token: check that it trusts the issuer, and that audience, "
           "scope "
           "and (with AWS) the role's kafka-cluster:Connect permission are what it wants";
  }
  return fmt::format(
      "the broker refuses the login of '{}' by {}: check kafka.security.username and password",
      facts.username, facts.mechanism);
}

bool IsClosedAtOnce(std::string_view text) {
  return Holds(text, "connection closed by peer") ||
         Holds(text, "might be caused by incorrect security.protocol");
}

std::string AdviceOnTransport(const SecurityFacts& facts, std::string_view text,
                              std::string_view reason) {
  const bool tls = facts.protocol.ends_with("ssl");
  // How a plaintext listener answers to a handshake depends on who is faster.
  const bool closed_in_handshake = tls && IsClosedAtOnce(text) && Holds(reason, "SSL_HANDSHAKE");
  if (Holds(text, "connecting to a PLAINTEXT broker listener") || Holds(text, "wrong version") ||
      closed_in_handshake) {
    return "this port of the broker does not speak TLS: use the port of its TLS listener, or set "
           "kafka.security.protocol to \"plaintext\" or \"sasl_plaintext\"";
  }
  if (Holds(text, "alert")) {
    return facts.has_certificate
               ? "the broker refuses the client's certificate: it must be valid and signed by an "
                 "authority that the broker trusts (kafka.security.certificate_file)"
               : "the broker wants a client's certificate: set kafka.security.certificate_file and "
                 "key_file";
  }
  const bool has_login = facts.protocol.starts_with("sasl_");
  if (!IsClosedAtOnce(text) || facts.was_connected || has_login) return "";
  return tls ? "the broker closes the connection: this port probably wants a login (set "
               "kafka.security.sasl_mechanism, username and password), or does not speak TLS"
             : "the broker closes the connection: this port probably wants TLS or a login, so set "
               "kafka.security.protocol to what its listener speaks (now \"plaintext\")";
}

std::string Advice(const SecurityFacts& facts, rd_kafka_resp_err_t error, std::string_view text,
                   std::string_view reason, int certificate_error) {
  if (Holds(text, "certificate verify failed"))
    return AdviceOnCertificate(facts, certificate_error);
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED: return AdviceOnLogin(facts, text);
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__TRANSPORT: return AdviceOnTransport(facts, text, reason);
    default: return "";
  }
}

std::string Login(const SecurityFacts& facts) {
  if (!facts.username.empty()) return fmt::format("user '{}'", facts.username);
  if (!facts.mechanism.empty() && facts.protocol.starts_with("sasl_"))
    return "the owner of the token";
  return facts.has_certificate ? "the owner of the client's certificate" : "the anonymous user";
}

}  // namespace

Error ExplainFailure(const SecurityFacts& facts, rd_kafka_resp_err_t error, std::string_view reason,
                     int certificate_error) {
  const Report report = Split(reason);
  const std::string place = report.broker.empty() ? "kafka" : "kafka " + report.broker;
  const std::string advice = Advice(facts, error, report.text, reason, certificate_error);
  if (!advice.empty()) return Error::Denied("{}: {}", place, advice);
  const ErrorCode code = ToErrorCode(error);
  // Nothing is known about it that would make trying again useless.
  const bool is_vague = error == RD_KAFKA_RESP_ERR__SSL;
  return {is_vague ? ErrorCode::kUnavailable : code, fmt::format("{}: {}", place, report.text)};
}

Error ExplainForbidden(const SecurityFacts& facts, rd_kafka_resp_err_t error,
                       std::string_view what) {
  const std::string who = Login(facts);
  if (error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
    return Error::Denied("{} may not use consumer group {}: grant it Read on that group", who,
                         what);
  }
  return Error::Denied("{} may not read topic {}: grant it Read and Describe on that topic", who,
                       what);
}

}  // namespace kafka_iceberg::kafka
