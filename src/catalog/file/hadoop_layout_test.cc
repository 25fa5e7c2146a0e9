// SPDX-License-Identifier: Apache-2.0
#include "catalog/file/hadoop_layout.h"

#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::catalog {
namespace {

class HadoopLayoutTest : public testing::Test {
 protected:
  void Put(std::string_view name, std::string_view text = "{}") {
    ASSERT_THAT(memory_.Write("memory://w/t/metadata/" + std::string(name), text), IsOk());
  }
  int64_t Current(int64_t known = 0) {
    const auto current = layout_.FindCurrent(known);
    return current.ok() ? current->number : -1;
  }

  FakeClock clock_;
  storage::MemoryStore memory_{clock_};
  storage::FaultStore store_{memory_};
  HadoopLayout layout_{store_, "memory://w/t"};
};

TEST(VersionFileName, TakesTheNamesOfTheLayoutOnly) {
  EXPECT_EQ(ParseVersionFileName("v1.metadata.json"), 1);
  EXPECT_EQ(ParseVersionFileName("v120.gz.metadata.json"), 120);
  EXPECT_EQ(ParseVersionFileName("v7.metadata.json.gz"), 7);
  for (const char* name :
       {"v0.metadata.json", "v-1.metadata.json", "v01.metadata.json", "v.metadata.json",
        "v1.metadata.json.tmp", "v1x.metadata.json", "v99999999999999999999.metadata.json",
        "00001-3b7d.metadata.json", "1.metadata.json", "v1", "", "v1.avro"}) {
    EXPECT_EQ(ParseVersionFileName(name), std::nullopt) << name;
  }
}

TEST_F(HadoopLayoutTest, NoVersionIsNoTable) {
  EXPECT_THAT(layout_.FindCurrent(0), IsError(ErrorCode::kNotFound));
  Put("version-hint.text", "3");
  Put("00001-3b7d.metadata.json");
  EXPECT_THAT(layout_.FindCurrent(0), IsError(ErrorCode::kNotFound));
}

TEST_F(HadoopLayoutTest, TheHighestVersionIsCurrentWhateverTheHintSays) {
  for (const char* name :
       {"v1.metadata.json", "v2.metadata.json", "v3.metadata.json", "v10.metadata.json.x"})
    Put(name);
  EXPECT_EQ(Current(), 3);  // no hint
  for (const char* hint : {"1", "3", "3\n", "7", "0", "-2", "garbage", "",
                           "99999999999999999999999999999999999999", "2 3"}) {
    Put("version-hint.text", hint);
    EXPECT_EQ(Current(), 3) << hint;
    EXPECT_EQ(Current(2), 3) << hint;
    EXPECT_EQ(Current(9), 3) << hint;
  }
}

TEST_F(HadoopLayoutTest, AHintSavesTheListing) {
  Put("v1.metadata.json");
  Put("v2.metadata.json");
  Put("version-hint.text", "1");
  EXPECT_EQ(Current(), 2);
  EXPECT_EQ(store_.calls(storage::StoreOperation::kList), 0);
}

TEST_F(HadoopLayoutTest, AHintFarBehindIsNotFollowedForEver) {
  for (int i = 1; i <= 300; ++i) Put("v" + std::to_string(i) + ".metadata.json");
  Put("version-hint.text", "1");
  EXPECT_EQ(Current(), 300);
  EXPECT_EQ(store_.calls(storage::StoreOperation::kList), 1);
}

TEST_F(HadoopLayoutTest, AHintAheadOfWhatIsKnownSkipsAGap) {
  Put("v1.metadata.json");  // escaped deletion; 2 to 8 did not
  Put("v9.metadata.json");
  Put("version-hint.text", "9");
  EXPECT_EQ(Current(1), 9);
  EXPECT_EQ(Current(0), 9);
}

TEST_F(HadoopLayoutTest, SeesCompressedVersions) {
  Put("v1.metadata.json");
  Put("v2.gz.metadata.json");
  Put("v3.metadata.json.gz");
  Put("version-hint.text", "1");
  EXPECT_EQ(layout_.FindCurrent(0)->location, "memory://w/t/metadata/v3.metadata.json.gz");
  EXPECT_TRUE(layout_.HasCompressedVersion(2).value());
  EXPECT_TRUE(layout_.HasCompressedVersion(3).value());
  EXPECT_FALSE(layout_.HasCompressedVersion(1).value());
}

TEST_F(HadoopLayoutTest, FoldersInsideDoNotCount) {
  Put("v1.metadata.json");
  Put("old/v9.metadata.json");
  EXPECT_EQ(Current(), 1);
}

TEST_F(HadoopLayoutTest, TroubleIsNotAbsence) {
  Put("v1.metadata.json");
  Put("v2.metadata.json");
  Put("version-hint.text", "1");
  store_.Inject({.operation = storage::StoreOperation::kStat, .location_contains = "v2"});
  EXPECT_THAT(layout_.FindCurrent(0), IsError(ErrorCode::kUnavailable));
  store_.Inject({.operation = storage::StoreOperation::kReadRange, .location_contains = "hint"});
  EXPECT_EQ(Current(), 2);
}

TEST_F(HadoopLayoutTest, TheHintIsADecimalNumberAndItsOldChecksumGoes) {
  Put(".version-hint.text.crc", "old");
  layout_.WriteHint(12);
  EXPECT_EQ(memory_.Read("memory://w/t/metadata/version-hint.text").value(), "12");
  EXPECT_THAT(memory_.Stat("memory://w/t/metadata/.version-hint.text.crc"),
              IsError(ErrorCode::kNotFound));
  EXPECT_EQ(layout_.ReadHint(), 12);
}

}  // namespace
}  // namespace kafka_iceberg::catalog
