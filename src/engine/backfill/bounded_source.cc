// SPDX-License-Identifier: Apache-2.0
#include "engine/backfill/bounded_source.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace kafka_iceberg::engine {
namespace {

using kafka::EndOfPartition;
using kafka::PartitionLag;
using kafka::PartitionsAssigned;
using kafka::PartitionsLost;
using kafka::PartitionsRevoked;
using kafka::SourceEvent;
using kafka::StartAt;
using kafka::StartPosition;
using kafka::Watermarks;

constexpr Duration kHold = std::chrono::seconds(1);

class BoundedSource final : public kafka::RecordSource {
 public:
  BoundedSource(std::unique_ptr<kafka::RecordSource> source, SourceBounds bounds, Clock& clock)
      : source_(std::move(source)), bounds_(std::move(bounds)), clock_(clock) {}

  std::vector<SourceEvent> Poll(Duration timeout) override {
    std::vector<SourceEvent> events;
    Tell(TakeUnwanted(), events);
    Tell(ReleaseHeld(), events);
    for (SourceEvent& event : source_->Poll(timeout)) Handle(std::move(event), events);
    Tell(SyncPauses(), events);
    return events;
  }

  Status Assign(const std::vector<StartPosition>& positions) override {
    std::vector<StartPosition> all = positions;
    for (const TopicPartition& partition : unwanted_)
      all.push_back({.partition = partition, .at = StartAt::kEnd});
    TRY(source_->Assign(all));
    for (const StartPosition& position : all) readings_[position.partition] = {};
    unwanted_.clear();
    awaits_owner_ = false;
    Move(positions);
    return SyncPauses();
  }

  Status Revoke(const std::vector<TopicPartition>& partitions) override {
    std::vector<TopicPartition> all = partitions;
    all.insert(all.end(), leaving_.begin(), leaving_.end());
    leaving_.clear();
    for (const TopicPartition& partition : all) readings_.erase(partition);
    return source_->Revoke(all);
  }

  Status Seek(const std::vector<StartPosition>& positions) override {
    TRY(source_->Seek(positions));
    Move(positions);
    return SyncPauses();
  }

  Status Pause(const std::vector<TopicPartition>& partitions) override {
    for (const TopicPartition& partition : partitions) readings_[partition].owner_pauses = true;
    return SyncPauses();
  }

  Status Resume(const std::vector<TopicPartition>& partitions) override {
    for (const TopicPartition& partition : partitions) readings_[partition].owner_pauses = false;
    return SyncPauses();
  }

  // The group is only there to share the work: its offsets mean nothing.
  Status CommitOffsets(const std::map<TopicPartition, int64_t>&, Duration) override { return {}; }
  Result<std::map<TopicPartition, int64_t>> CommittedOffsets(const std::vector<TopicPartition>&,
                                                             Duration) override {
    return std::map<TopicPartition, int64_t>();
  }

  Result<Watermarks> QueryWatermarks(const TopicPartition& partition, Duration timeout) override {
    Watermarks marks = TRY(source_->QueryWatermarks(partition, timeout));
    const int64_t end = EndOf(partition);
    marks.high = std::min(marks.high, end);
    marks.low = std::min(marks.low, end);
    return marks;
  }

  Result<SourceTopic> DescribeTopic(const std::string& topic, Duration timeout) override {
    return source_->DescribeTopic(topic, timeout);
  }

  std::map<TopicPartition, PartitionLag> LagSnapshot() const override {
    std::map<TopicPartition, PartitionLag> lags;
    for (auto [partition, lag] : source_->LagSnapshot()) {
      if (!IsWanted(partition)) continue;
      lag.high_watermark = EndOf(partition);
      lag.position = std::min(lag.position, lag.high_watermark);
      lags[partition] = lag;
    }
    return lags;
  }

  std::optional<Error> trouble() const override { return source_->trouble(); }
  Status Close() override { return source_->Close(); }

 private:
  // Of an assigned partition.
  struct Reading {
    bool is_done = false;
    bool owner_pauses = false;
    bool is_paused = false;
    // A record that cannot be judged waits here.
    std::optional<SteadyTime> held_until;
    int64_t held_at = 0;
  };

  bool IsWanted(const TopicPartition& partition) const {
    return bounds_.ranges.contains(partition);
  }
  int64_t EndOf(const TopicPartition& partition) const {
    const auto found = bounds_.ranges.find(partition);
    return found == bounds_.ranges.end() ? 0 : found->second.end;
  }

  static void Tell(const Status& status, std::vector<SourceEvent>& events) {
    if (!status.ok()) events.emplace_back(kafka::SourceTrouble{status.error()});
  }

  void Handle(SourceEvent event, std::vector<SourceEvent>& events) {
    if (auto* batch = std::get_if<SourceBatch>(&event)) return Filter(std::move(*batch), events);
    if (auto* assigned = std::get_if<PartitionsAssigned>(&event)) {
      unwanted_ = TakeOut(assigned->partitions);
      awaits_owner_ = !assigned->partitions.empty();
      if (awaits_owner_) return events.push_back(std::move(event));
      return Tell(TakeUnwanted(), events);
    }
    if (auto* revoked = std::get_if<PartitionsRevoked>(&event)) {
      leaving_ = TakeOut(revoked->partitions);
      if (!revoked->partitions.empty()) return events.push_back(std::move(event));
      return Tell(Revoke({}), events);
    }
    if (auto* lost = std::get_if<PartitionsLost>(&event)) {
      leaving_ = TakeOut(lost->partitions);
      if (!lost->partitions.empty()) return events.push_back(std::move(event));
      return Tell(Revoke({}), events);
    }
    if (auto* end = std::get_if<EndOfPartition>(&event)) {
      const auto reading = readings_.find(end->partition);
      const bool counts =
          IsWanted(end->partition) && reading != readings_.end() && !reading->second.held_until;
      if (counts) Reach(end->partition, end->next_offset, events);
      return;
    }
    events.push_back(std::move(event));
  }

