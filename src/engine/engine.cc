// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>
#include <utility>

#include "commit/adoption.h"
#include "commit/ledger.h"
#include "commit/transaction_coordinator.h"
#include "commit/transaction_log.h"
#include "core/bounded_queue.h"
#include "core/check.h"
#include "core/thread.h"
#include "decode/arrow_schema.h"
#include "decode/dead_letter.h"
#include "engine/adoption.h"
#include "engine/commit_stage.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/module_options.h"
#include "engine/source_stage.h"
#include "engine/table_plan.h"
#include "engine/writer_stage.h"
#include "iceberg/table_metadata_json.h"
#include "table/metadata_cache.h"

namespace kafka_iceberg::engine {
namespace {

constexpr size_t kWriterQueueBytes = 16 << 20;
constexpr Duration kCatalogShutdown = std::chrono::seconds(5);
constexpr Duration kIdleWait = std::chrono::milliseconds(200);

std::string WriterId(Random& random) {
  char host[256] = "localhost";
  // A host name that cannot be read leaves the default: the id is only for people.
  [[maybe_unused]] const int named = ::gethostname(host, sizeof(host) - 1);
  return fmt::format("{}-{}-{}", host, ::getpid(), NewUuid(random).substr(0, 8));
}

}  // namespace

// Members are destroyed in reverse order: threads are joined in Run(), stages go before what they
// use.
struct Engine::State {
  State(const config::Options& engine_options, const RunOptions& run_options,
        EngineContext engine_context)
      : options(engine_options),
        run(run_options),
        context(std::move(engine_context)),
        letter_rate(options.dead_letter.max_rate, context.clock),
        committer_queue(1),
        control_queue(1) {}

  const config::Options options;
  const RunOptions run;
  const EngineContext context;
  OpenedCatalog opened_catalog;
  std::unique_ptr<kafka::RecordSource> source;
  std::shared_ptr<const PayloadFormat> format;
  std::unique_ptr<catalog::TableOperations> table;
  std::optional<commit::SchemaEvolution> schema_evolution;  // made while the table was opened
  std::unique_ptr<commit::TransactionLog> log;
  std::unique_ptr<decode::DeadLetterStore> dead_letters;
  LetterRate letter_rate;
  std::unique_ptr<table::MetadataCache> metadata_cache;
  std::unique_ptr<SchemaKeeper> schema_keeper;
  std::unique_ptr<buffer::HotBuffer> hot_buffer;
  std::unique_ptr<commit::TransactionCoordinator> coordinator;

  std::vector<std::unique_ptr<BoundedQueue<WriterMessage>>> writer_queues;
  BoundedQueue<CommitMessage> committer_queue;
  BoundedQueue<ControlMessage> control_queue;
  std::vector<std::unique_ptr<WriterStage>> writers;
  std::unique_ptr<CommitStage> committer;
  std::unique_ptr<SourceStage> poller;

  std::stop_source committer_stop;
  mutable Mutex failure_mutex;
  std::string failure GUARDED_BY(failure_mutex);
  std::atomic<EngineState> final_state{EngineState::kStarting};

