// SPDX-License-Identifier: Apache-2.0
#include "kafka/access/token_feeder.h"

#include <array>
#include <vector>

#include "core/thread.h"

namespace kafka_iceberg::kafka {
namespace {

// The destructor interrupts the wait; this only bounds it.
constexpr Duration kWait = std::chrono::seconds(1);

}  // namespace

void TokenFeeder::Prepare(rd_kafka_conf_t* conf) {
  rd_kafka_conf_enable_sasl_queue(conf, 1);
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH);
}

TokenFeeder::TokenFeeder(rd_kafka_t* client, std::shared_ptr<SaslTokenSource> tokens)
    : client_(client), tokens_(std::move(tokens)), queue_(rd_kafka_queue_get_sasl(client)) {
  thread_ = StartThread(
      "kafka-tokens", [this](const std::stop_token& stop) { Serve(stop); },
      [this](std::string_view what) {
        (void)rd_kafka_oauthbearer_set_token_failure(client_, std::string(what).c_str());
      });
}

TokenFeeder::~TokenFeeder() {
  thread_.request_stop();
  rd_kafka_queue_yield(queue_.get());
  thread_.join();
}

void TokenFeeder::Serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const RdKafkaPtr<rd_kafka_event_t> event(rd_kafka_queue_poll(queue_.get(), ToMs(kWait)));
    const bool asked = event != nullptr &&
                       rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH;
    if (asked && !stop.stop_requested()) Answer();
  }
}

void TokenFeeder::Answer() {
  const Result<SaslToken> token = tokens_->Token();
  std::array<char, 512> reason{};
  if (!token.ok()) {
    (void)rd_kafka_oauthbearer_set_token_failure(client_, token.error().message().c_str());
    return;
  }
  std::vector<const char*> extensions;
  for (const auto& [name, value] : token->extensions) {
    extensions.push_back(name.c_str());
    extensions.push_back(value.c_str());
  }
  const auto refused = rd_kafka_oauthbearer_set_token(
      client_, token->text.c_str(), ToMillis(token->expires_at), token->principal.c_str(),
      extensions.data(), extensions.size(), reason.data(), reason.size());
  if (refused == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  // The client's reason may quote the token.
  (void)rd_kafka_oauthbearer_set_token_failure(
      client_,
      "the client refuses the token: it has expired already (check this machine's clock), or an "
      "extension in oauth_extensions is malformed");
}

}  // namespace kafka_iceberg::kafka
