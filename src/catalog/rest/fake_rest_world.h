// SPDX-License-Identifier: Apache-2.0
//
// A REST catalog server in this process, with the store both sides use, and clients of it. Time
// stands still. Owned by the test.
#pragma once

#include <memory>
#include <string>

#include "catalog/fake_memory_catalog.h"
#include "catalog/rest/fake_rest_server.h"
#include "catalog/rest/rest_catalog.h"
#include "core/fake_clock.h"
#include "core/mutex.h"
#include "net/fake_http_client.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::catalog {

class FakeRestWorld {
 public:
  // What a server answers beside the catalog; nothing when it is not asked for such.
  using Aside = std::function<std::optional<FakeRestServer::Answer>(const net::SentRequest&)>;

  explicit FakeRestWorld(FakeRestTraits traits = {}, Aside aside = {})
      : server_(files_, std::move(traits)),
        aside_(std::move(aside)),
        http_([this](const net::SentRequest& request) {
          const auto answer = aside_ ? aside_(request) : std::nullopt;
          return answer ? *answer : server_.Handle(request);
        }) {}

  RestCatalogOptions options() const {
    return {.uri = server_.traits().base + "/", .headers = {}, .reads = {}};
  }
  RestCatalogContext context() {
    return {.http = http_,
            .clock = clock_,
            .random = random_,
            .metrics = *metrics_,
            .make_store = [this](storage::TableAccess access,
                                 auto refresh) -> Result<std::unique_ptr<storage::ObjectStore>> {
              const MutexLock lock(mutex_);
              access_ = std::move(access);
              refresh_ = std::move(refresh);
              return std::make_unique<storage::FaultStore>(store_);
            },
            .token = nullptr,
            .signing = std::nullopt};
  }
  std::unique_ptr<RestCatalog> Open() { return RestCatalog::Open(options(), context()).value(); }

  FakeClock& clock() { return clock_; }
  telemetry::Metrics& metrics() { return *metrics_; }
  storage::MemoryStore& store() { return store_; }
  FakeMemoryCatalog& files() { return files_; }
  FakeRestServer& server() { return server_; }
  net::FakeHttpClient& http() { return http_; }
  // The last request; `back` before it.
  net::SentRequest Sent(size_t back = 0) const {
    const auto sent = http_.sent();
    return sent.at(sent.size() - 1 - back);
  }
  // What the store maker was given last.
  storage::TableAccess access() const {
    const MutexLock lock(mutex_);
    return access_;
  }
  Result<storage::TableAccess> RefreshAccess() const {
    const MutexLock lock(mutex_);
    return refresh_();
  }

 private:
  FakeClock clock_;
  SeededRandom random_{7};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  std::unique_ptr<telemetry::Metrics> server_metrics_ = telemetry::MakeMetrics();
  storage::MemoryStore store_{clock_};
  FakeMemoryCatalog files_{"memory://warehouse", store_, clock_, random_, *server_metrics_};
  FakeRestServer server_;
  const Aside aside_;
  net::FakeHttpClient http_;
  mutable Mutex mutex_;
  storage::TableAccess access_ GUARDED_BY(mutex_);
  std::function<Result<storage::TableAccess>()> refresh_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
