// SPDX-License-Identifier: Apache-2.0
//
// Produce() and FillTopic(): generated records into a topic.
#include <algorithm>

#include "kafka/produce/record_producer.h"

namespace kafka_iceberg::kafka {
namespace {

// Records sent to one partition before the next one has its turn: enough to fill a batch quickly.
constexpr int64_t kChunkRecords = 1000;
// At most this much runs ahead of a rate limit.
constexpr Duration kPaceStep = std::chrono::milliseconds(20);
// FillTopic looks whether the broker still keeps everything after this many records a partition.
constexpr int64_t kFillRoundRecords = 5000;

// Sends one chunk after the other, partition after partition.
class Sender {
 public:
  Sender(RecordProducer& producer, const ProduceRequest& request)
      : producer_(producer),
        request_(request),
        generator_(request.generator),
        encoder_(request.encoding, request.generator.profile) {}

  int64_t sent() const { return sent_; }
  int64_t bytes() const { return bytes_; }

  Status SendChunk(int64_t records_max) {
    const int64_t count = std::min({kChunkRecords, records_max, request_.count - sent_});
    text_.clear();
    ends_.clear();
    for (int64_t i = 0; i < count; ++i) {
      json_.clear();
      generator_.Append(request_.first_sequence + sent_ + i, json_);
      encoder_.Append(json_, text_);
      ends_.push_back(text_.size());
    }
    values_.clear();
    size_t start = 0;
    for (const size_t end : ends_) {
      values_.push_back(std::string_view(text_).substr(start, end - start));
      start = end;
    }
    TRY(producer_.SendAll(request_.topic, partition_, values_));
    partition_ = (partition_ + 1) % request_.partitions;
    sent_ += count;
    bytes_ += static_cast<int64_t>(text_.size());
    return {};
  }

 private:
  RecordProducer& producer_;
  const ProduceRequest& request_;
  RecordGenerator generator_;
  PayloadEncoder encoder_;
  int32_t partition_ = 0;
  int64_t sent_ = 0;
  int64_t bytes_ = 0;
  std::string json_;
  std::string text_;
  std::vector<size_t> ends_;
  std::vector<std::string_view> values_;
};

Status CheckRequest(const ProduceRequest& request) {
  if (request.partitions < 1) return Error::Invalid("partitions must be at least 1");
  if (request.count < 0 || request.first_sequence < 0) {
    return Error::Invalid("the number of records must not be negative");
  }
  return {};
}

// How many records are allowed to be out by now.
int64_t Allowance(const ProduceRequest& request, Duration elapsed) {
  if (request.records_per_second <= 0) return request.count;
  const double seconds = std::chrono::duration<double>(elapsed + kPaceStep).count();
  return static_cast<int64_t>(
      std::min(seconds * request.records_per_second, static_cast<double>(request.count)));
}

}  // namespace

Result<ProduceReport> Produce(RecordProducer& producer, const ProduceRequest& request, Clock& clock,
                              const std::stop_token& stop) {
  TRY(CheckRequest(request));
  Sender sender(producer, request);
  const auto started = clock.Steady();
  while (sender.sent() < request.count && !stop.stop_requested()) {
    const int64_t allowed = Allowance(request, clock.Steady() - started) - sender.sent();
    if (allowed > 0) {
      TRY(sender.SendChunk(allowed));
    } else {
      (void)clock.SleepFor(kPaceStep, stop);
    }
  }
  TRY(producer.Flush());
  return ProduceReport{
      .records = sender.sent(), .bytes = sender.bytes(), .elapsed = clock.Steady() - started};
}

Result<ProduceReport> FillTopic(RecordProducer& producer, const ProduceRequest& request,
                                Clock& clock, const std::stop_token& stop) {
  TRY(CheckRequest(request));
  Sender sender(producer, request);
  const auto started = clock.Steady();
  ProduceReport report;
  bool is_full = false;
  while (sender.sent() < request.count && !is_full && !stop.stop_requested()) {
    const int64_t round_end =
        std::min(request.count, sender.sent() + kFillRoundRecords * request.partitions);
    while (sender.sent() < round_end) TRY(sender.SendChunk(round_end - sender.sent()));
    TRY(producer.Flush());
    report.retained = 0;
    for (int32_t partition = 0; partition < request.partitions; ++partition) {
      const auto [low, high] = TRY(producer.Offsets(request.topic, partition));
      is_full = is_full || low > 0;
      report.retained += high - low;
    }
  }
  report.records = sender.sent();
  report.bytes = sender.bytes();
  report.elapsed = clock.Steady() - started;
  return report;
}

}  // namespace kafka_iceberg::kafka
