// SPDX-License-Identifier: Apache-2.0
//
// Deliveries into a topic whose outcome is lost, that race with other processes, or meet a topic
// that is missing, made anew, trimmed, compacted or too small: each letter is there once.
#include "engine/letters/letter_topic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "engine/letters/fake_letter_world.h"
#include "engine/letters/topic_mark.h"

namespace kafka_iceberg::engine {
namespace {

using commit::FakeCatalogKind;
using kafka::WriteFault;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LetterTopicTest : public ::testing::Test {
 protected:
  LetterTopicTest() : table_(world_.main.OpenPlain()), sink_(Open()) {}

  std::unique_ptr<LetterSink> Open() { return world_.OpenTopicSink(*table_); }

  // Staged by the sink, so with its mark.
  LetterParcel Parcel(LetterSink& sink, int64_t letters, size_t value_bytes = 1) {
    auto mark = sink.Mark();
    EXPECT_THAT(mark, IsOk());
    LetterParcel parcel{.epoch_uuid = NewUuid(world_.main.random),
                        .address = sink.address(),
                        .ranges = {},
                        .mark = *mark,
                        .letters = {}};
    for (int64_t i = 0; i < letters; ++i) {
      decode::DeadLetter letter;
      letter.topic = "orders";
      letter.partition = static_cast<int32_t>(i % 3);
      letter.offset = next_++;
      letter.code = "not_json";
      letter.value = std::string(value_bytes, 'x');
      parcel.letters.push_back(letter);
    }
    return parcel;
  }

  std::vector<int64_t> Offsets() const {
    std::vector<int64_t> offsets;
    for (const auto& record : world_.topic.Committed())
      offsets.push_back(std::stol(*record.Header("__connect.errors.offset")));
    std::ranges::sort(offsets);
    return offsets;
  }
  std::vector<int64_t> UpTo(int64_t end) const {
    std::vector<int64_t> offsets(static_cast<size_t>(end));
    for (int64_t i = 0; i < end; ++i) offsets[static_cast<size_t>(i)] = i;
    return offsets;
  }

  LetterWorld world_{FakeCatalogKind::kPointerSwap, 1};
  std::unique_ptr<catalog::TableOperations> table_;
  std::unique_ptr<LetterSink> sink_;
  int64_t next_ = 0;
};

TEST_F(LetterTopicTest, IsCreatedWhenItIsMissing) {
  EXPECT_THAT(sink_->Check(), IsOk());
  EXPECT_TRUE(world_.topic.exists());
}

TEST_F(LetterTopicTest, DeliversOnceHoweverOftenItIsAsked) {
  const LetterParcel parcel = Parcel(*sink_, 5);
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  const auto other = Open();
  ASSERT_THAT(other->Deliver(parcel), IsOk());
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(5));
}

TEST_F(LetterTopicTest, InOneSessionNothingIsRead) {
  for (int i = 0; i < 10; ++i) ASSERT_THAT(sink_->Deliver(Parcel(*sink_, 5)), IsOk());
  EXPECT_EQ(world_.topic.offsets_read(), 0);
  EXPECT_EQ(world_.topic.sessions(), 1);
}

TEST_F(LetterTopicTest, AnotherProcessReadsOnlyFromTheMarkOn) {
  for (int i = 0; i < 10; ++i) ASSERT_THAT(sink_->Deliver(Parcel(*sink_, 100)), IsOk());
  const LetterParcel parcel = Parcel(*sink_, 3);
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  EXPECT_LT(world_.topic.offsets_read(), 10);
}

TEST_F(LetterTopicTest, WhatWasWrittenAndNotCommittedIsWrittenAgain) {
  const LetterParcel parcel = Parcel(*sink_, 5);
  world_.topic.FailWrites({WriteFault::kLostBeforeCommit});
  EXPECT_THAT(sink_->Deliver(parcel), IsError(ErrorCode::kUnavailable));
  EXPECT_TRUE(Offsets().empty());
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(5));
}

