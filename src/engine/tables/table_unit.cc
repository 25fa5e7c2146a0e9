// SPDX-License-Identifier: Apache-2.0
#include "engine/tables/table_unit.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "commit/adoption.h"
#include "commit/backfill/ledger_view.h"
#include "commit/ledger.h"
#include "core/thread.h"
#include "decode/arrow_schema.h"
#include "engine/adoption.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/module_options.h"
#include "engine/table_plan.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::engine {
namespace {

// Health checks are written down between commits; a committer without them only waits for work.
constexpr Duration kCheckWait = std::chrono::milliseconds(200);
constexpr Duration kIdleWait = std::chrono::seconds(30);

std::string WriterId(Random& random) {
  char host[256] = "localhost";
  // A host name that cannot be read leaves the default: the id is only for people.
  [[maybe_unused]] const int named = ::gethostname(host, sizeof(host) - 1);
  return fmt::format("{}-{}-{}", host, ::getpid(), NewUuid(random).substr(0, 8));
}

}  // namespace

TableUnit::TableUnit(const TableUnitRequest& request, const TableUnitContext& context)
    : id_(request.id),
      options_(request.options),
      context_(context),
      engine_(context.engine),
      format_(request.format),
      idle_wait_(request.takes_checks ? kCheckWait : kIdleWait),
      writer_id_(WriterId(engine_.random)) {}

TableUnit::~TableUnit() { EndCommitter(); }

Result<std::unique_ptr<TableUnit>> TableUnit::Open(const TableUnitRequest& request,
                                                   const TableUnitContext& context,
                                                   const std::stop_token& stop) {
  std::unique_ptr<TableUnit> unit(new TableUnit(request, context));
  TRY(unit->OpenTable(request, stop));
  TRY(unit->OpenLog(stop));
  TRY(unit->OpenLetters());
  TRY(unit->OpenStages(request.takes_checks, request.labels_metrics));
  return unit;
}

Status TableUnit::OpenTable(const TableUnitRequest& request, const std::stop_token& stop) {
  catalog::Catalog& catalog = *context_.catalog.catalog;
  const iceberg::Schema wanted =
      TRY(WantedSchema(options_, {catalog, *format_, request.sample}, engine_.logger, stop));
  table::OpenedTable opened =
      TRY(table::GetOrCreateTable(catalog, TRY(TableOptionsFor(options_)), wanted));
  table_ = request.ledger_lane.empty()
               ? std::move(opened.operations)
               : commit::LedgerView::Own(std::move(opened.operations), request.ledger_lane,
                                         /*must_exist=*/true);
  name_ = table_->identifier().ToString();
  TellHowOpened(opened);
  return {};
}

void TableUnit::TellHowOpened(const table::OpenedTable& opened) {
  const iceberg::TableMetadataPtr metadata = table_->Current().metadata;
  if (opened.created) {
    engine_.logger.Info("table created", {{"table", name_}, {"location", metadata->location}});
  }
  const std::vector<iceberg::Schema>& schemas = metadata->schemas;
  if (!opened.evolved.empty() && schemas.size() > 1) {
    schema_evolution_ =
        commit::SchemaEvolution{.table = name_,
                                .old_schema = iceberg::SchemaToJson(schemas[schemas.size() - 2]),
                                .new_schema = iceberg::SchemaToJson(schemas.back())};
  }
  for (const iceberg::SchemaChange& change : opened.evolved) {
    engine_.logger.Info("schema evolved",
                        {{"table", name_}, {"column", change.path}, {"change", change.detail}});
  }
  if (!opened.evolved_partitioning.empty()) {
    engine_.logger.Info("partitioning evolved",
                        {{"table", name_}, {"change", opened.evolved_partitioning}});
  }
  if (!opened.kept_partitioning.empty()) {
    engine_.logger.Warn(
        "the table is not partitioned as configured; schema_mismatch_action = \"evolve\" changes "
        "it for new rows",
        {{"table", name_}, {"partitioning", opened.kept_partitioning}});
  }
  for (const std::string& column : opened.ignored_columns) {
    engine_.logger.Warn("the table has no such column; its values are left out",
                        {{"table", name_}, {"column", column}});
  }
}

Status TableUnit::OpenLog(const std::stop_token& stop) {
  std::error_code failed;
  std::filesystem::create_directories(options_.state_directory, failed);
  if (failed) {
    return Error::Io("cannot create the state folder {}: {}", options_.state_directory,
                     failed.message());
  }
  log_ = TRY(
      commit::TransactionLog::Open(options_.state_directory + "/transactions.db", engine_.clock));
  if (log_->was_rebuilt()) {
    engine_.logger.Warn(
        "the transaction log was damaged and is kept aside; the table tells where to go on",
        {{"state", options_.state_directory}});
  }
  if (schema_evolution_) TRY(log_->Append({*schema_evolution_}));
  coordinator_ = std::make_unique<commit::TransactionCoordinator>(
      commit::CoordinatorOptions{.writer_id = writer_id_,
                                 .catalog_type = std::string(context_.catalog.catalog->type())},
      commit::CoordinatorContext{.table = *table_,
                                 .log = *log_,
                                 .clock = engine_.clock,
                                 .random = engine_.random,
                                 .logger = engine_.logger,
                                 .metrics = engine_.metrics,
                                 .step_hook = engine_.step_hook});
  return AdoptLeftovers(*coordinator_, *log_, *table_, engine_, stop);
}

