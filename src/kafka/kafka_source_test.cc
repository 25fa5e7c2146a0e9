// SPDX-License-Identifier: Apache-2.0
//
// What the real source does beyond record_source_conformance.h, against the embedded broker.
#include "kafka/kafka_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "kafka/source_harness.h"

namespace kafka_iceberg::kafka {
namespace {

using testing::HasSubstr;

constexpr Duration kStep = std::chrono::milliseconds(50);
constexpr int kPollsMax = 1200;

// Error codes of the Kafka protocol.
constexpr int kCoordinatorNotAvailable = 15;
constexpr int kRebalanceInProgress = 27;
constexpr int kTopicAuthorizationFailed = 29;
constexpr int kGroupAuthorizationFailed = 30;

class KafkaSourceTest : public testing::Test {
 protected:
  void TearDown() override {
    if (source_ == nullptr) return;
    EXPECT_TRUE(source_->Close().ok());
  }

  void Open(KafkaSourceOptions options) {
    source_ = OpenKafkaSource(std::move(options), harness_.clock_, harness_.logger_).value();
  }
  void OpenTopic() { Open(harness_.Options({"t"})); }

  void Put(int32_t partition, int count, const std::string& topic = "t") {
    harness_.Append({topic, partition},
                    std::vector<FakeRecord>(static_cast<size_t>(count), {.value = "v"}));
  }

  // Polls, starts what is assigned at its beginning or where it was, gives back what is asked for.
  void PollOnce() {
    for (auto& event : source_->Poll(kStep)) {
      if (const auto* batch = std::get_if<SourceBatch>(&event)) {
        for (const auto& record : batch->records)
          seen_[{batch->topic, record.partition}].push_back(record.offset);
        largest_batch_ = std::max(largest_batch_, batch->records.size());
      }
      if (const auto* given = std::get_if<PartitionsAssigned>(&event)) Start(given->partitions);
      if (const auto* taken = std::get_if<PartitionsRevoked>(&event)) {
        EXPECT_TRUE(source_->Revoke(taken->partitions).ok());
      }
      if (const auto* lost = std::get_if<PartitionsLost>(&event)) {
        lost_ = true;
        EXPECT_TRUE(source_->Revoke(lost->partitions).ok());
      }
      if (const auto* trouble = std::get_if<SourceTrouble>(&event))
        troubles_.push_back(trouble->error);
      if (const auto* failed = std::get_if<SourceFailed>(&event))
        failures_.push_back(failed->error);
    }
  }
  void Start(const std::vector<TopicPartition>& partitions) {
    std::vector<StartPosition> positions;
    for (const auto& partition : partitions) {
      const auto& offsets = seen_[partition];
      positions.push_back({partition, offsets.empty() ? StartAt::kBeginning : StartAt::kOffset,
                           offsets.empty() ? 0 : offsets.back() + 1});
    }
    EXPECT_TRUE(source_->Assign(positions).ok());
    assigned_ += partitions.size();
  }
  // False when that never comes; says then what went wrong.
  bool PollUntil(const std::function<bool()>& done) {
    for (int i = 0; i < kPollsMax && !done(); ++i) PollOnce();
    EXPECT_TRUE(done()) << Seen() << " records, failure: "
                        << (failures_.empty() ? "none" : failures_[0].message());
    return done();
  }
  size_t Seen() const {
    size_t count = 0;
    for (const auto& [partition, offsets] : seen_) count += offsets.size();
    return count;
  }
  void ExpectEachOnce() {
    for (const auto& [partition, offsets] : seen_) {
      for (size_t i = 0; i < offsets.size(); ++i) ASSERT_EQ(offsets[i], static_cast<int64_t>(i));
    }
  }