TEST_F(LetterTopicTest, WhatWasCommittedWithoutAnAnswerIsNotWrittenAgain) {
  const LetterParcel parcel = Parcel(*sink_, 5);
  world_.topic.FailWrites({WriteFault::kLostAfterCommit});
  EXPECT_THAT(sink_->Deliver(parcel), IsError(ErrorCode::kUnavailable));
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(5));
}

TEST_F(LetterTopicTest, AProcessThatDiesBetweenWritingAndCommittingLeavesNothing) {
  struct Killed {};
  auto dying = world_.OpenTopicSink(*table_, [](std::string_view step) {
    if (step == "letters_written") throw Killed();
  });
  const LetterParcel parcel = Parcel(*dying, 5);
  EXPECT_THROW((void)dying->Deliver(parcel), Killed);
  dying.reset();
  EXPECT_TRUE(Offsets().empty());
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(5));
}

TEST_F(LetterTopicTest, AnOlderInstanceThatWakesUpWritesNothing) {
  const LetterParcel parcel = Parcel(*sink_, 5);
  // It has written everything, and before it commits another one takes over.
  const auto slow = world_.OpenTopicSink(*table_, [&](std::string_view step) {
    if (step != "letters_written" || !Offsets().empty()) return;
    ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  });
  ASSERT_THAT(slow->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(5));
}

TEST_F(LetterTopicTest, ALargeDeliveryGoesOnWhereItWasLeft) {
  const LetterParcel parcel = Parcel(*sink_, 5000);
  world_.topic.FailWrites({WriteFault::kNone, WriteFault::kLostAfterCommit});
  EXPECT_THAT(sink_->Deliver(parcel), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(Offsets().size(), 4000U);
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(5000));
}

TEST_F(LetterTopicTest, WaitsForSomebodyElsesTransaction) {
  const LetterParcel parcel = Parcel(*sink_, 5);
  world_.topic.FailWrites({WriteFault::kLostAfterCommit});
  (void)sink_->Deliver(parcel);
  world_.topic.BeginForeign();
  EXPECT_THAT(sink_->Deliver(parcel), IsError(ErrorCode::kTimeout));
  world_.topic.EndForeign();
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(5));
}

TEST_F(LetterTopicTest, AMarkOfBeforeDoesWhenTheBrokerIsAway) {
  ASSERT_THAT(sink_->Deliver(Parcel(*sink_, 5)), IsOk());
  world_.topic.FailLooks(1);
  const LetterParcel parcel = Parcel(*sink_, 5);
  EXPECT_FALSE(MarkFromText(parcel.mark)->ends.empty());
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(10));
}

TEST_F(LetterTopicTest, ATopicMadeAnewGetsWhatWaits) {
  ASSERT_THAT(sink_->Deliver(Parcel(*sink_, 50)), IsOk());
  const LetterParcel parcel = Parcel(*sink_, 5);
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  world_.topic.Recreate(2);
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets().size(), 5U);
}

TEST_F(LetterTopicTest, NothingIsGuessedWhenRetentionTookTheProof) {
  const LetterParcel parcel = Parcel(*sink_, 5);
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  world_.topic.DeleteRecords(0, 2);
  const Status status = Open()->Deliver(parcel);
  EXPECT_THAT(status, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(status.error().message(), HasSubstr("retention"));
  EXPECT_THAT(status.error().message(), HasSubstr(parcel.epoch_uuid));
}

TEST_F(LetterTopicTest, RetentionOfWhatIsOlderDoesNotMatter) {
  ASSERT_THAT(sink_->Deliver(Parcel(*sink_, 6)), IsOk());
  const LetterParcel parcel = Parcel(*sink_, 5);
  world_.topic.DeleteRecords(0, 2);
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(11));
}

