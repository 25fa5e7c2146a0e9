// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/fake_clock.h"
#include "telemetry/metric_names.h"
#include "telemetry/metrics.h"
#include "telemetry/stream_logger.h"

namespace kafka_iceberg::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Timestamp kAt = FromMillis(1'767'882'600'000);

TEST(LogLine, IsOneJsonObjectWithTheRequiredFields) {
  const std::string line = FormatJsonLine(
      kAt, LogLevel::kInfo, "Iceberg snapshot committed",
      {{"table", "ev\"ents\n"}, {"snapshot_id", 12345}, {"kafka_offset_range", Json{"[1,2]"}}});
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["timestamp"], "2026-01-08T14:30:00.000Z");
  EXPECT_EQ(json["level"], "INFO");
  EXPECT_EQ(json["message"], "Iceberg snapshot committed");
  EXPECT_EQ(json["table"], "ev\"ents\n");
  EXPECT_EQ(json["snapshot_id"], 12345);
  EXPECT_EQ(json["kafka_offset_range"][1], 2);
}

TEST(LogLine, SurvivesInvalidUtf8) {
  const std::string line =
      FormatJsonLine(kAt, LogLevel::kWarn, "bad \xff byte", {{"value", "\xc3"}});
  EXPECT_FALSE(nlohmann::json::parse(line, nullptr, false).is_discarded());
}

TEST(LogLine, NeverHoldsASecret) {
  for (const char* name :
       {"sasl.password", "s3_secret_key", "Authorization_Token", "credential", "aws_access_key"}) {
    EXPECT_THAT(FormatJsonLine(kAt, LogLevel::kInfo, "m", {{name, "hunter2"}}),
                Not(HasSubstr("hunter2")))
        << name;
    EXPECT_THAT(FormatTextLine(kAt, LogLevel::kInfo, "m", {{name, "hunter2"}}),
                Not(HasSubstr("hunter2")))
        << name;
  }
}

TEST(StreamLogger, HoldsBackRepeatedLinesAndSaysHowMany) {
  FakeClock clock;
  std::vector<std::string> lines;
  auto logger = MakeStreamLogger({.repeats_max = 3}, clock,
                                 [&](const std::string& line) { lines.push_back(line); });
  for (int i = 0; i < 100; ++i) logger->Warn("broker away");
  EXPECT_EQ(lines.size(), 3U);
  clock.Advance(std::chrono::seconds(11));
  logger->Warn("broker away");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines.back(), HasSubstr("\"suppressed_lines\":97"));
}

TEST(StreamLogger, DropsLinesBelowItsLevel) {
  FakeClock clock;
  int lines = 0;
  auto logger =
      MakeStreamLogger({.level = LogLevel::kWarn}, clock, [&](const std::string&) { ++lines; });
  logger->Info("quiet");
  logger->Error("loud");
  EXPECT_EQ(lines, 1);
}

TEST(Metrics, RendersThePrometheusTextFormat) {
  auto metrics = MakeMetrics();
  metrics->GetCounter("iceberg_snapshot_commits_total", {{"database", "raw"}, {"table", "events"}})
      .Add(2);
  metrics->GetGauge("iceberg_catalog_health_status", {{"catalog_type", "file"}}).Set(1);
  metrics->GetHistogram("iceberg_snapshot_commit_duration_seconds").Observe(0.3);
  const std::string text = metrics->Render();
  EXPECT_THAT(text,
              HasSubstr("iceberg_snapshot_commits_total{database=\"raw\",table=\"events\"} 2"));
  EXPECT_THAT(text, HasSubstr("iceberg_catalog_health_status{catalog_type=\"file\"} 1"));
  EXPECT_THAT(text, HasSubstr("iceberg_snapshot_commit_duration_seconds_count 1"));
}

TEST(Metrics, GivesTheSameHandleForTheSameLabels) {
  auto metrics = MakeMetrics();
  EXPECT_EQ(&metrics->GetCounter("kafka_iceberg_dead_letters_total", {{"reason", "not_json"}}),
            &metrics->GetCounter("kafka_iceberg_dead_letters_total", {{"reason", "not_json"}}));
}

TEST(MetricNames, FollowTheNamingRules) {
  for (const MetricFamily& family : kMetricFamilies) {
    EXPECT_TRUE(family.name.starts_with("iceberg_") || family.name.starts_with("kafka_iceberg_"))
        << family.name;
    EXPECT_EQ(family.kind == MetricKind::kCounter, family.name.ends_with("_total")) << family.name;
  }
}

}  // namespace
}  // namespace kafka_iceberg::telemetry