  MockHarness harness_{"classic"};
  std::unique_ptr<RecordSource> source_;
  std::map<TopicPartition, std::vector<int64_t>> seen_;
  std::vector<Error> troubles_, failures_;
  size_t assigned_ = 0;
  size_t largest_batch_ = 0;
  bool lost_ = false;
};

TEST_F(KafkaSourceTest, SaysThatTheBrokerIsAwayAndBack) {
  harness_.CreateTopic("t", 2);
  Put(0, 10);
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return Seen() == 10; }));
  EXPECT_FALSE(source_->trouble().has_value());
  ASSERT_TRUE(harness_.broker_->SetDown().ok());
  ASSERT_TRUE(PollUntil([&] { return source_->trouble().has_value() && !troubles_.empty(); }));
  EXPECT_EQ(source_->trouble()->code(), ErrorCode::kUnavailable);
  EXPECT_EQ(troubles_[0].code(), ErrorCode::kUnavailable);
  ASSERT_TRUE(harness_.broker_->SetUp().ok());
  ASSERT_TRUE(PollUntil([&] { return !source_->trouble().has_value(); }));
  Put(1, 5);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 15; }));
  ExpectEachOnce();
  EXPECT_TRUE(failures_.empty());
}

TEST_F(KafkaSourceTest, ABrokerThatIsAwayAtTheStartIsNoError) {
  harness_.CreateTopic("t", 1);
  Put(0, 3);
  ASSERT_TRUE(harness_.broker_->SetDown().ok());
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return !troubles_.empty(); }));
  ASSERT_TRUE(harness_.broker_->SetUp().ok());
  ASSERT_TRUE(PollUntil([&] { return Seen() == 3; }));
}

TEST_F(KafkaSourceTest, GivesUpOnATopicThatDoesNotExist) {
  Open(harness_.Options({"nowhere"}));
  ASSERT_TRUE(PollUntil([&] { return !failures_.empty(); }));
  EXPECT_EQ(failures_[0].code(), ErrorCode::kNotFound);
  EXPECT_THAT(failures_[0].message(), HasSubstr("'nowhere'"));
  ASSERT_FALSE(troubles_.empty());
  EXPECT_EQ(troubles_[0].code(), ErrorCode::kNotFound);
}

TEST_F(KafkaSourceTest, NoticesARecreatedTopic) {
  harness_.CreateTopic("t", 1);
  Put(0, 5);
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return Seen() == 5; }));
  const auto before = source_->DescribeTopic("t", std::chrono::seconds(10));
  ASSERT_TRUE(harness_.broker_->DeleteTopic("t").ok());
  harness_.CreateTopic("t", 1);
  const auto after = source_->DescribeTopic("t", std::chrono::seconds(10));
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_NE(before->topic_id, after->topic_id);
  ASSERT_TRUE(PollUntil([&] { return !failures_.empty(); }));
  EXPECT_EQ(failures_[0].code(), ErrorCode::kCorrupt);
}

TEST_F(KafkaSourceTest, DeliversNothingAfterAFailure) {
  harness_.CreateTopic("t", 2);
  Put(0, 10);
  Put(1, 10);
  harness_.DeleteRecords({"t", 0}, 5);
  OpenTopic();
  std::vector<TopicPartition> given;
  for (int i = 0; i < kPollsMax && given.empty(); ++i) {
    for (auto& event : source_->Poll(kStep)) {
      if (const auto* found = std::get_if<PartitionsAssigned>(&event)) given = found->partitions;
    }
  }
  ASSERT_TRUE(
      source_->Assign({{{"t", 0}, StartAt::kOffset, 2}, {{"t", 1}, StartAt::kOffset, 0}}).ok());
  ASSERT_TRUE(PollUntil([&] { return !failures_.empty(); }));
  EXPECT_THAT(failures_[0].message(), HasSubstr("the broker has 5 to 10"));
  const auto before = Seen();
  Put(1, 10);
  for (int i = 0; i < 10; ++i) PollOnce();
  EXPECT_EQ(Seen(), before);
  EXPECT_EQ(failures_.size(), 1U);
}

TEST_F(KafkaSourceTest, RetriesFetchErrorsWithoutGapOrDouble) {
  harness_.CreateTopic("t", 3);
  for (const int32_t partition : {0, 1, 2}) Put(partition, 500);
  harness_.broker_->FailNext(MockRequest::kFetch, {MockBroker::kDropConnection, 6, 74, 75,
                                                   MockBroker::kDropConnection, 3, 9});
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return Seen() == 1500; }));
  for (int i = 0; i < 5; ++i) PollOnce();
  EXPECT_EQ(Seen(), 1500U);
  ExpectEachOnce();
}

