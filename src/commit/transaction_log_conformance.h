// SPDX-License-Identifier: Apache-2.0
//
// What every TransactionLog must do. Include in one test file and instantiate
// TransactionLogConformance with a maker; each test gets a fresh log. Tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "commit/fake_epoch.h"
#include "commit/transaction_log.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {

// A log with whatever it stands on.
class TransactionLogUnderTest {
 public:
  virtual ~TransactionLogUnderTest() = default;
  virtual TransactionLog& log() = 0;
};

struct TransactionLogMaker {
  std::string name;
  std::function<std::unique_ptr<TransactionLogUnderTest>(Clock&)> make;
};

class TransactionLogConformance : public testing::TestWithParam<TransactionLogMaker> {
 protected:
  TransactionLog& log() { return under_test_->log(); }

  int64_t Append(const std::vector<TransactionEntry>& entries) {
    const Result<int64_t> id = log().Append(entries);
    EXPECT_THAT(id, IsOk());
    return id.ok() ? *id : -1;
  }
  std::vector<std::string> OpenEpochs(const std::string& table = kFakeTable) {
    const Result<std::vector<FlushEpoch>> epochs = log().UncommittedEpochs(table);
    EXPECT_THAT(epochs, IsOk());
    std::vector<std::string> uuids;
    if (epochs.ok()) {
      for (const FlushEpoch& epoch : *epochs) uuids.push_back(epoch.uuid);
    }
    return uuids;
  }
  // The snapshot found for the ranges; 0 when there is none.
  int64_t Find(PartitionRanges partitions, const std::string& table = kFakeTable) {
    const auto record = log().FindCommitted(table, FakeRanges(std::move(partitions)));
    EXPECT_THAT(record, IsOk());
    return record.ok() && record->has_value() ? (*record)->snapshot_id : 0;
  }
  size_t Count() {
    const auto entries = log().ReadRecent(100'000);
    EXPECT_THAT(entries, IsOk());
    return entries.ok() ? entries->size() : 0;
  }

  static IdempotencyRecord Record(PartitionRanges partitions, int64_t snapshot_id) {
    return {.table = kFakeTable,
            .ranges = FakeRanges(std::move(partitions)),
            .snapshot_id = snapshot_id,
            .committed_at = FromMillis(1'700'000'000'123),
            .table_uuid = kFakeTableUuid};
  }

  FakeClock clock_;
  std::unique_ptr<TransactionLogUnderTest> under_test_ = GetParam().make(clock_);
};

TEST_P(TransactionLogConformance, StartsEmpty) {
  EXPECT_EQ(Count(), 0u);
  EXPECT_EQ(Find({{0, {0, 1}}}), 0);
  EXPECT_THAT(OpenEpochs(), testing::IsEmpty());
  EXPECT_FALSE(log().was_rebuilt());
}

TEST_P(TransactionLogConformance, IdsGrowAndNameTheLastEntry) {
  const int64_t first = Append({CatalogError{.catalog_type = "file"}});
  const int64_t third = Append({CatalogError{}, CatalogError{}});
  EXPECT_GT(first, 0);
  EXPECT_EQ(third, first + 2);
  EXPECT_EQ(Append({}), 0);
}

TEST_P(TransactionLogConformance, ReadsTheNewestFirst) {
  Append({FlushComplete{.table = kFakeTable, .epoch_uuid = "a"}});
  clock_.Advance(std::chrono::seconds(5));
  Append({FlushComplete{.table = kFakeTable, .epoch_uuid = "b"}});
  const auto entries = log().ReadRecent(1);
  ASSERT_THAT(entries, IsOk());
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(std::get<FlushComplete>(entries->front().entry).epoch_uuid, "b");
  EXPECT_EQ(entries->front().at, clock_.Now());
  EXPECT_EQ(Count(), 2u);
  EXPECT_THAT(log().ReadRecent(-1), IsOk());
}

TEST_P(TransactionLogConformance, FindsTheSnapshotThatCoversAllRanges) {
  Append({Record({{0, {0, 100}}, {1, {0, 50}}}, 1), Record({{0, {100, 200}}}, 2)});
  EXPECT_EQ(Find({{0, {0, 100}}, {1, {0, 50}}}), 1);
  EXPECT_EQ(Find({{0, {10, 20}}}), 1);
  EXPECT_EQ(Find({{0, {150, 200}}}), 2);
  EXPECT_EQ(Find({{0, {50, 150}}}), 0);
  EXPECT_EQ(Find({{2, {0, 1}}}), 0);
  EXPECT_EQ(Find({{0, {10, 20}}}, "raw.other"), 0);
}

TEST_P(TransactionLogConformance, PrefersTheNewestRecord) {
  Append({Record({{0, {0, 100}}}, 1)});
  Append({Record({{0, {0, 100}}}, 2)});
  EXPECT_EQ(Find({{0, {0, 100}}}), 2);
}

TEST_P(TransactionLogConformance, KeepsRecordsExactly) {
  Append({Record({{0, {0, INT64_MAX}}}, INT64_MAX)});
  const auto record = log().FindCommitted(kFakeTable, FakeRanges({{0, {5, 6}}}));
  ASSERT_THAT(record, IsOk());
  ASSERT_TRUE(record->has_value());
  EXPECT_EQ((*record)->snapshot_id, INT64_MAX);
  EXPECT_EQ((*record)->ranges, FakeRanges({{0, {0, INT64_MAX}}}));
  EXPECT_EQ((*record)->committed_at, FromMillis(1'700'000'000'123));
  EXPECT_EQ((*record)->table_uuid, kFakeTableUuid);
}

TEST_P(TransactionLogConformance, SealedEpochsAreOpenUntilCommittedOrComplete) {
  Append(FakeSealing(FakeEpoch("e1", 1, FakeRanges({{0, {0, 10}}}))));
  Append(FakeSealing(FakeEpoch("e2", 2, FakeRanges({{0, {10, 20}}}))));
  Append(FakeSealing(FakeEpoch("e3", 3, FakeRanges({{0, {20, 30}}}))));
  EXPECT_THAT(OpenEpochs(), testing::ElementsAre("e1", "e2", "e3"));
  EXPECT_THAT(OpenEpochs("raw.other"), testing::IsEmpty());
  Append({IcebergSnapshotCreated{.table = kFakeTable, .epoch_uuid = "e1", .snapshot_id = 1}});
  Append({FlushComplete{.table = kFakeTable, .epoch_uuid = "e2"}});
  EXPECT_THAT(OpenEpochs(), testing::ElementsAre("e3"));
}

TEST_P(TransactionLogConformance, OpenEpochsComeBackWhole) {
  FlushEpoch epoch = FakeEpoch("e1", 7, FakeRanges({{0, {0, 10}}, {3, {5, 9}}, {4, {1, 1}}}));
  epoch.dead_letters = 3;
  Append(FakeSealing(epoch));
  const auto epochs = log().UncommittedEpochs(kFakeTable);
  ASSERT_THAT(epochs, IsOk());
  ASSERT_EQ(epochs->size(), 1u);
  const FlushEpoch& found = epochs->front();
  EXPECT_EQ(found.uuid, "e1");
  EXPECT_EQ(found.snapshot_id, 7);
  EXPECT_EQ(found.ranges, epoch.ranges);
  EXPECT_EQ(found.rows, epoch.rows);
  EXPECT_EQ(found.dead_letters, 3);
  EXPECT_EQ(found.table_uuid, kFakeTableUuid);
  ASSERT_EQ(found.files.size(), 2u);
  EXPECT_EQ(found.files[1].file, epoch.files[1].file);
  EXPECT_EQ(found.files[1].sha256, epoch.files[1].sha256);
}

TEST_P(TransactionLogConformance, EpochWithMissingFilesIsNotOffered) {
  std::vector<TransactionEntry> entries =
      FakeSealing(FakeEpoch("e1", 1, FakeRanges({{0, {0, 10}}, {1, {0, 10}}})));
  entries.erase(entries.begin());
  Append(entries);
  EXPECT_THAT(OpenEpochs(), testing::IsEmpty());
}

TEST_P(TransactionLogConformance, TrimKeepsTheNewestEntries) {
  for (int64_t i = 1; i <= 20; ++i) Append({Record({{0, {i, i + 1}}}, i)});
  ASSERT_THAT(log().Trim(5), IsOk());
  EXPECT_EQ(Count(), 5u);
  EXPECT_EQ(Find({{0, {20, 21}}}), 20);
  EXPECT_EQ(Find({{0, {15, 16}}}), 0);
  ASSERT_THAT(log().Trim(5), IsOk());
  ASSERT_THAT(log().Trim(100), IsOk());
  EXPECT_EQ(Count(), 5u);
}

TEST_P(TransactionLogConformance, TrimNeverDropsAnOpenEpoch) {
  Append(FakeSealing(FakeEpoch("open", 1, FakeRanges({{0, {0, 10}}}))));
  Append(FakeSealing(FakeEpoch("done", 2, FakeRanges({{1, {0, 10}}}))));
  Append({FlushComplete{.table = kFakeTable, .epoch_uuid = "done"}});
  for (int i = 0; i < 20; ++i) Append({CatalogError{}});
  ASSERT_THAT(log().Trim(3), IsOk());
  EXPECT_THAT(OpenEpochs(), testing::ElementsAre("open"));
  EXPECT_EQ(Count(), 3u + 2u);
}

TEST_P(TransactionLogConformance, TrimToNothingNeverGivesAnIdTwice) {
  const int64_t last = Append({CatalogError{}, CatalogError{}});
  ASSERT_THAT(log().Trim(0), IsOk());
  EXPECT_GT(Append({CatalogError{}}), last);
}

}  // namespace kafka_iceberg::commit
