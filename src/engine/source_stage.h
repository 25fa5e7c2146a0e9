// SPDX-License-Identifier: Apache-2.0
//
// SourceStage: the poll thread. Takes records from Kafka, hands them to the tables they belong to,
// cuts flush epochs, answers rebalances, and after all tables of a partition have its offsets
// commits these to the group. The only owner of the RecordSource.
//
// Run() is the thread's body; status fields are read by others through Fill(). Everything it waits
// for is bounded.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/bounded_queue.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/retry_policy.h"
#include "engine/epoch.h"
#include "engine/letters/letter_rate.h"
#include "engine/routing/record_router.h"
#include "engine/start_position.h"
#include "engine/status.h"
#include "engine/tables/table_flow.h"
#include "kafka/record_source.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

struct SourceStageOptions {
  FlowOptions flow;
  // Of all tables together: how much is buffered before the largest epoch ends, and at most.
  int64_t flush_bytes = 128LL << 20;
  int64_t memory_max = 256LL << 20;
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
  std::vector<BoundedQueue<WriterTask>*> writers;
  BoundedQueue<FlowReport>& control;
  std::shared_ptr<buffer::MemoryAccount> memory;  // of all hot buffers
  // Null: the only table takes everything.
  RecordRouter* router = nullptr;
  TableOpener* opener = nullptr;
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  std::function<void(std::string_view)> step_hook;  // before_offsets, after_offsets; may be empty
  LetterRate* letter_rate = nullptr;                // may hold ingest back; may be null
};

// A table that is fed from the start. Without a unit it could not be opened yet: because of
// `trouble`, or because its columns are to be inferred from its first records.
struct PlannedTable {
  std::string name;
  TableUnit* unit = nullptr;
  std::optional<Error> trouble;
};

class SourceStage {
 public:
  // Tables get their FlowId by their place in `tables`.
  SourceStage(SourceStageOptions options, SourceStageContext context,
              const std::vector<PlannedTable>& tables);

  // Until `stop`, the end (stop_at_end) or a failure. On stop: cut, wait for the commit, leave the
  // group, all within shutdown_timeout. The error is why the engine could not go on.
  Status Run(const std::stop_token& stop);

  // Ends waiting at once, also the orderly stop (second signal).
  void Abort() { aborted_.store(true); }
  void Fill(EngineStatus& status) const;

 private:
  // An assigned partition.
  struct Feed {
    SourceTopic topic;
    std::vector<TableFlow*> flows;
    int64_t next = 0;     // every record below was handed to its tables
    uint64_t sought = 0;  // when it was moved last, in seeks
    bool is_assigned = false;
    // A table that is always given its records has not said where it wants them from.
    bool is_unplaced = false;
    bool paused = false;
    // Where its next record goes cannot be told now: nothing is taken until then.
    std::optional<SteadyTime> held_until;
    bool skipped = false;       // records were left, beginning at `next`
    int64_t group_offset = -1;  // committed last
  };
  struct RefusedTable {
    SteadyTime until{0};
    Error reason;
  };
  static constexpr size_t kRefusedMax = 10'000;
  struct DeferredEvent {
    uint64_t seeks = 0;  // how many there were when it was polled
    kafka::SourceEvent event;
  };
  // A stretch of a batch that is of one partition, up to the offset `next`.
  struct Stretch {
    TopicPartition partition;
    int64_t next = 0;
  };
  using Runs = std::vector<Stretch>;

  // source_stage.cc: the loop, and records on their way to the tables.
  Status RunToTheEnd(const std::stop_token& stop);
  Status RunLoop(const std::stop_token& stop);
  Status Step();
  Status HandleEvent(DeferredEvent deferred);
  void HandleEnd(const kafka::EndOfPartition& end, uint64_t seeks);
  Status HandleBatch(SourceBatch batch, uint64_t seeks);
  void KeepDeliverable(SourceBatch& batch, uint64_t seeks);
  Runs Take(const SourceBatch& batch);
  Status Offer(TableFlow& flow, SourceBatch batch, const Runs& runs);
  Status OfferToAll(const std::vector<std::string>& tables, SourceBatch batch);
  Status SendToWriters(TableFlow& flow, SourceBatch batch);
  Status SendToWriter(TableFlow& flow, size_t writer, SourceBatch batch);
  bool ReachedEnd() const;
  Status Shutdown();

