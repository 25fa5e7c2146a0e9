// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/manifest_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/manifests/fake_manifests.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::ElementsAre;

ManifestFile Sized(int64_t length, int32_t spec_id = 0) {
  ManifestFile manifest;
  manifest.manifest_length = length;
  manifest.partition_spec_id = spec_id;
  return manifest;
}

std::vector<std::vector<size_t>> Plan(const std::vector<ManifestFile>& manifests, MergeRule rule,
                                      std::vector<bool> may_merge = {}) {
  if (may_merge.empty()) may_merge.assign(manifests.size(), true);
  std::vector<std::vector<size_t>> members;
  for (const MergeGroup& group : PlanMerge(manifests, rule, may_merge))
    members.push_back(group.members);
  return members;
}

TEST(ManifestMerge, TakesItsRuleFromTheTable) {
  TableMetadata table = FakeTable();
  EXPECT_TRUE(MergeRule::Of(table).enabled);
  EXPECT_EQ(MergeRule::Of(table).target_bytes, 8 << 20);
  EXPECT_EQ(MergeRule::Of(table).min_count, 100);
  table.properties = {{"commit.manifest-merge.enabled", "False"},
                      {"commit.manifest.target-size-bytes", "5"},
                      {"commit.manifest.min-count-to-merge", "2"}};
  EXPECT_FALSE(MergeRule::Of(table).enabled);
  EXPECT_EQ(MergeRule::Of(table).target_bytes, 5);
  EXPECT_EQ(MergeRule::Of(table).min_count, 2);
}

TEST(ManifestMerge, WaitsForTheCount) {
  EXPECT_THAT(Plan({Sized(1), Sized(1), Sized(1)}, {true, 10, 4}),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
  EXPECT_THAT(Plan({Sized(1), Sized(1), Sized(1)}, {true, 10, 3}),
              ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(ManifestMerge, PacksFromTheOldestOn) {
  // From the end: 4+4 fill a bin exactly, 3+5 the next one; what is left has the newest and waits.
  EXPECT_THAT(Plan({Sized(2), Sized(2), Sized(5), Sized(3), Sized(4), Sized(4)}, {true, 8, 100}),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2, 3), ElementsAre(4, 5)));
}

TEST(ManifestMerge, LooksBackOneBinOnly) {
  // The 1 would fit the first bin, but that one is closed when the 8 comes.
  EXPECT_THAT(Plan({Sized(9), Sized(1), Sized(8), Sized(7)}, {true, 9, 1}),
              ElementsAre(ElementsAre(0), ElementsAre(1, 2), ElementsAre(3)));
}

TEST(ManifestMerge, LeavesBigManifestsAlone) {
  EXPECT_THAT(Plan({Sized(1), Sized(100), Sized(100)}, {true, 10, 1}),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
}

TEST(ManifestMerge, NeverMixesSpecs) {
  // Only the bin with the newest manifest waits for the count.
  EXPECT_THAT(Plan({Sized(1, 0), Sized(1, 1), Sized(1, 0), Sized(1, 1)}, {true, 10, 100}),
              ElementsAre(ElementsAre(1, 3), ElementsAre(0), ElementsAre(2)));
}

TEST(ManifestMerge, LeavesOutWhatMayNotBeMerged) {
  EXPECT_THAT(Plan({Sized(1), Sized(1), Sized(1)}, {true, 10, 2}, {true, false, true}),
              ElementsAre(ElementsAre(1), ElementsAre(0, 2)));
}

TEST(ManifestMerge, CanBeSwitchedOff) {
  EXPECT_THAT(Plan({Sized(1), Sized(1)}, {false, 10, 1}),
              ElementsAre(ElementsAre(0), ElementsAre(1)));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
