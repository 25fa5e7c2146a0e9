// SPDX-License-Identifier: Apache-2.0
#include "kafka/access/secured_client.h"

#include <array>
#include <cstdio>

namespace kafka_iceberg::kafka {
namespace {

std::string SettingOf(const rd_kafka_conf_t* conf, const char* key) {
  std::array<char, 4096> value{};
  size_t size = value.size();
  if (rd_kafka_conf_get(conf, key, value.data(), &size) != RD_KAFKA_CONF_OK) return "";
  return value.data();
}

SecurityFacts FactsOf(const rd_kafka_conf_t* conf) {
  return {.protocol = SettingOf(conf, "security.protocol"),
          .mechanism = SettingOf(conf, "sasl.mechanisms"),
          .username = SettingOf(conf, "sasl.username"),
          .has_ca =
              !SettingOf(conf, "ssl.ca.location").empty() || !SettingOf(conf, "ssl.ca.pem").empty(),
          .has_certificate = !SettingOf(conf, "ssl.certificate.location").empty() ||
                             !SettingOf(conf, "ssl.certificate.pem").empty() ||
                             !SettingOf(conf, "ssl.keystore.location").empty()};
}

// On the client's threads, for each certificate of a broker: only remembers why OpenSSL refuses
// one, which the client's own message does not tell.
void WatchCertificates(rd_kafka_conf_t* conf) {
  // A client without TLS knows no such check.
  (void)rd_kafka_conf_set_ssl_cert_verify_cb(
      conf, [](rd_kafka_t*, const char*, int32_t, int* x509_error, int, const char*, size_t,
               char* reason, size_t reason_size, void* opaque) {
        if (*x509_error == 0) return 1;
        ClientContext::Of(opaque).certificate_error.store(*x509_error);
        (void)std::snprintf(reason, reason_size, "OpenSSL's verification error %d", *x509_error);
        return 0;
      });
}

}  // namespace

Result<std::unique_ptr<SecuredClient>> SecuredClient::Open(
    rd_kafka_type_t type, RdKafkaPtr<rd_kafka_conf_t> conf, void* owner,
    std::shared_ptr<SaslTokenSource> tokens) {
  auto context = std::make_unique<ClientContext>();
  context->owner = owner;
  rd_kafka_conf_set_opaque(conf.get(), context.get());
  WatchCertificates(conf.get());
  if (tokens != nullptr) TokenFeeder::Prepare(conf.get());
  std::unique_ptr<SecuredClient> client(new SecuredClient(std::move(context), FactsOf(conf.get())));
  std::array<char, 512> reason{};
  client->client_ = rd_kafka_new(type, conf.get(), reason.data(), reason.size());
  if (client->client_ == nullptr) {
    return client->Explain(RD_KAFKA_RESP_ERR__INVALID_ARG, reason.data())
        .WithContext("cannot create the Kafka client");
  }
  (void)conf.release();  // now the client's
  if (tokens != nullptr)
    client->feeder_ = std::make_unique<TokenFeeder>(client->client_, std::move(tokens));
  return client;
}

SecuredClient::~SecuredClient() {
  feeder_.reset();
  if (client_ == nullptr) return;
  // The group was left already, or is to be abandoned: never wait for a broker here.
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Error SecuredClient::Explain(rd_kafka_resp_err_t error, std::string_view reason) const {
  SecurityFacts facts = facts_;
  facts.was_connected = context_->was_connected.load();
  return ExplainFailure(facts, error, reason, context_->certificate_error.load());
}

Error SecuredClient::ExplainForbidden(rd_kafka_resp_err_t error, std::string_view what) const {
  return kafka::ExplainForbidden(facts_, error, what);
}

}  // namespace kafka_iceberg::kafka
