// SPDX-License-Identifier: Apache-2.0
#include "kafka/fake_record_source.h"

#include <algorithm>
#include <iterator>

#include "core/check.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr Duration kIdleStep = std::chrono::milliseconds(1);

std::string Name(const TopicPartition& partition) {
  return fmt::format("{} [{}]", partition.topic, partition.partition);
}

std::vector<TopicPartition> PartitionsOf(const std::vector<StartPosition>& positions) {
  std::vector<TopicPartition> partitions;
  for (const auto& position : positions) partitions.push_back(position.partition);
  return partitions;
}

}  // namespace

// The batch's own copies: it must not matter what becomes of the broker.
class FakeRecordSource::Copies final : public BatchOwner {
 public:
  Record Copy(const FakeRecord& from) {
    const auto& kept = records_.emplace_back(from);
    Record record{.timestamp_ms = kept.timestamp_ms};
    record.value_is_null = !kept.value;
    record.key_is_null = !kept.key;
    if (kept.value) record.value = *kept.value;
    if (kept.key) record.key = *kept.key;
    auto& headers = headers_.emplace_back();
    for (const auto& [key, value] : kept.headers) {
      headers.push_back({key, value ? std::string_view(*value) : std::string_view{}, !value});
    }
    record.headers = headers;
    return record;
  }

 private:
  std::deque<FakeRecord> records_;
  std::deque<std::vector<Header>> headers_;
};

void FakeBroker::CreateTopic(const std::string& topic, int partitions) {
  const MutexLock lock(mutex_);
  auto& created = topics_[topic];
  created.id = fmt::format("id-{}", ++topics_created_);
  created.partitions = std::vector<Partition>(static_cast<size_t>(partitions));
}

void FakeBroker::DeleteTopic(const std::string& topic) {
  const MutexLock lock(mutex_);
  topics_.erase(topic);
}

const FakeBroker::Partition* FakeBroker::Find(const TopicPartition& partition) const {
  const auto topic = topics_.find(partition.topic);
  if (topic == topics_.end()) return nullptr;
  const auto index = static_cast<size_t>(partition.partition);
  return index < topic->second.partitions.size() ? &topic->second.partitions[index] : nullptr;
}

int64_t FakeBroker::Append(const TopicPartition& partition, FakeRecord record) {
  const MutexLock lock(mutex_);
  auto& to = topics_.at(partition.topic).partitions.at(static_cast<size_t>(partition.partition));
  to.records.emplace_back(std::move(record));
  return to.high() - 1;
}

void FakeBroker::AppendGap(const TopicPartition& partition, int64_t offsets) {
  const MutexLock lock(mutex_);
  auto& to = topics_.at(partition.topic).partitions.at(static_cast<size_t>(partition.partition));
  to.records.resize(to.records.size() + static_cast<size_t>(offsets));
}

void FakeBroker::DeleteRecords(const TopicPartition& partition, int64_t before_offset) {
  const MutexLock lock(mutex_);
  auto& from = topics_.at(partition.topic).partitions.at(static_cast<size_t>(partition.partition));
  for (; from.low < before_offset && !from.records.empty(); ++from.low) from.records.pop_front();
}

void FakeBroker::SetCommitted(const TopicPartition& partition, int64_t next_offset) {
  const MutexLock lock(mutex_);
  committed_[partition] = next_offset;
}

std::vector<TopicPartition> FakeBroker::Partitions(const std::string& topic) const {
  const MutexLock lock(mutex_);
  std::vector<TopicPartition> partitions;
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return partitions;
  for (size_t i = 0; i < found->second.partitions.size(); ++i) {
    partitions.push_back({topic, static_cast<int32_t>(i)});
  }
  return partitions;
}

std::map<TopicPartition, int64_t> FakeBroker::committed() const {
  const MutexLock lock(mutex_);
  return committed_;
}

std::vector<std::map<TopicPartition, int64_t>> FakeBroker::commits() const {
  const MutexLock lock(mutex_);
  return commits_;
}

FakeRecordSource::FakeRecordSource(FakeBroker& broker, Clock& clock, size_t batch_records_max)
    : broker_(broker), clock_(clock), batch_records_max_(batch_records_max) {}

void FakeRecordSource::Ask(SourceEvent event, const std::vector<TopicPartition>& partitions) {
  const MutexLock lock(mutex_);
  rebalances_.push_back({std::move(event), {partitions.begin(), partitions.end()}});
}

void FakeRecordSource::Give(const std::vector<TopicPartition>& partitions) {
  Ask(PartitionsAssigned{partitions}, partitions);
}
void FakeRecordSource::Take(const std::vector<TopicPartition>& partitions) {
  Ask(PartitionsRevoked{partitions}, partitions);
}
void FakeRecordSource::Lose(const std::vector<TopicPartition>& partitions) {
  Ask(PartitionsLost{partitions}, partitions);
}

