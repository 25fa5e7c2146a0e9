// SPDX-License-Identifier: Apache-2.0
#include "storage/fault_store.h"

#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::storage {
namespace {

class FaultStoreTest : public testing::Test {
 protected:
  FakeClock clock_;
  MemoryStore memory_{clock_};
  FaultStore store_{memory_};
};

TEST_F(FaultStoreTest, FailBeforeAppliesNothing) {
  store_.Inject({.operation = StoreOperation::kWrite});
  EXPECT_THAT(store_.Write("memory://b/x", "1"), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(memory_.Read("memory://b/x"), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(store_.Write("memory://b/x", "1"), IsOk());
}

TEST_F(FaultStoreTest, FailAfterAppliesAndComplains) {
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent,
                 .kind = StoreFaultKind::kFailAfter,
                 .error = Error::Timeout("no answer")});
  EXPECT_THAT(store_.WriteIfAbsent("memory://b/x", "1"), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(memory_.Read("memory://b/x").value(), "1");
}

TEST_F(FaultStoreTest, TruncatesReads) {
  ASSERT_THAT(store_.Write("memory://b/x", "12345678"), IsOk());
  store_.Inject({.operation = StoreOperation::kRead, .kind = StoreFaultKind::kTruncate});
  EXPECT_EQ(store_.Read("memory://b/x").value(), "1234");
  EXPECT_EQ(store_.Read("memory://b/x").value(), "12345678");
}

TEST_F(FaultStoreTest, HitsTheKthMatchingCall) {
  store_.Inject(
      {.operation = StoreOperation::kStat, .location_contains = "metadata", .skip = 1, .times = 2});
  ASSERT_THAT(memory_.Write("memory://b/metadata", "1"), IsOk());
  ASSERT_THAT(memory_.Write("memory://b/data", "1"), IsOk());
  EXPECT_THAT(store_.Stat("memory://b/data"), IsOk());
  EXPECT_THAT(store_.Stat("memory://b/metadata"), IsOk());
  EXPECT_THAT(store_.Stat("memory://b/metadata"), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(store_.Stat("memory://b/data"), IsOk());
  EXPECT_THAT(store_.Stat("memory://b/metadata"), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(store_.Stat("memory://b/metadata"), IsOk());
  EXPECT_EQ(store_.calls(StoreOperation::kStat), 6);
}

TEST_F(FaultStoreTest, BreaksStreams) {
  store_.Inject({.operation = StoreOperation::kFinish, .kind = StoreFaultKind::kFailAfter});
  store_.Inject({.operation = StoreOperation::kAppend, .location_contains = "/y"});
  auto x = store_.OpenWriter("memory://b/x").value();
  EXPECT_THAT(x->Append("1"), IsOk());
  EXPECT_THAT(x->Finish(), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(memory_.Read("memory://b/x").value(), "1");
  auto y = store_.OpenWriter("memory://b/y").value();
  EXPECT_THAT(y->Append("1"), IsError(ErrorCode::kUnavailable));
}

TEST_F(FaultStoreTest, AHookRunsBeforeTheCall) {
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent,
                 .kind = StoreFaultKind::kHook,
                 .hook = [&] { EXPECT_THAT(memory_.Write("memory://b/x", "other"), IsOk()); }});
  EXPECT_THAT(store_.WriteIfAbsent("memory://b/x", "mine"), IsError(ErrorCode::kAlreadyExists));
}

TEST_F(FaultStoreTest, ClearedFaultsHitNothing) {
  store_.Inject({.operation = StoreOperation::kDelete, .times = StoreFault::kAlways});
  EXPECT_FALSE(store_.Delete("memory://b/x").ok());
  EXPECT_FALSE(store_.Delete("memory://b/x").ok());
  store_.ClearFaults();
  EXPECT_THAT(store_.Delete("memory://b/x"), IsOk());
}

}  // namespace
}  // namespace kafka_iceberg::storage
