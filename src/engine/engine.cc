// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "core/bounded_queue.h"
#include "core/check.h"
#include "core/thread.h"
#include "engine/letters/letter_rate.h"
#include "engine/module_options.h"
#include "engine/routing/plan_router.h"
#include "engine/routing/table_directory.h"
#include "engine/source_stage.h"
#include "engine/tables/table_unit.h"
#include "engine/tables/writer_pool.h"
#include "table/metadata_cache.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kCatalogShutdown = std::chrono::seconds(5);
constexpr Duration kFreshenPause = std::chrono::seconds(1);

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
        control_queue(1),
        writers(WriterCount(options), context.clock) {}

  const config::Options options;
  const RunOptions run;
  const EngineContext context;
  OpenedCatalog opened_catalog;
  std::unique_ptr<kafka::RecordSource> source;
  const std::shared_ptr<buffer::MemoryAccount> memory = std::make_shared<buffer::MemoryAccount>(0);
  LetterRate letter_rate;  // of all tables together
  BoundedQueue<FlowReport> control_queue;
  std::shared_ptr<const RoutePlan> plan;  // null: one table
  std::unique_ptr<TableDirectory> tables;
  std::unique_ptr<PlanRouter> router;
  WriterPool writers;
  std::unique_ptr<SourceStage> poller;

  mutable Mutex failure_mutex;
  std::string failure GUARDED_BY(failure_mutex);
  std::atomic<EngineState> final_state{EngineState::kStarting};

  Status OpenTables(EngineConnections connections, const std::stop_token& stop);
  Result<std::vector<PlannedTable>> OpenOnlyTable(EngineConnections connections,
                                                  const std::stop_token& stop);
  void OpenPoller(const std::vector<PlannedTable>& planned);
  void DescribeOnly(EngineStatus& status) const;
  void DescribeAll(EngineStatus& status) const;
  void KeepFresh(const std::stop_token& done) const;
};

Status Engine::State::OpenTables(EngineConnections connections, const std::stop_token& stop) {
  opened_catalog = std::move(connections.catalog);
  source = std::move(connections.source);
  // Present from the start, so that an alert on it works before the first dead letter.
  context.metrics.GetCounter("kafka_iceberg_dead_letters_total", {{"reason", "not_json"}});
  context.metrics.GetGauge("kafka_iceberg_hot_buffer_limit_bytes")
      .Set(static_cast<double>(BufferOptionsFor(options).bytes_max));
  if (!options.routing.routes.empty()) plan = TRY(RoutePlan::Make(options));
  tables = std::make_unique<TableDirectory>(plan,
                                            TableUnitContext{.engine = context,
                                                             .catalog = opened_catalog,
                                                             .control = control_queue,
                                                             .writers = WriterCount(options),
                                                             .memory = memory,
                                                             .letter_rate = &letter_rate},
                                            connections.schemas);
  if (plan == nullptr) {
    OpenPoller(TRY(OpenOnlyTable(std::move(connections), stop)));
    return {};
  }
  router = std::make_unique<PlanRouter>(plan, connections.schemas, context.metrics);
  OpenPoller(TRY(tables->OpenFixed(stop)));
  return {};
}

Result<std::vector<PlannedTable>> Engine::State::OpenOnlyTable(EngineConnections connections,
                                                               const std::stop_token& stop) {
  auto format =
      connections.format
          ? std::move(connections.format)
          : TRY(MakePayloadFormat(options.kafka, nullptr, RescueOptionsFor(options.schema)));
  return tables->OpenOnly({.options = options,
                           .format = std::move(format),
                           .sample = std::move(connections.sample_records),
                           .ledger_lane = run.ledger_lane},
                          stop);
}

