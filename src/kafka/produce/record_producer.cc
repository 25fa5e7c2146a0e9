// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/record_producer.h"

#include <algorithm>
#include <array>

#include "kafka/access/secured_client.h"
#include "kafka/client_conf.h"
#include "kafka/kafka_settings.h"
#include "kafka/produce/produce_record.h"
#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr int kQueuedRecordsMax = 200'000;
constexpr int kQueuedKbytesMax = 64 * 1024;
constexpr Duration kWaitStep = std::chrono::milliseconds(5);
constexpr Duration kOffsetsTimeout = std::chrono::seconds(10);

ClientSettings ProducerSettings(const ProducerOptions& options) {
  ClientSettings settings;
  for (const auto& [key, value] : SecuritySettings(options.security))
    settings.emplace_back(key, value);
  settings.emplace_back("bootstrap.servers", options.bootstrap_servers);
  settings.emplace_back("client.id", "kafka-iceberg-producer");
  settings.emplace_back("compression.codec", options.compression);
  settings.emplace_back("linger.ms", std::to_string(ToMs(options.linger)));
  settings.emplace_back("batch.size", "1000000");
  settings.emplace_back("batch.num.messages", "10000");
  settings.emplace_back("queue.buffering.max.messages", std::to_string(kQueuedRecordsMax));
  settings.emplace_back("queue.buffering.max.kbytes", std::to_string(kQueuedKbytesMax));
  // Nothing is written twice by a retry.
  settings.emplace_back("enable.idempotence", "true");
  settings.emplace_back("delivery.report.only.error", "true");
  return settings;
}

}  // namespace

struct RecordProducer::Client {
  explicit Client(const ProducerOptions& from) : options(from) {}
  ~Client() {
    for (auto& [name, topic] : topics) rd_kafka_topic_destroy(topic);
  }

  static void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    auto& client = *static_cast<Client*>(ClientContext::Of(self).owner);
    ++client.lost;
    client.lost_reason = message->err;
  }

  rd_kafka_topic_t* Topic(const std::string& name) {
    auto& topic = topics[name];
    if (topic == nullptr) topic = rd_kafka_topic_new(handle->get(), name.c_str(), nullptr);
    return topic;
  }

  // One turn of waiting for room; an error once nothing has moved for too long.
  Status WaitForRoom(int& turns) {
    if (rd_kafka_poll(handle->get(), ToMs(kWaitStep)) > 0) turns = 0;
    if (++turns * kWaitStep < options.timeout) return {};
    return Error::Timeout(
        "cannot write records: the broker took none for {} s",
        std::chrono::duration_cast<std::chrono::seconds>(options.timeout).count());
  }

  const ProducerOptions options;
  std::unique_ptr<SecuredClient> handle;
  std::map<std::string, rd_kafka_topic_t*> topics;
  std::vector<rd_kafka_message_t> outgoing;  // scratch of SendAll()
  int64_t lost = 0;
  rd_kafka_resp_err_t lost_reason = RD_KAFKA_RESP_ERR_NO_ERROR;
};

Result<std::unique_ptr<RecordProducer>> RecordProducer::Open(const ProducerOptions& options) {
  auto client = std::make_unique<Client>(options);
  auto conf = TRY(MakeClientConf(ProducerSettings(options)));
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &Client::OnDelivery);
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  client->handle = TRY(
      SecuredClient::Open(RD_KAFKA_PRODUCER, std::move(conf), client.get(), options.sasl_tokens));
  return std::unique_ptr<RecordProducer>(new RecordProducer(std::move(client)));
}

RecordProducer::RecordProducer(std::unique_ptr<Client> client) : client_(std::move(client)) {}
RecordProducer::~RecordProducer() = default;

Status RecordProducer::Send(const std::string& topic, int32_t partition,
                            const OutgoingRecord& record) {
  rd_kafka_t* const handle = client_->handle->get();
  int turns = 0;
  for (;;) {
    const auto error = ProduceRecord(handle, topic, partition, record);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return ToError(error, fmt::format("cannot write to {} [{}]", topic, partition));
    }
    TRY(client_->WaitForRoom(turns));
  }
}

Status RecordProducer::SendAll(const std::string& topic, int32_t partition,
                               const std::vector<std::string_view>& values) {
  auto& outgoing = client_->outgoing;
  outgoing.assign(values.size(), rd_kafka_message_t{});
  for (size_t i = 0; i < values.size(); ++i) {
    outgoing[i].payload = const_cast<char*>(values[i].data());
    outgoing[i].len = values[i].size();
  }
  rd_kafka_topic_t* const to = client_->Topic(topic);
  int turns = 0;
  while (!outgoing.empty()) {
    const int sent = rd_kafka_produce_batch(to, partition, RD_KAFKA_MSG_F_COPY, outgoing.data(),
                                            static_cast<int>(outgoing.size()));
    if (sent == static_cast<int>(outgoing.size())) break;
    for (const auto& message : outgoing) {
      if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
          message.err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return ToError(message.err, fmt::format("cannot write to {} [{}]", topic, partition));
      }
    }
    std::erase_if(outgoing,
                  [](const auto& message) { return message.err == RD_KAFKA_RESP_ERR_NO_ERROR; });
    if (sent > 0) turns = 0;
    TRY(client_->WaitForRoom(turns));
  }
  (void)rd_kafka_poll(client_->handle->get(), 0);
  return {};
}

Status RecordProducer::Flush() {
  const auto error = rd_kafka_flush(client_->handle->get(), ToMs(client_->options.timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(error, "cannot write all records");
  if (client_->lost == 0) return {};
  return ToError(client_->lost_reason,
                 fmt::format("{} records were not written", std::exchange(client_->lost, 0)));
}

Result<std::pair<int64_t, int64_t>> RecordProducer::Offsets(const std::string& topic,
                                                            int32_t partition) {
  int64_t low = 0;
  int64_t high = 0;
  const auto error = rd_kafka_query_watermark_offsets(
      client_->handle->get(), topic.c_str(), partition, &low, &high, ToMs(kOffsetsTimeout));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return std::pair(low, high);
  return ToError(error, fmt::format("cannot read the offsets of {} [{}]", topic, partition));
}

}  // namespace kafka_iceberg::kafka
