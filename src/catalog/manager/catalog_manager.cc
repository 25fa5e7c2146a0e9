// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/catalog_manager.h"

#include <algorithm>
#include <utility>

#include "catalog/manager/managed_branches.h"
#include "catalog/manager/managed_table.h"
#include "core/thread.h"

namespace kafka_iceberg::catalog {
namespace {

// How often a shutdown looks whether the calls under way have ended.
constexpr Duration kShutdownPoll = std::chrono::milliseconds(10);

using Client = const std::shared_ptr<Catalog>&;

}  // namespace

CatalogManager::CatalogManager(const CatalogManagerOptions& options, CatalogFactory factory,
                               const CatalogManagerContext& context)
    : options_(options),
      context_(context),
      connection_(std::move(factory), options.reconnect_backoff, context.clock),
      calls_({.catalog_type = options.catalog_type,
              .breaker = options.breaker,
              .retries_reads = options.retries_reads,
              .read_retry = {options.reconnect_backoff}},
             connection_, context.clock, context.random, context.metrics),
      monitor_(
          {.catalog_type = options.catalog_type,
           .interval = options.health_check_interval,
           .reconnect_backoff = options.reconnect_backoff,
           .on_check = options.on_check},
          [this] { return AskForHealth(); }, context.clock, context.logger, context.metrics),
      branches_(std::make_unique<ManagedBranches>(calls_)) {}

CatalogManager::~CatalogManager() {
  health_thread_.request_stop();
  calls_.Stop();
}

void CatalogManager::StartHealthChecks() {
  health_thread_ = StartThread(
      "ki-catalog",
      [this](const std::stop_token& stop) {
        while (context_.clock.SleepFor(TickHealth(), stop)) {
        }
      },
      [this](std::string_view what) {
        context_.logger.Error("catalog health checks ended",
                              {{"catalog_type", options_.catalog_type}, {"reason", what}});
      });
}

Duration CatalogManager::TickHealth() {
  if (!connection_.is_wanted()) return std::chrono::seconds(1);
  const bool has_trouble =
      connection_.current() == nullptr || calls_.breaker().state() != CircuitState::kClosed;
  return monitor_.Tick(has_trouble);
}

// Past the breaker: this is the question whether it may close.
Status CatalogManager::AskForHealth() {
  const std::shared_ptr<Catalog> catalog = connection_.current();
  if (catalog == nullptr || !catalog->CheckHealth().ok()) TRY(connection_.Replace());
  if (calls_.breaker().state() != CircuitState::kClosed) calls_.breaker().Close();
  return {};
}

CatalogHealth CatalogManager::health() const {
  CatalogHealth health = monitor_.Get();
  health.is_connected = connection_.current() != nullptr;
  health.circuit = calls_.breaker().state();
  return health;
}

Status CatalogManager::Shutdown(Duration deadline) {
  health_thread_.request_stop();
  calls_.Stop();
  const SteadyTime end = context_.clock.Steady() + deadline;
  while (calls_.in_flight() > 0) {
    const Duration left = end - context_.clock.Steady();
    if (left <= Duration::zero()) {
      return Error::Timeout("catalog {}: {} calls are still under way", options_.catalog_type,
                            calls_.in_flight());
    }
    context_.clock.SleepFor(std::min(left, kShutdownPoll), {});
  }
  return {};
}

Status CatalogManager::CheckHealth() {
  return calls_.Read([](Client catalog) { return catalog->CheckHealth(); });
}

std::vector<Capability> CatalogManager::Capabilities() {
  const auto capabilities = calls_.Once(
      [](Client catalog) -> Result<std::vector<Capability>> { return catalog->Capabilities(); });
  return capabilities.ok() ? *capabilities : std::vector<Capability>();
}

Status CatalogManager::CreateNamespace(const Namespace& name) {
  return calls_.Once([&](Client catalog) { return catalog->CreateNamespace(name); });
}

Result<std::vector<Namespace>> CatalogManager::ListNamespaces(const Namespace& parent) {
  return calls_.Read([&](Client catalog) { return catalog->ListNamespaces(parent); });
}

Status CatalogManager::DropNamespace(const Namespace& name) {
  return calls_.Once([&](Client catalog) { return catalog->DropNamespace(name); });
}

Result<std::vector<TableIdentifier>> CatalogManager::ListTables(const Namespace& name) {
  return calls_.Read([&](Client catalog) { return catalog->ListTables(name); });
}

Result<std::unique_ptr<TableOperations>> CatalogManager::CreateTable(
    const TableCreation& creation) {
  return calls_.Once([&](Client catalog) -> Result<std::unique_ptr<TableOperations>> {
    return std::make_unique<ManagedTable>(calls_, catalog, TRY(catalog->CreateTable(creation)));
  });
}

Result<std::unique_ptr<TableOperations>> CatalogManager::LoadTable(
    const TableIdentifier& identifier) {
  return calls_.Read([&](Client catalog) -> Result<std::unique_ptr<TableOperations>> {
    return std::make_unique<ManagedTable>(calls_, catalog, TRY(catalog->LoadTable(identifier)));
  });
}

Status CatalogManager::DropTable(const TableIdentifier& identifier, bool purge) {
  return calls_.Once([&](Client catalog) { return catalog->DropTable(identifier, purge); });
}

Status CatalogManager::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  return calls_.Once([&](Client catalog) { return catalog->RenameTable(from, to); });
}

Status CatalogManager::RegisterTable(const TableIdentifier& identifier,
                                     std::string_view metadata_location) {
  return calls_.Once(
      [&](Client catalog) { return catalog->RegisterTable(identifier, metadata_location); });
}

BranchOperations* CatalogManager::branches() {
  const auto has_branches =
      calls_.Read([](Client catalog) -> Result<bool> { return catalog->branches() != nullptr; });
  return has_branches.ok() && *has_branches ? branches_.get() : nullptr;
}

}  // namespace kafka_iceberg::catalog
