// SPDX-License-Identifier: Apache-2.0
//
// The reading half of RdKafkaSource: from librdkafka's queue to events.
#include <algorithm>
#include <iterator>

#include "core/check.h"
#include "kafka/rdkafka_source.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr Duration kDescribeTimeout = std::chrono::seconds(5);
constexpr Duration kWatermarkTimeout = std::chrono::seconds(5);

void Destroy(std::span<rd_kafka_message_t*> messages) {
  for (auto* message : messages) rd_kafka_message_destroy(message);
}

std::string_view TopicOf(const rd_kafka_message_t& message) {
  return message.rkt == nullptr ? "" : rd_kafka_topic_name(message.rkt);
}

bool SameRun(const rd_kafka_message_t& a, const rd_kafka_message_t& b) {
  return a.rkt == b.rkt && a.partition == b.partition && b.err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

std::vector<SourceEvent> RdKafkaSource::Poll(Duration timeout) {
  CHECK(!closed_);
  WatchTopics();
  const bool nothing_yet = events_.empty() && (rebalances_.empty() || rebalances_.front().told);
  const size_t count = Fetch(nothing_yet ? timeout : Duration{0});
  std::vector<SourceEvent> events;
  Deliver(count, events);
  AnswerEmptyRebalances();
  if (auto error = health_.Due(clock_.Steady()))
    events_.push_back(SourceTrouble{*std::move(error)});
  std::move(events_.begin(), events_.end(), std::back_inserter(events));
  events_.clear();
  TellRebalance(events);
  return events;
}

size_t RdKafkaSource::Fetch(Duration timeout) {
  const auto take = [&](size_t from) {
    const auto count = rd_kafka_consume_batch_queue(client_->queue(), 0, messages_.data() + from,
                                                    messages_.size() - from);
    return from + static_cast<size_t>(std::max<ssize_t>(0, count));
  };
  const size_t ready = take(0);
  if (ready > 0 || timeout <= Duration{0}) return ready;
  // The batch call waits until the batch is full; this one returns with the first record.
  waiting_ = true;
  messages_.front() = rd_kafka_consume_queue(client_->queue(), ToMs(timeout));
  waiting_ = false;
  return messages_.front() == nullptr ? 0 : take(1);
}

void RdKafkaSource::Deliver(size_t count, std::vector<SourceEvent>& events) {
  const std::span all(messages_.data(), count);
  for (size_t i = 0; i < count;) {
    auto& message = *all[i];
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      OnMessageError(message);
      rd_kafka_message_destroy(&message);
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < count && SameRun(message, *all[end])) ++end;
    DeliverRun(all.subspan(i, end - i), all.subspan(i));
    i = end;
  }
  for (auto& batch : batcher_->Take()) {
    health_.OnAllowed(batch.topic);
    events.push_back(std::move(batch));
  }
}

// `run` is of one partition; `rest` is all that was fetched from there on.
void RdKafkaSource::DeliverRun(std::span<rd_kafka_message_t*> run,
                               std::span<rd_kafka_message_t*> rest) {
  const auto topic = TopicOf(*run.front());
  auto* const position = positions_.Find(topic, run.front()->partition);
  if (position == nullptr || failed_) return Destroy(run);
  if (!batcher_->Select(topic)) {
    const auto same_topic = std::ranges::count(rest, run.front()->rkt, &rd_kafka_message_t::rkt);
    batcher_->Open(topic, static_cast<size_t>(same_topic));
  }
  batcher_->StartRun(*run.front());
  for (size_t i = 0; i < run.size(); ++i) {
    switch (position->Accept(run[i]->offset)) {
      case Verdict::kDeliver: batcher_->Add(run[i]); break;
      case Verdict::kDrop: rd_kafka_message_destroy(run[i]); break;
      case Verdict::kBackwards:
        Fail(Error::Corrupt("{} went backwards: offset {} arrived where {} or later was expected",
                            ToString({std::string(topic), run[i]->partition}), run[i]->offset,
                            position->next()));
        return Destroy(run.subspan(i));
    }
  }
}

