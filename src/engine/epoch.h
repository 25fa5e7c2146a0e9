// SPDX-License-Identifier: Apache-2.0
//
// The messages that move between the engine's stages. A flush epoch is everything consumed between
// two cuts of the poll thread; its number only grows. A generation is what happens between two
// resets: after a reset (fenced, partitions lost, upload failed) everything of older generations is
// dropped and read again from the ledger. Epochs and generations are those of one table.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "commit/ledger.h"
#include "commit/transaction_coordinator.h"
#include "core/clock.h"
#include "core/record.h"
#include "core/result.h"
#include "decode/dead_letter.h"
#include "decode/decoder.h"
#include "engine/schema_keeper.h"
#include "write/table_writer.h"

namespace kafka_iceberg::engine {

class TableUnit;

// A table's number in this process, from 0; stays the same for as long as the engine lives.
using FlowId = uint32_t;

// What the writers report while an epoch is filling; read by the poll thread to decide when it
// ends.
struct EpochProgress {
  std::atomic<int64_t> hot_bytes{0};
  std::atomic<int64_t> files_closed{0};
};

// Poll thread -> writer.
struct DataMessage {
  uint64_t epoch = 0;
  uint64_t generation = 0;
  std::shared_ptr<EpochProgress> progress;
  SourceBatch batch;
  SteadyTime taken_at{0};
};
struct EndEpochMessage {
  uint64_t epoch = 0;
  uint64_t generation = 0;
};
// Drop everything older than `generation` and acknowledge with StageDiscarded.
struct DiscardMessage {
  uint64_t generation = 0;
};
using WriterMessage = std::variant<DataMessage, EndEpochMessage, DiscardMessage>;
// The writer threads serve all tables.
struct WriterTask {
  TableUnit* table = nullptr;
  WriterMessage message;
};

// Writer -> committer: one writer's share of an epoch.
struct EpochPart {
  uint64_t epoch = 0;
  uint64_t generation = 0;
  int32_t writer = 0;
  std::vector<write::StagedFile> files;
  std::vector<decode::DeadLetter> dead_letters;
  decode::DecodeStats stats;
  WriteSchemaPtr
      schema;  // the last one the files were written with; it has all of the earlier ones
};
// Poll thread -> committer: the epoch's cut.
struct EpochSealed {
  uint64_t epoch = 0;
  uint64_t generation = 0;
  commit::EpochRanges ranges;
  int64_t records = 0;
  std::string reason;  // interval, bytes, rebalance, shutdown, ...
  SteadyTime sealed_at{0};
  std::vector<decode::DeadLetter> dead_letters;  // records that never reached a writer
};
// Poll thread -> committer: for the transaction log.
struct OffsetsCommitted {
  commit::EpochRanges ranges;
};
using CommitMessage = std::variant<EpochPart, EpochSealed, OffsetsCommitted, DiscardMessage>;

// For failures that concern the engine as a whole.
inline constexpr uint64_t kEveryGeneration = UINT64_MAX;

// Anyone -> poll thread.
struct EpochCommitted {
  uint64_t epoch = 0;
  uint64_t generation = 0;
  commit::EpochRanges ranges;
  int64_t rows = 0;
  int64_t dead_letters = 0;
  commit::SnapshotCommitResult result;
};
struct EpochFenced {
  uint64_t generation = 0;
  std::string explanation;
};
struct StageDiscarded {
  uint64_t generation = 0;
};
// The stage could not do its work. The poll thread resets and tries again, or stops, by the error's
// code.
struct StageFailed {
  uint64_t generation = 0;
  Error error;
};
using ControlMessage = std::variant<EpochCommitted, EpochFenced, StageDiscarded, StageFailed>;
struct FlowReport {
  FlowId flow = 0;
  ControlMessage message;
};

}  // namespace kafka_iceberg::engine
