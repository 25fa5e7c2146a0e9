// SPDX-License-Identifier: Apache-2.0
//
// The group half of RdKafkaSource: rebalances, positions, committed offsets, leaving.
#include <algorithm>

#include "core/check.h"
#include "kafka/rdkafka_source.h"
#include "kafka/topic_describe.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr Duration kResolveTimeout = std::chrono::seconds(10);
constexpr Duration kSeekTimeout = std::chrono::seconds(5);
constexpr Duration kSeekRetryDelay = std::chrono::milliseconds(20);
constexpr int kSeekTriesMax = 100;
constexpr Duration kCloseStep = std::chrono::milliseconds(20);
constexpr int kCloseStepsMax = 500;  // ten seconds

int64_t ToClientOffset(const StartPosition& position) {
  switch (position.at) {
    case StartAt::kOffset: return position.offset;
    case StartAt::kBeginning: return RD_KAFKA_OFFSET_BEGINNING;
    case StartAt::kEnd: return RD_KAFKA_OFFSET_END;
  }
  return RD_KAFKA_OFFSET_INVALID;
}

// The first error that an answer carries for a single partition.
Status FirstError(const rd_kafka_topic_partition_list_t& list, std::string_view what) {
  for (int i = 0; i < list.cnt; ++i) {
    if (list.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return ToError(list.elems[i].err,
                     fmt::format("{} {} [{}]", what, list.elems[i].topic, list.elems[i].partition));
    }
  }
  return {};
}

std::vector<TopicPartition> PartitionsOf(const std::vector<StartPosition>& positions) {
  std::vector<TopicPartition> partitions;
  for (const auto& position : positions) partitions.push_back(position.partition);
  return partitions;
}

}  // namespace

