// SPDX-License-Identifier: Apache-2.0
//
// What every RecordSource must do, as a suite that is run on each of them through a harness that
// knows how to fill its topics. To run it: INSTANTIATE_TEST_SUITE_P(Name, RecordSourceConformance,
// testing::Values(factory)).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kafka/record_source.h"
#include "kafka/source_harness.h"

namespace kafka_iceberg::kafka {

using SourceHarnessFactory = std::function<std::unique_ptr<SourceHarness>()>;

// A record with its own copy of everything.
struct SeenRecord {
  TopicPartition partition;
  int64_t offset = 0;
  FakeRecord record;
};

class RecordSourceConformance : public testing::TestWithParam<SourceHarnessFactory> {
 protected:
  static constexpr Duration kStep = std::chrono::milliseconds(50);
  static constexpr Duration kTimeout = std::chrono::seconds(20);
  static constexpr int kPollsMax = 1200;  // a minute: only a broken source comes near

  void SetUp() override { harness_ = GetParam()(); }
  void TearDown() override {
    if (source_ == nullptr) return;
    EXPECT_TRUE(source_->Close().ok());
  }

  TopicPartition At(int32_t partition) const { return {topic_, partition}; }

  void Fill(int32_t partition, int count) {
    std::vector<FakeRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({.value = fmt::format("{}-{}", partition, next_value_[partition]++)});
    }
    harness_->Append(At(partition), records);
  }

  void Create(int partitions) {
    topic_ = "orders";
    harness_->CreateTopic(topic_, partitions);
  }
  void Open() { source_ = harness_->Open(topic_); }

  void Take(std::vector<SourceEvent> events) {
    for (auto& event : events) {
      if (auto* batch = std::get_if<SourceBatch>(&event)) {
        for (const auto& record : batch->records) records_.push_back(Copy(batch->topic, record));
        if (keep_batches_) batches_.push_back(std::move(*batch));
      }
      if (auto* given = std::get_if<PartitionsAssigned>(&event)) given_ = given->partitions;
      if (auto* taken = std::get_if<PartitionsRevoked>(&event)) taken_ = taken->partitions;
      if (auto* end = std::get_if<EndOfPartition>(&event)) ends_[end->partition] = end->next_offset;
      if (auto* failed = std::get_if<SourceFailed>(&event)) failure_ = failed->error;
    }
  }

  // Polls until `done`. False when that never comes; says then what went wrong.
  bool PollUntil(const std::function<bool()>& done) {
    for (int i = 0; i < kPollsMax && !done(); ++i) {
      Take(source_->Poll(kStep));
      harness_->Pump();
    }
    EXPECT_TRUE(done()) << records_.size()
                        << " records, failure: " << (failure_ ? failure_->message() : "none");
    return done();
  }

  // Joins and starts all partitions at the same place.
  void OpenAt(StartAt at, int64_t offset = 0) {
    Open();
    ASSERT_TRUE(PollUntil([&] { return !given_.empty(); }));
    ASSERT_TRUE(source_->Assign(Positions(given_, at, offset)).ok());
  }

  static std::vector<StartPosition> Positions(const std::vector<TopicPartition>& partitions,
                                              StartAt at, int64_t offset = 0) {
    std::vector<StartPosition> positions;
    for (const auto& partition : partitions) positions.push_back({partition, at, offset});
    return positions;
  }

  // The offsets seen of a partition, in the order in which they came.
  std::vector<int64_t> Offsets(int32_t partition) const {
    std::vector<int64_t> offsets;
    for (const auto& seen : records_) {
      if (seen.partition.partition == partition) offsets.push_back(seen.offset);
    }
    return offsets;
  }
  static std::vector<int64_t> Range(int64_t start, int64_t end) {
    std::vector<int64_t> offsets;
    for (int64_t i = start; i < end; ++i) offsets.push_back(i);
    return offsets;
  }

