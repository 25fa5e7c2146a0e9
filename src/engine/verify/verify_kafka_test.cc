// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "engine/verify/verify.h"

namespace kafka_iceberg::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const TopicPartition kZero{"t", 0};
const TopicPartition kOne{"t", 1};

// Kafka has the offsets from 10 on; every third is a gap, those that end in 9 are tombstones.
class CountingReader final : public kafka::TopicReader {
 public:
  Result<std::vector<TopicPartition>> FindPartitions(const std::vector<std::string>&,
                                                     Duration) override {
    return std::vector{kZero, kOne};
  }
  Result<kafka::Watermarks> QueryWatermarks(const TopicPartition&, Duration) override {
    return kafka::Watermarks{.low = 10, .high = 1000};
  }
  Status Read(const std::map<TopicPartition, OffsetRange>& ranges, Duration, const Visit& visit,
              const std::stop_token&) override {
    for (const auto& [partition, range] : ranges) {
      ++reads[partition];
      for (int64_t offset = range.start; offset < range.end; ++offset) {
        if (offset % 3 == 0) continue;
        const Record record{
            .offset = offset, .partition = partition.partition, .value_is_null = offset % 10 == 9};
        ++records;
        if (!visit(partition, record)) break;
      }
    }
    return {};
  }
  Status ReadWhole(const std::map<TopicPartition, OffsetRange>& ranges, Duration silence,
                   const Visit& visit, const std::stop_token& stop) override {
    return Read(ranges, silence, visit, stop);
  }

  std::map<TopicPartition, int> reads;
  int records = 0;
};

VerifyReport Report(std::vector<OffsetRange> gaps, const TopicPartition& partition = kZero) {
  VerifyReport report;
  report.partitions = {{.partition = partition, .unexplained = std::move(gaps)}};
  return report;
}

TEST(CompareWithKafka, ReadsEachPartitionOnceForAllTables) {
  CountingReader reader;
  VerifyReport first = Report({{20, 30}});
  VerifyReport second = Report({{25, 40}});
  VerifyReport third = Report({{20, 22}}, kOne);
  const std::vector<ReportToCompare> reports = {{.report = first, .belongs = {}},
                                                {.report = second, .belongs = {}},
                                                {.report = third, .belongs = {}}};
  ASSERT_THAT(CompareWithKafka(reports, reader, {}), IsOk());
  EXPECT_EQ(reader.reads[kZero], 1);
  EXPECT_EQ(reader.reads[kOne], 1);
  EXPECT_THAT(first.partitions[0].lost, ElementsAre(OffsetRange{20, 21}, OffsetRange{22, 24},
                                                    OffsetRange{25, 27}, OffsetRange{28, 29}));
  EXPECT_EQ(first.partitions[0].legal_gaps, 4) << "21, 24, 27, and the tombstone 29";
  EXPECT_EQ(second.partitions[0].lost.front(), (OffsetRange{25, 27}));
  EXPECT_EQ(second.partitions[0].lost.back(), (OffsetRange{37, 39}));
  EXPECT_TRUE(first.kafka_asked && second.kafka_asked);
}

TEST(CompareWithKafka, EachTableSaysWhatBelongsToIt) {
  CountingReader reader;
  VerifyReport even = Report({{20, 30}});
  VerifyReport none = Report({{20, 30}});
  const std::vector<ReportToCompare> reports = {
      {.report = even,
       .belongs = [](const std::string&, const Record& record) -> Result<bool> {
         return record.offset % 2 == 0;
       }},
      {.report = none,
       .belongs = [](const std::string&, const Record&) -> Result<bool> { return false; }}};
  ASSERT_THAT(CompareWithKafka(reports, reader, {}), IsOk());
  EXPECT_THAT(even.partitions[0].lost, ElementsAre(OffsetRange{20, 21}, OffsetRange{22, 23},
                                                   OffsetRange{26, 27}, OffsetRange{28, 29}));
  EXPECT_THAT(none.partitions[0].lost, IsEmpty());
  EXPECT_EQ(none.partitions[0].legal_gaps, 10);
}

TEST(CompareWithKafka, WhatCannotBeToldIsNotGuessed) {
  CountingReader reader;
  VerifyReport report = Report({{20, 30}});
  const std::vector<ReportToCompare> reports = {
      {.report = report, .belongs = [](const std::string&, const Record&) -> Result<bool> {
         return Error::Unavailable("registry away");
       }}};
  EXPECT_THAT(CompareWithKafka(reports, reader, {}), IsError(ErrorCode::kUnavailable));
}

TEST(CompareWithKafka, WhatRetentionTookStaysUnexplainedAndSkippedIsAccepted) {
  CountingReader reader;
  VerifyReport report = Report({{5, 14}, {50, 52}});
  report.partitions[0].skipped = {{10, 20}};
  const std::vector<ReportToCompare> reports = {{.report = report, .belongs = {}}};
  ASSERT_THAT(CompareWithKafka(reports, reader, {}), IsOk());
  EXPECT_THAT(report.partitions[0].unexplained, ElementsAre(OffsetRange{5, 10}));
  EXPECT_THAT(report.partitions[0].lost, ElementsAre(OffsetRange{50, 51}));
  EXPECT_EQ(report.partitions[0].accepted_losses, 3) << "10, 11 and 13";
  EXPECT_EQ(reader.reads[kZero], 1);
}

TEST(CompareWithKafka, WithoutGapsKafkaIsLeftAlone) {
  CountingReader reader;
  VerifyReport report = Report({});
  const std::vector<ReportToCompare> reports = {{.report = report, .belongs = {}}};
  ASSERT_THAT(CompareWithKafka(reports, reader, {}), IsOk());
  EXPECT_THAT(reader.reads, IsEmpty());
  EXPECT_TRUE(report.kafka_asked);
}

}  // namespace
}  // namespace kafka_iceberg::engine
