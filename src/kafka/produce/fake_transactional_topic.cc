// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/fake_transactional_topic.h"

#include <algorithm>
#include <set>
#include <utility>

namespace kafka_iceberg::kafka {
namespace {

constexpr std::string_view kForeign = "somebody else";

FakeTopicRecord Copy(const OutgoingRecord& record) {
  FakeTopicRecord copy{.value = std::string(record.value),
                       .key = std::string(record.key),
                       .value_is_null = record.value_is_null,
                       .key_is_null = record.key_is_null,
                       .headers = {}};
  for (const Header& header : record.headers) {
    copy.headers.emplace_back(
        header.key, header.value_is_null ? std::nullopt
                                         : std::optional<std::string>(std::string(header.value)));
  }
  return copy;
}

int64_t BytesOf(const OutgoingRecord& record) {
  size_t bytes = record.value.size() + record.key.size();
  for (const Header& header : record.headers) bytes += header.key.size() + header.value.size();
  return static_cast<int64_t>(bytes);
}

}  // namespace

std::optional<std::string> FakeTopicRecord::Header(std::string_view name) const {
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (header->first == name) return header->second;
  }
  return std::nullopt;
}

int64_t FakeTransactions::Log::StableEnd() const {
  const auto open = std::ranges::find(entries, Fate::kOpen, &Entry::fate);
  return open - entries.begin();
}

void FakeTransactions::CreateTopic(int32_t partitions) {
  exists_ = true;
  for (int32_t i = 0; i < partitions; ++i) logs_.try_emplace(i);
}

void FakeTransactions::Recreate(int32_t partitions) {
  logs_.clear();
  ++incarnation_;
  CreateTopic(partitions);
}

void FakeTransactions::DeleteRecords(int32_t partition, int64_t before) {
  logs_[partition].low = before;
}

void FakeTransactions::BeginForeign() {
  logs_[0].entries.push_back({.record = {}, .writer = std::string(kForeign)});
}
void FakeTransactions::EndForeign() { End(std::string(kForeign), Fate::kCommitted); }

std::vector<FakeTopicRecord> FakeTransactions::Committed() const {
  std::vector<FakeTopicRecord> records;
  for (const auto& [partition, log] : logs_) {
    for (const Entry& entry : log.entries) {
      if (entry.fate == Fate::kCommitted && entry.writer != kForeign)
        records.push_back(entry.record);
    }
  }
  return records;
}

void FakeTransactions::End(const std::string& writer, Fate fate) {
  for (auto& [partition, log] : logs_) {
    bool wrote = false;
    for (Entry& entry : log.entries) {
      if (entry.writer != writer || entry.fate != Fate::kOpen) continue;
      entry.fate = fate;
      wrote = true;
    }
    // The marker takes an offset.
    if (wrote) log.entries.push_back({.record = {}, .writer = writer, .fate = Fate::kControl});
  }
}

class FakeTransactionalTopic final : public TransactionalTopic {
 public:
  FakeTransactionalTopic(FakeTransactions& broker, std::string id)
      : broker_(broker), id_(std::move(id)) {}

  const std::string& name() const override { return name_; }

  Result<TopicState> Look() override {
    if (broker_.failing_looks_ > 0) {
      --broker_.failing_looks_;
      return Error::Unavailable("the broker is away");
    }
    if (!broker_.exists_) return Error::NotFound("topic {} does not exist", name_);
    TopicState state{.topic_id = fmt::format("incarnation {}", broker_.incarnation_),
                     .partitions = {}};
    for (const auto& [partition, log] : broker_.logs_)
      state.partitions[partition] = {log.low, static_cast<int64_t>(log.entries.size())};
    return state;
  }

  Status Create(int32_t partitions, int32_t) override {
    broker_.CreateTopic(partitions);
    return {};
  }

  std::optional<TopicSettings> Settings() override {
    if (!broker_.tells_settings_) return std::nullopt;
    return TopicSettings{.record_bytes_max = broker_.record_bytes_max_,
                         .is_compacted = broker_.compacted_};
  }

  Status StartSession(int64_t) override {
    broker_.End(id_, FakeTransactions::Fate::kAborted);
    epoch_ = ++broker_.epochs_[id_];
    ++broker_.sessions_;
    return {};
  }

  Status Write(const std::vector<PartitionedRecord>& records,
               const std::function<void()>& before_commit) override {
    if (epoch_ == 0 || broker_.epochs_[id_] != epoch_)
      return Error::Conflict("another process writes under {} now", id_);
    WriteFault fault = WriteFault::kNone;
    if (!broker_.faults_.empty()) {
      fault = broker_.faults_.front();
      broker_.faults_.pop_front();
    }
    const Error lost = Error::Unavailable("no answer");
    if (fault == WriteFault::kLostBefore) return lost;
    for (const PartitionedRecord& record : records) {
      if (BytesOf(record.record) > broker_.record_bytes_max_) return Error::Invalid("too large");
      broker_.logs_[record.partition].entries.push_back(
          {.record = Copy(record.record), .writer = id_});
    }
    if (fault == WriteFault::kLostBeforeCommit) return lost;
    if (before_commit) before_commit();
    if (broker_.epochs_[id_] != epoch_) return Error::Conflict("fenced");
    broker_.End(id_, FakeTransactions::Fate::kCommitted);
    if (fault == WriteFault::kLostAfterCommit) return lost;
    return {};
  }

  Status Read(const std::map<int32_t, OffsetRange>& ranges, const Visit& visit) override {
    for (const auto& [partition, range] : ranges) {
      FakeTransactions::Log& log = broker_.logs_[partition];
      if (range.start < range.end && range.start < log.low)
        return Error::Corrupt("offset {} is gone", range.start);
      if (log.StableEnd() < range.end) return Error::Timeout("a transaction is open");
      for (int64_t offset = range.start; offset < range.end; ++offset) {
        ++broker_.offsets_read_;
        const auto& entry = log.entries[static_cast<size_t>(offset)];
        if (entry.fate == FakeTransactions::Fate::kCommitted &&
            !Show(partition, offset, entry.record, visit))
          return {};
      }
    }
    return {};
  }

 private:
  bool Show(int32_t partition, int64_t offset, const FakeTopicRecord& kept, const Visit& visit) {
    std::vector<Header> headers;
    for (const auto& [key, value] : kept.headers)
      headers.push_back({key, value ? std::string_view(*value) : std::string_view(), !value});
    return visit({name_, partition}, {.value = kept.value,
                                      .key = kept.key,
                                      .offset = offset,
                                      .timestamp_ms = 1,
                                      .partition = partition,
                                      .value_is_null = kept.value_is_null,
                                      .key_is_null = kept.key_is_null,
                                      .headers = headers});
  }

  FakeTransactions& broker_;
  const std::string id_;
  const std::string name_ = "dead";
  int epoch_ = 0;
};

std::unique_ptr<TransactionalTopic> FakeTransactions::Open(const std::string& transactional_id) {
  return std::make_unique<FakeTransactionalTopic>(*this, transactional_id);
}

}  // namespace kafka_iceberg::kafka