TEST_F(KafkaSourceTest, SeeksUnderLoadNeverDeliverBelowTheNewPosition) {
  harness_.CreateTopic("t", 1);
  Put(0, 20'000);
  auto options = harness_.Options({"t"});
  options.batch_records_max = 100;
  Open(options);
  ASSERT_TRUE(PollUntil([&] { return Seen() > 0; }));
  for (const int64_t offset : {15'000, 200, 19'000, 0, 7, 19'990}) {
    ASSERT_TRUE(source_->Seek({{{"t", 0}, StartAt::kOffset, offset}}).ok());
    seen_.clear();
    ASSERT_TRUE(PollUntil([&] { return Seen() > 0; }));
    EXPECT_EQ((seen_[{"t", 0}].front()), offset);
  }
  EXPECT_TRUE(failures_.empty());
}

TEST_F(KafkaSourceTest, ReadsAllTopicsOfAPattern) {
  for (const auto* topic : {"orders-eu", "orders-us", "my-orders-eu", "other"}) {
    harness_.CreateTopic(topic, 1);
    Put(0, 2, topic);
  }
  auto options = harness_.Options({});
  options.topic_pattern = "^orders";
  Open(options);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 4; }));
  for (int i = 0; i < 5; ++i) PollOnce();
  std::set<std::string> topics;
  for (const auto& [partition, offsets] : seen_) topics.insert(partition.topic);
  EXPECT_THAT(topics, testing::ElementsAre("orders-eu", "orders-us"));
}

TEST_F(KafkaSourceTest, KeepsBatchesWithinTheirLimit) {
  harness_.CreateTopic("t", 4);
  for (const int32_t partition : {0, 1, 2, 3}) Put(partition, 300);
  auto options = harness_.Options({"t"});
  options.batch_records_max = 64;
  Open(options);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 1200; }));
  EXPECT_LE(largest_batch_, 64U);
  ExpectEachOnce();
}

// What a batch is divided into goes to several threads.
TEST_F(KafkaSourceTest, HeadersAreReadWhenAskedForOnAnyThread) {
  constexpr int kRecords = 400;
  constexpr std::string_view kTrace = "0123456789";
  harness_.CreateTopic("t", 1);
  std::vector<FakeRecord> all;
  for (int i = 0; i < kRecords; ++i) {
    all.push_back(
        {.value = "v", .headers = {{"trace", std::string(kTrace)}, {"number", std::to_string(i)}}});
  }
  harness_.Append({"t", 0}, all);
  Open(harness_.Options({"t"}));
  std::vector<SourceBatch> batches;
  size_t records = 0;
  for (int i = 0; i < kPollsMax && records < kRecords; ++i) {
    for (auto& event : source_->Poll(kStep)) {
      if (const auto* given = std::get_if<PartitionsAssigned>(&event)) Start(given->partitions);
      auto* const batch = std::get_if<SourceBatch>(&event);
      if (batch == nullptr) continue;
      EXPECT_GE(batch->header_bytes, batch->records.size() * kTrace.size());
      EXPECT_GT(batch->bytes, batch->header_bytes);
      records += batch->records.size();
      batches.push_back(std::move(*batch));
    }
  }
  ASSERT_EQ(records, static_cast<size_t>(kRecords));
  const auto check = [&](size_t every_other) {
    for (const SourceBatch& batch : batches) {
      for (size_t i = every_other; i < batch.records.size(); i += 2) {
        const Record& record = batch.records[i];
        const auto headers = record.headers.all();
        ASSERT_EQ(headers.size(), 2U);
        EXPECT_EQ(headers[0].value, kTrace);
        EXPECT_EQ(headers[1].value, std::to_string(record.offset));
        EXPECT_EQ(record.headers.all().data(), headers.data()) << "read twice";
      }
    }
  };
  std::jthread other([&] { check(1); });
  check(0);
  other.join();
}