Status TableUnit::OpenLetters() {
  const commit::Ledger ledger =
      TRY(commit::ReadLedgerAtStart(*TRY(table_->Refresh()).metadata, *log_));
  dead_letters_ = TRY(OpenDeadLetters({.options = options_,
                                       .catalog = *context_.catalog.catalog,
                                       .table = *table_,
                                       .ledger = ledger,
                                       .writer_id = writer_id_},
                                      engine_));
  return {};
}

Status TableUnit::OpenStages(bool takes_checks, bool labels_metrics) {
  metadata_cache_ = std::make_unique<table::MetadataCache>(*table_, engine_.clock, engine_.metrics);
  schema_keeper_ = std::make_unique<SchemaKeeper>(KeeperOptionsFor(options_), *table_,
                                                  engine_.logger, engine_.metrics);
  buffer::HotBufferOptions buffer_options = BufferOptionsFor(options_);
  buffer_options.account = context_.memory;
  hot_buffer_ = std::make_unique<buffer::HotBuffer>(
      std::move(buffer_options), TRY(decode::ToArrowSchema(table_->Current().metadata->schema())),
      engine_.clock);
  // What no writer could work with is better said now than at the first record.
  TRY(MakeWriter(0, 0));
  committer_ = std::make_unique<CommitStage>(
      CommitStageOptions{
          .writers = context_.writers,
          .table = name_,
          .table_uuid = table_->Current().metadata->table_uuid,
          .catalog_type = std::string(context_.catalog.catalog->type()),
          .version = KAFKA_ICEBERG_VERSION,
          .labels = labels_metrics ? telemetry::Labels{{"table", name_}} : telemetry::Labels{}},
      CommitStageContext{
          .schemas = *schema_keeper_,
          .table = *table_,
          .coordinator = *coordinator_,
          .log = *log_,
          .dead_letters = *dead_letters_,
          .hot_buffer = *hot_buffer_,
          .store = table_->store(),
          .clock = engine_.clock,
          .random = engine_.random,
          .logger = engine_.logger,
          .metrics = engine_.metrics,
          .send_control = [this](ControlMessage message) { Report(std::move(message)); },
          .metadata_cache = *metadata_cache_,
          .checks = takes_checks ? context_.catalog.checks.get() : nullptr});
  return {};
}

Result<std::unique_ptr<WriterStage>> TableUnit::MakeWriter(int32_t index, uint64_t generation) {
  const auto make_tools = [this](const WriteSchema& schema) -> Result<WriterTools> {
    WriterTools tools;
    tools.decoder = TRY(format_->MakeDecoder(schema.metadata->schema()));
    tools.writer = TRY(write::TableWriter::Open(WriteOptionsFor(options_, context_.writers),
                                                schema.metadata, tools.decoder->arrow_schema(),
                                                table_->store(), engine_.random));
    return tools;
  };
  return WriterStage::Open(
      WriterStageOptions{.index = index, .generation = generation},
      WriterStageContext{
          .schemas = *schema_keeper_,
          .make_tools = make_tools,
          .hot_buffer = *hot_buffer_,
          .store = table_->store(),
          .clock = engine_.clock,
          .logger = engine_.logger,
          .metrics = engine_.metrics,
          .send_part = [this](EpochPart part) { SendToCommitter(std::move(part)); },
          .send_control = [this](ControlMessage message) { Report(std::move(message)); },
          .step_hook = engine_.step_hook,
          .letter_rate = context_.letter_rate});
}

void TableUnit::Report(ControlMessage message) const {
  context_.control.PushControl({.flow = id_, .message = std::move(message)});
}

void TableUnit::StartCommitter() {
  thread_ = StartThread(
      "ki-committer", [this](const std::stop_token&) { RunCommitter(); },
      [this](std::string_view what) {
        Report(StageFailed{.generation = kEveryGeneration,
                           .error = Error::Invalid("the committer of {} failed: {}", name_, what)});
      });
}

void TableUnit::RunCommitter() {
  while (!queue_.drained()) {
    if (auto message = queue_.Pop(idle_wait_)) {
      committer_->Handle(*std::move(message), stop_.get_token());
    }
    committer_->Tick();
  }
}

void TableUnit::EndCommitter() {
  stop_.request_stop();
  queue_.Close();
  if (thread_.joinable()) thread_.join();
}

}  // namespace kafka_iceberg::engine