void FakeRecordSource::FailWith(Error error) {
  const MutexLock lock(mutex_);
  failed_ = true;
  events_.push_back(SourceFailed{std::move(error)});
}

void FakeRecordSource::TroubleWith(Error error) {
  const MutexLock lock(mutex_);
  trouble_ = error;
  events_.push_back(SourceTrouble{std::move(error)});
}

void FakeRecordSource::Heal() {
  const MutexLock lock(mutex_);
  trouble_.reset();
}

void FakeRecordSource::FailCommits(Error error, int count) {
  const MutexLock lock(mutex_);
  commit_error_ = std::move(error);
  commits_to_fail_ = count;
}

bool FakeRecordSource::closed() const {
  const MutexLock lock(mutex_);
  return closed_;
}

std::set<TopicPartition> FakeRecordSource::assigned() const {
  const MutexLock lock(mutex_);
  std::set<TopicPartition> partitions;
  for (const auto& [partition, reading] : readings_) partitions.insert(partition);
  return partitions;
}

std::set<TopicPartition> FakeRecordSource::paused() const {
  const MutexLock lock(mutex_);
  std::set<TopicPartition> partitions;
  for (const auto& [partition, reading] : readings_) {
    if (reading.paused) partitions.insert(partition);
  }
  return partitions;
}

void FakeRecordSource::ReadPartition(const TopicPartition& partition, Reading& reading,
                                     size_t& room, std::map<std::string, SourceBatch>& batches) {
  const auto* const from = broker_.Find(partition);
  if (reading.paused || reading.withheld || from == nullptr || failed_) return;
  if (reading.next < from->low || reading.next > from->high()) {
    failed_ = true;
    events_.push_back(
        SourceFailed{Error::Corrupt("{}: offset {} is not available, the broker has {} to {}",
                                    Name(partition), reading.next, from->low, from->high())});
    return;
  }
  for (; reading.next < from->high() && room > 0; ++reading.next) {
    const auto& slot = from->records[static_cast<size_t>(reading.next - from->low)];
    if (!slot) continue;
    auto& batch = batches[partition.topic];
    if (batch.owner == nullptr) batch.owner = std::make_unique<Copies>();
    batch.topic = partition.topic;
    auto& record = batch.records.emplace_back(static_cast<Copies&>(*batch.owner).Copy(*slot));
    record.partition = partition.partition;
    record.offset = reading.next;
    batch.bytes += record.value.size() + record.key.size();
    reading.told_end = false;
    --room;
  }
  if (reading.next == from->high() && !std::exchange(reading.told_end, true)) {
    events_.push_back(EndOfPartition{partition, reading.next});
  }
}

std::vector<SourceEvent> FakeRecordSource::Collect() {
  std::map<std::string, SourceBatch> batches;
  size_t room = trouble_ ? 0 : batch_records_max_;
  {
    const MutexLock lock(broker_.mutex_);
    for (auto& [partition, reading] : readings_) {
      if (room > 0) ReadPartition(partition, reading, room, batches);
    }
  }
  std::vector<SourceEvent> events;
  for (auto& [topic, batch] : batches) events.push_back(std::move(batch));
  std::move(events_.begin(), events_.end(), std::back_inserter(events));
  events_.clear();
  if (rebalances_.empty() || rebalances_.front().told) return events;
  auto& rebalance = rebalances_.front();
  rebalance.told = true;
  const bool is_assign = std::holds_alternative<PartitionsAssigned>(rebalance.event);
  for (const auto& partition : rebalance.partitions) {
    const auto found = readings_.find(partition);
    if (!is_assign && found != readings_.end()) found->second.withheld = true;
  }
  // Only rebalances are kept, so the event can be copied member by member.
  if (const auto* given = std::get_if<PartitionsAssigned>(&rebalance.event))
    events.push_back(*given);
  if (const auto* taken = std::get_if<PartitionsRevoked>(&rebalance.event))
    events.push_back(*taken);
  if (const auto* lost = std::get_if<PartitionsLost>(&rebalance.event)) events.push_back(*lost);
  return events;
}

std::vector<SourceEvent> FakeRecordSource::Poll(Duration timeout) {
  std::vector<SourceEvent> events;
  {
    const MutexLock lock(mutex_);
    CHECK(!closed_);
    events = Collect();
  }
  if (events.empty()) (void)clock_.SleepFor(std::min(timeout, kIdleStep), {});
  return events;
}

Status FakeRecordSource::CheckAnswer(bool is_assign,
                                     const std::vector<TopicPartition>& partitions) const {
  if (rebalances_.empty() || !rebalances_.front().told) {
    return Error::Invalid("no rebalance is waiting for an answer");
  }
  const auto& asked = rebalances_.front();
  const bool right_kind = std::holds_alternative<PartitionsAssigned>(asked.event) == is_assign;
  if (right_kind && std::set(partitions.begin(), partitions.end()) == asked.partitions) return {};
  return Error::Invalid("a rebalance of {} partitions must be answered for exactly these",
                        asked.partitions.size());
}

