// SPDX-License-Identifier: Apache-2.0
#include "engine/backfill/bounded_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "kafka/fake_record_source.h"

namespace kafka_iceberg::engine {
namespace {

using kafka::EndOfPartition;
using kafka::SourceEvent;
using kafka::StartAt;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const TopicPartition kZero{"t", 0};
const TopicPartition kOne{"t", 1};
const TopicPartition kTwo{"t", 2};

// Ten records in each of three partitions.
class BoundedSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    broker_.CreateTopic("t", 3);
    for (int number = 0; number < 10; ++number) {
      for (const TopicPartition& partition : {kZero, kOne, kTwo})
        broker_.Append(partition, {.value = std::to_string(number)});
    }
  }

  void Open(SourceBounds bounds) {
    auto inner = std::make_unique<kafka::FakeRecordSource>(broker_, clock_);
    inner_ = inner.get();
    source_ = BoundSource(std::move(inner), std::move(bounds), clock_);
  }

  // Answers as the engine does: each partition at its place in `starts`, or at the beginning.
  void Poll(const std::map<TopicPartition, int64_t>& starts = {}) {
    for (SourceEvent& event : source_->Poll(Duration::zero())) {
      if (const auto* batch = std::get_if<SourceBatch>(&event)) {
        for (const Record& record : batch->records)
          offsets_[{batch->topic, record.partition}].push_back(record.offset);
      } else if (const auto* given = std::get_if<kafka::PartitionsAssigned>(&event)) {
        given_ = given->partitions;
        std::vector<kafka::StartPosition> positions;
        for (const TopicPartition& partition : given_) {
          const auto start = starts.find(partition);
          positions.push_back(
              {partition, StartAt::kOffset, start == starts.end() ? 0 : start->second});
        }
        ASSERT_THAT(source_->Assign(positions), IsOk());
      } else if (const auto* taken = std::get_if<kafka::PartitionsRevoked>(&event)) {
        taken_ = taken->partitions;
        ASSERT_THAT(source_->Revoke(taken_), IsOk());
      } else if (const auto* end = std::get_if<EndOfPartition>(&event)) {
        reached_[end->partition] = end->next_offset;
      } else if (const auto* trouble = std::get_if<kafka::SourceTrouble>(&event)) {
        troubles_.push_back(trouble->error.message());
      }
    }
  }
  void PollAll() {
    for (int poll = 0; poll < 10; ++poll) Poll();
  }

  FakeClock clock_;
  kafka::FakeBroker broker_;
  kafka::FakeRecordSource* inner_ = nullptr;
  std::unique_ptr<kafka::RecordSource> source_;
  std::vector<TopicPartition> given_, taken_;
  std::map<TopicPartition, std::vector<int64_t>> offsets_;
  std::map<TopicPartition, int64_t> reached_;
  std::vector<std::string> troubles_;
};

TEST_F(BoundedSourceTest, ReadsTheRangesAndNothingElse) {
  Open({.ranges = {{kZero, {2, 5}}, {kTwo, {0, 10}}}});
  inner_->Give({kZero, kOne, kTwo});
  Poll({{kZero, 2}});
  PollAll();
  EXPECT_THAT(given_, ElementsAre(kZero, kTwo));
  EXPECT_THAT(inner_->assigned(), UnorderedElementsAre(kZero, kOne, kTwo)) << "the group is told";
  EXPECT_THAT(offsets_[kZero], ElementsAre(2, 3, 4));
  EXPECT_EQ(offsets_[kTwo].size(), 10u);
  EXPECT_FALSE(offsets_.contains(kOne));
  EXPECT_EQ(reached_[kZero], 5);
  EXPECT_THAT(inner_->paused(), UnorderedElementsAre(kZero, kOne, kTwo))
      << "nothing more is fetched";
}

TEST_F(BoundedSourceTest, TheEndIsThatOfTheRange) {
  Open({.ranges = {{kZero, {2, 5}}, {kTwo, {0, 20}}}});
  const auto zero = source_->QueryWatermarks(kZero, Duration::zero());
  ASSERT_THAT(zero, IsOk());
  EXPECT_EQ(zero->high, 5);
  EXPECT_EQ(source_->QueryWatermarks(kTwo, Duration::zero())->high, 10);
}

