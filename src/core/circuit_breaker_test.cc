// SPDX-License-Identifier: Apache-2.0
#include "core/circuit_breaker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "core/fake_clock.h"

namespace kafka_iceberg {
namespace {

using std::chrono::seconds;

class CircuitBreakerTest : public testing::Test {
 protected:
  bool Fail() {
    auto permit = breaker_.TryAcquire();
    if (permit) permit->Failed();
    return permit.has_value();
  }
  bool Succeed() {
    auto permit = breaker_.TryAcquire();
    if (permit) permit->Succeeded();
    return permit.has_value();
  }
  void OpenIt() {
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(Fail());
    ASSERT_EQ(breaker_.state(), CircuitState::kOpen);
  }

  FakeClock clock_;
  CircuitBreaker breaker_{{.failures_max = 5, .cool_down = seconds(5)}, clock_};
};

TEST_F(CircuitBreakerTest, OpensAfterMoreThanFiveFailuresInARow) {
  for (int i = 1; i <= 5; ++i) {
    EXPECT_TRUE(Fail());
    EXPECT_EQ(breaker_.state(), CircuitState::kClosed);
    EXPECT_EQ(breaker_.failures(), i);
  }
  EXPECT_TRUE(Fail());
  EXPECT_EQ(breaker_.state(), CircuitState::kOpen);
  EXPECT_FALSE(breaker_.TryAcquire());
}

TEST_F(CircuitBreakerTest, ASuccessStartsTheCountAnew) {
  for (int i = 0; i < 5; ++i) Fail();
  Succeed();
  EXPECT_EQ(breaker_.failures(), 0);
  for (int i = 0; i < 5; ++i) Fail();
  EXPECT_EQ(breaker_.state(), CircuitState::kClosed);
}

TEST_F(CircuitBreakerTest, ACallThatSaysNothingIsNotCounted) {
  for (int i = 0; i < 5; ++i) Fail();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(breaker_.TryAcquire());
  EXPECT_EQ(breaker_.failures(), 5);
  EXPECT_EQ(breaker_.state(), CircuitState::kClosed);
}

TEST_F(CircuitBreakerTest, ProbesAfterTheCoolDownAndClosesOnSuccess) {
  OpenIt();
  EXPECT_EQ(breaker_.RetryIn(), seconds(5));
  clock_.Advance(seconds(4));
  EXPECT_EQ(breaker_.RetryIn(), seconds(1));
  EXPECT_FALSE(Succeed());
  clock_.Advance(seconds(1));
  EXPECT_EQ(breaker_.state(), CircuitState::kHalfOpen);
  EXPECT_EQ(breaker_.RetryIn(), seconds(0));
  EXPECT_TRUE(Succeed());
  EXPECT_EQ(breaker_.state(), CircuitState::kClosed);
  EXPECT_EQ(breaker_.failures(), 0);
}

TEST_F(CircuitBreakerTest, AProbeThatFailsOpensItForAnotherCoolDown) {
  OpenIt();
  clock_.Advance(seconds(5));
  EXPECT_TRUE(Fail());
  EXPECT_EQ(breaker_.state(), CircuitState::kOpen);
  EXPECT_EQ(breaker_.RetryIn(), seconds(5));
  EXPECT_FALSE(Succeed());
}

TEST_F(CircuitBreakerTest, AProbeThatSaysNothingLetsTheNextOneTry) {
  OpenIt();
  clock_.Advance(seconds(5));
  {
    EXPECT_TRUE(breaker_.TryAcquire());
  }
  EXPECT_EQ(breaker_.state(), CircuitState::kHalfOpen);
  EXPECT_TRUE(Succeed());
}

TEST_F(CircuitBreakerTest, ACallFromBeforeTheOpeningChangesNothing) {
  auto slow_success = breaker_.TryAcquire();
  auto slow_failure = breaker_.TryAcquire();
  OpenIt();
  slow_success->Succeeded();
  EXPECT_EQ(breaker_.state(), CircuitState::kOpen);
  clock_.Advance(seconds(5));
  auto probe = breaker_.TryAcquire();
  slow_failure->Failed();
  EXPECT_EQ(breaker_.state(), CircuitState::kHalfOpen);
  EXPECT_FALSE(breaker_.TryAcquire()) << "the probe is still on its way";
  probe->Succeeded();
  EXPECT_EQ(breaker_.state(), CircuitState::kClosed);
}

TEST_F(CircuitBreakerTest, APermitReportsOnce) {
  auto permit = breaker_.TryAcquire();
  permit->Failed();
  permit->Failed();
  EXPECT_EQ(breaker_.failures(), 1);
  auto original = breaker_.TryAcquire();
  CircuitBreaker::Permit moved = *std::move(original);
  original->Failed();
  EXPECT_EQ(breaker_.failures(), 1);
  moved.Failed();
  EXPECT_EQ(breaker_.failures(), 2);
}

TEST_F(CircuitBreakerTest, ClosesWhenTheOtherSideIsKnownToWork) {
  OpenIt();
  breaker_.Close();
  EXPECT_EQ(breaker_.state(), CircuitState::kClosed);
  EXPECT_EQ(breaker_.failures(), 0);
  EXPECT_TRUE(Succeed());
}

TEST_F(CircuitBreakerTest, OfManyThreadsOneProbes) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 50; ++round) {
    breaker_.Close();
    OpenIt();
    clock_.Advance(seconds(5));
    std::atomic<int> probes = 0;
    std::latch all_tried(kThreads);
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
          auto permit = breaker_.TryAcquire();
          probes += permit ? 1 : 0;
          all_tried.arrive_and_wait();  // nobody reports before everybody has asked
          if (permit) permit->Failed();
        });
      }
    }
    EXPECT_EQ(probes, 1);
    EXPECT_EQ(breaker_.state(), CircuitState::kOpen);
  }
}

TEST(CircuitState, HasAName) {
  EXPECT_EQ(ToString(CircuitState::kClosed), "closed");
  EXPECT_EQ(ToString(CircuitState::kOpen), "open");
  EXPECT_EQ(ToString(CircuitState::kHalfOpen), "half_open");
}

}  // namespace
}  // namespace kafka_iceberg
