// SPDX-License-Identifier: Apache-2.0
//
// TokenFeeder: gives a client its tokens. The client asks through a queue of its own when it starts
// and at four fifths of a token's life; a thread here answers, so that a slow token server never
// holds up the poll thread. Owned by SecuredClient, and gone before the client is.
#pragma once

#include <memory>
#include <thread>

#include "kafka/access/sasl_tokens.h"
#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

class TokenFeeder {
 public:
  // Makes the client ask; before the client is made.
  static void Prepare(rd_kafka_conf_t* conf);

  TokenFeeder(rd_kafka_t* client, std::shared_ptr<SaslTokenSource> tokens);
  ~TokenFeeder();
  TokenFeeder(const TokenFeeder&) = delete;
  TokenFeeder& operator=(const TokenFeeder&) = delete;

 private:
  void Serve(const std::stop_token& stop);
  void Answer();

  rd_kafka_t* const client_;
  const std::shared_ptr<SaslTokenSource> tokens_;
  const RdKafkaPtr<rd_kafka_queue_t> queue_;
  std::jthread thread_;
};

}  // namespace kafka_iceberg::kafka