Result<int64_t> FakeRecordSource::Resolve(const StartPosition& position) const {
  const auto* const partition = broker_.Find(position.partition);
  if (partition == nullptr) return Error::NotFound("{} does not exist", Name(position.partition));
  switch (position.at) {
    case StartAt::kOffset: break;
    case StartAt::kBeginning: return partition->low;
    case StartAt::kEnd: return partition->high();
  }
  if (position.offset < 0)
    return Error::Invalid("{}: offset is negative", Name(position.partition));
  return position.offset;
}

Status FakeRecordSource::Assign(const std::vector<StartPosition>& positions) {
  const MutexLock lock(mutex_);
  TRY(CheckAnswer(true, PartitionsOf(positions)));
  const MutexLock broker_lock(broker_.mutex_);
  for (const auto& position : positions) {
    readings_[position.partition] = Reading{.next = TRY(Resolve(position))};
  }
  rebalances_.pop_front();
  return {};
}

Status FakeRecordSource::Revoke(const std::vector<TopicPartition>& partitions) {
  const MutexLock lock(mutex_);
  TRY(CheckAnswer(false, partitions));
  for (const auto& partition : partitions) readings_.erase(partition);
  rebalances_.pop_front();
  return {};
}

Status FakeRecordSource::Seek(const std::vector<StartPosition>& positions) {
  const MutexLock lock(mutex_);
  const MutexLock broker_lock(broker_.mutex_);
  for (const auto& position : positions) {
    const auto found = readings_.find(position.partition);
    if (found == readings_.end()) {
      return Error::Invalid("cannot seek {}: it is not assigned", Name(position.partition));
    }
    found->second.next = TRY(Resolve(position));
    found->second.told_end = false;
  }
  return {};
}

Status FakeRecordSource::Pause(const std::vector<TopicPartition>& partitions) {
  const MutexLock lock(mutex_);
  for (const auto& partition : partitions) {
    if (const auto found = readings_.find(partition); found != readings_.end())
      found->second.paused = true;
  }
  return {};
}

Status FakeRecordSource::Resume(const std::vector<TopicPartition>& partitions) {
  const MutexLock lock(mutex_);
  for (const auto& partition : partitions) {
    if (const auto found = readings_.find(partition); found != readings_.end())
      found->second.paused = false;
  }
  return {};
}

Status FakeRecordSource::CommitOffsets(const std::map<TopicPartition, int64_t>& next_offsets,
                                       Duration) {
  const MutexLock lock(mutex_);
  if (commits_to_fail_ > 0) {
    --commits_to_fail_;
    return *commit_error_;
  }
  const MutexLock broker_lock(broker_.mutex_);
  for (const auto& [partition, offset] : next_offsets) broker_.committed_[partition] = offset;
  broker_.commits_.push_back(next_offsets);
  return {};
}

Result<std::map<TopicPartition, int64_t>> FakeRecordSource::CommittedOffsets(
    const std::vector<TopicPartition>& partitions, Duration) {
  std::map<TopicPartition, int64_t> offsets;
  const MutexLock broker_lock(broker_.mutex_);
  for (const auto& partition : partitions) {
    const auto found = broker_.committed_.find(partition);
    if (found != broker_.committed_.end()) offsets.insert(*found);
  }
  return offsets;
}

Result<Watermarks> FakeRecordSource::QueryWatermarks(const TopicPartition& partition, Duration) {
  const MutexLock broker_lock(broker_.mutex_);
  const auto* const found = broker_.Find(partition);
  if (found == nullptr) return Error::NotFound("{} does not exist", Name(partition));
  return Watermarks{found->low, found->high()};
}

Result<SourceTopic> FakeRecordSource::DescribeTopic(const std::string& topic, Duration) {
  const MutexLock broker_lock(broker_.mutex_);
  const auto found = broker_.topics_.find(topic);
  if (found == broker_.topics_.end()) return Error::NotFound("topic '{}' does not exist", topic);
  return SourceTopic{broker_.cluster_id_, topic, found->second.id};
}

std::map<TopicPartition, PartitionLag> FakeRecordSource::LagSnapshot() const {
  std::map<TopicPartition, PartitionLag> lags;
  const MutexLock lock(mutex_);
  const MutexLock broker_lock(broker_.mutex_);
  for (const auto& [partition, reading] : readings_) {
    const auto* const found = broker_.Find(partition);
    lags[partition] = {found == nullptr ? -1 : found->high(), reading.next};
  }
  return lags;
}

std::optional<Error> FakeRecordSource::trouble() const {
  const MutexLock lock(mutex_);
  return trouble_;
}

Status FakeRecordSource::Close() {
  const MutexLock lock(mutex_);
  CHECK(!closed_);
  closed_ = true;
  readings_.clear();
  rebalances_.clear();
  return {};
}

}  // namespace kafka_iceberg::kafka
