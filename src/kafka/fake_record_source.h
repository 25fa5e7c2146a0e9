// SPDX-License-Identifier: Apache-2.0
//
// FakeBroker and FakeRecordSource: topics in memory and a RecordSource over them, for tests and the
// simulator. What a group would do (give, take, lose partitions) and what goes wrong is scripted by
// the test.
//
// Both are safe for concurrent use, so a test thread may script while an engine polls. The broker
// outlives its sources; batches own copies and outlive everything.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "kafka/record_source.h"

namespace kafka_iceberg::kafka {

struct FakeRecord {
  std::optional<std::string> value;  // nothing: a tombstone
  std::optional<std::string> key;
  int64_t timestamp_ms = -1;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

class FakeBroker {
 public:
  explicit FakeBroker(std::string cluster_id = "fake-cluster")
      : cluster_id_(std::move(cluster_id)) {}

  // Every creation gives another topic id.
  void CreateTopic(const std::string& topic, int partitions);
  void DeleteTopic(const std::string& topic);
  // The offset of the record.
  int64_t Append(const TopicPartition& partition, FakeRecord record);
  // Offsets that hold nothing to read, as transactions and compaction leave them.
  void AppendGap(const TopicPartition& partition, int64_t offsets);
  // What retention does.
  void DeleteRecords(const TopicPartition& partition, int64_t before_offset);
  void SetCommitted(const TopicPartition& partition, int64_t next_offset);

  std::vector<TopicPartition> Partitions(const std::string& topic) const;
  std::map<TopicPartition, int64_t> committed() const;
  // All that were ever committed, in order.
  std::vector<std::map<TopicPartition, int64_t>> commits() const;

 private:
  friend class FakeRecordSource;
  struct Partition {
    int64_t low = 0;
    std::deque<std::optional<FakeRecord>> records;  // from `low` on; nothing: a gap
    int64_t high() const { return low + static_cast<int64_t>(records.size()); }
  };
  struct Topic {
    std::string id;
    std::vector<Partition> partitions;
  };

  const Partition* Find(const TopicPartition& partition) const REQUIRES(mutex_);

  mutable Mutex mutex_;
  const std::string cluster_id_;
  int topics_created_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, Topic> topics_ GUARDED_BY(mutex_);
  std::map<TopicPartition, int64_t> committed_ GUARDED_BY(mutex_);
  std::vector<std::map<TopicPartition, int64_t>> commits_ GUARDED_BY(mutex_);
};

class FakeRecordSource final : public RecordSource {
 public:
  FakeRecordSource(FakeBroker& broker, Clock& clock, size_t batch_records_max = 1000);

  // The script.
  void Give(const std::vector<TopicPartition>& partitions);
  void Take(const std::vector<TopicPartition>& partitions);
  void Lose(const std::vector<TopicPartition>& partitions);
  void FailWith(Error error);
  // Told once, and kept as trouble() until Heal(); no records come meanwhile.
  void TroubleWith(Error error);
  void Heal();
  // The next `count` commits fail like this.
  void FailCommits(Error error, int count);
  bool closed() const;
  std::set<TopicPartition> assigned() const;
  std::set<TopicPartition> paused() const;

  std::vector<SourceEvent> Poll(Duration timeout) override;
  Status Assign(const std::vector<StartPosition>& positions) override;
  Status Revoke(const std::vector<TopicPartition>& partitions) override;
  Status Seek(const std::vector<StartPosition>& positions) override;
  Status Pause(const std::vector<TopicPartition>& partitions) override;
  Status Resume(const std::vector<TopicPartition>& partitions) override;
  Status CommitOffsets(const std::map<TopicPartition, int64_t>& next_offsets,
                       Duration timeout) override;
  Result<std::map<TopicPartition, int64_t>> CommittedOffsets(
      const std::vector<TopicPartition>& partitions, Duration timeout) override;
  Result<Watermarks> QueryWatermarks(const TopicPartition& partition, Duration timeout) override;
  Result<SourceTopic> DescribeTopic(const std::string& topic, Duration timeout) override;
  std::map<TopicPartition, PartitionLag> LagSnapshot() const override;
  std::optional<Error> trouble() const override;
  Status Close() override;

 private:
  struct Reading {
    int64_t next = 0;
    bool paused = false;
    bool withheld = false;
    bool told_end = false;
  };
  struct Rebalance {
    SourceEvent event;
    std::set<TopicPartition> partitions;
    bool told = false;
  };
  class Copies;

  void Ask(SourceEvent event, const std::vector<TopicPartition>& partitions);
  Status CheckAnswer(bool is_assign, const std::vector<TopicPartition>& partitions) const
      REQUIRES(mutex_);
  Result<int64_t> Resolve(const StartPosition& position) const REQUIRES(mutex_)
      REQUIRES(broker_.mutex_);
  std::vector<SourceEvent> Collect() REQUIRES(mutex_);
  void ReadPartition(const TopicPartition& partition, Reading& reading, size_t& room,
                     std::map<std::string, SourceBatch>& batches) REQUIRES(mutex_)
      REQUIRES(broker_.mutex_);

  FakeBroker& broker_;
  Clock& clock_;
  const size_t batch_records_max_;
  mutable Mutex mutex_;  // taken before the broker's
  std::map<TopicPartition, Reading> readings_ GUARDED_BY(mutex_);
  std::deque<Rebalance> rebalances_ GUARDED_BY(mutex_);
  std::vector<SourceEvent> events_ GUARDED_BY(mutex_);
  std::optional<Error> trouble_ GUARDED_BY(mutex_);
  std::optional<Error> commit_error_ GUARDED_BY(mutex_);
  int commits_to_fail_ GUARDED_BY(mutex_) = 0;
  bool failed_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace kafka_iceberg::kafka
