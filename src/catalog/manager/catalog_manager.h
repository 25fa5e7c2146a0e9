// SPDX-License-Identifier: Apache-2.0
//
// CatalogManager: the one point of contact with a catalog of any kind (PRD part 3.1). Itself a
// Catalog: makes the real one on first use, keeps a circuit breaker around every call, tries reads
// again, checks the catalog's health on a thread of its own, reconnects, and shuts down in order.
//
// Owned by the engine or a command; outlives the tables it gave out. Safe for concurrent use.
// A commit is never sent twice: retrying it is the coordinator's business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/manager/catalog_connection.h"
#include "catalog/manager/guarded_calls.h"
#include "catalog/manager/health_monitor.h"
#include "core/circuit_breaker.h"
#include "core/random.h"
#include "core/retry_policy.h"

namespace kafka_iceberg::catalog {

struct CatalogManagerOptions {
  std::string catalog_type;  // "file", "rest", ...
  Duration health_check_interval = std::chrono::seconds(60);
  // Between attempts to connect, and between the attempts of a read; the last one repeats.
  std::vector<Duration> reconnect_backoff = RetryPolicy().delays;
  bool retries_reads = true;  // false: the catalog does that itself
  CircuitBreakerOptions breaker;
  // For the transaction log; called on the health thread after each check. May be empty.
  std::function<void(const CatalogCheck&)> on_check;
};

// All of it outlives the manager.
struct CatalogManagerContext {
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
};

class CatalogManager final : public Catalog {
 public:
  CatalogManager(const CatalogManagerOptions& options, CatalogFactory factory,
                 const CatalogManagerContext& context);
  // As Shutdown, however long the calls under way take.
  ~CatalogManager() override;

  // Starts the health thread; nothing is asked before somebody uses the catalog.
  void StartHealthChecks();
  // What the health thread does, again and again: asks when a check is due, reconnects when the
  // answer is bad. Returns how long to wait. For those who run no thread.
  Duration TickHealth();
  CatalogHealth health() const;

  // New calls get kCancelled (commits: kConflict, not sent), waiting between attempts ends, and
  // calls under way have until `deadline` from now. kTimeout: some are still under way.
  Status Shutdown(Duration deadline);

  std::string_view type() const override { return options_.catalog_type; }
  Status CheckHealth() override;
  // Empty while there is no connection.
  std::vector<Capability> Capabilities() override;
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  Status DropNamespace(const Namespace& name) override;
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;
  // Connects when need be; null also when that fails.
  BranchOperations* branches() override;

 private:
  Status AskForHealth();

  const CatalogManagerOptions options_;
  const CatalogManagerContext context_;
  CatalogConnection connection_;
  GuardedCalls calls_;
  HealthMonitor monitor_;
  const std::unique_ptr<BranchOperations> branches_;
  std::jthread health_thread_;  // last: it uses all of the above
};

}  // namespace kafka_iceberg::catalog