TEST_F(BoundedSourceTest, AGapAtTheEndIsCoveredToTheEnd) {
  broker_.AppendGap(kZero, 5);
  broker_.Append(kZero, {.value = "after"});
  Open({.ranges = {{kZero, {0, 13}}}});
  inner_->Give({kZero});
  PollAll();
  EXPECT_EQ(offsets_[kZero].size(), 10u);
  EXPECT_EQ(reached_[kZero], 13);
}

TEST_F(BoundedSourceTest, WhatIsLeftOutCountsAsRead) {
  Open({.ranges = {{kZero, {0, 10}}}, .left_out = {{kZero, {{0, 2}, {4, 5}, {7, 10}}}}});
  inner_->Give({kZero});
  PollAll();
  EXPECT_THAT(offsets_[kZero], ElementsAre(2, 3, 5, 6));
  EXPECT_EQ(reached_[kZero], 10);
}

TEST_F(BoundedSourceTest, RecordsOfOthersAreLeftOut) {
  Open({.ranges = {{kZero, {0, 10}}},
        .wants = [](const std::string&, const Record& record) -> Result<bool> {
          return record.value == "3";
        }});
  inner_->Give({kZero});
  PollAll();
  EXPECT_THAT(offsets_[kZero], ElementsAre(3));
  EXPECT_EQ(reached_[kZero], 10);
}

TEST_F(BoundedSourceTest, WaitsWhileARecordCannotBeJudged) {
  bool is_away = true;
  Open({.ranges = {{kZero, {0, 10}}},
        .wants = [&](const std::string&, const Record& record) -> Result<bool> {
          if (is_away && record.offset == 4) return Error::Unavailable("registry away");
          return true;
        }});
  inner_->Give({kZero});
  PollAll();
  EXPECT_THAT(offsets_[kZero], ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(reached_[kZero], 4) << "not over what waits";
  EXPECT_THAT(troubles_, ElementsAre("registry away"));
  EXPECT_THAT(inner_->paused(), ElementsAre(kZero));
  is_away = false;
  clock_.Advance(std::chrono::seconds(2));
  PollAll();
  EXPECT_THAT(offsets_[kZero], ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(BoundedSourceTest, IsReadAgainAfterItWasMovedBack) {
  Open({.ranges = {{kZero, {0, 5}}}});
  inner_->Give({kZero});
  PollAll();
  offsets_.clear();
  ASSERT_THAT(source_->Seek({{kZero, StartAt::kOffset, 3}}), IsOk());
  PollAll();
  EXPECT_THAT(offsets_[kZero], ElementsAre(3, 4));
}

TEST_F(BoundedSourceTest, APauseOfTheOwnerHoldsThroughAMove) {
  Open({.ranges = {{kZero, {0, 5}}}});
  inner_->Give({kZero});
  PollAll();
  offsets_.clear();
  ASSERT_THAT(source_->Pause({kZero}), IsOk());
  ASSERT_THAT(source_->Seek({{kZero, StartAt::kOffset, 0}}), IsOk());
  PollAll();
  EXPECT_THAT(offsets_[kZero], IsEmpty());
  ASSERT_THAT(source_->Resume({kZero}), IsOk());
  PollAll();
  EXPECT_EQ(offsets_[kZero].size(), 5u);
}

TEST_F(BoundedSourceTest, PartitionsThatNobodyWantsComeAndGoUnheard) {
  Open({.ranges = {{kZero, {0, 5}}}});
  inner_->Give({kOne});
  PollAll();
  EXPECT_THAT(given_, IsEmpty());
  EXPECT_THAT(inner_->assigned(), ElementsAre(kOne));
  inner_->Take({kOne});
  PollAll();
  EXPECT_THAT(taken_, IsEmpty());
  EXPECT_THAT(inner_->assigned(), IsEmpty());
  inner_->Give({kZero, kTwo});
  PollAll();
  EXPECT_THAT(given_, ElementsAre(kZero));
  inner_->Take({kZero, kTwo});
  PollAll();
  EXPECT_THAT(taken_, ElementsAre(kZero));
  EXPECT_THAT(inner_->assigned(), IsEmpty());
}

TEST_F(BoundedSourceTest, CommitsNoOffsets) {
  Open({.ranges = {{kZero, {0, 5}}}});
  EXPECT_THAT(source_->CommitOffsets({{kZero, 3}}, Duration::zero()), IsOk());
  EXPECT_THAT(broker_.committed(), IsEmpty());
  EXPECT_THAT(*source_->CommittedOffsets({kZero}, Duration::zero()), IsEmpty());
}

}  // namespace
}  // namespace kafka_iceberg::engine