  std::unique_ptr<SourceHarness> harness_;
  std::string topic_;
  std::unique_ptr<RecordSource> source_;
  std::vector<SeenRecord> records_;
  std::vector<TopicPartition> given_, taken_;
  std::map<TopicPartition, int64_t> ends_;
  std::optional<Error> failure_;
  bool keep_batches_ = false;
  std::vector<SourceBatch> batches_;
  std::map<int32_t, int> next_value_;

 private:
  static SeenRecord Copy(const std::string& topic, const Record& record) {
    SeenRecord seen{{topic, record.partition}, record.offset, {}};
    if (!record.value_is_null) seen.record.value = record.value;
    if (!record.key_is_null) seen.record.key = record.key;
    seen.record.timestamp_ms = record.timestamp_ms;
    for (const auto& header : record.headers.all()) {
      seen.record.headers.emplace_back(header.key, header.value_is_null
                                                       ? std::nullopt
                                                       : std::optional<std::string>(header.value));
    }
    return seen;
  }
};

TEST_P(RecordSourceConformance, AsksBeforeItDelivers) {
  Create(3);
  Fill(0, 10);
  Open();
  ASSERT_TRUE(PollUntil([&] { return !given_.empty(); }));
  EXPECT_THAT(given_, testing::UnorderedElementsAre(At(0), At(1), At(2)));
  for (int i = 0; i < 5; ++i) Take(source_->Poll(kStep));
  EXPECT_THAT(records_, testing::IsEmpty());
}

TEST_P(RecordSourceConformance, DeliversAllInOrder) {
  Create(3);
  for (const int32_t partition : {0, 1, 2}) Fill(partition, 500 + partition);
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 3; }));
  for (const int32_t partition : {0, 1, 2}) {
    EXPECT_EQ(Offsets(partition), Range(0, 500 + partition));
    EXPECT_EQ(ends_[At(partition)], 500 + partition);
  }
  for (const auto& seen : records_) {
    EXPECT_EQ(seen.record.value, fmt::format("{}-{}", seen.partition.partition, seen.offset));
  }
}

TEST_P(RecordSourceConformance, StartsAtAnOffset) {
  Create(2);
  Fill(0, 100);
  Fill(1, 100);
  OpenAt(StartAt::kOffset, 60);
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 2; }));
  EXPECT_EQ(Offsets(0), Range(60, 100));
  EXPECT_EQ(Offsets(1), Range(60, 100));
}

TEST_P(RecordSourceConformance, StartsAtTheEnd) {
  Create(1);
  Fill(0, 50);
  OpenAt(StartAt::kEnd);
  ASSERT_TRUE(PollUntil([&] { return ends_.contains(At(0)); }));
  Fill(0, 3);
  ASSERT_TRUE(PollUntil([&] { return records_.size() >= 3; }));
  EXPECT_EQ(Offsets(0), Range(50, 53));
}

TEST_P(RecordSourceConformance, RecordsOutliveTheSource) {
  Create(1);
  Fill(0, 200);
  keep_batches_ = true;
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 1; }));
  ASSERT_TRUE(source_->Close().ok());
  source_.reset();
  harness_.reset();
  int64_t next = 0;
  for (const auto& batch : batches_) {
    for (const auto& record : batch.records) EXPECT_EQ(record.value, fmt::format("0-{}", next++));
  }
  EXPECT_EQ(next, 200);
}