TEST_F(KafkaSourceTest, CommitErrorsSayWhatToDo) {
  harness_.CreateTopic("t", 1);
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return assigned_ == 1; }));
  harness_.broker_->FailNext(MockRequest::kOffsetCommit, {kRebalanceInProgress});
  const auto conflict = source_->CommitOffsets({{{"t", 0}, 1}}, std::chrono::seconds(10));
  ASSERT_FALSE(conflict.ok());
  EXPECT_EQ(conflict.error().code(), ErrorCode::kConflict);
  harness_.broker_->FailNext(MockRequest::kOffsetCommit, {kTopicAuthorizationFailed});
  const auto denied = source_->CommitOffsets({{{"t", 0}, 1}}, std::chrono::seconds(10));
  ASSERT_FALSE(denied.ok());
  EXPECT_EQ(denied.error().code(), ErrorCode::kDenied);
  ASSERT_TRUE(harness_.broker_->SetDown().ok());
  const auto away = source_->CommitOffsets({{{"t", 0}, 1}}, std::chrono::milliseconds(200));
  ASSERT_FALSE(away.ok());
  EXPECT_EQ(away.error().code(), ErrorCode::kTimeout);
  ASSERT_TRUE(harness_.broker_->SetUp().ok());
}

TEST_F(KafkaSourceTest, JoinsInSpiteOfACoordinatorThatIsNotReady) {
  harness_.CreateTopic("t", 1);
  Put(0, 1);
  harness_.broker_->FailNext(MockRequest::kFindCoordinator,
                             {kCoordinatorNotAvailable, kCoordinatorNotAvailable});
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return Seen() == 1; }));
}

TEST_F(KafkaSourceTest, SaysThatTheGroupIsRefused) {
  harness_.CreateTopic("t", 1);
  Put(0, 1);
  harness_.broker_->FailNext(MockRequest::kJoinGroup, {kGroupAuthorizationFailed});
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return !troubles_.empty(); }));
  EXPECT_EQ(troubles_[0].code(), ErrorCode::kDenied);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 1; }));
  EXPECT_FALSE(source_->trouble().has_value());
}

TEST_F(KafkaSourceTest, AMemberThatDoesNotPollLosesItsPartitions) {
  harness_.CreateTopic("t", 1);
  Put(0, 1);
  auto options = harness_.Options({"t"});
  options.max_poll_interval = std::chrono::seconds(2);
  Open(options);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 1; }));
  (void)harness_.clock_.SleepFor(std::chrono::seconds(3), {});
  ASSERT_TRUE(PollUntil([&] { return lost_; }));
  Put(0, 1);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 2; }));  // and is given them again
  ExpectEachOnce();
}

TEST_F(KafkaSourceTest, PausedPartitionsKeepTheMemberAlive) {
  harness_.CreateTopic("t", 1);
  Put(0, 1);
  auto options = harness_.Options({"t"});
  options.max_poll_interval = std::chrono::seconds(2);
  Open(options);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 1; }));
  ASSERT_TRUE(source_->Pause({{"t", 0}}).ok());
  const auto until = harness_.clock_.Steady() + std::chrono::seconds(3);
  while (harness_.clock_.Steady() < until) PollOnce();
  EXPECT_FALSE(lost_);
  ASSERT_TRUE(source_->Resume({{"t", 0}}).ok());
  Put(0, 1);
  ASSERT_TRUE(PollUntil([&] { return Seen() == 2; }));
  EXPECT_FALSE(lost_);
}

TEST_F(KafkaSourceTest, ClosesWhileTheBrokerIsAway) {
  harness_.CreateTopic("t", 1);
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return assigned_ == 1; }));
  ASSERT_TRUE(harness_.broker_->SetDown().ok());
  (void)source_->Close();  // in bounded time, whatever it says
  source_.reset();
}

TEST_F(KafkaSourceTest, TwoMembersShareTheTopicWithoutGapOrDouble) {
  harness_.CreateTopic("t", 6);
  for (int32_t partition = 0; partition < 6; ++partition) Put(partition, 50);
  OpenTopic();
  ASSERT_TRUE(PollUntil([&] { return Seen() == 300; }));
  harness_.Disturb(*source_, "t");
  ASSERT_TRUE(PollUntil([&] {
    harness_.Pump();
    return source_->LagSnapshot().size() == 3;
  }));
  for (int32_t partition = 0; partition < 6; ++partition) Put(partition, 10);
  ASSERT_TRUE(PollUntil([&] {
    harness_.Pump();
    return Seen() == 330;
  }));
  ASSERT_TRUE(harness_.other_->Close().ok());
  harness_.other_.reset();
  ASSERT_TRUE(PollUntil([&] { return Seen() == 360; }));  // the rest, once the partitions are back
  ExpectEachOnce();
}

}  // namespace
}  // namespace kafka_iceberg::kafka
