// SPDX-License-Identifier: Apache-2.0
//
// TableFlow: the poll thread's side of one table: which offsets of each partition the table covers,
// the flush epoch that is filling, the epochs that are being committed, and whether the table takes
// records at all just now. A table that cannot keep up or fails leaves its records alone and has
// them read again later; the other tables go on.
//
// Bookkeeping and messages to the stages, no waiting. Owned by the poll thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bounded_queue.h"
#include "core/clock.h"
#include "decode/dead_letter.h"
#include "engine/epoch.h"
#include "engine/partition_tracker.h"
#include "engine/status.h"
#include "engine/tables/table_unit.h"

namespace kafka_iceberg::engine {

struct FlowOptions {
  Duration flush_interval = std::chrono::seconds(60);
  // Offsets that brought no rows are committed this late; 0: together with the next rows, or when
  // partitions leave.
  Duration idle_interval{0};
  // Many partition values make many files; each costs a manifest entry and memory until the commit.
  int64_t flush_files = 2000;
  // Below this an epoch is filled by one writer only, so that a quiet topic makes one file a flush,
  // not several.
  int64_t single_writer_bytes = 16LL << 20;
  int32_t epochs_in_flight_max = 4;
};

enum class FlowState : uint8_t {
  kRunning,
  kDiscarding,  // the stages drop what is not committed
  kWaiting,     // for ready_at(), then it starts from its ledger again
  kBehind,      // its commits hang: records are left, and read once these are decided
};
std::string_view ToString(FlowState state);

struct FlowStart {
  int64_t covered_to = 0;  // where the next range starts
  int64_t fetch_from = 0;  // above it only when the offsets between are given up
  bool in_ledger = false;
};

class TableFlow {
 public:
  TableFlow(FlowId id, std::string name, FlowOptions options,
            std::vector<BoundedQueue<WriterTask>*> writers);

  FlowId id() const { return id_; }
  const std::string& name() const { return name_; }
  // Null until the table could be opened.
  TableUnit* unit() const { return unit_; }
  void Attach(TableUnit& unit) { unit_ = &unit; }

  FlowState state() const { return state_; }
  // Records may be handed over now.
  bool runs() const { return state_ == FlowState::kRunning; }
  SteadyTime ready_at() const { return ready_at_; }
  // Why it needs somebody's attention; empty while it does its work.
  const std::optional<Error>& failure() const { return failure_; }
  int32_t failures_in_a_row() const { return failures_in_a_row_; }

  // Partitions. What Position() and Covered() do not know is not fed into this table.
  void Begin(const TopicPartition& partition, const SourceTopic& topic, const FlowStart& start);
  void Remove(const TopicPartition& partition);
  // The next offset to be handed over.
  std::optional<int64_t> Position(const TopicPartition& partition) const;
  // Below this everything is committed, or was before this table's time.
  std::optional<int64_t> Covered(const TopicPartition& partition) const;
  // The ledger has an entry for the partition.
  bool InLedger(const TopicPartition& partition) const;
  // It has, as far as was read of it, although the partition cannot begin now.
  void Expect(const TopicPartition& partition, int64_t next) { expected_[partition] = next; }
  std::optional<int64_t> Expected(const TopicPartition& partition) const;
  const std::map<TopicPartition, int64_t>& committed() const { return committed_; }
  std::vector<TopicPartition> partitions() const { return tracker_.partitions(); }
  bool empty() const { return tracker_.empty(); }
  // The records up to `next` were handed over, or were none of this table's.
  bool Advance(const TopicPartition& partition, int64_t next, SteadyTime now);

  // The epoch that is filling.
  DataMessage Fill(SourceBatch batch, SteadyTime now);
  // A record of this table's that is a dead letter already.
  void AddLetter(decode::DeadLetter letter, SteadyTime now);
  // The writers that share it; a partition stays with one of them.
  size_t active_writers() const { return active_writers_; }
  size_t WriterOf(int32_t partition) const;
  uint64_t generation() const { return generation_; }
  int64_t filling_bytes() const { return progress_->hot_bytes.load(); }
  bool has_uncut() const { return tracker_.HasUncut(); }
  bool may_cut() const;
  // Why the epoch should end now, other than for its size; nothing when it need not.
  std::string_view DueReason(SteadyTime now) const;
  void Cut(std::string_view reason, SteadyTime now);

  // Epochs that were cut and are not committed.
  size_t in_flight() const { return in_flight_.size(); }
  // How long the oldest of them has waited.
  Duration Stuck(SteadyTime now) const;
  // False: of before the last reset, nothing happened.
  bool OnCommitted(const EpochCommitted& committed);
  bool IsCurrent(uint64_t generation) const { return generation == generation_; }

  // Everything that is not committed is dropped in every stage; OnDiscarded() counts the answers.
  // The flow starts again at `ready_at` at the earliest.
  void Discard(SteadyTime now, SteadyTime ready_at);
  void OnDiscarded(uint64_t generation);
  SteadyTime discarding_since() const { return discarding_since_; }
  void WaitUntil(SteadyTime ready_at);
  void Run() { state_ = FlowState::kRunning; }
  void FallBehind() { state_ = FlowState::kBehind; }
  // The failures so far, this one included.
  int32_t CountFailure() { return ++failures_in_a_row_; }
  void Fail(Error error) { failure_ = std::move(error); }

  // What the poll thread knows of the table.
  void Describe(TableStatus& status) const;

 private:
  struct InFlight {
    uint64_t epoch = 0;
    SteadyTime sealed_at{0};
  };

  void StartEpoch();
  void Touch(SteadyTime now);

  const FlowId id_;
  const std::string name_;
  const FlowOptions options_;
  const std::vector<BoundedQueue<WriterTask>*> writers_;
  TableUnit* unit_ = nullptr;

  FlowState state_ = FlowState::kRunning;
  SteadyTime ready_at_{0};
  SteadyTime discarding_since_{0};
  size_t discards_missing_ = 0;
  std::optional<Error> failure_;
  int32_t failures_in_a_row_ = 0;

  PartitionTracker tracker_;
  std::map<TopicPartition, int64_t> committed_;  // next offset the table has, as far as we know
  std::map<TopicPartition, int64_t> begun_at_;
  std::map<TopicPartition, int64_t> expected_;
  uint64_t generation_ = 0;
  uint64_t epoch_ = 1;
  int64_t epoch_records_ = 0;
  std::vector<decode::DeadLetter> letters_;
  std::optional<SteadyTime> epoch_started_;  // first record of the epoch
  std::optional<SteadyTime> idle_since_;     // first offset of the epoch
  std::shared_ptr<EpochProgress> progress_ = std::make_shared<EpochProgress>();
  size_t active_writers_ = 1;
  std::deque<InFlight> in_flight_;
  TableStatus totals_;  // only the numbers that add up
};

}  // namespace kafka_iceberg::engine
