// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/snapshot_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/manifests/fake_manifests.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;

std::vector<DataFile> TwoFiles() {
  return {FakeFile("a", FakePartition("x", 1), 10), FakeFile("b", FakePartition("y", 1), 5)};
}

TEST(SnapshotSummary, CountsWhatIsAddedAndStartsTheTotals) {
  const std::map<std::string, std::string> expected = {
      {"operation", "append"},          {"added-data-files", "2"},
      {"added-records", "15"},          {"added-files-size", "1500"},
      {"changed-partition-count", "2"}, {"total-data-files", "2"},
      {"total-records", "15"},          {"total-files-size", "1500"},
      {"total-delete-files", "0"},      {"total-position-deletes", "0"},
      {"total-equality-deletes", "0"}};
  EXPECT_EQ(SummarizeAppend(FakeTable(), nullptr, TwoFiles()), expected);
}

TEST(SnapshotSummary, ContinuesTheTotalsOfTheHead) {
  Snapshot head;
  head.summary = {{"total-records", "100"}, {"total-data-files", "4"}, {"total-delete-files", "3"}};
  const auto summary = SummarizeAppend(FakeTable(), &head, TwoFiles());
  EXPECT_THAT(summary, Contains(Pair("total-records", "115")));
  EXPECT_THAT(summary, Contains(Pair("total-data-files", "6")));
  EXPECT_THAT(summary, Contains(Pair("total-delete-files", "3")));
}

TEST(SnapshotSummary, NeverInventsATotal) {
  Snapshot head;
  head.summary = {{"total-records", "many"},
                  {"total-data-files", "-1"},
                  {"total-files-size", "9223372036854775807"},
                  {"total-delete-files", "3 "}};
  const auto summary = SummarizeAppend(FakeTable(), &head, TwoFiles());
  for (const char* name : {"total-records", "total-data-files", "total-files-size",
                           "total-delete-files", "total-position-deletes"}) {
    EXPECT_THAT(summary, Not(Contains(Key(name)))) << name;
  }
}

TEST(SnapshotSummary, LeavesZeroCountersOut) {
  const auto summary =
      SummarizeAppend(FakeTable(), nullptr, {FakeFile("a", FakePartition("x", 1), 0)});
  EXPECT_THAT(summary, Not(Contains(Key("added-records"))));
  EXPECT_THAT(summary, Contains(Pair("total-records", "0")));
}

TEST(SnapshotSummary, TellsTheNullPartitionFromTheTextNull) {
  const auto summary =
      SummarizeAppend(FakeTable(), nullptr,
                      {FakeFile("a", {Value(), 1, 0.5}), FakeFile("b", FakePartition("null", 1))});
  EXPECT_THAT(summary, Contains(Pair("changed-partition-count", "2")));
}

TEST(SnapshotSummary, KeepsPartitionsOfDifferentSpecsApart) {
  TableMetadata table = FakeTable();
  table.partition_specs.push_back(FakeSpec());
  table.partition_specs.back().spec_id = 2;
  std::vector<DataFile> files = {FakeFile("a", FakePartition("x", 1)),
                                 FakeFile("b", FakePartition("x", 1))};
  files[1].spec_id = 2;
  EXPECT_THAT(SummarizeAppend(table, nullptr, files),
              Contains(Pair("changed-partition-count", "2")));
}

TEST(SnapshotSummary, CountsAnUnpartitionedTableAsOnePartition) {
  std::vector<DataFile> files = {FakeFile("a", {}), FakeFile("b", {})};
  for (DataFile& file : files) file.spec_id = 0;
  EXPECT_THAT(SummarizeAppend(FakeTable(), nullptr, files),
              Contains(Pair("changed-partition-count", "1")));
}

TEST(SnapshotSummary, ListsPartitionsUpToTheLimit) {
  TableMetadata table = FakeTable();
  table.properties["write.summary.partition-limit"] = "2";
  const auto summary = SummarizeAppend(table, nullptr, TwoFiles());
  EXPECT_THAT(summary, Contains(Pair("partition-summaries-included", "true")));
  EXPECT_THAT(summary, Contains(Pair("partitions.category=x/at.day=1970-01-02/ratio=0.5",
                                     "added-files-size=1000,added-data-files=1,added-records=10")));
  table.properties["write.summary.partition-limit"] = "1";
  EXPECT_THAT(SummarizeAppend(table, nullptr, TwoFiles()),
              Not(Contains(Key("partition-summaries-included"))));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