TEST_P(RecordSourceConformance, ShowsKeysTombstonesTimesAndHeaders) {
  Create(1);
  harness_->Append(At(0), {{.value = "v",
                            .key = "k",
                            .timestamp_ms = 1'700'000'000'123,
                            .headers = {{"a", "1"}, {"a", "2"}, {"none", std::nullopt}}},
                           {.value = std::nullopt, .key = "gone", .timestamp_ms = 5},
                           {.value = "", .key = "", .timestamp_ms = 6},
                           {.value = "keyless", .timestamp_ms = 7}});
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(PollUntil([&] { return records_.size() >= 4; }));
  EXPECT_EQ(records_[0].record.value, "v");
  EXPECT_EQ(records_[0].record.key, "k");
  EXPECT_EQ(records_[0].record.timestamp_ms, 1'700'000'000'123);
  EXPECT_THAT(records_[0].record.headers,
              testing::ElementsAre(testing::Pair("a", "1"), testing::Pair("a", "2"),
                                   testing::Pair("none", std::nullopt)));
  EXPECT_EQ(records_[1].record.value, std::nullopt);
  EXPECT_EQ(records_[1].record.key, "gone");
  EXPECT_EQ(records_[2].record.value, "");
  EXPECT_EQ(records_[2].record.key, "");
  EXPECT_EQ(records_[3].record.key, std::nullopt);
  EXPECT_THAT(records_[3].record.headers, testing::IsEmpty());
}

TEST_P(RecordSourceConformance, SeeksBack) {
  Create(1);
  Fill(0, 30);
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 1; }));
  records_.clear();
  ends_.clear();
  ASSERT_TRUE(source_->Seek({{At(0), StartAt::kOffset, 10}}).ok());
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 1; }));
  EXPECT_EQ(Offsets(0), Range(10, 30));
}

TEST_P(RecordSourceConformance, SeeksForward) {
  Create(1);
  Fill(0, 1000);
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(source_->Seek({{At(0), StartAt::kOffset, 990}}).ok());
  records_.clear();
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 1; }));
  EXPECT_EQ(Offsets(0), Range(990, 1000));
}

TEST_P(RecordSourceConformance, SeekNeedsAnAssignedPartition) {
  Create(1);
  OpenAt(StartAt::kBeginning);
  const auto outcome = source_->Seek({{At(7), StartAt::kOffset, 0}});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code(), ErrorCode::kInvalid);
}

TEST_P(RecordSourceConformance, PausesAndResumesWithoutGapOrDouble) {
  Create(2);
  Fill(0, 2000);
  Fill(1, 100);
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(PollUntil([&] { return !records_.empty(); }));
  ASSERT_TRUE(source_->Pause({At(0)}).ok());
  const auto before = Offsets(0).size();
  ASSERT_TRUE(PollUntil([&] { return ends_.contains(At(1)); }));
  for (int i = 0; i < 4; ++i) Take(source_->Poll(kStep));
  EXPECT_EQ(Offsets(0).size(), before);
  EXPECT_EQ(Offsets(1), Range(0, 100));
  ends_.erase(At(0));
  ASSERT_TRUE(source_->Resume({At(0)}).ok());
  Fill(0, 1);
  ASSERT_TRUE(PollUntil([&] { return Offsets(0).size() >= 2001; }));
  EXPECT_EQ(Offsets(0), Range(0, 2001));
}

TEST_P(RecordSourceConformance, CommitsAndReadsOffsets) {
  Create(3);
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(source_->CommitOffsets({{At(0), 42}, {At(1), 7}}, kTimeout).ok());
  const auto committed = source_->CommittedOffsets({At(0), At(1), At(2)}, kTimeout);
  ASSERT_TRUE(committed.ok()) << committed.error().message();
  EXPECT_EQ(*committed, (std::map<TopicPartition, int64_t>{{At(0), 42}, {At(1), 7}}));
}

TEST_P(RecordSourceConformance, TellsWatermarksAndLag) {
  Create(1);
  Fill(0, 20);
  OpenAt(StartAt::kOffset, 15);
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 1; }));
  const auto marks = source_->QueryWatermarks(At(0), kTimeout);
  ASSERT_TRUE(marks.ok()) << marks.error().message();
  EXPECT_EQ(marks->low, 0);
  EXPECT_EQ(marks->high, 20);
  const auto lag = source_->LagSnapshot().at(At(0));
  EXPECT_EQ(lag.position, 20);
  EXPECT_EQ(lag.high_watermark, 20);
}

