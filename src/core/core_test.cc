// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "core/bounded_queue.h"
#include "core/clock.h"
#include "core/fake_clock.h"
#include "core/hashing.h"
#include "core/random.h"
#include "core/result.h"
#include "core/retry_policy.h"
#include "core/thread.h"

namespace kafka_iceberg {
namespace {

using ::testing::MatchesRegex;

Result<int> Half(int number) {
  if (number % 2 != 0) return Error::Invalid("{} is odd", number);
  return number / 2;
}

Result<int> Quarter(int number) { return TRY(Half(TRY(Half(number)))); }

TEST(Result, TryPassesValuesAndErrorsOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  const Result<int> failed = Quarter(6);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(failed.error().WithContext("cannot share").message(), "cannot share: 3 is odd");
}

TEST(BoundedQueue, KeepsOrderAndHonoursItsLimit) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.TryPush(1, 6));
  EXPECT_FALSE(queue.TryPush(2, 6));
  queue.PushControl(3);
  EXPECT_EQ(queue.bytes(), 6U);
  EXPECT_EQ(queue.Pop(Duration::zero()), 1);
  EXPECT_EQ(queue.Pop(Duration::zero()), 3);
  EXPECT_EQ(queue.Pop(Duration::zero()), std::nullopt);
}

TEST(BoundedQueue, LetsAnOversizedItemInWhenEmpty) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.TryPush(1, 1000));
  EXPECT_FALSE(queue.TryPush(2, 1));
}

TEST(BoundedQueue, LeavesAnItemWithTheCallerWhenThereIsNoRoom) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  EXPECT_TRUE(queue.PushFor(first, 1, Duration::zero()));
  EXPECT_FALSE(queue.PushFor(second, 1, std::chrono::milliseconds(1)));
  EXPECT_NE(second, nullptr);
}

TEST(BoundedQueue, StopWakesAWaitingProducer) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.TryPush(1, 1));
  std::stop_source stop;
  bool pushed = true;
  std::jthread producer([&] { pushed = queue.Push(2, 1, stop.get_token()); });
  stop.request_stop();
  producer.join();
  EXPECT_FALSE(pushed);
}

TEST(BoundedQueue, CanBeDrainedAfterClose) {
  BoundedQueue<int> queue(10);
  ASSERT_TRUE(queue.TryPush(1, 1));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(2, 1));
  EXPECT_FALSE(queue.drained());
  EXPECT_EQ(queue.Pop(std::chrono::seconds(10)), 1);
  EXPECT_TRUE(queue.drained());
}

TEST(RetryPolicy, RepeatsTheLastDelayWithLittleJitter) {
  SeededRandom random(1);
  const RetryPolicy policy;
  for (int attempt = 1; attempt < 10; ++attempt) {
    const Duration expected = policy.delays[std::min<size_t>(static_cast<size_t>(attempt), 4) - 1];
    const Duration delay = policy.DelayAfter(attempt, random);
    EXPECT_GE(delay, expected);
    EXPECT_LE(delay, expected + expected / 10);
  }
}

TEST(Uuid, IsVersionFourAndDiffers) {
  SeededRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = NewUuid(random);
    EXPECT_THAT(
        uuid, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Hashing, KnowsThePublishedDigests) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 hash;
  hash.Update("a");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hashing, Base64RoundTripsAndRefusesGarbage) {
  for (const std::string text : {"", "f", "fo", "foo", "foob"}) {
    EXPECT_EQ(Base64Decode(Base64Encode(text)).value(), text);
  }
  EXPECT_EQ(Base64Encode("foob"), "Zm9vYg==");
  EXPECT_FALSE(Base64Decode("abc").ok());
  EXPECT_FALSE(Base64Decode("ab*=").ok());
}

TEST(Clock, WritesRfc3339) {
  EXPECT_EQ(ToRfc3339(FromMillis(1'767'882'600'123)), "2026-01-08T14:30:00.123Z");
  EXPECT_EQ(ToRfc3339(FromMillis(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(ToMillis(FromMillis(-1)), -1);
}

TEST(Clock, AStopEndsASleepEarly) {
  SystemClock clock;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(clock.SleepFor(std::chrono::hours(1), stop.get_token()));
}

TEST(FakeClock, MovesOnlyWhenToldTo) {
  FakeClock clock;
  const Timestamp before = clock.Now();
  EXPECT_TRUE(clock.SleepFor(std::chrono::hours(5), {}));
  EXPECT_EQ(clock.Now() - before, std::chrono::hours(5));
}

TEST(Thread, AnEscapedExceptionIsReportedAndDoesNotEndTheProcess) {
  std::string what;
  StartThread(
      "t", [](const std::stop_token&) { throw std::runtime_error("from a library"); },
      [&](std::string_view text) { what = text; })
      .join();
  EXPECT_EQ(what, "from a library");
}

}  // namespace
}  // namespace kafka_iceberg
