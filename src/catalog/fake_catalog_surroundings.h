// SPDX-License-Identifier: Apache-2.0
//
// What a catalog stands on in a test with real time: a folder of its own on the local disk, the
// system's clock and randomness, and metrics. Owned by the test.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog_context.h"
#include "core/fake_temporary_folder.h"
#include "storage/local_store.h"

namespace kafka_iceberg::catalog {

class FakeCatalogSurroundings {
 public:
  const CatalogContext& context() const { return context_; }
  storage::ObjectStore& store() { return store_; }
  telemetry::Metrics& metrics() { return *metrics_; }
  Random& random() { return random_; }
  std::string folder() const { return folder_.location(); }
  std::string path() const { return folder_.location().substr(std::string("file://").size()); }

 private:
  FakeTemporaryFolder folder_;
  SystemRandom random_;
  SystemClock clock_;
  storage::LocalStore store_{random_};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  const CatalogContext context_{store_, clock_, random_, *metrics_};
};

}  // namespace kafka_iceberg::catalog