void Engine::State::OpenPoller(const std::vector<PlannedTable>& planned) {
  SourceStageOptions stage_options = StageOptionsFor(options);
  stage_options.stop_at_end = run.stop_at_end;
  stage_options.accept_offset_gap = run.accept_offset_gap;
  stage_options.accept_new_topic = run.accept_new_topic;
  poller = std::make_unique<SourceStage>(
      stage_options,
      SourceStageContext{.source = *source,
                         .writers = writers.queues(),
                         .control = control_queue,
                         .memory = memory,
                         .router = router.get(),
                         .opener = plan == nullptr ? nullptr : tables.get(),
                         .clock = context.clock,
                         .random = context.random,
                         .logger = context.logger,
                         .metrics = context.metrics,
                         .step_hook = context.step_hook,
                         .letter_rate = &letter_rate},
      planned);
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
  TRY(state->OpenTables(std::move(connections), stop));
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

void Engine::State::KeepFresh(const std::stop_token& done) const {
  Duration pause{0};
  while (context.clock.SleepFor(pause, done)) {
    pause = kFreshenPause;
    for (TableUnit* table : tables->units()) {
      pause = std::min(pause, table->metadata_cache().KeepFresh());
    }
  }
}

Status Engine::Run(const std::stop_token& stop) {
  State& state = *state_;
  if (state.opened_catalog.manager != nullptr) state.opened_catalog.manager->StartHealthChecks();
  const std::jthread freshener = StartThread(
      "ki-cache", [&state](const std::stop_token& done) { state.KeepFresh(done); },
      // Looking at the table is then as slow as the catalog; ingest does not look.
      [&state](std::string_view what) {
        state.context.logger.Error("the metadata cache is not kept fresh any more",
                                   {{"reason", what}});
      });
  state.writers.Start([&state](std::string_view what) {
    state.control_queue.PushControl({.flow = 0,
                                     .message = StageFailed{.generation = kEveryGeneration,
                                                            .error = Error::Invalid("{}", what)}});
  });
  state.tables->Start();
  // The caller's thread is the poll thread.
  const Status status = state.poller->Run(stop);
  // Source first, then down the stream: what is left in the queues belongs to epochs that were not
  // cut.
  state.writers.Stop();
  state.tables->End();
  state.final_state = status.ok() ? EngineState::kStopped : EngineState::kFailed;
  MutexLock lock(state.failure_mutex);
  if (!status.ok()) state.failure = status.error().message();
  return status;
}

void Engine::Abort() {
  state_->tables->Stop();
  state_->poller->Abort();
}

void Engine::State::DescribeOnly(EngineStatus& status) const {
  TableUnit& table = *tables->units().front();
  const table::CachedVersion cached = table.metadata_cache().Get();
  status.tables.clear();
  status.table = table.name();
  status.table_location = cached.version.metadata->location;
  status.metadata_location = cached.version.metadata_location;
  status.snapshot_id = cached.version.metadata->current_snapshot_id;
  status.hot_rows = table.hot_buffer().rows();
  status.hot_bytes = table.hot_buffer().bytes();
  status.metadata_age = cached.age;
  status.catalog_trouble = table.trouble();
}

// The catalog is not asked about every table each time somebody looks: what our own commits made of
// them is known.
void Engine::State::DescribeAll(EngineStatus& status) const {
  status.hot_bytes = memory->load();
  status.snapshot_id.reset();
  for (TableStatus& entry : status.tables) {
    TableUnit* table = tables->Find(entry.table);
    if (table == nullptr) continue;
    const table::CachedVersion cached = table->metadata_cache().GetSchema();
    entry.table_location = cached.version.metadata->location;
    entry.metadata_location = cached.version.metadata_location;
    entry.snapshot_id = cached.version.metadata->current_snapshot_id;
    entry.hot_rows = table->hot_buffer().rows();
    entry.hot_bytes = table->hot_buffer().held_bytes();
    entry.trouble = table->trouble();
    status.hot_rows += entry.hot_rows;
    status.metadata_age = std::max(status.metadata_age, cached.age);
  }
}

EngineStatus Engine::status() const {
  EngineStatus status;
  state_->poller->Fill(status);
  state_->plan == nullptr ? state_->DescribeOnly(status) : state_->DescribeAll(status);
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

const buffer::HotBuffer& Engine::hot_buffer() const {
  return state_->tables->units().front()->hot_buffer();
}

catalog::TableOperations& Engine::table() { return state_->tables->units().front()->table(); }

const buffer::HotBuffer* Engine::FindHotBuffer(const std::string& table) const {
  TableUnit* unit = state_->tables->Find(table);
  return unit == nullptr ? nullptr : &unit->hot_buffer();
}

catalog::TableOperations* Engine::FindTable(const std::string& table) const {
  TableUnit* unit = state_->tables->Find(table);
  return unit == nullptr ? nullptr : &unit->table();
}

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
