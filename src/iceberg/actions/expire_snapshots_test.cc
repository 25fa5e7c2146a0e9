// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/expire_snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kDayMs = int64_t{24} * 60 * 60 * 1000;
constexpr int64_t kNowMs = 1'000 * kDayMs;

// Snapshots 1..n on main, one a day, the last one today.
TableMetadata Daily(int64_t count) {
  NewTable table;
  table.schema.fields = {{1, "id", false, Type::Primitive(TypeId::kLong), {}, {}, {}}};
  table.location = "file:///t";
  table.table_uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  TableMetadata metadata = *MakeTableMetadata(table);
  for (int64_t id = 1; id <= count; ++id) {
    Snapshot snapshot;
    snapshot.snapshot_id = id;
    snapshot.sequence_number = id;
    snapshot.timestamp_ms = kNowMs - (count - id) * kDayMs;
    snapshot.manifest_list = "l";
    if (id > 1) snapshot.parent_snapshot_id = id - 1;
    metadata.snapshots.push_back(snapshot);
    metadata.snapshot_log.push_back({snapshot.timestamp_ms, id});
  }
  metadata.last_sequence_number = count;
  metadata.last_updated_ms = kNowMs;
  metadata.current_snapshot_id = count;
  metadata.refs["main"].snapshot_id = count;
  return metadata;
}

ExpirePlan Plan(const TableMetadata& base, const ExpireOptions& options = {}) {
  auto plan = PlanExpireSnapshots(base, options, kNowMs);
  EXPECT_THAT(plan, IsOk());
  return plan.ok() ? *std::move(plan) : ExpirePlan();
}

TEST(ExpireSnapshots, KeepsFiveDaysByDefault) {
  EXPECT_THAT(Plan(Daily(10)).snapshot_ids, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Plan(Daily(6)).snapshot_ids, IsEmpty());
  EXPECT_THAT(Plan(Daily(6)).updates, IsEmpty());
}