void RdKafkaSource::OnMessageError(const rd_kafka_message_t& message) {
  const TopicPartition partition{std::string(TopicOf(message)), message.partition};
  const auto what = partition.topic.empty() ? std::string("kafka") : ToString(partition);
  const char* const reason = rd_kafka_message_errstr(&message);
  auto* const position = positions_.Find(partition.topic, partition.partition);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (position == nullptr || failed_ || !position->ReachedEnd(message.offset)) return;
      events_.push_back(EndOfPartition{partition, message.offset});
      return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      if (position != nullptr && !failed_) OnOffsetOutOfRange(partition, message.offset, reason);
      return;
    // The client skips what it cannot decode and goes on, so going on would lose it.
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
      if (position == nullptr) return;
      return Fail(ToError(
          message.err, fmt::format("cannot read {} at offset {}", what, message.offset), reason));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return health_.OnRefused(
          partition.topic,
          client_->secured().ExplainForbidden(
              message.err, partition.topic.empty() ? options_.group_id : partition.topic));
    case RD_KAFKA_RESP_ERR__FATAL: return Fail(ToError(message.err, what, reason));
    default: break;
  }
  if (IsUnknownTopic(message.err)) return OnTopicMissing(message, partition.topic);
  health_.OnError(ToError(message.err, what, reason));
}

void RdKafkaSource::OnOffsetOutOfRange(const TopicPartition& partition, int64_t wanted,
                                       std::string_view reason) {
  const auto available = QueryWatermarks(partition, kWatermarkTimeout);
  const auto range = available.ok()
                         ? fmt::format("the broker has {} to {}", available->low, available->high)
                         : std::string(reason);
  const bool beyond = available.ok() && wanted > available->high;
  Fail(
      Error::Corrupt("{}: offset {} is not available, {}: {}; restore the topic, or accept what is "
                     "missing by saying where to "
                     "go on (auto_offset_reset = \"earliest\" or \"latest\")",
                     ToString(partition), wanted, range,
                     beyond ? "the topic was recreated or its end was lost"
                            : "the records in between were deleted before they were read"));
}

void RdKafkaSource::OnTopicMissing(const rd_kafka_message_t& message, std::string_view topic) {
  // Errors about a subscription carry the name in the text only; all explicit topics are watched
  // anyway.
  if (CanDescribeTopics()) return topic_watch_.Suspect(std::string(topic));
  Fail(ToError(message.err, fmt::format("topic '{}' does not exist", topic)));
}

std::vector<std::string> RdKafkaSource::TopicsToWatch() const {
  std::set<std::string> topics(options_.topics.begin(), options_.topics.end());
  for (const auto& [partition, offset] : positions_.Snapshot()) topics.insert(partition.topic);
  return {topics.begin(), topics.end()};
}

void RdKafkaSource::WatchTopics() {
  if (!CanDescribeTopics() || failed_) return;
  if (!watch_asked_) {
    const auto now = clock_.Steady();
    if (!topic_watch_.Due(now)) return;
    const auto topics = TopicsToWatch();
    topic_watch_.Asked(now);
    if (topics.empty()) return;
    StartDescribeTopics(client_->get(), topics, kDescribeTimeout, watch_queue_.get());
    watch_asked_ = true;
    return;
  }
  const RdKafkaPtr<rd_kafka_event_t> answer(rd_kafka_queue_poll(watch_queue_.get(), 0));
  if (answer == nullptr) return;
  watch_asked_ = false;
  // A broker that does not answer is told by ConnectionHealth.
  const auto topics = ReadDescribeTopics(answer.get());
  if (!topics.ok()) return;
  for (auto& event : topic_watch_.OnAnswer(*topics)) {
    if (auto* failed = std::get_if<SourceFailed>(&event)) {
      Fail(std::move(failed->error));
    } else {
      events_.push_back(std::move(event));
    }
  }
  topic_watch_.Asked(clock_.Steady());
}

void RdKafkaSource::Fail(Error error) {
  if (failed_) return;  // the first reason is the one that matters
  failed_ = true;
  events_.push_back(SourceFailed{std::move(error)});
}

}  // namespace kafka_iceberg::kafka