TEST_F(LetterTopicTest, ALetterThatIsTooLargeIsKeptBesideTheTable) {
  world_.topic.CreateTopic(1);
  world_.topic.SetRecordBytesMax(10'000);
  LetterParcel parcel = Parcel(*sink_, 3);
  parcel.letters[1].value = std::string(20'000, 'x');
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(3));
  EXPECT_EQ(world_.main.metrics->GetCounter("kafka_iceberg_dead_letters_kept_apart_total").value(),
            1);
  EXPECT_EQ(world_.main.logger.CountAtLeast(telemetry::LogLevel::kError), 1);
  const auto shelf = OpenTopicShelf(world_.topic.Open("reader"), *table_);
  ASSERT_THAT(shelf, IsOk());
  std::vector<decode::DeadLetter> letters;
  ASSERT_THAT((*shelf)->Visit([&](decode::DeadLetter letter) -> Result<bool> {
    letters.push_back(std::move(letter));
    return true;
  }),
              IsOk());
  EXPECT_EQ(letters, parcel.letters) << "whole";
}

TEST_F(LetterTopicTest, ALimitThatTheBrokerDoesNotTellIsFound) {
  world_.topic.CreateTopic(1);
  world_.topic.SetTellsSettings(false);
  world_.topic.SetRecordBytesMax(50'000);
  const LetterParcel parcel = Parcel(*sink_, 3, 60'000);
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(3));
  ASSERT_THAT(Open()->Deliver(parcel), IsOk());
  EXPECT_EQ(Offsets(), UpTo(3));
}

TEST_F(LetterTopicTest, ACompactedTopicIsRefused) {
  world_.topic.CreateTopic(1);
  world_.topic.SetCompacted(true);
  const Status status = sink_->Check();
  EXPECT_THAT(status, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(status.error().message(), HasSubstr("compacted"));
}

TEST_F(LetterTopicTest, LettersOfAPartitionStayInOrderInOnePartition) {
  ASSERT_THAT(sink_->Deliver(Parcel(*sink_, 30)), IsOk());
  std::map<std::string, std::vector<int64_t>> by_partition;
  for (const auto& record : world_.topic.Committed()) {
    by_partition[*record.Header("__connect.errors.partition")].push_back(
        std::stol(*record.Header("__connect.errors.offset")));
  }
  ASSERT_EQ(by_partition.size(), 3U);
  for (const auto& [partition, offsets] : by_partition)
    EXPECT_TRUE(std::ranges::is_sorted(offsets)) << partition;
}

TEST_F(LetterTopicTest, ARecordThatNamesAnotherFileIsNotFollowed) {
  LetterParcel parcel = Parcel(*sink_, 1);
  world_.topic.SetRecordBytesMax(4'000);
  sink_ = Open();
  parcel.letters[0].value = std::string(20'000, 'x');
  ASSERT_THAT(sink_->Deliver(parcel), IsOk());
  auto forged = world_.topic.Committed()[0];
  auto forger = world_.topic.Open("forger");
  ASSERT_THAT(forger->StartSession(1), IsOk());
  kafka::PartitionedRecord record{.partition = 0, .record = {.value_is_null = true}};
  for (auto& [key, value] : forged.headers) {
    if (key == "kafka_iceberg.errors.kept_at") value = "file:///etc/passwd";
    record.record.headers.push_back({key, value ? std::string_view(*value) : "", !value});
  }
  ASSERT_THAT(forger->Write({record}, {}), IsOk());
  const auto shelf = OpenTopicShelf(world_.topic.Open("reader"), *table_);
  const Status status = (*shelf)->Visit([](decode::DeadLetter) -> Result<bool> { return true; });
  EXPECT_THAT(status, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(status.error().message(), HasSubstr("file:///etc/passwd"));
}

TEST(TopicMark, ComesBackAsItWas) {
  const TopicMark mark{.session = "s", .topic_id = "i", .ends = {{0, 5}, {7, 1LL << 40}}};
  EXPECT_EQ(*MarkFromText(MarkToText(mark)), mark);
  for (const char* text : {"", "{}", "[]", R"({"session":1,"topic-id":"","ends":[]})",
                           R"({"session":"","topic-id":"","ends":[[0,-1]]})",
                           R"({"session":"","topic-id":"","ends":[[-1,1]]})",
                           R"({"session":"","topic-id":"","ends":[[0]]})"})
    EXPECT_THAT(MarkFromText(text), IsError(ErrorCode::kCorrupt)) << text;
}

}  // namespace
}  // namespace kafka_iceberg::engine
