// SPDX-License-Identifier: Apache-2.0
//
// What every ObjectStore must do, as one value-parameterised suite. A test file includes this once
// and instantiates ObjectStoreConformance with a maker of the store under test; each test gets a
// fresh one. Tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/hashing.h"
#include "core/result_matchers.h"
#include "storage/location.h"
#include "storage/object_store.h"

namespace kafka_iceberg::storage {

// A store with whatever it stands on, and an empty folder inside it.
class ObjectStoreUnderTest {
 public:
  virtual ~ObjectStoreUnderTest() = default;
  virtual ObjectStore& store() = 0;
  virtual std::string folder() = 0;
};

struct ObjectStoreMaker {
  std::string name;
  std::function<std::unique_ptr<ObjectStoreUnderTest>()> make;
};

class ObjectStoreConformance : public testing::TestWithParam<ObjectStoreMaker> {
 protected:
  ObjectStore& store() { return under_test_->store(); }
  std::string At(std::string_view name) { return JoinLocation(under_test_->folder(), name); }

  std::vector<std::string> Listed(std::string_view name) {
    std::vector<std::string> names;
    const std::string prefix = At(name);
    EXPECT_THAT(
        store().List(prefix, [&](const ObjectInfo& object) { names.push_back(object.location); }),
        IsOk());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::unique_ptr<ObjectStoreUnderTest> under_test_ = GetParam().make();
};

TEST_P(ObjectStoreConformance, ReadsWhatWasWritten) {
  const std::string bytes("a\0b\xff", 4);
  ASSERT_THAT(store().Write(At("x/y/z.bin"), bytes), IsOk());
  EXPECT_EQ(store().Read(At("x/y/z.bin")).value(), bytes);
}

TEST_P(ObjectStoreConformance, KeepsAnEmptyObject) {
  ASSERT_THAT(store().Write(At("empty"), ""), IsOk());
  EXPECT_EQ(store().Read(At("empty")).value(), "");
  EXPECT_EQ(store().Stat(At("empty")).value().size_bytes, 0);
}

TEST_P(ObjectStoreConformance, SaysNotFoundForWhatIsMissing) {
  EXPECT_THAT(store().Read(At("missing")), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(store().ReadRange(At("missing"), 0, 1), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(store().Stat(At("missing")), IsError(ErrorCode::kNotFound));
}

TEST_P(ObjectStoreConformance, AFolderIsNoObject) {
  ASSERT_THAT(store().Write(At("folder/x"), "1"), IsOk());
  EXPECT_THAT(store().Read(At("folder")), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(store().Stat(At("folder")), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(store().Delete(At("folder")), IsOk());
  EXPECT_EQ(store().Read(At("folder/x")).value(), "1");
}

TEST_P(ObjectStoreConformance, WriteReplaces) {
  ASSERT_THAT(store().Write(At("x"), "a longer first text"), IsOk());
  ASSERT_THAT(store().Write(At("x"), "second"), IsOk());
  EXPECT_EQ(store().Read(At("x")).value(), "second");
}

TEST_P(ObjectStoreConformance, WriteIfAbsentKeepsWhatIsThere) {
  ASSERT_THAT(store().WriteIfAbsent(At("new/x"), "first"), IsOk());
  EXPECT_THAT(store().WriteIfAbsent(At("new/x"), "second"), IsError(ErrorCode::kAlreadyExists));
  EXPECT_EQ(store().Read(At("new/x")).value(), "first");
  ASSERT_THAT(store().Delete(At("new/x")), IsOk());
  EXPECT_THAT(store().WriteIfAbsent(At("new/x"), "third"), IsOk());
}

TEST_P(ObjectStoreConformance, OfManyConcurrentCreatorsOneWins) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  for (int round = 0; round < kRounds; ++round) {
    const std::string location = At("race/" + std::to_string(round));
    std::atomic<int> winners = 0;
    std::atomic<int> winner = -1;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        const Status status = store().WriteIfAbsent(location, "writer " + std::to_string(i));
        if (status.ok()) {
          ++winners;
          winner = i;
        } else {
          EXPECT_THAT(status, IsError(ErrorCode::kAlreadyExists));
        }
      });
    }
    threads.clear();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(store().Read(location).value(), "writer " + std::to_string(winner));
  }
}

TEST_P(ObjectStoreConformance, ReadsRanges) {
  ASSERT_THAT(store().Write(At("x"), "0123456789"), IsOk());
  EXPECT_EQ(store().ReadRange(At("x"), 0, 4).value(), "0123");
  EXPECT_EQ(store().ReadRange(At("x"), 7, 3).value(), "789");
  EXPECT_EQ(store().ReadRange(At("x"), 7, 100).value(), "789");
  EXPECT_EQ(store().ReadRange(At("x"), 10, 1).value(), "");
  EXPECT_EQ(store().ReadRange(At("x"), 1000, INT64_MAX).value(), "");
  EXPECT_EQ(store().ReadRange(At("x"), 3, 0).value(), "");
  EXPECT_THAT(store().ReadRange(At("x"), -1, 2), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(store().ReadRange(At("x"), 0, -2), IsError(ErrorCode::kInvalid));
}

TEST_P(ObjectStoreConformance, StatTellsSizeAndName) {
  ASSERT_THAT(store().Write(At("x"), "12345"), IsOk());
  const ObjectInfo info = store().Stat(At("x")).value();
  EXPECT_EQ(info.size_bytes, 5);
  EXPECT_EQ(info.location, At("x"));
  EXPECT_GT(ToMillis(info.modified_at), 1'600'000'000'000);
}

TEST_P(ObjectStoreConformance, AStreamIsVisibleWhenFinished) {
  auto writer = store().OpenWriter(At("data/x.parquet"));
  ASSERT_THAT(writer, IsOk());
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<size_t>(i) * 97, static_cast<char>('a' + i % 26));
    ASSERT_THAT(writer.value()->Append(piece), IsOk());
    expected += piece;
  }
  const std::string large(3'000'000, 'L');
  ASSERT_THAT(writer.value()->Append(large), IsOk());
  ASSERT_THAT(writer.value()->Append("end"), IsOk());
  expected += large + "end";
  EXPECT_THAT(store().Stat(At("data/x.parquet")), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(Listed("data"), testing::IsEmpty());
  const auto written = writer.value()->Finish();
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(written->location, At("data/x.parquet"));
  EXPECT_EQ(written->size_bytes, static_cast<int64_t>(expected.size()));
  EXPECT_EQ(written->sha256, Sha256Hex(expected));
  EXPECT_EQ(store().Read(At("data/x.parquet")).value(), expected);
}

TEST_P(ObjectStoreConformance, AnUnfinishedStreamLeavesNothing) {
  {
    auto writer = store().OpenWriter(At("data/x")).value();
    ASSERT_THAT(writer->Append(std::string(3'000'000, 'x')), IsOk());
  }
  EXPECT_THAT(store().Read(At("data/x")), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(Listed("data"), testing::IsEmpty());
}

TEST_P(ObjectStoreConformance, AFinishedStreamTakesNoMore) {
  auto writer = store().OpenWriter(At("x")).value();
  ASSERT_THAT(writer->Append("1"), IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_FALSE(writer->Append("2").ok());
  EXPECT_FALSE(writer->Finish().ok());
  EXPECT_EQ(store().Read(At("x")).value(), "1");
}

TEST_P(ObjectStoreConformance, ListsWhatIsBelowAtAnyDepth) {
  for (const char* name : {"t/a", "t/b/c", "t/b/d/e", "t2/f", "t.g", "t-1/x"}) {
    ASSERT_THAT(store().Write(At(name), "1"), IsOk());
  }
  EXPECT_THAT(Listed("t"), testing::ElementsAre(At("t/a"), At("t/b/c"), At("t/b/d/e")));
  EXPECT_THAT(Listed("t/"), testing::ElementsAre(At("t/a"), At("t/b/c"), At("t/b/d/e")));
  EXPECT_THAT(Listed("missing"), testing::IsEmpty());
}

TEST_P(ObjectStoreConformance, AListingMayDelete) {
  for (int i = 0; i < 20; ++i)
    ASSERT_THAT(store().Write(At("t/" + std::to_string(i)), "1"), IsOk());
  const std::string prefix = At("t");
  EXPECT_THAT(store().List(prefix,
                           [&](const ObjectInfo& object) {
                             EXPECT_THAT(store().Delete(object.location), IsOk());
                           }),
              IsOk());
  EXPECT_THAT(Listed("t"), testing::IsEmpty());
}

TEST_P(ObjectStoreConformance, ListsFolders) {
  for (const char* name : {"w/a/x", "w/a/y", "w/b/c/d", "w/file"})
    ASSERT_THAT(store().Write(At(name), "1"), IsOk());
  EXPECT_THAT(store().ListFolders(At("w")).value(), testing::ElementsAre("a", "b"));
  EXPECT_THAT(store().ListFolders(At("w/")).value(), testing::ElementsAre("a", "b"));
  EXPECT_THAT(store().ListFolders(At("w/a")).value(), testing::IsEmpty());
  EXPECT_THAT(store().ListFolders(At("missing")).value(), testing::IsEmpty());
}

TEST_P(ObjectStoreConformance, DeletesEmptyFoldersOnly) {
  ASSERT_THAT(store().Write(At("w/a/x"), "1"), IsOk());
  ASSERT_THAT(store().Write(At("w/b/c/y"), "2"), IsOk());
  ASSERT_THAT(store().Delete(At("w/b/c/y")), IsOk());
  EXPECT_THAT(store().DeleteEmptyFolders(At("w")), IsOk());
  EXPECT_THAT(store().ListFolders(At("w")).value(), testing::ElementsAre("a"));
  EXPECT_EQ(store().Read(At("w/a/x")).value(), "1");
  EXPECT_THAT(store().DeleteEmptyFolders(At("missing")), IsOk());
}

TEST_P(ObjectStoreConformance, DeletesOnceOrTwice) {
  ASSERT_THAT(store().Write(At("x"), "1"), IsOk());
  EXPECT_THAT(store().Delete(At("x")), IsOk());
  EXPECT_THAT(store().Read(At("x")), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(store().Delete(At("x")), IsOk());
  EXPECT_THAT(store().Delete(At("never/was")), IsOk());
}

TEST_P(ObjectStoreConformance, DeletesMany) {
  std::vector<std::string> locations;
  for (const char* name : {"a/x", "a/b+c & d", "b=1/%20", "\xc3\xbc<>\"'"}) {
    ASSERT_THAT(store().Write(At(name), "1"), IsOk());
    locations.push_back(At(name));
  }
  ASSERT_THAT(store().Write(At("kept"), "1"), IsOk());
  locations.push_back(At("never/was"));
  EXPECT_THAT(store().DeleteMany(locations), IsOk());
  EXPECT_THAT(Listed(""), testing::ElementsAre(At("kept")));
  EXPECT_THAT(store().DeleteMany({}), IsOk());
  EXPECT_THAT(store().DeleteMany(std::vector<std::string>{At("../x")}),
              IsError(ErrorCode::kInvalid));
}

TEST_P(ObjectStoreConformance, NamesAreTakenAsTheyAre) {
  for (const char* name : {"day=2026-01-08/a%2Fb", "with space", "\xc3\xbc", ".hidden", "a+b&c"}) {
    ASSERT_THAT(store().Write(At(name), name), IsOk());
    EXPECT_EQ(store().Read(At(name)).value(), name);
    EXPECT_EQ(store().Stat(At(name)).value().location, At(name));
  }
  EXPECT_THAT(Listed(""),
              testing::UnorderedElementsAre(At("day=2026-01-08/a%2Fb"), At("with space"),
                                            At("\xc3\xbc"), At(".hidden"), At("a+b&c")));
}

TEST_P(ObjectStoreConformance, RefusesNamesThatLeadElsewhere) {
  for (const char* name : {"a/../../b", "..", "a\nb", "a\x01"}) {
    EXPECT_THAT(store().Write(At(name), "1"), IsError(ErrorCode::kInvalid)) << name;
    EXPECT_THAT(store().WriteIfAbsent(At(name), "1"), IsError(ErrorCode::kInvalid)) << name;
    EXPECT_THAT(store().OpenWriter(At(name)), IsError(ErrorCode::kInvalid)) << name;
    EXPECT_THAT(store().Read(At(name)), IsError(ErrorCode::kInvalid)) << name;
    EXPECT_THAT(store().Delete(At(name)), IsError(ErrorCode::kInvalid)) << name;
  }
}

TEST_P(ObjectStoreConformance, ReadersNeverSeeHalfAReplacement) {
  const std::string first(200'000, 'a');
  const std::string second(200'000, 'b');
  ASSERT_THAT(store().Write(At("x"), first), IsOk());
  std::jthread writer([&] {
    for (int i = 0; i < 40; ++i)
      EXPECT_THAT(store().Write(At("x"), i % 2 == 0 ? second : first), IsOk());
  });
  for (int i = 0; i < 200; ++i) {
    const auto bytes = store().Read(At("x"));
    ASSERT_THAT(bytes, IsOk());
    ASSERT_TRUE(*bytes == first || *bytes == second);
  }
}

}  // namespace kafka_iceberg::storage
