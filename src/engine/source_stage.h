// SPDX-License-Identifier: Apache-2.0
//
// SourceStage: the poll thread. Takes records from Kafka, hands them to the writers, cuts flush
// epochs, answers rebalances, and after the table has an epoch commits its offsets to the group.
// The only owner of the RecordSource.
//
// Run() is the thread's body; status fields are read by others through Snapshot(). Everything it
// waits for is bounded.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "buffer/hot_buffer.h"
#include "catalog/catalog.h"
#include "core/bounded_queue.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/retry_policy.h"
#include "engine/epoch.h"
#include "engine/letters/letter_rate.h"
#include "engine/partition_tracker.h"
#include "engine/start_position.h"
#include "engine/status.h"
#include "kafka/record_source.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

struct SourceStageOptions {
  Duration flush_interval = std::chrono::seconds(60);
  int64_t flush_bytes = 128LL << 20;
  // Many partition values make many files; each costs a manifest entry and memory until the commit.
  int64_t flush_files = 2000;
  // Below this an epoch is filled by one writer only, so that a quiet topic makes one file a flush,
  // not several.
  int64_t single_writer_bytes = 16LL << 20;
  int32_t epochs_in_flight_max = 4;
  Duration shutdown_timeout = std::chrono::seconds(60);
  Duration revoke_timeout = std::chrono::seconds(45);
  OffsetReset offset_reset = OffsetReset::kEarliestIfNew;
  bool accept_offset_gap = false;
  bool accept_new_topic = false;
  // Stop, with everything committed, once every partition was read to where it ended when it was
  // assigned.
  bool stop_at_end = false;
  RetryPolicy reset_retry;
};

struct SourceStageContext {
  kafka::RecordSource& source;
  catalog::TableOperations& table;
  buffer::HotBuffer& hot_buffer;
  std::vector<BoundedQueue<WriterMessage>*> writers;
  BoundedQueue<CommitMessage>& committer;
  BoundedQueue<ControlMessage>& control;
  std::function<void(uint64_t generation)> request_discard;  // reaches a committer that is waiting
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  std::function<void(std::string_view)> step_hook;  // before_offsets, after_offsets; may be empty
  LetterRate* letter_rate = nullptr;                // may hold ingest back; may be null
};

class SourceStage {
 public:
  SourceStage(SourceStageOptions options, SourceStageContext context);

  // Until `stop`, the end (stop_at_end) or a failure. On stop: cut, wait for the commit, leave the
  // group, all within shutdown_timeout. The error is why the engine could not go on.
  Status Run(const std::stop_token& stop);

  // Ends waiting at once, also the orderly stop (second signal).
  void Abort() { aborted_.store(true); }
  void Fill(EngineStatus& status) const;

 private:
  struct InFlight {
    uint64_t epoch = 0;
    SteadyTime sealed_at{0};
  };
  struct DeferredEvent {
    uint64_t generation = 0;
    kafka::SourceEvent event;
  };

  Status RunToTheEnd(const std::stop_token& stop);
  Status RunLoop(const std::stop_token& stop);
  Status Step();
  Status HandleEvent(kafka::SourceEvent event);
  Status HandleBatch(SourceBatch batch);
  void KeepDeliverable(SourceBatch& batch);
  Status Route(SourceBatch batch);
  std::vector<SourceBatch> Split(SourceBatch batch) const;
  Status SendToWriter(size_t writer, SourceBatch batch);
  Status HandleAssigned(const std::vector<TopicPartition>& partitions);
  Status HandleRevoked(const std::vector<TopicPartition>& partitions);
  Status HandleLost(const std::vector<TopicPartition>& partitions);
  Status HandleControl(ControlMessage message);
  Status HandleCommitted(const EpochCommitted& committed);
  Status HandleFailure(const StageFailed& failed);
  Status WaitForControl(Duration timeout);
  Status DrainControl();

  // Where each partition starts by the table's ledger. Kafka or the catalog being away is waited
  // for, up to the time a group member may be silent.
  Result<std::vector<kafka::StartPosition>> FindStarts(
      const std::vector<TopicPartition>& partitions);
  Result<std::vector<kafka::StartPosition>> TryFindStarts(
      const std::vector<TopicPartition>& partitions);
  Result<kafka::StartPosition> FindStart(const TopicPartition& partition,
                                         const commit::Ledger& ledger,
                                         const iceberg::TableMetadata& metadata);
  Result<SourceTopic> Describe(const std::string& topic);

  Status CutIfDue();
  Status CheckTopicsUnchanged();
  Status CutEpoch(std::string_view reason);
  void StartEpoch();
  Status WaitUntilCommitted(Duration timeout);
  Status Reset(std::string_view reason);
  Status AwaitDiscards(uint64_t generation);
  Status RestartFromLedger();
  void CommitGroupOffsets(const commit::EpochRanges& ranges);
  Status ApplyBackPressure();
  // Whether there are too many dead letters; tells it once.
  bool IsHeldBack();
  Status PauseAll();
  Status ResumeAll();
  bool ReachedEnd() const;
  Status Shutdown();
  void UpdateGauges();

  const SourceStageOptions options_;
  SourceStageContext context_;
  std::stop_token stop_;  // of the running Run()

  PartitionTracker tracker_;
  std::map<std::string, SourceTopic> topics_;
  std::map<TopicPartition, int64_t> committed_;    // next offset the table has, as far as we know
  std::map<TopicPartition, int64_t> end_targets_;  // stop_at_end: where each partition ended
  uint64_t generation_ = 0;
  uint64_t epoch_ = 1;
  int64_t epoch_records_ = 0;
  std::optional<SteadyTime> epoch_started_;  // first record of the epoch
  std::shared_ptr<EpochProgress> progress_ = std::make_shared<EpochProgress>();
  size_t active_writers_ = 1;
  std::deque<InFlight> in_flight_;
  std::deque<DeferredEvent> deferred_;  // events that came while a writer was busy
  bool paused_ = false;
  std::string letter_trouble_;  // as told last
  bool ended_ = false;
  int32_t failures_in_a_row_ = 0;
  SteadyTime gauges_updated_{0};
  std::atomic<bool> aborted_{false};

  mutable Mutex status_mutex_;
  EngineStatus status_ GUARDED_BY(status_mutex_);
};

}  // namespace kafka_iceberg::engine
