// SPDX-License-Identifier: Apache-2.0
//
// SecuredClient: any librdkafka client of ours, with what its login needs: tokens, the check of the
// broker's certificate, and words for what goes wrong with either. Owned by a source, reader or
// producer; explain() is safe from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "kafka/access/connection_advice.h"
#include "kafka/access/sasl_tokens.h"
#include "kafka/access/token_feeder.h"
#include "kafka/client_conf.h"
#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

// What the opaque pointer of every client's callbacks points to; lives as long as the client.
struct ClientContext {
  void* owner = nullptr;  // of the callbacks that are served on the owner's own thread
  std::atomic<bool> was_connected{false};
  std::atomic<int> certificate_error{0};  // the last the certificate check found, OpenSSL's number

  static ClientContext& Of(void* opaque) { return *static_cast<ClientContext*>(opaque); }
};

class SecuredClient {
 public:
  // `conf` has its callbacks, with `owner` behind ClientContext. `tokens` may be null.
  static Result<std::unique_ptr<SecuredClient>> Open(rd_kafka_type_t type,
                                                     RdKafkaPtr<rd_kafka_conf_t> conf, void* owner,
                                                     std::shared_ptr<SaslTokenSource> tokens);
  ~SecuredClient();
  SecuredClient(const SecuredClient&) = delete;
  SecuredClient& operator=(const SecuredClient&) = delete;

  rd_kafka_t* get() const { return client_; }
  // A broker answered as it should: from now on a connection that ends is only that.
  void SetConnected() { context_->was_connected.store(true); }
  // What the client reports, as an error with cause and fix where they are known.
  Error Explain(rd_kafka_resp_err_t error, std::string_view reason) const;
  // The same when a topic (or, by its code, the group) is forbidden.
  Error ExplainForbidden(rd_kafka_resp_err_t error, std::string_view what) const;

 private:
  SecuredClient(std::unique_ptr<ClientContext> context, SecurityFacts facts)
      : context_(std::move(context)), facts_(std::move(facts)) {}

  const std::unique_ptr<ClientContext> context_;
  const SecurityFacts facts_;
  rd_kafka_t* client_ = nullptr;
  std::unique_ptr<TokenFeeder> feeder_;
};

// A consumer client with its queue. Shared by the source and by every batch that points into its
// memory, because librdkafka wants the client to outlive its messages; the last one destroys it, on
// whatever thread.
class ConsumerClient {
 public:
  explicit ConsumerClient(std::unique_ptr<SecuredClient> client)
      : client_(std::move(client)), queue_(rd_kafka_queue_get_consumer(client_->get())) {}

  rd_kafka_t* get() const { return client_->get(); }
  SecuredClient& secured() const { return *client_; }
  rd_kafka_queue_t* queue() const { return queue_.get(); }

 private:
  const std::unique_ptr<SecuredClient> client_;
  const RdKafkaPtr<rd_kafka_queue_t> queue_;  // given back first
};

}  // namespace kafka_iceberg::kafka
