// SPDX-License-Identifier: Apache-2.0
//
// WriterStage: decodes the records of its partitions into columns, makes them readable in the hot
// buffer, encodes them into data files, and hands an epoch's files to the committer when the epoch
// ends.
//
// A plain object with Handle(message) and Tick(); the engine gives each stage a thread of its own.
// Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "buffer/hot_buffer.h"
#include "core/clock.h"
#include "decode/decoder.h"
#include "engine/epoch.h"
#include "engine/letters/letter_rate.h"
#include "storage/object_store.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"
#include "write/table_writer.h"

namespace kafka_iceberg::engine {

struct WriterStageOptions {
  int32_t index = 0;
  uint64_t generation = 0;  // the table's current one; messages of others are dropped
  Duration seal_interval =
      std::chrono::milliseconds(100);  // a row is readable after this at the latest
  int64_t seal_rows = 64LL * 1024;
  int64_t seal_bytes = 8LL << 20;
};

// What rows of one schema are made and written with.
struct WriterTools {
  std::unique_ptr<decode::Decoder> decoder;
  std::unique_ptr<write::TableWriter> writer;
};

// What the stage works with; all of it outlives the stage.
struct WriterStageContext {
  SchemaKeeper& schemas;
  std::function<Result<WriterTools>(const WriteSchema&)> make_tools;
  buffer::HotBuffer& hot_buffer;
  storage::ObjectStore& store;
  Clock& clock;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  std::function<void(EpochPart)> send_part;          // to the committer
  std::function<void(ControlMessage)> send_control;  // to the poll thread
  std::function<void(std::string_view)> step_hook;   // before_upload, after_upload; may be empty
  LetterRate* letter_rate = nullptr;                 // told of every dead letter; may be null
};

class WriterStage {
 public:
  // Makes the first tools, for the schema the keeper has now.
  static Result<std::unique_ptr<WriterStage>> Open(WriterStageOptions options,
                                                   WriterStageContext context);

  void Handle(WriterMessage message);
  // Seals what has waited long enough.
  void Tick();
  // How long the thread may wait for the next message before Tick() is due.
  Duration UntilTick() const;

 private:
  WriterStage(WriterStageOptions options, WriterStageContext context, WriteSchemaPtr schema,
              WriterTools tools);

  void HandleData(DataMessage message);
  void HandleEndEpoch(const EndEpochMessage& message);
  void HandleDiscard(const DiscardMessage& message);
  Status DecodeAll(const SourceBatch& batch);
  void Count(const decode::DecodeStats& stats, size_t letters_before);
  // From here on rows are of this schema. What was written with the one before stays in the epoch.
  Status SwitchTo(WriteSchemaPtr schema);
  Status SealPending();
  Result<std::vector<write::StagedFile>> FinishFiles();
  Status FinishEpoch(const EndEpochMessage& message);
  void Fail(Error error);
  void Drop(const std::vector<write::StagedFile>& files);

  const WriterStageOptions options_;
  WriterStageContext context_;
  WriteSchemaPtr schema_;
  WriterTools tools_;

  uint64_t generation_ = 0;
  bool failed_ = false;  // drop everything until the next DiscardMessage
  uint64_t epoch_ = 0;
  std::shared_ptr<EpochProgress> progress_;
  decode::DecodeStats stats_;  // of the current epoch
  std::vector<decode::DeadLetter> dead_letters_;
  std::vector<write::StagedFile> files_;      // of the epoch, of schemas before the last
  int64_t files_reported_ = 0;                // of the current epoch
  std::optional<SteadyTime> oldest_pending_;  // when the oldest record not yet readable was taken

  telemetry::Counter& rows_decoded_;
  telemetry::Counter& tombstones_;
  telemetry::Counter& ignored_fields_;
  telemetry::Counter& rescued_fields_;
  telemetry::Histogram& visible_latency_;
};

}  // namespace kafka_iceberg::engine