  Status OpenTable(EngineConnections connections, const std::stop_token& stop);
  Status OpenCommit(const std::stop_token& stop);
  Status OpenStages();
  Result<std::unique_ptr<WriterStage>> MakeWriter(int32_t index, int32_t count);
  std::unique_ptr<CommitStage> MakeCommitter(int32_t parts);
  void RunWriter(size_t index);
  void RunCommitter();
  std::jthread Start(std::string name, std::function<void()> body);
};

Status Engine::State::OpenTable(EngineConnections connections, const std::stop_token& stop) {
  opened_catalog = std::move(connections.catalog);
  catalog::Catalog& catalog = *opened_catalog.catalog;
  source = std::move(connections.source);
  format = connections.format ? std::move(connections.format)
                              : TRY(MakePayloadFormat(options.kafka, nullptr));
  const iceberg::Schema wanted = TRY(
      WantedSchema(options, {catalog, *format, connections.sample_payloads}, context.logger, stop));
  table::OpenedTable opened =
      TRY(table::GetOrCreateTable(catalog, TRY(TableOptionsFor(options)), wanted));
  table = std::move(opened.operations);
  const std::string name = table->identifier().ToString();
  if (opened.created) {
    context.logger.Info("table created",
                        {{"table", name}, {"location", table->Current().metadata->location}});
  }
  const iceberg::TableMetadataPtr metadata = table->Current().metadata;
  const std::vector<iceberg::Schema>& schemas = metadata->schemas;
  if (!opened.evolved.empty() && schemas.size() > 1) {
    schema_evolution =
        commit::SchemaEvolution{.table = name,
                                .old_schema = iceberg::SchemaToJson(schemas[schemas.size() - 2]),
                                .new_schema = iceberg::SchemaToJson(schemas.back())};
  }
  for (const iceberg::SchemaChange& change : opened.evolved) {
    context.logger.Info("schema evolved",
                        {{"table", name}, {"column", change.path}, {"change", change.detail}});
  }
  if (!opened.evolved_partitioning.empty()) {
    context.logger.Info("partitioning evolved",
                        {{"table", name}, {"change", opened.evolved_partitioning}});
  }
  if (!opened.kept_partitioning.empty()) {
    context.logger.Warn(
        "the table is not partitioned as configured; schema_mismatch_action = \"evolve\" changes "
        "it "
        "for new rows",
        {{"table", name}, {"partitioning", opened.kept_partitioning}});
  }
  for (const std::string& column : opened.ignored_columns) {
    context.logger.Warn("the table has no such column; its values are left out",
                        {{"table", name}, {"column", column}});
  }
  return {};
}

Status Engine::State::OpenCommit(const std::stop_token& stop) {
  std::error_code failed;
  std::filesystem::create_directories(options.state_directory, failed);
  if (failed) {
    return Error::Io("cannot create the state folder {}: {}", options.state_directory,
                     failed.message());
  }
  log = TRY(
      commit::TransactionLog::Open(options.state_directory + "/transactions.db", context.clock));
  if (log->was_rebuilt()) {
    context.logger.Warn(
        "the transaction log was damaged and is kept aside; the table tells where to go on",
        {{"state", options.state_directory}});
  }
  if (schema_evolution) TRY(log->Append({*schema_evolution}));
  const std::string writer_id = WriterId(context.random);
  coordinator = std::make_unique<commit::TransactionCoordinator>(
      commit::CoordinatorOptions{.writer_id = writer_id,
                                 .catalog_type = std::string(opened_catalog.catalog->type())},
      commit::CoordinatorContext{.table = *table,
                                 .log = *log,
                                 .clock = context.clock,
                                 .random = context.random,
                                 .logger = context.logger,
                                 .metrics = context.metrics,
                                 .step_hook = context.step_hook});
  TRY(AdoptLeftovers(*coordinator, *log, *table, context, stop));

  const commit::Ledger ledger =
      TRY(commit::ReadLedgerAtStart(*TRY(table->Refresh()).metadata, *log));
  dead_letters = TRY(OpenDeadLetters({.options = options,
                                      .catalog = *opened_catalog.catalog,
                                      .table = *table,
                                      .ledger = ledger,
                                      .writer_id = writer_id},
                                     context));
  return {};
}

Result<std::unique_ptr<WriterStage>> Engine::State::MakeWriter(int32_t index, int32_t count) {
  const auto make_tools = [this, count](const WriteSchema& schema) -> Result<WriterTools> {
    WriterTools tools;
    tools.decoder = TRY(format->MakeDecoder(schema.metadata->schema()));
    tools.writer = TRY(write::TableWriter::Open(WriteOptionsFor(options, count), schema.metadata,
                                                tools.decoder->arrow_schema(), table->store(),
                                                context.random));
    return tools;
  };
  return WriterStage::Open(
      WriterStageOptions{.index = index},
      WriterStageContext{
          .schemas = *schema_keeper,
          .make_tools = make_tools,
          .hot_buffer = *hot_buffer,
          .store = table->store(),
          .clock = context.clock,
          .logger = context.logger,
          .metrics = context.metrics,
          .send_part = [this](EpochPart part) { committer_queue.PushControl(std::move(part)); },
          .send_control =
              [this](ControlMessage message) { control_queue.PushControl(std::move(message)); },
          .step_hook = context.step_hook,
          .letter_rate = &letter_rate});
}

std::unique_ptr<CommitStage> Engine::State::MakeCommitter(int32_t parts) {
  const auto send_control = [this](ControlMessage message) {
    control_queue.PushControl(std::move(message));
  };
  return std::make_unique<CommitStage>(
      CommitStageOptions{.writers = parts,
                         .table = table->identifier().ToString(),
                         .table_uuid = table->Current().metadata->table_uuid,
                         .catalog_type = std::string(opened_catalog.catalog->type()),
                         .version = KAFKA_ICEBERG_VERSION},
      CommitStageContext{.schemas = *schema_keeper,
                         .table = *table,
                         .coordinator = *coordinator,
                         .log = *log,
                         .dead_letters = *dead_letters,
                         .hot_buffer = *hot_buffer,
                         .store = table->store(),
                         .clock = context.clock,
                         .random = context.random,
                         .logger = context.logger,
                         .metrics = context.metrics,
                         .send_control = send_control,
                         .metadata_cache = *metadata_cache,
                         .checks = opened_catalog.checks.get()});
}

Status Engine::State::OpenStages() {
  const int32_t count = WriterCount(options);
  metadata_cache = std::make_unique<table::MetadataCache>(*table, context.clock, context.metrics);
  schema_keeper = std::make_unique<SchemaKeeper>(KeeperOptionsFor(options), *table, context.logger,
                                                 context.metrics);
  // Present from the start, so that an alert on it works before the first dead letter.
  context.metrics.GetCounter("kafka_iceberg_dead_letters_total", {{"reason", "not_json"}});
  hot_buffer = std::make_unique<buffer::HotBuffer>(
      BufferOptionsFor(options), TRY(decode::ToArrowSchema(table->Current().metadata->schema())),
      context.clock);
  context.metrics.GetGauge("kafka_iceberg_hot_buffer_limit_bytes")
      .Set(static_cast<double>(BufferOptionsFor(options).bytes_max));
  std::vector<BoundedQueue<WriterMessage>*> queues;
  for (int32_t index = 0; index < count; ++index) {
    writer_queues.push_back(std::make_unique<BoundedQueue<WriterMessage>>(kWriterQueueBytes));
    queues.push_back(writer_queues.back().get());
    writers.push_back(TRY(MakeWriter(index, count)));
  }
  committer = MakeCommitter(count);
  SourceStageOptions stage_options = StageOptionsFor(options);
  stage_options.stop_at_end = run.stop_at_end;
  stage_options.accept_offset_gap = run.accept_offset_gap;
  stage_options.accept_new_topic = run.accept_new_topic;
  poller = std::make_unique<SourceStage>(
      stage_options,
      SourceStageContext{
          .source = *source,
          .table = *table,
          .hot_buffer = *hot_buffer,
          .writers = std::move(queues),
          .committer = committer_queue,
          .control = control_queue,
          .request_discard = [this](uint64_t generation) { committer->RequestDiscard(generation); },
          .clock = context.clock,
          .random = context.random,
          .logger = context.logger,
          .metrics = context.metrics,
          .step_hook = context.step_hook,
          .letter_rate = &letter_rate});
  return {};
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}

Engine::~Engine() {
  catalog::CatalogManager* manager = state_->opened_catalog.manager;
  if (manager == nullptr) return;
  if (const Status shutdown = manager->Shutdown(kCatalogShutdown); !shutdown.ok()) {
    state_->context.logger.Warn("the catalog was left while it was being asked",
                                {{"reason", shutdown.error().message()}});
  }
}

Result<std::unique_ptr<Engine>> Engine::Open(const config::Options& options, const RunOptions& run,
                                             const EngineContext& context,
                                             EngineConnections connections,
                                             const std::stop_token& stop) {
  auto state = std::make_unique<State>(options, run, context);
  TRY(state->OpenTable(std::move(connections), stop));
  TRY(state->OpenCommit(stop));
  TRY(state->OpenStages());
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

void Engine::State::RunWriter(size_t index) {
  BoundedQueue<WriterMessage>& queue = *writer_queues[index];
  WriterStage& stage = *writers[index];
  while (!queue.drained()) {
    if (auto message = queue.Pop(std::min(stage.UntilTick(), kIdleWait)))
      stage.Handle(*std::move(message));
    stage.Tick();
  }
}

void Engine::State::RunCommitter() {
  while (!committer_queue.drained()) {
    if (auto message = committer_queue.Pop(kIdleWait)) {
      committer->Handle(*std::move(message), committer_stop.get_token());
    }
    committer->Tick();
  }
}

std::jthread Engine::State::Start(std::string name, std::function<void()> body) {
  return StartThread(
      name, [body = std::move(body)](const std::stop_token&) { body(); },
      [this, name](std::string_view what) {
        control_queue.PushControl(
            StageFailed{.generation = kEveryGeneration,
                        .error = Error::Invalid("thread {} failed: {}", name, what)});
      });
}

Status Engine::Run(const std::stop_token& stop) {
  State& state = *state_;
  if (state.opened_catalog.manager != nullptr) state.opened_catalog.manager->StartHealthChecks();
  const std::jthread freshener = StartThread(
      "ki-cache",
      [&state](const std::stop_token& done) {
        while (state.context.clock.SleepFor(state.metadata_cache->KeepFresh(), done)) continue;
      },
      // Looking at the table is then as slow as the catalog; ingest does not look.
      [&state](std::string_view what) {
        state.context.logger.Error("the metadata cache is not kept fresh any more",
                                   {{"reason", what}});
      });
  Status status;
  {
    std::vector<std::jthread> threads;
    for (size_t index = 0; index < state.writers.size(); ++index) {
      threads.push_back(state.Start(fmt::format("ki-writer-{}", index),
                                    [&state, index] { state.RunWriter(index); }));
    }
    std::jthread committer = state.Start("ki-committer", [&state] { state.RunCommitter(); });
    // The caller's thread is the poll thread.
    status = state.poller->Run(stop);
    // Source first, then down the stream: what is left in the queues belongs to epochs that were
    // not cut.
    for (const auto& queue : state.writer_queues) queue->Close();
    threads.clear();
    state.committer_stop.request_stop();
    state.committer_queue.Close();
  }
  state.final_state = status.ok() ? EngineState::kStopped : EngineState::kFailed;
  MutexLock lock(state.failure_mutex);
  if (!status.ok()) state.failure = status.error().message();
  return status;
}

void Engine::Abort() {
  state_->committer_stop.request_stop();
  state_->poller->Abort();
}

EngineStatus Engine::status() const {
  EngineStatus status;
  state_->poller->Fill(status);
  const table::CachedVersion cached = state_->metadata_cache->Get();
  const catalog::TableVersion& version = cached.version;
  status.table = state_->table->identifier().ToString();
  status.table_location = version.metadata->location;
  status.metadata_location = version.metadata_location;
  status.snapshot_id = version.metadata->current_snapshot_id;
  status.hot_rows = state_->hot_buffer->rows();
  status.hot_bytes = state_->hot_buffer->bytes();
  status.metadata_age = cached.age;
  status.catalog_trouble = state_->committer->trouble();
  if (const catalog::CatalogManager* manager = state_->opened_catalog.manager; manager != nullptr) {
    const catalog::CatalogHealth health = manager->health();
    status.catalog_circuit = ToString(health.circuit);
    status.catalog_failed_checks = health.failures_in_a_row;
    if (status.catalog_trouble.empty()) status.catalog_trouble = health.last_error;
  }
  const EngineState final_state = state_->final_state.load();
  if (final_state != EngineState::kStarting) status.state = final_state;
  MutexLock lock(state_->failure_mutex);
  status.failure = state_->failure;
  return status;
}

const buffer::HotBuffer& Engine::hot_buffer() const { return *state_->hot_buffer; }
catalog::TableOperations& Engine::table() { return *state_->table; }

std::string_view ToString(EngineState state) {
  switch (state) {
    case EngineState::kStarting: return "starting";
    case EngineState::kWaitingForAssignment: return "waiting_for_assignment";
    case EngineState::kRunning: return "running";
    case EngineState::kPaused: return "paused";
    case EngineState::kStopping: return "stopping";
    case EngineState::kStopped: return "stopped";
    case EngineState::kFailed: return "failed";
  }
  return "unknown";
}

}  // namespace kafka_iceberg::engine