  // source_stage_routes.cc: records that are looked at one by one, and the tables they name.
  Status RouteEach(SourceBatch batch, uint64_t seeks);
  Status Deliver(SourceBatch batch, RouteOutcome outcome);
  // Makes `table` ready for the partitions of these records of the batch.
  enum class Readiness : uint8_t { kReady, kLater, kRefused, kMoved };
  struct ReadyTable {
    Readiness readiness = Readiness::kReady;
    std::optional<Error> reason;
  };
  Result<ReadyTable> MakeReady(const std::string& table, const SourceBatch& batch,
                               const std::vector<uint32_t>& records);
  Result<ReadyTable> BeginNamed(TableFlow& flow, const std::vector<TopicPartition>& partitions);
  Status OpenFlow(TableFlow& flow, const std::string& topic, std::span<const Record> records);
  TableFlow& AddFlow(const std::string& table);
  void HoldFrom(SourceBatch& batch, size_t first, const Error& reason);
  void AddLetters(const SourceBatch& batch, const std::vector<RouteRefusal>& refusals);
  Status AddKnownTables(const std::vector<TopicPartition>& partitions);
  Status ReleaseHeld(SteadyTime now);

  // source_stage_rebalance.cc: where partitions start.
  Status HandleAssigned(const std::vector<TopicPartition>& partitions);
  Status HandleRevoked(const std::vector<TopicPartition>& partitions);
  Status HandleLost(const std::vector<TopicPartition>& partitions);
  std::set<TableFlow*> FlowsOf(const std::vector<TopicPartition>& partitions) const;
  void Forget(const std::vector<TopicPartition>& partitions);
  // Where each partition starts by the tables' ledgers. Kafka or the catalog being away is waited
  // for, up to the time a group member may be silent.
  Result<std::vector<kafka::StartPosition>> FindStarts(
      const std::vector<TopicPartition>& partitions);
  Result<std::vector<kafka::StartPosition>> TryFindStarts(
      const std::vector<TopicPartition>& partitions);
  Result<int64_t> FirstWanted(const TopicPartition& partition);
  bool IsAwaited(const TopicPartition& partition) const;
  Status BeginFlow(TableFlow& flow, const std::vector<TopicPartition>& partitions);
  Result<FlowStart> FindStart(const TopicPartition& partition, const commit::Ledger& ledger,
                              const iceberg::TableMetadata* metadata);
  Result<SourceTopic> Describe(const std::string& topic);
  Result<kafka::Watermarks> Marks(const TopicPartition& partition);
  bool Takes(const TableFlow& flow, const TopicPartition& partition) const;
  Status Reposition(const std::vector<TopicPartition>& partitions);
  Status UpdatePauses();

  // source_stage_flows.cc: epochs, commits, failures, back-pressure.
  Status DrainControl();
  Status WaitForControl(Duration timeout);
  Status HandleControl(FlowReport report);
  Status HandleCommitted(TableFlow& flow, const EpochCommitted& committed);
  Status HandleFailure(TableFlow& flow, const Error& error);
  void CommitGroupOffsets(TableFlow& flow, const commit::EpochRanges& ranges);
  std::optional<int64_t> CoveredByAll(const TopicPartition& partition) const;
  Status CutIfDue();
  Status CutLargest(std::string_view reason);
  Status CheckTopicsUnchanged(const TableFlow& flow);
  Status CutEpoch(TableFlow& flow, std::string_view reason);
  Status CutAll(const std::set<TableFlow*>& flows, std::string_view reason);
  Status WaitUntilCommitted(const std::set<TableFlow*>& flows, Duration timeout);
  void Reset(TableFlow& flow, std::string_view reason, Duration pause);
  Status TendFlows();
  Status Restart(TableFlow& flow);
  Status LeaveStuckBehind(SteadyTime now);
  Status MakeRoom();
  Status ApplyBackPressure();
  // Whether there are too many dead letters; tells it once.
  bool IsHeldBack();
  bool full() const { return context_.memory->load() >= options_.memory_max; }
  bool only_one() const { return context_.router == nullptr; }

  // source_stage_status.cc
  void SetState(EngineState state);
  void UpdateGauges();
  std::vector<PartitionStatus> DescribePartitions();
  std::vector<TableStatus> DescribeTables() const;

  const SourceStageOptions options_;
  SourceStageContext context_;
  std::stop_token stop_;  // of the running Run()

  std::vector<std::unique_ptr<TableFlow>> flows_;  // by FlowId
  std::map<std::string, TableFlow*> flows_by_name_;
  std::map<TopicPartition, Feed> feeds_;
  std::map<std::string, SourceTopic> topics_;
  std::set<std::string> topics_checked_;               // in this step
  std::map<TopicPartition, kafka::Watermarks> marks_;  // asked for in this step
  std::map<TopicPartition, int64_t> end_targets_;      // stop_at_end: where each partition ended
  std::map<std::string, RefusedTable> refused_;        // tables that records named in vain
  uint64_t seeks_ = 0;
  std::deque<DeferredEvent> deferred_;  // events that came while a writer was busy
  bool paused_ = false;                 // by back-pressure, or too many dead letters
  std::string letter_trouble_;          // as told last
  bool ended_ = false;
  int32_t holds_in_a_row_ = 0;
  SteadyTime gauges_updated_{0};
  std::atomic<bool> aborted_{false};

  mutable Mutex status_mutex_;
  EngineStatus status_ GUARDED_BY(status_mutex_);
};

}  // namespace kafka_iceberg::engine
