// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/transactional_topic.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "kafka/access/complaints.h"
#include "kafka/kafka_settings.h"
#include "kafka/produce/produce_record.h"
#include "kafka/produce/transaction_errors.h"
#include "kafka/topic_describe.h"
#include "kafka/topic_reader.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr int kQueuedRecordsMax = 10'000;
constexpr int kQueuedKbytesMax = 32 * 1024;
// What is too big is for the broker to say, and for the caller to have asked for before.
constexpr int kRecordBytesMax = 100'000'000;
constexpr int64_t kBatchBytesDefault = 65'536;
constexpr Duration kTurn = std::chrono::milliseconds(500);
constexpr Duration kPollStep = std::chrono::milliseconds(10);
constexpr Duration kAbortTimeout = std::chrono::seconds(5);

ClientSettings ProducerSettings(const TransactionalTopicOptions& options, int64_t batch_bytes) {
  ClientSettings settings = {{"compression.codec", "lz4"},
                             {"linger.ms", "5"},
                             {"reconnect.backoff.ms", "100"},
                             {"reconnect.backoff.max.ms", "5000"}};
  const auto add = [&](const auto& more) {
    settings.insert(settings.end(), more.begin(), more.end());
  };
  add(SecuritySettings(options.client.security));
  add(options.client.librdkafka);
  const int64_t batch_size = std::clamp<int64_t>(batch_bytes, 1, kBatchBytesDefault);
  add(ClientSettings{
      {"bootstrap.servers", options.client.bootstrap_servers},
      {"client.id", options.client.client_id},
      {"transactional.id", options.transactional_id},
      {"enable.idempotence", "true"},
      {"transaction.timeout.ms", std::to_string(2 * ToMs(options.timeout))},
      {"message.timeout.ms", std::to_string(ToMs(options.timeout))},
      {"message.max.bytes", std::to_string(kRecordBytesMax)},
      {"batch.size", std::to_string(batch_size)},
      {"queue.buffering.max.messages", std::to_string(kQueuedRecordsMax)},
      {"queue.buffering.max.kbytes", std::to_string(kQueuedKbytesMax)},
      {"allow.auto.create.topics", "false"},
      // For questions about the ends of partitions: with what open transactions wrote.
      {"isolation.level", "read_uncommitted"},
      {"delivery.report.only.error", "true"},
      {"log.queue", "false"},
      {"log.connection.close", "true"},
      {"statistics.interval.ms", "0"}});
  return settings;
}

