// SPDX-License-Identifier: Apache-2.0
#include "kafka/access/group_admin.h"

#include <algorithm>

#include "kafka/access/secured_client.h"
#include "kafka/kafka_settings.h"
#include "kafka/topic_describe.h"

namespace kafka_iceberg::kafka {
namespace {

class RdKafkaGroupAdmin final : public GroupAdmin {
 public:
  RdKafkaGroupAdmin(std::unique_ptr<SecuredClient> client, std::string group)
      : client_(std::move(client)), group_(std::move(group)) {}

  Result<size_t> CountMembers(Duration timeout) override {
    const RdKafkaPtr<rd_kafka_queue_t> replies(rd_kafka_queue_new(client_->get()));
    const char* name = group_.c_str();
    rd_kafka_DescribeConsumerGroups(client_->get(), &name, 1, nullptr, replies.get());
    const RdKafkaPtr<rd_kafka_event_t> reply(rd_kafka_queue_poll(replies.get(), ToMs(timeout)));
    if (reply == nullptr) return Error::Timeout("no answer about consumer group {}", group_);
    if (const auto error = rd_kafka_event_error(reply.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return ToError(error, "cannot look at consumer group " + group_);
    size_t count = 0;
    const auto** const groups = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(reply.get()), &count);
    if (count != 1) return Error::Unavailable("no answer about consumer group {}", group_);
    if (const auto* error = rd_kafka_ConsumerGroupDescription_error(groups[0]); error != nullptr) {
      const auto code = rd_kafka_error_code(error);
      if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return 0;
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return ToError(code, "cannot look at consumer group " + group_,
                       rd_kafka_error_string(error));
    }
    return rd_kafka_ConsumerGroupDescription_member_count(groups[0]);
  }

  Result<std::map<TopicPartition, int64_t>> CommittedOffsets(
      const std::vector<TopicPartition>& partitions, Duration timeout) override {
    const PartitionList list = ToPartitionList(partitions);
    const auto error = rd_kafka_committed(client_->get(), list.get(), ToMs(timeout));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return ToError(error, "cannot read the offsets of consumer group " + group_);
    std::map<TopicPartition, int64_t> offsets;
    for (int i = 0; i < list->cnt; ++i) {
      const auto& entry = list->elems[i];
      if (entry.offset >= 0) offsets[{entry.topic, entry.partition}] = entry.offset;
    }
    return offsets;
  }

  Status CommitOffsets(const std::map<TopicPartition, int64_t>& next_offsets) override {
    const PartitionList list(rd_kafka_topic_partition_list_new(1));
    for (const auto& [partition, next] : next_offsets) {
      rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
          ->offset = next;
    }
    auto error = rd_kafka_commit(client_->get(), list.get(), /*async=*/0);
    for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; ++i)
      error = list->elems[i].err;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    if (error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
        error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
        error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS || error == kStaleMemberEpoch) {
      return Error::Conflict("consumer group {} has live members", group_);
    }
    return ToError(error, "cannot commit offsets of consumer group " + group_);
  }

  Result<std::map<TopicPartition, int64_t>> OffsetsAt(const std::vector<TopicPartition>& partitions,
                                                      int64_t timestamp_ms,
                                                      Duration timeout) override {
    const PartitionList list = ToPartitionList(partitions);
    for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = timestamp_ms;
    const auto error = rd_kafka_offsets_for_times(client_->get(), list.get(), ToMs(timeout));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return ToError(error, "cannot look offsets up by time");
    std::map<TopicPartition, int64_t> offsets;
    for (int i = 0; i < list->cnt; ++i) {
      const auto& entry = list->elems[i];
      const TopicPartition partition{entry.topic, entry.partition};
      if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return ToError(entry.err, "cannot look up by time in " + ToString(partition));
      int64_t low = 0;
      int64_t high = entry.offset;
      if (entry.offset < 0) {
        const auto failed = rd_kafka_query_watermark_offsets(
            client_->get(), entry.topic, entry.partition, &low, &high, ToMs(timeout));
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
          return ToError(failed, "cannot ask for the end of " + ToString(partition));
      }
      offsets[partition] = high;
    }
    return offsets;
  }

  Result<SourceTopic> DescribeTopic(const std::string& topic, Duration timeout) override {
    return kafka::DescribeTopic(client_->get(), topic, timeout);
  }

 private:
  static constexpr auto kStaleMemberEpoch = static_cast<rd_kafka_resp_err_t>(113);  // KIP-848

  const std::unique_ptr<SecuredClient> client_;
  const std::string group_;
};

}  // namespace

Result<std::unique_ptr<GroupAdmin>> GroupAdmin::Open(const KafkaSourceOptions& options) {
  ClientSettings settings = ConsumerSettings(options);
  // It never joins: offsets of a group are read and written as they are, from outside.
  std::erase_if(settings, [](const auto& setting) { return setting.first == "group.instance.id"; });
  settings.emplace_back("log.queue", "false");
  settings.emplace_back("statistics.interval.ms", "0");
  RdKafkaPtr<rd_kafka_conf_t> conf = TRY(MakeClientConf(settings));
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return std::make_unique<RdKafkaGroupAdmin>(
      TRY(SecuredClient::Open(RD_KAFKA_CONSUMER, std::move(conf), nullptr, options.sasl_tokens)),
      options.group_id);
}

}  // namespace kafka_iceberg::kafka
