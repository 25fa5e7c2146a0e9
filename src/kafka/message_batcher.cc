// SPDX-License-Identifier: Apache-2.0
#include "kafka/message_batcher.h"

#include <algorithm>
#include <deque>

#include "core/mutex.h"
#include "kafka/message_headers.h"

namespace kafka_iceberg::kafka {
namespace {

std::string_view View(const void* data, size_t size) {
  return data == nullptr ? std::string_view{}
                         : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

class MessageBatcher::Messages final : public BatchOwner, public HeaderReader {
 public:
  explicit Messages(std::shared_ptr<ConsumerClient> client) : client_(std::move(client)) {}
  ~Messages() override {
    for (auto* message : messages_) rd_kafka_message_destroy(message);
  }

  void Reserve(size_t count) { messages_.reserve(count); }
  void Add(rd_kafka_message_t* message) { messages_.push_back(message); }

  std::span<const Header> ReadHeaders(const void* message) override {
    auto headers = HeadersOf(*static_cast<const rd_kafka_message_t*>(message));
    if (headers.empty()) return {};
    const MutexLock lock(mutex_);
    return headers_.emplace_back(std::move(headers));
  }

 private:
  const std::shared_ptr<ConsumerClient> client_;  // outlives the messages
  std::vector<rd_kafka_message_t*> messages_;

  Mutex mutex_;  // the batch may have been split among threads
  std::deque<std::vector<Header>> headers_ GUARDED_BY(mutex_);  // they stay where they are
};

MessageBatcher::MessageBatcher(std::shared_ptr<ConsumerClient> client)
    : client_(std::move(client)) {}

MessageBatcher::~MessageBatcher() = default;

bool MessageBatcher::Select(std::string_view topic) {
  if (selected_ != nullptr && selected_->topic == topic) return true;
  const auto found = std::ranges::find(batches_, topic, &SourceBatch::topic);
  if (found == batches_.end()) return false;
  selected_ = &*found;
  selected_messages_ = static_cast<Messages*>(found->owner.get());
  return true;
}

void MessageBatcher::Open(std::string_view topic, size_t expected) {
  auto messages = std::make_unique<Messages>(client_);
  messages->Reserve(expected);
  selected_messages_ = messages.get();
  selected_ = &batches_.emplace_back();
  selected_->topic = topic;
  selected_->records.reserve(expected);
  selected_->owner = std::move(messages);
}

void MessageBatcher::StartRun(const rd_kafka_message_t& first) {
  header_bytes_each_ = 0;
  for (const Header& header : HeadersOf(first))
    header_bytes_each_ += header.key.size() + header.value.size();
}

void MessageBatcher::Add(rd_kafka_message_t* message) {
  selected_messages_->Add(message);
  rd_kafka_timestamp_type_t timestamp_type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const int64_t timestamp_ms = rd_kafka_message_timestamp(message, &timestamp_type);
  const bool has_timestamp = timestamp_type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  auto& record = selected_->records.emplace_back();
  record.value = View(message->payload, message->len);
  record.key = View(message->key, message->key_len);
  record.offset = message->offset;
  record.timestamp_ms = has_timestamp ? timestamp_ms : -1;
  record.partition = message->partition;
  record.value_is_null = message->payload == nullptr;
  record.key_is_null = message->key == nullptr;
  record.headers = {*selected_messages_, message};
  selected_->bytes += message->len + message->key_len + header_bytes_each_;
  selected_->header_bytes += header_bytes_each_;
}

std::vector<SourceBatch> MessageBatcher::Take() {
  selected_ = nullptr;
  selected_messages_ = nullptr;
  std::erase_if(batches_, [](const SourceBatch& batch) { return batch.records.empty(); });
  return std::exchange(batches_, {});
}

}  // namespace kafka_iceberg::kafka
