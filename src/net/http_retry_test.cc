// SPDX-License-Identifier: Apache-2.0
#include "net/http_retry.h"

#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "net/time_text.h"

namespace kafka_iceberg::net {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 8) + 14h + 30min;

HttpResponse Asking(std::string text) {
  return {.status = 503, .headers = {{"retry-after", std::move(text)}}};
}

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(RetryAfter(Asking("120"), kNow), 120s);
  EXPECT_EQ(RetryAfter(Asking(" 0 "), kNow), 0s);
}

TEST(RetryAfter, ReadsADate) {
  EXPECT_EQ(RetryAfter(Asking("Thu, 08 Jan 2026 14:31:05 GMT"), kNow), 65s);
  EXPECT_EQ(RetryAfter(Asking("Thu, 08 Jan 2026 14:29:00 GMT"), kNow), 0s);
}

TEST(RetryAfter, IsAbsentWhenItSaysNothing) {
  EXPECT_EQ(RetryAfter({.status = 503}, kNow), std::nullopt);
  for (const char* text : {"", "soon", "-5", "1.5", "5 s", "Thu, 08 Foo 2026 14:31:05 GMT",
                           "Thu, 38 Jan 2026 14:31:05 GMT", "Thu, 08 Jan 2026 25:31:05 GMT"})
    EXPECT_EQ(RetryAfter(Asking(text), kNow), std::nullopt) << text;
}

TEST(RetryAfter, SurvivesAbsurdNumbers) {
  EXPECT_GT(RetryAfter(Asking("99999999999999999999999"), kNow), 24h);
  EXPECT_GT(RetryAfter(Asking("9223372036854775807"), kNow), 24h);
}

TEST(TimeText, ReadsRfc3339) {
  EXPECT_EQ(ParseRfc3339("2026-01-08T14:30:00Z"), kNow);
  EXPECT_EQ(ParseRfc3339("2026-01-08T14:30:00.123456789Z"), kNow);
  for (const char* text :
       {"", "2026-01-08T14:30:00", "2026-01-08T14:30:00.Z", "2026-13-08T14:30:00Z",
        "2026-02-30T14:30:00Z", "2026-01-08T24:30:00Z", "2026-01-08 14:30:00Z", "Z",
        "2026-01-08T14:30:00+01:00", "2026-01-08T14:30:00.5x5Z"})
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
}

class Retry : public testing::Test {
 protected:
  Result<HttpResponse> Send(std::vector<Result<HttpResponse>> answers) {
    return SendWithRetry([this, answers] { return answers[std::min(sent_++, answers.size() - 1)]; },
                         options_, clock_, random_, stop_.get_token());
  }

  FakeClock clock_;
  SeededRandom random_{1};
  HttpRetryOptions options_;
  std::stop_source stop_;
  size_t sent_ = 0;
};

TEST_F(Retry, SendsOnceWhenAllIsWell) {
  EXPECT_THAT(Send({HttpResponse{.status = 200}}), IsOk());
  EXPECT_EQ(sent_, 1);
}

TEST_F(Retry, RepeatsWhatMayPass) {
  const auto response = Send({HttpResponse{.status = 503}, Error::Unavailable(""),
                              Error::Timeout(""), HttpResponse{.status = 200}});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(sent_, 4);
}

TEST_F(Retry, ReturnsTheLastAnswerWhenTheAttemptsAreUsedUp) {
  EXPECT_EQ(Send({HttpResponse{.status = 500}})->status, 500);
  EXPECT_EQ(sent_, 4);
}

TEST_F(Retry, DoesNotRepeatWhatWillNotPass) {
  EXPECT_EQ(Send({HttpResponse{.status = 403}})->status, 403);
  EXPECT_THAT(Send({Error::Denied("")}), IsError(ErrorCode::kDenied));
  EXPECT_THAT(Send({Error::Invalid("")}), IsError(ErrorCode::kInvalid));
  EXPECT_EQ(sent_, 3);
}

TEST_F(Retry, WaitsAsLongAsTheServerAsks) {
  ASSERT_THAT(Send({Asking("7"), HttpResponse{.status = 200}}), IsOk());
  EXPECT_EQ(clock_.Steady(), 7s);
}

TEST_F(Retry, WaitsNoLongerThanAllowed) {
  ASSERT_THAT(Send({Asking("3600"), HttpResponse{.status = 200}}), IsOk());
  EXPECT_EQ(clock_.Steady(), 30s);
}

TEST_F(Retry, WaitsAtLeastItsOwnDelay) {
  ASSERT_THAT(Send({Asking("0"), HttpResponse{.status = 200}}), IsOk());
  EXPECT_GE(clock_.Steady(), 90ms);
}

TEST_F(Retry, EndsWhenStopped) {
  stop_.request_stop();
  EXPECT_THAT(Send({HttpResponse{.status = 503}}), IsError(ErrorCode::kCancelled));
  EXPECT_EQ(sent_, 1);
}

TEST(IsRetryable, KnowsTheStatusesThatMayPass) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(IsRetryable(status));
  for (const int status : {200, 301, 400, 401, 403, 404, 409, 412, 501, 505})
    EXPECT_FALSE(IsRetryable(status));
}

}  // namespace
}  // namespace kafka_iceberg::net
