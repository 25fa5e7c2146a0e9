// SPDX-License-Identifier: Apache-2.0
#include "net/renewing.h"

#include <gtest/gtest.h>

#include <latch>
#include <string>
#include <thread>

#include "core/fake_clock.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::net {
namespace {

using namespace std::chrono_literals;
using Text = Renewing<std::string>;

// Hands out "1", "2", ... good for an hour each, or the error it is told to give.
class Renewal : public testing::Test {
 protected:
  Result<Text::Fetched> Fetch() {
    ++fetches_;
    if (error_.has_value()) return *error_;
    return Text::Fetched{std::to_string(fetches_), clock_.Now() + 1h, 5min};
  }

  FakeClock clock_;
  int fetches_ = 0;
  std::optional<Error> error_;
  Text text_{[this] { return Fetch(); }, clock_};
};

TEST_F(Renewal, FetchesOnceWhileTheValueIsGood) {
  EXPECT_EQ(*text_.Get(), "1");
  clock_.Advance(54min);
  EXPECT_EQ(*text_.Get(), "1");
  EXPECT_EQ(fetches_, 1);
}

TEST_F(Renewal, RenewsBeforeTheEnd) {
  EXPECT_EQ(*text_.Get(), "1");
  clock_.Advance(55min);
  EXPECT_EQ(*text_.Get(), "2");
}

TEST_F(Renewal, KeepsAValueThatNeverRunsOut) {
  Text text([this] { return Result<Text::Fetched>(Text::Fetched{std::to_string(++fetches_)}); },
            clock_);
  EXPECT_EQ(*text.Get(), "1");
  clock_.Advance(24h * 365);
  EXPECT_EQ(*text.Get(), "1");
}

TEST_F(Renewal, ServesTheOldValueWhileTheSourceIsAway) {
  EXPECT_EQ(*text_.Get(), "1");
  error_ = Error::Unavailable("away");
  clock_.Advance(56min);
  EXPECT_EQ(*text_.Get(), "1");
}

TEST_F(Renewal, DoesNotAskAnAbsentSourceAtEachCall) {
  EXPECT_EQ(*text_.Get(), "1");
  error_ = Error::Unavailable("away");
  clock_.Advance(56min);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(*text_.Get(), "1");
  EXPECT_EQ(fetches_, 2);
  clock_.Advance(10s);
  EXPECT_EQ(*text_.Get(), "1");
  EXPECT_EQ(fetches_, 3);
}

TEST_F(Renewal, FailsWhenTheOldValueHasRunOutToo) {
  EXPECT_EQ(*text_.Get(), "1");
  error_ = Error::Unavailable("away");
  clock_.Advance(1h);
  EXPECT_THAT(text_.Get(), IsError(ErrorCode::kUnavailable));
  error_.reset();
  EXPECT_EQ(*text_.Get(), "3");
}

TEST_F(Renewal, FetchesAgainAfterARejection) {
  EXPECT_EQ(*text_.Get(), "1");
  text_.Reject("1");
  EXPECT_EQ(*text_.Get(), "2");
}

TEST_F(Renewal, IgnoresARejectionOfAnOlderValue) {
  EXPECT_EQ(*text_.Get(), "1");
  text_.Reject("0");
  EXPECT_EQ(*text_.Get(), "1");
  EXPECT_EQ(fetches_, 1);
}

TEST_F(Renewal, NeverServesARejectedValueWhenTheSourceIsAway) {
  EXPECT_EQ(*text_.Get(), "1");
  text_.Reject("1");
  error_ = Error::Timeout("away");
  EXPECT_THAT(text_.Get(), IsError(ErrorCode::kTimeout));
}

TEST_F(Renewal, RefusesAValueThatHasExpiredOnArrival) {
  Text text([this] { return Result<Text::Fetched>(Text::Fetched{"old", clock_.Now() - 1s, 5min}); },
            clock_);
  EXPECT_THAT(text.Get(), IsError(ErrorCode::kDenied));
}

TEST(RenewalConcurrency, AsksOnceForAllCallers) {
  FakeClock clock;
  std::atomic<int> fetches = 0;
  std::latch begun(1);
  std::latch finish(1);
  Text text(
      [&]() -> Result<Text::Fetched> {
        if (++fetches == 1) begun.count_down();
        finish.wait();
        return Text::Fetched{"1", clock.Now() + 1h, 5min};
      },
      clock);
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back([&] { EXPECT_EQ(*text.Get(), "1"); });
  begun.wait();
  finish.count_down();
  callers.clear();
  EXPECT_EQ(fetches, 1);
}

TEST(RenewalConcurrency, DoesNotMakeOthersWaitWhileTheOldValueIsGood) {
  FakeClock clock;
  std::atomic<int> fetches = 0;
  std::latch begun(1);
  std::latch finish(1);
  Text text(
      [&]() -> Result<Text::Fetched> {
        if (++fetches == 2) {
          begun.count_down();
          finish.wait();
        }
        return Text::Fetched{std::to_string(fetches), clock.Now() + 1h, 5min};
      },
      clock);
  EXPECT_EQ(*text.Get(), "1");
  clock.Advance(56min);
  std::jthread renewing([&] { EXPECT_EQ(*text.Get(), "2"); });
  begun.wait();
  EXPECT_EQ(*text.Get(), "1");
  finish.count_down();
}

}  // namespace
}  // namespace kafka_iceberg::net
