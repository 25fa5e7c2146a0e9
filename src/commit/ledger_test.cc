// SPDX-License-Identifier: Apache-2.0
#include "commit/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/fake_epoch.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using testing::HasSubstr;

MATCHER_P(IsOkAnd, value, "") { return arg.ok() && *arg == value; }

RangeVerdict Verdict(const Ledger& ledger, PartitionRanges partitions) {
  return CheckRanges(ledger, FakeRanges(std::move(partitions))).verdict;
}

TEST(Ledger, RangesThatStartAtTheLedgerAreOurs) {
  EXPECT_EQ(Verdict(FakeLedger({{0, 100}, {1, 7}}), {{0, {100, 150}}, {1, {7, 8}}}),
            RangeVerdict::kOurs);
}

TEST(Ledger, PartitionThatIsNewToTheLedgerIsOursWhereverItStarts) {
  EXPECT_EQ(Verdict(Ledger{}, {{3, {500, 600}}}), RangeVerdict::kOurs);
  EXPECT_EQ(Verdict(FakeLedger({{0, 100}}), {{0, {100, 101}}, {3, {500, 600}}}),
            RangeVerdict::kOurs);
}

TEST(Ledger, RangesBelowTheLedgerAreAlreadyCommitted) {
  EXPECT_EQ(Verdict(FakeLedger({{0, 100}}), {{0, {50, 100}}}), RangeVerdict::kAlreadyCommitted);
  EXPECT_EQ(Verdict(FakeLedger({{0, 100}}), {{0, {0, 10}}}), RangeVerdict::kAlreadyCommitted);
}

TEST(Ledger, RangeThatOverlapsTheLedgerIsFenced) {
  const RangeCheck check = CheckRanges(FakeLedger({{0, 100}}), FakeRanges({{0, {50, 150}}}));
  EXPECT_EQ(check.verdict, RangeVerdict::kFenced);
  EXPECT_EQ(check.explanation,
            "orders[0]: the ledger stands at 100, the flush epoch holds [50, 150): another writer "
            "has committed the "
            "offsets below 100");
}

TEST(Ledger, RangeThatLeavesAGapIsFenced) {
  const RangeCheck check = CheckRanges(FakeLedger({{0, 100}}), FakeRanges({{0, {120, 150}}}));
  EXPECT_EQ(check.verdict, RangeVerdict::kFenced);
  EXPECT_THAT(check.explanation, HasSubstr("leave out the offsets between"));
}

TEST(Ledger, EpochThatIsPartlyCommittedIsFenced) {
  const RangeCheck check =
      CheckRanges(FakeLedger({{0, 100}, {1, 20}}), FakeRanges({{0, {50, 100}}, {1, {20, 30}}}));
  EXPECT_EQ(check.verdict, RangeVerdict::kFenced);
  EXPECT_THAT(check.explanation, HasSubstr("orders[0]"));
  EXPECT_EQ(Verdict(FakeLedger({{0, 100}}), {{0, {50, 100}}, {1, {0, 5}}}), RangeVerdict::kFenced);
}

TEST(Ledger, EmptyRangesDecideNothing) {
  const Ledger ledger = FakeLedger({{0, 100}, {1, 20}});
  EXPECT_EQ(Verdict(ledger, {{0, {100, 150}}, {1, {20, 20}}}), RangeVerdict::kOurs);
  EXPECT_EQ(Verdict(ledger, {{0, {100, 150}}, {1, {5, 5}}}), RangeVerdict::kOurs);
  EXPECT_EQ(Verdict(ledger, {{0, {50, 100}}, {1, {20, 20}}}), RangeVerdict::kAlreadyCommitted);
  EXPECT_EQ(Verdict(ledger, {{0, {100, 100}}}), RangeVerdict::kAlreadyCommitted);
  EXPECT_EQ(Verdict(ledger, {}), RangeVerdict::kAlreadyCommitted);
}

TEST(Ledger, EmptyRangeAboveTheLedgerIsFenced) {
  EXPECT_EQ(Verdict(FakeLedger({{0, 100}}), {{0, {120, 120}}}), RangeVerdict::kFenced);
}