TEST_P(RecordSourceConformance, DescribesTopics) {
  Create(1);
  Open();
  const auto known = source_->DescribeTopic(topic_, kTimeout);
  ASSERT_TRUE(known.ok()) << known.error().message();
  EXPECT_EQ(known->topic, topic_);
  EXPECT_NE(known->cluster_id, "");
  const auto unknown = source_->DescribeTopic("no-such-topic", kTimeout);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kNotFound);
}

TEST_P(RecordSourceConformance, StopsWhenTheOffsetIsGone) {
  Create(1);
  Fill(0, 100);
  harness_->DeleteRecords(At(0), 40);
  OpenAt(StartAt::kOffset, 10);
  ASSERT_TRUE(PollUntil([&] { return failure_.has_value(); }));
  EXPECT_EQ(failure_->code(), ErrorCode::kCorrupt);
  EXPECT_THAT(failure_->message(), testing::HasSubstr("orders [0]"));
  EXPECT_THAT(failure_->message(), testing::HasSubstr("offset 10"));
  EXPECT_THAT(records_, testing::IsEmpty());
}

TEST_P(RecordSourceConformance, StopsWhenTheOffsetIsBeyondTheEnd) {
  Create(1);
  Fill(0, 10);
  OpenAt(StartAt::kOffset, 5000);
  ASSERT_TRUE(PollUntil([&] { return failure_.has_value(); }));
  EXPECT_THAT(failure_->message(), testing::HasSubstr("5000"));
  EXPECT_THAT(failure_->message(), testing::HasSubstr("0 to 10"));
}

TEST_P(RecordSourceConformance, RefusesAnAnswerForOtherPartitions) {
  Create(2);
  Open();
  EXPECT_FALSE(source_->Assign(Positions({At(0), At(1)}, StartAt::kBeginning)).ok());
  ASSERT_TRUE(PollUntil([&] { return !given_.empty(); }));
  EXPECT_FALSE(source_->Assign(Positions({At(0)}, StartAt::kBeginning)).ok());
  EXPECT_FALSE(source_->Revoke({At(0), At(1)}).ok());
  EXPECT_FALSE(source_->Assign({{At(0), StartAt::kOffset, -3}, {At(1), StartAt::kOffset, 0}}).ok());
  EXPECT_TRUE(source_->Assign(Positions({At(0), At(1)}, StartAt::kBeginning)).ok());
}

TEST_P(RecordSourceConformance, WithholdsWhatIsTakenAway) {
  Create(4);
  for (const int32_t partition : {0, 1, 2, 3}) Fill(partition, 10);
  OpenAt(StartAt::kBeginning);
  ASSERT_TRUE(PollUntil([&] { return ends_.size() == 4; }));
  harness_->Disturb(*source_, topic_);
  ASSERT_TRUE(PollUntil([&] { return !taken_.empty(); }));
  EXPECT_LT(taken_.size(), 4U);
  for (const auto& partition : taken_) Fill(partition.partition, 5);
  for (int i = 0; i < 5; ++i) Take(source_->Poll(kStep));
  for (const auto& partition : taken_) EXPECT_EQ(Offsets(partition.partition), Range(0, 10));
  ASSERT_TRUE(source_->Revoke(taken_).ok());
  EXPECT_FALSE(source_->LagSnapshot().contains(taken_.front()));
  EXPECT_EQ(source_->LagSnapshot().size(), 4 - taken_.size());
}

TEST_P(RecordSourceConformance, ClosesWithAnUnansweredQuestion) {
  Create(2);
  Open();
  ASSERT_TRUE(PollUntil([&] { return !given_.empty(); }));
  EXPECT_TRUE(source_->Close().ok());
  source_.reset();
}

}  // namespace kafka_iceberg::kafka
