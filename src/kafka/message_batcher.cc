// SPDX-License-Identifier: Apache-2.0
#include "kafka/message_batcher.h"

#include <algorithm>

namespace kafka_iceberg::kafka {
namespace {

constexpr size_t kHeadersPerChunk = 1024;
// More headers than this on one record are cut off: a record is not a place for millions of them.
constexpr size_t kHeadersPerRecordMax = 65'536;

std::string_view View(const void* data, size_t size) {
  return data == nullptr ? std::string_view{}
                         : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

class MessageBatcher::Messages final : public BatchOwner {
 public:
  explicit Messages(std::shared_ptr<ConsumerClient> client) : client_(std::move(client)) {}
  ~Messages() override {
    for (auto* message : messages_) rd_kafka_message_destroy(message);
  }

  void Reserve(size_t count) { messages_.reserve(count); }
  void Add(rd_kafka_message_t* message) { messages_.push_back(message); }

  // Room for `count` headers in one piece.
  Header* AllocateHeaders(size_t count) {
    if (chunks_.empty() || chunk_size_ - chunk_used_ < count) {
      chunk_size_ = std::max(count, kHeadersPerChunk);
      chunk_used_ = 0;
      chunks_.push_back(std::make_unique<Header[]>(chunk_size_));
    }
    Header* const start = chunks_.back().get() + chunk_used_;
    chunk_used_ += count;
    return start;
  }

 private:
  const std::shared_ptr<ConsumerClient> client_;  // outlives the messages
  std::vector<rd_kafka_message_t*> messages_;
  std::vector<std::unique_ptr<Header[]>> chunks_;
  size_t chunk_size_ = 0;
  size_t chunk_used_ = 0;
};

MessageBatcher::MessageBatcher(std::shared_ptr<ConsumerClient> client, bool want_headers)
    : client_(std::move(client)), want_headers_(want_headers) {}

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
  if (want_headers_) record.headers = ParseHeaders(message);
  selected_->bytes += message->len + message->key_len;
}

std::span<const Header> MessageBatcher::ParseHeaders(rd_kafka_message_t* message) {
  rd_kafka_headers_t* parsed = nullptr;
  if (rd_kafka_message_headers(message, &parsed) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const size_t count = std::min(rd_kafka_header_cnt(parsed), kHeadersPerRecordMax);
  Header* const headers = selected_messages_->AllocateHeaders(count);
  for (size_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    if (rd_kafka_header_get_all(parsed, i, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return {headers, i};
    }
    headers[i] = {name, View(value, size), value == nullptr};
    selected_->bytes += headers[i].key.size() + size;
  }
  return {headers, count};
}

std::vector<SourceBatch> MessageBatcher::Take() {
  selected_ = nullptr;
  selected_messages_ = nullptr;
  std::erase_if(batches_, [](const SourceBatch& batch) { return batch.records.empty(); });
  return std::exchange(batches_, {});
}

}  // namespace kafka_iceberg::kafka