  std::vector<TopicPartition> TakeOut(std::vector<TopicPartition>& partitions) const {
    std::vector<TopicPartition> unwanted;
    std::ranges::copy_if(partitions, std::back_inserter(unwanted),
                         [&](const TopicPartition& partition) { return !IsWanted(partition); });
    std::erase_if(partitions,
                  [&](const TopicPartition& partition) { return !IsWanted(partition); });
    return unwanted;
  }

  // The group must be answered for partitions that nobody here wants, too. When they come alone,
  // the owner hears nothing of them.
  Status TakeUnwanted() {
    const bool alone = !unwanted_.empty() && !awaits_owner_;
    return alone ? Assign({}) : Status();
  }

  void Filter(SourceBatch batch, std::vector<SourceEvent>& events) {
    std::vector<std::pair<TopicPartition, int64_t>> reached;
    auto kept = batch.records.begin();
    for (auto run = batch.records.begin(); run != batch.records.end();) {
      const auto end = std::find_if(run, batch.records.end(), [&](const Record& record) {
        return record.partition != run->partition;
      });
      const TopicPartition partition{batch.topic, run->partition};
      const auto next = FilterRun(partition, {run, end}, kept, events);
      if (next) reached.emplace_back(partition, *next);
      run = end;
    }
    batch.records.erase(kept, batch.records.end());
    if (!batch.records.empty()) events.emplace_back(std::move(batch));
    for (const auto& [partition, next] : reached) Reach(partition, next, events);
  }

  // Moves what is wanted to `kept`; how far the partition was read, unless it was not.
  std::optional<int64_t> FilterRun(const TopicPartition& partition, std::span<Record> run,
                                   std::vector<Record>::iterator& kept,
                                   std::vector<SourceEvent>& events) {
    const auto reading = readings_.find(partition);
    if (!IsWanted(partition) || reading == readings_.end() || reading->second.held_until ||
        reading->second.is_done)
      return std::nullopt;
    const int64_t end = EndOf(partition);
    std::optional<int64_t> next;
    for (const Record& record : run) {
      if (record.offset >= end) return end;
      const Result<bool> wanted = Wants(partition, record);
      if (!wanted.ok()) {
        reading->second.held_until = clock_.Steady() + kHold;
        reading->second.held_at = record.offset;
        events.emplace_back(kafka::SourceTrouble{wanted.error()});
        return next;
      }
      next = record.offset + 1;
      if (*wanted) *kept++ = record;
    }
    return next;
  }

  Result<bool> Wants(const TopicPartition& partition, const Record& record) const {
    if (const auto left_out = bounds_.left_out.find(partition);
        left_out != bounds_.left_out.end()) {
      const auto after =
          std::ranges::upper_bound(left_out->second, record.offset, {}, &OffsetRange::start);
      if (after != left_out->second.begin() && record.offset < std::prev(after)->end) return false;
    }
    return bounds_.wants ? bounds_.wants(partition.topic, record) : Result<bool>(true);
  }

  // Everything below `next` is delivered, or not wanted.
  void Reach(const TopicPartition& partition, int64_t next, std::vector<SourceEvent>& events) {
    const int64_t end = EndOf(partition);
    if (next >= end) readings_[partition].is_done = true;
    events.emplace_back(EndOfPartition{partition, std::min(next, end)});
  }

  void Move(const std::vector<StartPosition>& positions) {
    for (const StartPosition& position : positions) {
      Reading& reading = readings_[position.partition];
      reading.held_until.reset();
      reading.is_done =
          position.at == StartAt::kOffset && position.offset >= EndOf(position.partition);
    }
  }

  Status ReleaseHeld() {
    std::vector<StartPosition> seeks;
    for (auto& [partition, reading] : readings_) {
      if (!reading.held_until || clock_.Steady() < *reading.held_until) continue;
      seeks.push_back({.partition = partition, .at = StartAt::kOffset, .offset = reading.held_at});
    }
    return seeks.empty() ? Status() : Seek(seeks);
  }

  // What is read to its end, held, or not wanted at all is not fetched.
  Status SyncPauses() {
    std::vector<TopicPartition> pause;
    std::vector<TopicPartition> resume;
    for (auto& [partition, reading] : readings_) {
      const bool rests = !IsWanted(partition) || reading.is_done || reading.owner_pauses ||
                         reading.held_until.has_value();
      if (rests == reading.is_paused) continue;
      reading.is_paused = rests;
      (rests ? pause : resume).push_back(partition);
    }
    if (!pause.empty()) TRY(source_->Pause(pause));
    if (!resume.empty()) TRY(source_->Resume(resume));
    return {};
  }

  const std::unique_ptr<kafka::RecordSource> source_;
  const SourceBounds bounds_;
  Clock& clock_;
  std::map<TopicPartition, Reading> readings_;
  std::vector<TopicPartition> unwanted_;  // given to us, and not answered for yet
  std::vector<TopicPartition> leaving_;   // and wanted back
  bool awaits_owner_ = false;             // who answers together with the wanted ones
};

}  // namespace

std::unique_ptr<kafka::RecordSource> BoundSource(std::unique_ptr<kafka::RecordSource> source,
                                                 SourceBounds bounds, Clock& clock) {
  return std::make_unique<BoundedSource>(std::move(source), std::move(bounds), clock);
}

}  // namespace kafka_iceberg::engine