TEST(Ledger, EmptyRangeOfANewPartitionWritesItsStartDown) {
  ASSERT_EQ(Verdict(Ledger{}, {{4, {70, 70}}}), RangeVerdict::kOurs);
  EXPECT_EQ(Advance(Ledger{}, FakeRanges({{4, {70, 70}}})), FakeLedger({{4, 70}}));
}

TEST(Ledger, RangeThatIsNoneIsFenced) {
  EXPECT_EQ(Verdict(Ledger{}, {{0, {10, 5}}}), RangeVerdict::kFenced);
  EXPECT_EQ(Verdict(FakeLedger({{0, 100}}), {{0, {-5, 5}}}), RangeVerdict::kFenced);
  EXPECT_THAT(ValidateRanges(FakeRanges({{0, {10, 5}}})), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(ValidateRanges(FakeRanges({{-1, {0, 5}}})), IsError(ErrorCode::kInvalid));
}

TEST(Ledger, AdvanceMovesOnlyWhatTheRangesCover) {
  const Ledger ledger = Advance(FakeLedger({{0, 100}, {1, 20}, {2, 9}}),
                                FakeRanges({{0, {100, 150}}, {1, {5, 5}}, {7, {3, 4}}}));
  EXPECT_EQ(ledger, FakeLedger({{0, 150}, {1, 20}, {2, 9}, {7, 4}}));
}

TEST(Ledger, RecreatedTopicIsAnotherIncarnation) {
  const Ledger ledger = FakeLedger({{0, 100}});
  const SourceTopic recreated{.cluster_id = "cluster", .topic = "orders", .topic_id = "id-2"};
  EXPECT_EQ(ledger.NextOffset(recreated, 0), std::nullopt);
  EXPECT_EQ(ledger.OtherIncarnation(recreated), kFakeTopic);
  EXPECT_EQ(ledger.OtherIncarnation(kFakeTopic), std::nullopt);
  const SourceTopic moved{.cluster_id = "cluster-2", .topic = "orders", .topic_id = "id-1"};
  EXPECT_EQ(ledger.OtherIncarnation(moved), kFakeTopic);
}

TEST(Ledger, AcceptedIncarnationHasOffsetsOfItsOwn) {
  const SourceTopic recreated{.cluster_id = "cluster", .topic = "orders", .topic_id = "id-2"};
  const EpochRanges ranges = {{recreated, {{0, {0, 10}}}}};
  ASSERT_EQ(CheckRanges(FakeLedger({{0, 100}}), ranges).verdict, RangeVerdict::kOurs);
  const Ledger ledger = Advance(FakeLedger({{0, 100}}), ranges);
  EXPECT_EQ(ledger.NextOffset(kFakeTopic, 0), 100);
  EXPECT_EQ(ledger.NextOffset(recreated, 0), 10);
  EXPECT_EQ(ledger.OtherIncarnation(recreated), std::nullopt);
}

TEST(Ledger, IdsThatBecomeKnownGoOnWithTheSameOffsets) {
  const SourceTopic unknown{.cluster_id = "", .topic = "orders", .topic_id = ""};
  const Ledger ledger{.next_offsets = {{unknown, {{0, 100}, {1, 5}}}}};
  EXPECT_EQ(ledger.NextOffset(kFakeTopic, 0), 100);
  EXPECT_EQ(ledger.OtherIncarnation(kFakeTopic), std::nullopt);
  // From zero would be a second time.
  EXPECT_EQ(CheckRanges(ledger, FakeRanges({{0, {0, 150}}})).verdict, RangeVerdict::kFenced);
  const Ledger after = Advance(ledger, FakeRanges({{0, {100, 150}}}));
  EXPECT_EQ(after, FakeLedger({{0, 150}, {1, 5}}));
}

TEST(Ledger, IdsThatBecomeUnknownGoOnWithTheSameOffsets) {
  const SourceTopic unknown{.cluster_id = "cluster", .topic = "orders", .topic_id = ""};
  const Ledger ledger = FakeLedger({{0, 100}});
  EXPECT_EQ(ledger.NextOffset(unknown, 0), 100);
  EXPECT_EQ(Advance(ledger, {{unknown, {{0, {100, 150}}}}}), FakeLedger({{0, 150}}));
}

TEST(Ledger, KnownIdsOnOneSideMustAgree) {
  const SourceTopic no_topic_id{.cluster_id = "cluster-2", .topic = "orders", .topic_id = ""};
  EXPECT_EQ(FakeLedger({{0, 100}}).NextOffset(no_topic_id, 0), std::nullopt);
  EXPECT_EQ(FakeLedger({{0, 100}}).OtherIncarnation(no_topic_id), kFakeTopic);
}

TEST(Ledger, NothingIsAssumedAmongSeveralIncarnations) {
  const SourceTopic second{.cluster_id = "cluster", .topic = "orders", .topic_id = "id-2"};
  const SourceTopic unknown{.cluster_id = "cluster", .topic = "orders", .topic_id = ""};
  const Ledger ledger{.next_offsets = {{kFakeTopic, {{0, 100}}}, {second, {{0, 10}}}}};
  EXPECT_EQ(ledger.NextOffset(unknown, 0), std::nullopt);
  EXPECT_TRUE(ledger.OtherIncarnation(unknown).has_value());
  EXPECT_EQ(CheckRanges(ledger, {{unknown, {{0, {0, 5}}}}}).verdict, RangeVerdict::kFenced);
  EXPECT_EQ(CheckRanges(Ledger{}, {{unknown, {{0, {0, 5}}}}, {second, {{0, {0, 5}}}}}).verdict,
            RangeVerdict::kFenced);
}

TEST(Ledger, LedgerThatIsBehindAWitnessIsFound) {
  EXPECT_TRUE(CheckNotBehind(FakeLedger({{0, 100}}), FakeLedger({{0, 100}}), "x").ok());
  EXPECT_TRUE(CheckNotBehind(FakeLedger({{0, 100}}), FakeLedger({{0, 50}}), "x").ok());
  EXPECT_THAT(CheckNotBehind(FakeLedger({{0, 100}}), FakeLedger({{0, 101}}), "x"),
              IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(CheckNotBehind(Ledger{}, FakeLedger({{0, 1}}), "x"), IsError(ErrorCode::kCorrupt));
  EXPECT_TRUE(CheckNotBehind(FakeLedger({{0, 100}}), FakeLedger({{0, 101}}), "x", true).ok());
  EXPECT_THAT(CheckNotBehind(FakeLedger({{0, 100}}), FakeLedger({{1, 1}}), "x", true),
              IsError(ErrorCode::kCorrupt));
}

TEST(Ledger, CoversAndOverlapsCountOffsets) {
  const EpochRanges outer = FakeRanges({{0, {10, 20}}, {1, {0, 5}}});
  EXPECT_TRUE(Covers(outer, FakeRanges({{0, {12, 20}}})));
  EXPECT_TRUE(Covers(outer, FakeRanges({{0, {10, 20}}, {1, {2, 3}}, {2, {4, 4}}})));
  EXPECT_FALSE(Covers(outer, FakeRanges({{0, {10, 21}}})));
  EXPECT_FALSE(Covers(outer, FakeRanges({{2, {0, 1}}})));
  EXPECT_FALSE(Covers(outer, FakeRanges({{0, {15, 15}}})));
  EXPECT_TRUE(Overlaps(outer, FakeRanges({{0, {19, 30}}})));
  EXPECT_FALSE(Overlaps(outer, FakeRanges({{0, {20, 30}}})));
  EXPECT_FALSE(Overlaps(outer, FakeRanges({{0, {15, 15}}})));
  EXPECT_EQ(Span(outer), (OffsetRange{0, 20}));
}

TEST(LedgerJson, RoundTrips) {
  Ledger ledger = FakeLedger({{0, 123}, {17, 0}, {2147483647, INT64_MAX}});
  ledger.next_offsets[{.cluster_id = "", .topic = "no\"ids\\", .topic_id = ""}] = {};
  EXPECT_THAT(LedgerFromJson(LedgerToJson(ledger)), IsOkAnd(ledger));
  EXPECT_THAT(LedgerFromJson(LedgerToJson(Ledger{})), IsOkAnd(Ledger{}));
}

TEST(LedgerJson, HasTheAgreedForm) {
  EXPECT_EQ(LedgerToJson(FakeLedger({{0, 123}})),
            R"({"sources":[{"cluster-id":"cluster","next":{"0":123},)"
            R"("topic":"orders","topic-id":"id-1"}],"version":1})");
  EXPECT_EQ(RangesToJson(FakeRanges({{0, {5, 9}}})),
            R"({"sources":[{"cluster-id":"cluster","ranges":{"0":[5,9]},)"
            R"("topic":"orders","topic-id":"id-1"}],"version":1})");
}

TEST(LedgerJson, RangesRoundTrip) {
  const EpochRanges ranges = FakeRanges({{0, {0, 0}}, {5, {10, INT64_MAX}}});
  EXPECT_THAT(RangesFromJson(RangesToJson(ranges)), IsOkAnd(ranges));
}

std::string WithNext(const std::string& next) {
  return R"({"version":1,"sources":[{"cluster-id":"c","topic":"t","topic-id":"i","next":)" + next +
         "}]}";
}

TEST(LedgerJson, AnythingElseIsCorrupt) {
  ASSERT_TRUE(LedgerFromJson(WithNext(R"({"0":1})")).ok());
  const std::string hostile[] = {
      "",
      "null",
      "[]",
      "{}",
      "{\"version\":1}",
      "{\"version\":2,\"sources\":[]}",
      "{\"version\":\"1\",\"sources\":[]}",
      "{\"version\":1,\"sources\":{}}",
      "{\"version\":1,\"sources\":[],\"more\":0}",
      "{\"version\":1,\"sources\":[1]}",
      "{\"version\":1,\"sources\":[],\"sources\":[]}",
      WithNext("[]"),
      WithNext(R"({"0":-1})"),
      WithNext(R"({"0":1.5})"),
      WithNext(R"({"0":"1"})"),
      WithNext(R"({"0":null})"),
      WithNext(R"({"0":9223372036854775808})"),
      WithNext(R"({"0":1e3})"),
      WithNext(R"({"-1":1})"),
      WithNext(R"({"00":1})"),
      WithNext(R"({"+1":1})"),
      WithNext(R"({"":1})"),
      WithNext(R"({"2147483648":1})"),
      WithNext(R"({"0":1,"0":2})"),
      WithNext(R"({"0":[[[[[[[[[[1]]]]]]]]]]})"),
      WithNext(R"({"0":1},"extra":1)"),
      WithNext(R"({"0":1}}],"x":[{"a":0)"),
      WithNext("{\"0\":1}") + "trailing",
      std::string(100'000, '['),
  };
  for (const std::string& text : hostile) {
    EXPECT_THAT(LedgerFromJson(text), IsError(ErrorCode::kCorrupt)) << text.substr(0, 200);
  }
}

TEST(LedgerJson, EveryTruncationIsCorrupt) {
  const std::string text = LedgerToJson(FakeLedger({{0, 123}, {1, 456}}));
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_THAT(LedgerFromJson(text.substr(0, length)), IsError(ErrorCode::kCorrupt)) << length;
  }
}

TEST(LedgerJson, SourceListedTwiceIsCorrupt) {
  const std::string source = R"({"cluster-id":"c","topic":"t","topic-id":"i","next":{"0":1}})";
  EXPECT_THAT(LedgerFromJson(R"({"version":1,"sources":[)" + source + "," + source + "]}"),
              IsError(ErrorCode::kCorrupt));
}

TEST(LedgerJson, RangeThatEndsBeforeItStartsIsCorrupt) {
  EXPECT_THAT(RangesFromJson(R"({"version":1,"sources":[{"cluster-id":"c","topic":"t",)"
                             R"("topic-id":"i","ranges":{"0":[5,4]}}]})"),
              IsError(ErrorCode::kCorrupt));
}

TEST(ReadLedger, TableWithoutPropertyHasAnEmptyLedger) {
  EXPECT_THAT(ReadLedger(iceberg::TableMetadata{}), IsOkAnd(Ledger{}));
}

TEST(ReadLedger, PropertyThatCannotBeReadIsCorrupt) {
  iceberg::TableMetadata metadata;
  metadata.properties["kafka-iceberg.ledger"] = "{}";
  const auto ledger = ReadLedger(metadata);
  ASSERT_THAT(ledger, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ledger.error().message(), HasSubstr("kafka-iceberg.ledger"));
}

}  // namespace
}  // namespace kafka_iceberg::commit
