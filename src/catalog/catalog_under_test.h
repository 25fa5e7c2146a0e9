// SPDX-License-Identifier: Apache-2.0
//
// CatalogUnderTest: what a test file provides to have its catalog checked by the cases of
// catalog_conformance.h, and CatalogConformance, which it instantiates with a maker. Each test gets
// a fresh, empty catalog. Tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/fake_table_changes.h"
#include "core/result_matchers.h"
#include "storage/object_store.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::catalog {

// Where kinds of catalogs differ for good reason; each difference is asserted as well.
struct CatalogTraits {
  bool can_rename = true;
  bool can_register = true;  // false: only metadata files in places of the server's choice
  bool namespaces_nest = true;
  bool purges_at_once = true;         // false: the server deletes the files when it likes
  bool keeps_dropped_files = true;    // false: dropping deletes, asked for or not
  bool creates_once = true;           // false: several creators may be told that they were the one
  bool keeps_all_snapshots = true;    // false: only the current one is listed
  bool starts_with_snapshot = false;  // true: a new table has an empty one
  bool keeps_unknown_members = true;  // false: the server writes the metadata
  bool writes_metadata_itself = false;  // true: where and how is the server's own affair
  int commits_per_writer = 50;          // of the race between writers; fewer where each takes long
};

// A catalog with whatever it stands on.
class CatalogUnderTest {
 public:
  virtual ~CatalogUnderTest() = default;
  virtual Catalog& catalog() = 0;
  // A second client of the same catalog, as another process would have.
  virtual std::unique_ptr<Catalog> Another() = 0;
  virtual telemetry::Metrics& metrics() = 0;
  virtual storage::ObjectStore& store() = 0;
  // A place in the store outside all tables.
  virtual std::string scratch() = 0;
  virtual CatalogTraits traits() const { return {}; }
};

struct CatalogMaker {
  std::string name;
  std::function<std::unique_ptr<CatalogUnderTest>()> make;
};

class CatalogConformance : public testing::TestWithParam<CatalogMaker> {
 protected:
  using Table = std::unique_ptr<TableOperations>;

  void SetUp() override { ASSERT_THAT(catalog().CreateNamespace({"raw"}), IsOk()); }
  Catalog& catalog() { return under_test_->catalog(); }
  CatalogTraits traits() const { return under_test_->traits(); }
  Table Create(const TableIdentifier& identifier) {
    auto table = catalog().CreateTable(FakeTableCreation(identifier));
    EXPECT_THAT(table, IsOk());
    return table.ok() ? std::move(table).value() : nullptr;
  }
  // As another client sees it now.
  TableVersion Seen(const TableIdentifier& identifier) {
    auto table = under_test_->Another()->LoadTable(identifier);
    EXPECT_THAT(table, IsOk());
    return table.ok() ? table.value()->Current() : TableVersion{};
  }
  // The same table with the same content; to the last member where the metadata is a file of ours.
  void ExpectSame(const TableVersion& found, const TableVersion& expected) const {
    const iceberg::TableMetadata& a = *found.metadata;
    const iceberg::TableMetadata& b = *expected.metadata;
    EXPECT_TRUE(a == b || traits().writes_metadata_itself);
    EXPECT_EQ(a.table_uuid, b.table_uuid);
    EXPECT_EQ(a.location, b.location);
    EXPECT_EQ(a.schemas, b.schemas);
    EXPECT_EQ(a.partition_specs, b.partition_specs);
    EXPECT_EQ(a.current_snapshot_id, b.current_snapshot_id);
    EXPECT_EQ(a.last_sequence_number, b.last_sequence_number);
  }
  static CommitReply Append(TableOperations& table, const TableVersion& base, int64_t snapshot_id) {
    const FakeCommit commit = FakeAppend(*base.metadata, snapshot_id);
    return table.Commit(base, commit.updates, commit.requirements);
  }
  static CommitReply SetProperty(TableOperations& table, const std::string& name,
                                 const std::string& value) {
    const std::vector<iceberg::MetadataUpdate> updates = {iceberg::SetProperties{{{name, value}}}};
    return table.Commit(table.Current(), updates, {});
  }

  // How many snapshots a table lists after `commits` that added one each.
  size_t Listed(size_t commits) const {
    const size_t all = commits + (traits().starts_with_snapshot ? 1 : 0);
    return traits().keeps_all_snapshots ? all : std::min<size_t>(all, 1);
  }

  const std::unique_ptr<CatalogUnderTest> under_test_ = GetParam().make();
  const TableIdentifier events_{{"raw"}, "events"};
};

}  // namespace kafka_iceberg::catalog