// One librdkafka client; a session, once its transactions were initialized.
class Producer {
 public:
  static Result<std::unique_ptr<Producer>> Open(const TransactionalTopicOptions& options,
                                                int64_t batch_bytes, Clock& clock) {
    std::unique_ptr<Producer> producer(new Producer(options, clock));
    auto conf = TRY(MakeClientConf(ProducerSettings(options, batch_bytes)));
    rd_kafka_conf_set_error_cb(conf.get(), &Complaints::OnError);
    rd_kafka_conf_set_log_cb(conf.get(), &Complaints::OnLog);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &Producer::OnDelivery);
    producer->client_ = TRY(SecuredClient::Open(
        RD_KAFKA_PRODUCER, std::move(conf), &producer->complaints_, options.client.sasl_tokens));
    producer->complaints_.Attach(*producer->client_);
    return producer;
  }

  rd_kafka_t* get() const { return client_->get(); }

  // The client's calls wait for the whole timeout whatever happens, so it is asked in short turns
  // and its complaints are looked at in between.
  Result<RdKafkaPtr<const rd_kafka_metadata_t>> Metadata() {
    const RdKafkaPtr<rd_kafka_topic_t> topic(
        rd_kafka_topic_new(get(), options_.topic.c_str(), nullptr));
    if (topic == nullptr)
      return Error::Invalid("\"{}\" cannot be the name of a topic", options_.topic);
    const SteadyTime until = clock_.Steady() + options_.timeout;
    while (true) {
      const rd_kafka_metadata_t* raw = nullptr;
      const auto failed = rd_kafka_metadata(get(), 0, topic.get(), &raw, ToMs(kTurn));
      if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        client_->SetConnected();
        return RdKafkaPtr<const rd_kafka_metadata_t>(raw);
      }
      rd_kafka_poll(get(), 0);
      if (complaints_.IsFinal() || clock_.Steady() >= until)
        return Explain(failed, "cannot look at topic " + options_.topic);
    }
  }

  Status InitTransactions() {
    const SteadyTime until = clock_.Steady() + options_.timeout;
    while (true) {
      const RdKafkaPtr<rd_kafka_error_t> error(rd_kafka_init_transactions(get(), ToMs(kTurn)));
      if (error == nullptr) return {};
      rd_kafka_poll(get(), 0);
      const bool may_pass = rd_kafka_error_is_retriable(error.get()) != 0 && !complaints_.IsFinal();
      if (!may_pass || clock_.Steady() >= until)
        return ExplainTransaction(*error, "cannot begin to write to topic " + options_.topic);
    }
  }

  Status Write(const std::vector<PartitionedRecord>& records,
               const std::function<void()>& before_commit) {
    Status status = Transact(records, before_commit);
    // So that readers need not wait for the broker to give the transaction up; what this says does
    // not matter.
    if (!status.ok()) {
      const RdKafkaPtr<rd_kafka_error_t> ignored(
          rd_kafka_abort_transaction(get(), ToMs(kAbortTimeout)));
    }
    return status;
  }

  Error Explain(rd_kafka_resp_err_t error, std::string_view what) const {
    if (auto worst = complaints_.Worst()) return worst->WithContext(what);
    return ToError(error, what);
  }

 private:
  Producer(const TransactionalTopicOptions& options, Clock& clock)
      : options_(options), clock_(clock) {}

  static void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    auto& worst = *static_cast<rd_kafka_resp_err_t*>(message->_private);
    // The first to fail says why; those after it only that they did not come to their turn.
    if (worst == RD_KAFKA_RESP_ERR_NO_ERROR) worst = message->err;
  }

  Status Transact(const std::vector<PartitionedRecord>& records,
                  const std::function<void()>& before_commit) {
    const std::string what = "cannot write to topic " + options_.topic;
    TRY(Check(rd_kafka_begin_transaction(get()), what));
    const SteadyTime until = clock_.Steady() + options_.timeout;
    for (const PartitionedRecord& record : records) TRY(Send(record, until, what));
    while (rd_kafka_outq_len(get()) > 0 && lost_ == RD_KAFKA_RESP_ERR_NO_ERROR) {
      (void)rd_kafka_flush(get(), ToMs(kTurn));
      if (clock_.Steady() >= until) return Explain(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    }
    TRY(CheckLost(what));
    if (before_commit) before_commit();
    return Check(rd_kafka_commit_transaction(get(), ToMs(options_.timeout)), what);
  }

  Status Send(const PartitionedRecord& record, SteadyTime until, const std::string& what) {
    while (true) {
      const auto error = ProduceRecord(get(), options_.topic, record.partition, record.record,
                                       static_cast<void*>(&lost_));
      rd_kafka_poll(get(), error == RD_KAFKA_RESP_ERR__QUEUE_FULL ? ToMs(kPollStep) : 0);
      TRY(CheckLost(what));
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return Refused(error, what);
      if (clock_.Steady() >= until) return Explain(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    }
  }

  Status CheckLost(const std::string& what) const {
    if (lost_ == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return Refused(lost_, what);
  }

  Error Refused(rd_kafka_resp_err_t error, const std::string& what) const {
    const bool is_consequence = error == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                                error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
                                error == RD_KAFKA_RESP_ERR__FATAL;
    if (is_consequence) {
      // Of what ended the transaction, which the client says to whoever asks for another one.
      const RdKafkaPtr<rd_kafka_error_t> cause(rd_kafka_begin_transaction(get()));
      if (cause != nullptr) return ExplainTransaction(*cause, what);
    }
    return TransactionError(Names(), error, rd_kafka_err2str(error)).WithContext(what);
  }

  Status Check(rd_kafka_error_t* error, const std::string& what) const {
    if (error == nullptr) return {};
    const RdKafkaPtr<rd_kafka_error_t> owned(error);
    if (lost_ != RD_KAFKA_RESP_ERR_NO_ERROR) return Refused(lost_, what);
    return ExplainTransaction(*owned, what);
  }

  Error ExplainTransaction(const rd_kafka_error_t& error, const std::string& what) const {
    auto code = rd_kafka_error_code(&error);
    std::array<char, 512> text{};
    const auto fatal = rd_kafka_fatal_error(get(), text.data(), text.size());
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) code = fatal;
    const Error explained = TransactionError(Names(), code, rd_kafka_error_string(&error));
    const bool is_vague =
        explained.code() == ErrorCode::kUnavailable || explained.code() == ErrorCode::kTimeout;
    if (is_vague) {
      if (auto worst = complaints_.Worst()) return worst->WithContext(what);
    }
    return explained.WithContext(what);
  }

  TransactionNames Names() const { return {options_.topic, options_.transactional_id}; }

  const TransactionalTopicOptions& options_;
  Clock& clock_;
  Complaints complaints_;  // outlives the client
  rd_kafka_resp_err_t lost_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::unique_ptr<SecuredClient> client_;
};

class RdKafkaTransactionalTopic final : public TransactionalTopic {
 public:
  RdKafkaTransactionalTopic(TransactionalTopicOptions options, Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  const std::string& name() const override { return options_.topic; }

  Result<TopicState> Look() override {
    Producer& producer = *TRY(Client());
    const auto metadata = TRY(producer.Metadata());
    if (metadata->topic_cnt != 1)
      return Error::Unavailable("no answer about topic {}", options_.topic);
    const rd_kafka_metadata_topic_t& topic = metadata->topics[0];
    if (IsUnknownTopic(topic.err))
      return Error::NotFound("topic {} does not exist", options_.topic);
    if (topic.err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
      return Error::Invalid("\"{}\" cannot be the name of a topic", options_.topic);
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return TransactionError({options_.topic, options_.transactional_id}, topic.err,
                              rd_kafka_err2str(topic.err))
          .WithContext("cannot look at topic " + options_.topic);
    }
    TopicState state;
    for (int i = 0; i < topic.partition_cnt; ++i) {
      const int32_t partition = topic.partitions[i].id;
      Watermarks& marks = state.partitions[partition];
      const auto failed =
          rd_kafka_query_watermark_offsets(producer.get(), options_.topic.c_str(), partition,
                                           &marks.low, &marks.high, ToMs(options_.timeout));
      if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return producer.Explain(failed, fmt::format("cannot ask for the ends of {}",
                                                    ToString({options_.topic, partition})));
      }
    }
    state.topic_id = TRY(DescribeTopic(producer.get(), options_.topic, options_.timeout)).topic_id;
    return state;
  }

  Status Create(int32_t partitions, int32_t replication) override {
    rd_kafka_t* const client = TRY(Client())->get();
    std::array<char, 512> reason{};
    const RdKafkaPtr<rd_kafka_NewTopic_t> topic(
        rd_kafka_NewTopic_new(options_.topic.c_str(), partitions,
                              replication == 0 ? -1 : replication, reason.data(), reason.size()));
    if (topic == nullptr)
      return Error::Invalid("cannot create topic {}: {}", options_.topic, reason.data());
    rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", "delete");
    rd_kafka_NewTopic_set_config(topic.get(), "retention.ms", "-1");
    const RdKafkaPtr<rd_kafka_queue_t> replies(rd_kafka_queue_new(client));
    rd_kafka_NewTopic_t* const asked = topic.get();
    rd_kafka_NewTopic_t* list[] = {asked};
    rd_kafka_CreateTopics(client, list, 1, nullptr, replies.get());
    const RdKafkaPtr<rd_kafka_event_t> reply(
        rd_kafka_queue_poll(replies.get(), ToMs(options_.timeout)));
    if (reply == nullptr)
      return Error::Timeout("no answer about creating topic {}", options_.topic);
    return ReadCreated(*reply);
  }

  std::optional<TopicSettings> Settings() override {
    const auto client = Client();
    if (!client.ok()) return std::nullopt;
    const RdKafkaPtr<rd_kafka_ConfigResource_t> resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, options_.topic.c_str()));
    const RdKafkaPtr<rd_kafka_queue_t> replies(rd_kafka_queue_new((*client)->get()));
    rd_kafka_ConfigResource_t* list[] = {resource.get()};
    rd_kafka_DescribeConfigs((*client)->get(), list, 1, nullptr, replies.get());
    const RdKafkaPtr<rd_kafka_event_t> reply(
        rd_kafka_queue_poll(replies.get(), ToMs(options_.timeout)));
    if (reply == nullptr || rd_kafka_event_error(reply.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::nullopt;
    return ReadSettings(*reply);
  }

  Status StartSession(int64_t batch_bytes_max) override {
    producer_.reset();
    producer_ = TRY(Producer::Open(options_, batch_bytes_max, clock_));
    return producer_->InitTransactions();
  }

  Status Write(const std::vector<PartitionedRecord>& records,
               const std::function<void()>& before_commit) override {
    return TRY(Client())->Write(records, before_commit);
  }

  Status Read(const std::map<int32_t, OffsetRange>& ranges, const Visit& visit) override {
    KafkaSourceOptions options = options_.client;
    options.isolation_level = "read_committed";
    const auto reader = TRY(TopicReader::Open(options, clock_));
    std::map<TopicPartition, OffsetRange> wanted;
    for (const auto& [partition, range] : ranges) {
      if (range.start >= range.end) continue;
      wanted[{options_.topic, partition}] = range;
      TRY(WaitUntilDecided(*reader, {options_.topic, partition}, range.end));
    }
    return reader->ReadWhole(wanted, options_.timeout, visit, {});
  }

 private:
  Result<Producer*> Client() {
    if (producer_ == nullptr) producer_ = TRY(Producer::Open(options_, kBatchBytesDefault, clock_));
    return producer_.get();
  }

  // Until no transaction that may still be aborted has written below `end`.
  Status WaitUntilDecided(TopicReader& reader, const TopicPartition& partition, int64_t end) {
    const SteadyTime until = clock_.Steady() + options_.timeout;
    while (TRY(reader.QueryWatermarks(partition, options_.timeout)).high < end) {
      if (clock_.Steady() >= until || !clock_.SleepFor(kPollStep, {})) {
        return Error::Timeout("{}: a transaction below offset {} is open for too long",
                              ToString(partition), end);
      }
    }
    return {};
  }

  Status ReadCreated(rd_kafka_event_t& reply) {
    const TransactionNames names{options_.topic, options_.transactional_id};
    const std::string what = "cannot create topic " + options_.topic;
    auto error = rd_kafka_event_error(&reply);
    const char* text = rd_kafka_event_error_string(&reply);
    size_t count = 0;
    const auto* const result = rd_kafka_event_CreateTopics_result(&reply);
    const rd_kafka_topic_result_t** const topics =
        result == nullptr ? nullptr : rd_kafka_CreateTopics_result_topics(result, &count);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1) {
      error = rd_kafka_topic_result_error(topics[0]);
      text = rd_kafka_topic_result_error_string(topics[0]);
    }
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      return {};
    if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
      return Error::Denied(
          "{}: it does not exist, and may not be made: create it, or grant Create on that topic",
          what);
    }
    return TransactionError(names, error, text == nullptr ? "" : text).WithContext(what);
  }

  static std::optional<TopicSettings> ReadSettings(rd_kafka_event_t& reply) {
    size_t count = 0;
    const auto* const result = rd_kafka_event_DescribeConfigs_result(&reply);
    if (result == nullptr) return std::nullopt;
    const auto** const resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::nullopt;
    TopicSettings settings;
    const auto** const entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    for (size_t i = 0; i < count; ++i) {
      const std::string_view name = rd_kafka_ConfigEntry_name(entries[i]);
      const char* const value = rd_kafka_ConfigEntry_value(entries[i]);
      const std::string_view text = value == nullptr ? "" : value;
      if (name == "cleanup.policy")
        settings.is_compacted = text.find("compact") != std::string_view::npos;
      if (name == "max.message.bytes")
        std::from_chars(text.data(), text.data() + text.size(), settings.record_bytes_max);
    }
    if (settings.record_bytes_max <= 0) return std::nullopt;
    return settings;
  }

  const TransactionalTopicOptions options_;
  Clock& clock_;
  std::unique_ptr<Producer> producer_;
};

}  // namespace

std::unique_ptr<TransactionalTopic> OpenTransactionalTopic(TransactionalTopicOptions options,
                                                           Clock& clock) {
  return std::make_unique<RdKafkaTransactionalTopic>(std::move(options), clock);
}

}  // namespace kafka_iceberg::kafka