// Where to start, with "beginning" and "end" asked from the broker now. The client could do that by
// itself, but its late answer would undo a seek that was made in the meantime.
Result<PartitionList> RdKafkaSource::ToAbsolute(const std::vector<StartPosition>& positions) {
  PartitionList all(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  const PartitionList unknown(rd_kafka_topic_partition_list_new(0));
  for (const auto& position : positions) {
    const auto& [topic, partition] = position.partition;
    if (position.at == StartAt::kOffset && position.offset < 0) {
      return Error::Invalid("{}: offset {} is negative", ToString(position.partition),
                            position.offset);
    }
    const int64_t offset = ToClientOffset(position);
    auto& list = position.at == StartAt::kOffset ? *all : *unknown;
    rd_kafka_topic_partition_list_add(&list, topic.c_str(), partition)->offset = offset;
  }
  if (unknown->cnt == 0) return all;
  const auto error =
      rd_kafka_offsets_for_times(client_->get(), unknown.get(), ToMs(kResolveTimeout));
  constexpr std::string_view kWhat = "cannot look up where to start";
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(error, kWhat);
  TRY(FirstError(*unknown, kWhat));
  for (int i = 0; i < unknown->cnt; ++i) {
    const auto& element = unknown->elems[i];
    if (element.offset < 0) {
      return Error::Unavailable("{} {} [{}]: no answer", kWhat, element.topic, element.partition);
    }
    rd_kafka_topic_partition_list_add(all.get(), element.topic, element.partition)->offset =
        element.offset;
  }
  return all;
}

void RdKafkaSource::TellRebalance(std::vector<SourceEvent>& events) {
  if (rebalances_.empty() || rebalances_.front().told) return;
  auto& rebalance = rebalances_.front();
  rebalance.told = true;
  switch (rebalance.kind) {
    case RebalanceKind::kAssigned:
      events.push_back(PartitionsAssigned{rebalance.partitions});
      return;
    case RebalanceKind::kRevoked: events.push_back(PartitionsRevoked{rebalance.partitions}); break;
    case RebalanceKind::kLost: events.push_back(PartitionsLost{rebalance.partitions}); break;
  }
  Withhold(rebalance.partitions);
}

// Nobody needs to think about a rebalance that moves nothing.
void RdKafkaSource::AnswerEmptyRebalances() {
  while (!rebalances_.empty() && rebalances_.front().partitions.empty()) {
    const PartitionList none(rd_kafka_topic_partition_list_new(0));
    const auto kind = rebalances_.front().kind;
    auto answered =
        kind == RebalanceKind::kAssigned
            ? ToStatus(rd_kafka_incremental_assign(client_->get(), none.get()), "cannot join")
            : ToStatus(rd_kafka_incremental_unassign(client_->get(), none.get()), "cannot leave");
    if (!answered.ok()) health_.OnError(std::move(answered).error());
    rebalances_.pop_front();
  }
}

Status RdKafkaSource::CheckAnswer(RebalanceKind kind, std::vector<TopicPartition> answer) const {
  if (rebalances_.empty() || !rebalances_.front().told) {
    return Error::Invalid("no rebalance is waiting for an answer");
  }
  const auto& asked = rebalances_.front();
  if ((asked.kind == RebalanceKind::kAssigned) != (kind == RebalanceKind::kAssigned)) {
    return Error::Invalid("the rebalance that waits for an answer is of the other kind");
  }
  auto wanted = asked.partitions;
  std::ranges::sort(wanted);
  std::ranges::sort(answer);
  if (wanted != answer) {
    return Error::Invalid("a rebalance of {} partitions must be answered for exactly these",
                          wanted.size());
  }
  return {};
}

void RdKafkaSource::Withhold(const std::vector<TopicPartition>& partitions) {
  for (const auto& partition : partitions) {
    if (auto* position = positions_.Find(partition.topic, partition.partition))
      position->Withhold();
  }
}

Status RdKafkaSource::Assign(const std::vector<StartPosition>& positions) {
  TRY(CheckAnswer(RebalanceKind::kAssigned, PartitionsOf(positions)));
  const auto list = TRY(ToAbsolute(positions));
  TRY(ToStatus(rd_kafka_incremental_assign(client_->get(), list.get()), "cannot take partitions"));
  for (int i = 0; i < list->cnt; ++i) {
    const auto& element = list->elems[i];
    positions_.Add({element.topic, element.partition}, element.offset);
    health_.OnAllowed(element.topic);
  }
  rebalances_.pop_front();
  return {};
}

Status RdKafkaSource::Revoke(const std::vector<TopicPartition>& partitions) {
  TRY(CheckAnswer(RebalanceKind::kRevoked, partitions));
  const auto list = ToPartitionList(partitions);
  TRY(ToStatus(rd_kafka_incremental_unassign(client_->get(), list.get()),
               "cannot give partitions back"));
  for (const auto& partition : partitions) positions_.Remove(partition);
  rebalances_.pop_front();
  return {};
}

Status RdKafkaSource::Seek(const std::vector<StartPosition>& positions) {
  if (positions.empty()) return {};
  for (const auto& position : positions) {
    if (positions_.Find(position.partition.topic, position.partition.partition) == nullptr) {
      return Error::Invalid("cannot seek {}: it is not assigned", ToString(position.partition));
    }
  }
  const auto list = TRY(ToAbsolute(positions));
  TRY(SeekClient(*list));
  for (int i = 0; i < list->cnt; ++i) {
    const auto& element = list->elems[i];
    positions_.Find(element.topic, element.partition)->RestartAt(element.offset);
  }
  return {};
}

Status RdKafkaSource::SeekClient(const rd_kafka_topic_partition_list_t& list) {
  // A partition that was assigned a moment ago is not ready to seek until its fetcher has started.
  for (int tries = 1;; ++tries) {
    const PartitionList attempt(rd_kafka_topic_partition_list_copy(&list));
    TRY(ToStatus(rd_kafka_seek_partitions(client_->get(), attempt.get(), ToMs(kSeekTimeout)),
                 "cannot seek"));
    auto outcome = FirstError(*attempt, "cannot seek");
    if (outcome.ok()) return outcome;
    if (outcome.error().code() != ErrorCode::kConflict || tries == kSeekTriesMax) return outcome;
    (void)clock_.SleepFor(kSeekRetryDelay, {});
  }
}

Status RdKafkaSource::Pause(const std::vector<TopicPartition>& partitions) {
  if (partitions.empty()) return {};
  const auto list = ToPartitionList(partitions);
  const auto error = rd_kafka_pause_partitions(client_->get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(error, "cannot pause partitions");
  return FirstError(*list, "cannot pause");
}

Status RdKafkaSource::Resume(const std::vector<TopicPartition>& partitions) {
  if (partitions.empty()) return {};
  for (const auto& partition : partitions) {
    if (auto* position = positions_.Find(partition.topic, partition.partition))
      position->Repeatable();
  }
  const auto list = ToPartitionList(partitions);
  const auto error = rd_kafka_resume_partitions(client_->get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(error, "cannot resume partitions");
  return FirstError(*list, "cannot resume");
}

Status RdKafkaSource::CommitOffsets(const std::map<TopicPartition, int64_t>& next_offsets,
                                    Duration timeout) {
  if (next_offsets.empty()) return {};
  const PartitionList list(
      rd_kafka_topic_partition_list_new(static_cast<int>(next_offsets.size())));
  for (const auto& [partition, offset] : next_offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
        ->offset = offset;
  }
  const auto what = fmt::format("cannot commit offsets of group '{}'", options_.group_id);
  const RdKafkaPtr<rd_kafka_queue_t> replies(rd_kafka_queue_new(client_->get()));
  const auto error =
      rd_kafka_commit_queue(client_->get(), list.get(), replies.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(error, what);
  const RdKafkaPtr<rd_kafka_event_t> reply(rd_kafka_queue_poll(replies.get(), ToMs(timeout)));
  if (reply == nullptr) return Error::Timeout("{}: no answer within {} ms", what, ToMs(timeout));
  const auto failed = rd_kafka_event_error(reply.get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(failed, what);
  const auto* const committed = rd_kafka_event_topic_partition_list(reply.get());
  return committed == nullptr ? Status{} : FirstError(*committed, what);
}

Result<std::map<TopicPartition, int64_t>> RdKafkaSource::CommittedOffsets(
    const std::vector<TopicPartition>& partitions, Duration timeout) {
  std::map<TopicPartition, int64_t> offsets;
  if (partitions.empty()) return offsets;
  const auto what = fmt::format("cannot read committed offsets of group '{}'", options_.group_id);
  const auto list = ToPartitionList(partitions);
  const auto error = rd_kafka_committed(client_->get(), list.get(), ToMs(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(error, what);
  TRY(FirstError(*list, what));
  for (int i = 0; i < list->cnt; ++i) {
    const auto& element = list->elems[i];
    if (element.offset >= 0) offsets[{element.topic, element.partition}] = element.offset;
  }
  return offsets;
}

Result<Watermarks> RdKafkaSource::QueryWatermarks(const TopicPartition& partition,
                                                  Duration timeout) {
  Watermarks marks;
  const auto error =
      rd_kafka_query_watermark_offsets(client_->get(), partition.topic.c_str(), partition.partition,
                                       &marks.low, &marks.high, ToMs(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return ToError(error, fmt::format("cannot read the offsets of {}", ToString(partition)));
  }
  return marks;
}

Result<SourceTopic> RdKafkaSource::DescribeTopic(const std::string& topic, Duration timeout) {
  return kafka::DescribeTopic(client_->get(), topic, timeout);
}

std::map<TopicPartition, PartitionLag> RdKafkaSource::LagSnapshot() const {
  std::map<TopicPartition, PartitionLag> lags;
  for (const auto& [partition, next] : positions_.Snapshot()) {
    PartitionLag lag{.position = next};
    int64_t low = 0;
    int64_t high = 0;
    // Known locally from the last fetch; no request.
    const auto error = rd_kafka_get_watermark_offsets(client_->get(), partition.topic.c_str(),
                                                      partition.partition, &low, &high);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0) lag.high_watermark = high;
    lags[partition] = lag;
  }
  return lags;
}

void RdKafkaSource::AnswerAllForClose() {
  for (; !rebalances_.empty(); rebalances_.pop_front()) {
    const auto& rebalance = rebalances_.front();
    const auto list = ToPartitionList(rebalance.partitions);
    if (rebalance.kind == RebalanceKind::kAssigned) {
      (void)rd_kafka_assign(client_->get(), nullptr);
    } else {
      // An error here means that the partitions are gone already, which is what we want.
      (void)ToStatus(rd_kafka_incremental_unassign(client_->get(), list.get()), "leaving");
    }
  }
}

Status RdKafkaSource::Close() {
  CHECK(!closed_);
  closed_ = true;
  const RdKafkaPtr<rd_kafka_queue_t> last_words(rd_kafka_queue_new(client_->get()));
  TRY(ToStatus(rd_kafka_consumer_close_queue(client_->get(), last_words.get()),
               fmt::format("cannot leave group '{}'", options_.group_id)));
  AnswerAllForClose();
  for (int i = 0; i < kCloseStepsMax && rd_kafka_consumer_closed(client_->get()) == 0; ++i) {
    const auto count = rd_kafka_consume_batch_queue(last_words.get(), ToMs(kCloseStep),
                                                    messages_.data(), messages_.size());
    for (ssize_t j = 0; j < count; ++j) rd_kafka_message_destroy(messages_[static_cast<size_t>(j)]);
    AnswerAllForClose();
  }
  if (rd_kafka_consumer_closed(client_->get()) != 0) return {};
  return Error::Timeout(
      "left group '{}' without the broker's answer; it will notice after the "
      "session time-out",
      options_.group_id);
}

}  // namespace kafka_iceberg::kafka