TEST(ExpireSnapshots, TablePropertiesThenArgumentsDecide) {
  TableMetadata base = Daily(10);
  base.properties["history.expire.max-snapshot-age-ms"] = std::to_string(2 * kDayMs);
  EXPECT_THAT(Plan(base).snapshot_ids, ElementsAre(1, 2, 3, 4, 5, 6, 7));
  base.properties["history.expire.min-snapshots-to-keep"] = "8";
  EXPECT_THAT(Plan(base).snapshot_ids, ElementsAre(1, 2));
  EXPECT_THAT(Plan(base, {kDayMs, 1}).snapshot_ids, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(ExpireSnapshots, TheHeadIsAlwaysKept) {
  TableMetadata base = Daily(3);
  for (const int32_t keep : {0, -1, 1}) {
    EXPECT_THAT(*PlanExpireSnapshots(base, {0, keep}, kNowMs + kDayMs),
                ::testing::Field(&ExpirePlan::snapshot_ids, ElementsAre(1, 2)));
  }
}

TEST(ExpireSnapshots, ABranchMayHaveItsOwnRules) {
  TableMetadata base = Daily(10);
  base.refs["main"].max_snapshot_age_ms = kDayMs;
  EXPECT_THAT(Plan(base).snapshot_ids, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  base.refs["main"].min_snapshots_to_keep = 4;
  EXPECT_THAT(Plan(base).snapshot_ids, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(Plan(base, {7 * kDayMs, std::nullopt}).snapshot_ids, ElementsAre(1, 2));
  EXPECT_THAT(Plan(base, {std::nullopt, 9}).snapshot_ids, ElementsAre(1));
}

TEST(ExpireSnapshots, TagsAndOtherBranchesKeepTheirSnapshots) {
  TableMetadata base = Daily(10);
  base.refs["release"] = {2, false, {}, {}, {}};
  base.refs["audit"] = {4, true, 2, {}, {}};
  EXPECT_THAT(Plan(base).snapshot_ids, ElementsAre(1));
  EXPECT_THAT(Plan(base).refs, IsEmpty());
}

TEST(ExpireSnapshots, RefsPastTheirAgeGoWithTheirSnapshots) {
  TableMetadata base = Daily(10);
  base.refs["old"] = {2, false, {}, {}, 7 * kDayMs};
  base.refs["young"] = {3, false, {}, {}, 7 * kDayMs};
  base.refs["main"].max_ref_age_ms = 1;  // main never goes
  base.snapshots[9].timestamp_ms = kNowMs - 1000;
  const ExpirePlan plan = Plan(base);
  EXPECT_THAT(plan.refs, ElementsAre("old"));
  EXPECT_THAT(plan.snapshot_ids, ElementsAre(1, 2, 4));
  base.properties["history.expire.max-ref-age-ms"] = "1";
  base.refs["default"] = {3, true, {}, {}, {}};
  EXPECT_THAT(Plan(base).refs, ElementsAre("default", "old"));
}

TEST(ExpireSnapshots, WhatNoRefLeadsToIsKeptWhileYoung) {
  TableMetadata base = Daily(10);
  for (const int64_t age_days : {2, 8}) {
    Snapshot staged;
    staged.snapshot_id = 100 + age_days;
    staged.timestamp_ms = kNowMs - age_days * kDayMs;
    staged.manifest_list = "l";
    base.snapshots.push_back(staged);
  }
  EXPECT_THAT(Plan(base).snapshot_ids, ElementsAre(1, 2, 3, 4, 108));
}

// A young snapshot behind an old one: the walk ends at the first that is too old.
TEST(ExpireSnapshots, TheWalkStopsAtTheFirstThatMayGo) {
  TableMetadata base = Daily(5);
  base.snapshots[2].timestamp_ms = kNowMs - 30 * kDayMs;
  EXPECT_THAT(Plan(base).snapshot_ids, ElementsAre(1, 2, 3));
}

TEST(ExpireSnapshots, RefusesWhenGarbageCollectionIsOff) {
  TableMetadata base = Daily(10);
  for (const char* value : {"false", "False", "no"}) {
    base.properties["gc.enabled"] = value;
    EXPECT_THAT(PlanExpireSnapshots(base, {}, kNowMs), IsError(ErrorCode::kDenied)) << value;
  }
  base.properties["gc.enabled"] = "TRUE";
  EXPECT_THAT(PlanExpireSnapshots(base, {}, kNowMs), IsOk());
}

TEST(ExpireSnapshots, HostileTimesAndParentsDoNoHarm) {
  TableMetadata base = Daily(3);
  base.snapshots[0].parent_snapshot_id = 3;  // a circle
  base.snapshots[1].timestamp_ms = std::numeric_limits<int64_t>::min();
  const auto expired_at = [&](int64_t now_ms) {
    auto plan = PlanExpireSnapshots(base, {}, now_ms);
    EXPECT_THAT(plan, IsOk());
    return plan.ok() ? plan->snapshot_ids : std::vector<int64_t>();
  };
  base.properties["history.expire.max-snapshot-age-ms"] = "9223372036854775807";
  EXPECT_THAT(expired_at(-5), IsEmpty());
  base.properties["history.expire.max-snapshot-age-ms"] = "-9223372036854775808";
  base.properties["history.expire.min-snapshots-to-keep"] = "-9223372036854775808";
  EXPECT_THAT(expired_at(std::numeric_limits<int64_t>::max()), ElementsAre(1, 2));
}

TEST(ExpireSnapshots, TheCommitAppliesAndIsFencedByTheRefs) {
  TableMetadata base = Daily(10);
  base.refs["old"] = {2, false, {}, {}, 7 * kDayMs};
  const ExpirePlan plan = Plan(base);
  ASSERT_THAT(CheckRequirements(&base, plan.requirements), IsOk());
  const auto next = ApplyUpdates(base, plan.updates, "", kNowMs);
  ASSERT_THAT(next, IsOk());
  EXPECT_EQ(next->snapshots.size(), 6U);
  EXPECT_FALSE(next->refs.contains("old"));
  EXPECT_EQ(next->snapshot_log.size(), 6U);
  EXPECT_EQ(next->current_snapshot_id, 10);
  TableMetadata rolled_back = base;
  rolled_back.refs["main"].snapshot_id = 1;
  EXPECT_THAT(CheckRequirements(&rolled_back, plan.requirements), IsError(ErrorCode::kConflict));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
