// SPDX-License-Identifier: Apache-2.0
//
// FakeGlueWorld: a fixture with a Glue catalog on a fake server, a store in memory and a clock that
// stands still. Tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "catalog/fake_table_changes.h"
#include "catalog/glue/fake_glue_server.h"
#include "catalog/glue/glue_catalog.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::catalog {

class FakeGlueWorld : public testing::Test {
 protected:
  using Table = std::unique_ptr<TableOperations>;

  std::unique_ptr<GlueCatalog> Open(GlueCatalogOptions options) {
    return GlueCatalog::Open(
               options, {.catalog = context_, .http = server_.http(), .credentials = credentials_})
        .value();
  }
  Table Create() {
    EXPECT_THAT(catalog_->CreateNamespace({"raw"}), IsOk());
    auto table = catalog_->CreateTable(FakeTableCreation(events_));
    EXPECT_THAT(table, IsOk());
    return std::move(table).value();
  }
  static CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const TableVersion base = table.Current();
    const FakeCommit commit = FakeAppend(*base.metadata, snapshot_id);
    return table.Commit(base, commit.updates, commit.requirements);
  }
  // By another client, on top of whatever is there.
  void AppendElsewhere(int64_t snapshot_id) {
    const Table table = catalog_->LoadTable(events_).value();
    EXPECT_EQ(Append(*table, snapshot_id).outcome, CommitOutcome::kCommitted);
  }
  int MetadataFiles() {
    int files = 0;
    EXPECT_THAT(store_.List("memory://bucket", [&](const auto&) { ++files; }), IsOk());
    return files;
  }
  nlohmann::json LastBody(const std::string& operation) const {
    nlohmann::json body;
    for (const net::SentRequest& request : server_.sent()) {
      if (request.Header("x-amz-target") == "AWSGlue." + operation)
        body = nlohmann::json::parse(request.body);
    }
    return body;
  }

  SeededRandom random_{1};
  FakeClock clock_;
  storage::MemoryStore store_{clock_};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  CatalogContext context_{store_, clock_, random_, *metrics_};
  FakeGlueServer server_;
  std::shared_ptr<FakeAwsCredentials> credentials_ = std::make_shared<FakeAwsCredentials>();
  std::unique_ptr<GlueCatalog> catalog_ =
      Open({.region = "us-east-1", .warehouse = "memory://bucket/warehouse"});
  const TableIdentifier events_{{"raw"}, "events"};
};

}  // namespace kafka_iceberg::catalog
