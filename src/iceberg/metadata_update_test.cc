// SPDX-License-Identifier: Apache-2.0
#include "iceberg/metadata_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kBaseLocation = "file:///warehouse/t/metadata/v1.metadata.json";
constexpr int64_t kBaseMs = 1'000'000;

Field Make(int32_t id, std::string name, Type type) {
  return {id, std::move(name), false, std::move(type), {}, {}, {}};
}

TableMetadata Base(int32_t format_version = 2) {
  NewTable table;
  table.schema.fields = {Make(1, "id", Type::Primitive(TypeId::kLong)),
                         Make(2, "ts", Type::Primitive(TypeId::kTimestamptz)),
                         Make(3, "name", Type::Primitive(TypeId::kString))};
  table.spec = {0, {{2, 0, "ts_day", ParseTransform("day")}}};
  table.location = "file:///warehouse/t";
  table.table_uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  table.format_version = format_version;
  table.now_ms = kBaseMs;
  return *MakeTableMetadata(table);
}

Result<TableMetadata> Apply(const TableMetadata& base, const std::vector<MetadataUpdate>& updates,
                            int64_t now_ms = kBaseMs + 1000) {
  return ApplyUpdates(base, updates, kBaseLocation, now_ms);
}

TableMetadata MustApply(const TableMetadata& base, const std::vector<MetadataUpdate>& updates,
                        int64_t now_ms = kBaseMs + 1000) {
  auto metadata = Apply(base, updates, now_ms);
  EXPECT_THAT(metadata, IsOk());
  return metadata.ok() ? *std::move(metadata) : base;
}

Schema WithColumn(const TableMetadata& base, const std::string& name) {
  Schema schema = base.schema();
  schema.fields.push_back(Make(base.last_column_id + 1, name, Type::Primitive(TypeId::kInt)));
  return schema;
}

TEST(MetadataUpdate, EveryCommitMovesTheClockAndTheMetadataLog) {
  const TableMetadata base = Base();
  const TableMetadata next = MustApply(base, {SetProperties{{{"a", "1"}}}});
  EXPECT_EQ(next.last_updated_ms, kBaseMs + 1000);
  EXPECT_THAT(next.metadata_log,
              ElementsAre(MetadataLogEntry{kBaseMs, std::string(kBaseLocation)}));
  EXPECT_TRUE(next.snapshots.empty());
  EXPECT_TRUE(next.snapshot_log.empty());
  EXPECT_TRUE(ApplyUpdates(base, {}, "", kBaseMs)->metadata_log.empty());
}

TEST(MetadataUpdate, AClockThatIsBehindNeverTurnsTimeBack) {
  const TableMetadata next = MustApply(Base(), {SetProperties{{{"a", "1"}}}}, /*now_ms=*/5);
  EXPECT_EQ(next.last_updated_ms, kBaseMs);
  EXPECT_THAT(ValidateTableMetadata(next), IsOk());
}

TEST(MetadataUpdate, TheMetadataLogKeepsTheNewestEntries) {
  TableMetadata metadata = Base();
  metadata.properties["write.metadata.previous-versions-max"] = "2";
  for (int i = 0; i < 4; ++i) {
    metadata = *ApplyUpdates(metadata, {}, fmt::format("f{}", i), kBaseMs + i + 1);
  }
  EXPECT_THAT(metadata.metadata_log, ElementsAre(MetadataLogEntry{kBaseMs + 2, "f2"},
                                                 MetadataLogEntry{kBaseMs + 3, "f3"}));
  for (const char* value : {"0", "-5"}) {
    metadata.properties["write.metadata.previous-versions-max"] = value;
    EXPECT_EQ(ApplyUpdates(metadata, {}, "last", kBaseMs + 9)->metadata_log.size(), 1U) << value;
  }
  metadata.properties.erase("write.metadata.previous-versions-max");
  for (int i = 0; i < 110; ++i) metadata = *ApplyUpdates(metadata, {}, "f", kBaseMs + 10);
  EXPECT_EQ(metadata.metadata_log.size(), 100U);
}

TEST(MetadataUpdate, ANewSchemaGetsTheNextIdAndMinusOneSelectsIt) {
  const TableMetadata base = Base();
  const TableMetadata next =
      MustApply(base, {AddSchema{WithColumn(base, "extra")}, SetCurrentSchema{}});
  EXPECT_EQ(next.current_schema_id, 1);
  EXPECT_EQ(next.schemas.size(), 2U);
  EXPECT_EQ(next.schema().schema_id, 1);
  EXPECT_EQ(next.last_column_id, 4);
  EXPECT_EQ(base.last_column_id, 3);
}

TEST(MetadataUpdate, AnIdenticalSchemaIsReused) {
  TableMetadata metadata = Base();
  const Schema first = metadata.schema();
  metadata = MustApply(metadata, {AddSchema{WithColumn(metadata, "extra")}, SetCurrentSchema{}});
  metadata = MustApply(metadata, {AddSchema{first}, SetCurrentSchema{}});
  EXPECT_EQ(metadata.schemas.size(), 2U);
  EXPECT_EQ(metadata.current_schema_id, 0);
  EXPECT_EQ(metadata.last_column_id, 4);  // never decreases
}

TEST(MetadataUpdate, MinusOneNeedsSomethingAddedInThisCommit) {
  const TableMetadata base = Base();
  EXPECT_THAT(Apply(base, {SetCurrentSchema{}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {SetDefaultPartitionSpec{}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {SetDefaultSortOrder{}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {SetCurrentSchema{7}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {SetDefaultPartitionSpec{7}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {SetDefaultSortOrder{7}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {SetDefaultSortOrder{0}}), IsOk());
}

TEST(MetadataUpdate, IllegalSchemasAreRefused) {
  const TableMetadata base = Base();
  Schema schema = WithColumn(base, "extra");
  schema.fields.back().type = Type::Primitive(TypeId::kTimestampNs);
  EXPECT_THAT(Apply(base, {AddSchema{schema}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {UpgradeFormatVersion{3}, AddSchema{schema}}), IsOk());
}

TEST(MetadataUpdate, AColumnOfTheDefaultSpecCannotBeDropped) {
  const TableMetadata base = Base();
  Schema schema = base.schema();
  schema.fields.erase(schema.fields.begin() + 1);
  EXPECT_THAT(Apply(base, {AddSchema{schema}, SetCurrentSchema{}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {AddPartitionSpec{}, SetDefaultPartitionSpec{}, AddSchema{schema},
                           SetCurrentSchema{}}),
              IsOk());
}

TEST(MetadataUpdate, PartitionFieldIdsAreReusedForTheSameSourceAndTransform) {
  TableMetadata metadata = Base();
  const PartitionSpec buckets = {0, {{1, 0, "b", ParseTransform("bucket[4]")}}};
  metadata = MustApply(metadata, {AddPartitionSpec{buckets}, SetDefaultPartitionSpec{}});
  EXPECT_EQ(metadata.default_spec_id, 1);
  EXPECT_EQ(metadata.spec().fields[0].field_id, 1001);
  EXPECT_EQ(metadata.last_partition_id, 1001);
  const PartitionSpec both = {
      0, {{2, 0, "day_again", ParseTransform("day")}, {1, 0, "b", ParseTransform("bucket[8]")}}};
  metadata = MustApply(metadata, {AddPartitionSpec{both}, SetDefaultPartitionSpec{}});
  EXPECT_EQ(metadata.spec().fields[0].field_id, 1000);
  EXPECT_EQ(metadata.spec().fields[1].field_id, 1002);
  EXPECT_EQ(metadata.spec().spec_id, 2);
}

TEST(MetadataUpdate, AnEquivalentSpecIsReusedWhateverItsFieldIds) {
  const TableMetadata base = Base();
  const TableMetadata next =
      MustApply(base, {AddPartitionSpec{{9, {{2, 1234, "ts_day", ParseTransform("day")}}}},
                       SetDefaultPartitionSpec{}});
  EXPECT_EQ(next.partition_specs.size(), 1U);
  EXPECT_EQ(next.default_spec_id, 0);
  EXPECT_EQ(next.last_partition_id, 1000);
}

TEST(MetadataUpdate, IllegalSpecsAreRefused) {
  const TableMetadata base = Base();
  EXPECT_THAT(Apply(base, {AddPartitionSpec{{0, {{9, 0, "x", ParseTransform("day")}}}}}),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {AddPartitionSpec{{0, {{1, 0, "x", ParseTransform("zorder")}}}}}),
              IsError(ErrorCode::kUnsupported));
  // 1000 is day(ts) already.
  EXPECT_THAT(Apply(base, {AddPartitionSpec{{0, {{1, 1000, "x", ParseTransform("bucket[2]")}}}}}),
              IsError(ErrorCode::kInvalid));
}

TEST(MetadataUpdate, Version1NeedsSequentialPartitionFieldIds) {
  TableMetadata base = Base();
  base.format_version = 1;
  const PartitionSpec two = {
      0, {{2, 0, "ts_day", ParseTransform("day")}, {1, 0, "b", ParseTransform("bucket[4]")}}};
  const TableMetadata next = MustApply(base, {AddPartitionSpec{two}, SetDefaultPartitionSpec{}});
  EXPECT_EQ(next.spec().fields[1].field_id, 1001);
  PartitionSpec gap = two;
  gap.fields[1].field_id = 1005;
  EXPECT_THAT(Apply(base, {AddPartitionSpec{gap}}), IsError(ErrorCode::kInvalid));
}

TEST(MetadataUpdate, SortOrdersCountFromOneAndAreReused) {
  TableMetadata metadata = Base();
  const SortOrder by_id = {0, {{ParseTransform("identity"), 1, true, true}}};
  const SortOrder by_name = {0, {{ParseTransform("identity"), 3, true, true}}};
  metadata = MustApply(metadata, {AddSortOrder{by_id}, SetDefaultSortOrder{}});
  EXPECT_EQ(metadata.default_sort_order_id, 1);
  metadata = MustApply(metadata, {AddSortOrder{by_name}, SetDefaultSortOrder{}});
  EXPECT_EQ(metadata.default_sort_order_id, 2);
  metadata = MustApply(metadata, {AddSortOrder{by_id}, SetDefaultSortOrder{}});
  EXPECT_EQ(metadata.default_sort_order_id, 1);
  metadata = MustApply(metadata, {AddSortOrder{}, SetDefaultSortOrder{}});
  EXPECT_EQ(metadata.default_sort_order_id, 0);
  EXPECT_EQ(metadata.sort_orders.size(), 3U);
  EXPECT_THAT(Apply(metadata, {AddSortOrder{{0, {{ParseTransform("identity"), 99, true, true}}}}}),
              IsError(ErrorCode::kInvalid));
}

TEST(MetadataUpdate, TheUuidIsForEver) {
  const TableMetadata base = Base();
  EXPECT_THAT(Apply(base, {AssignUuid{base.table_uuid}}), IsOk());
  EXPECT_THAT(Apply(base, {AssignUuid{"00000000-0000-0000-0000-000000000000"}}),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {AssignUuid{""}}), IsError(ErrorCode::kInvalid));
}

TEST(MetadataUpdate, FormatVersionsOnlyGoUp) {
  const TableMetadata base = Base();
  EXPECT_THAT(Apply(base, {UpgradeFormatVersion{1}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {UpgradeFormatVersion{4}}), IsError(ErrorCode::kUnsupported));
  EXPECT_EQ(MustApply(base, {UpgradeFormatVersion{2}}).format_version, 2);
  const TableMetadata next = MustApply(base, {UpgradeFormatVersion{3}});
  EXPECT_EQ(next.format_version, 3);
  EXPECT_EQ(next.next_row_id, 0);
}

TEST(MetadataUpdate, AVersion1TableWithoutUuidNeedsOneToUpgrade) {
  TableMetadata base = Base();
  base.format_version = 1;
  base.table_uuid.clear();
  EXPECT_FALSE(Apply(base, {UpgradeFormatVersion{2}}).ok());
  EXPECT_THAT(
      Apply(base, {AssignUuid{"f79c3e09-677c-4bbd-a479-3f349cb785e7"}, UpgradeFormatVersion{2}}),
      IsOk());
}

TEST(MetadataUpdate, PropertiesAreMergedAndRemoved) {
  const TableMetadata base = Base();
  const TableMetadata next = MustApply(
      base, {SetProperties{{{"a", "1"}, {"b", "2"}}}, RemoveProperties{{"a", "unknown"}}});
  EXPECT_EQ(next.Property("a", "gone"), "gone");
  EXPECT_EQ(next.Property("b", ""), "2");
  EXPECT_EQ(next.Property("write.parquet.compression-codec", ""), "zstd");
  EXPECT_THAT(Apply(base, {SetProperties{{{"write.metadata.metrics.column.nope", "full"}}}}),
              IsError(ErrorCode::kInvalid));
}

TEST(MetadataUpdate, ReservedPropertiesAreNeverStored) {
  const TableMetadata base = Base();
  EXPECT_THAT(Apply(base, {SetProperties{{{"uuid", "x"}}}}), IsError(ErrorCode::kInvalid));
  const TableMetadata next =
      MustApply(base, {SetProperties{{{"format-version", "3"}, {"a", "1"}}}});
  EXPECT_EQ(next.format_version, 3);
  EXPECT_FALSE(next.properties.contains("format-version"));
  EXPECT_EQ(next.Property("a", ""), "1");
  EXPECT_THAT(Apply(base, {SetProperties{{{"format-version", "1"}}}}),
              IsError(ErrorCode::kInvalid));
}

TEST(MetadataUpdate, TheLocationLosesItsTrailingSlash) {
  const TableMetadata base = Base();
  EXPECT_EQ(MustApply(base, {SetLocation{"s3://b/t/"}}).location, "s3://b/t");
  EXPECT_THAT(Apply(base, {SetLocation{"/"}}), IsError(ErrorCode::kInvalid));
}

TEST(TableRequirements, HoldOrConflict) {
  TableMetadata base = Base();
  Snapshot snapshot;
  snapshot.snapshot_id = 7;
  base.snapshots.push_back(snapshot);
  base.refs["main"].snapshot_id = 7;
  const auto check = [&](TableRequirement requirement) {
    return CheckRequirements(&base, std::vector<TableRequirement>{std::move(requirement)});
  };
  const std::vector<std::pair<TableRequirement, TableRequirement>> cases = {
      {AssertTableUuid{"F79C3E09-677C-4BBD-A479-3F349CB785E7"}, AssertTableUuid{"other"}},
      {AssertRefSnapshotId{"main", 7}, AssertRefSnapshotId{"main", 8}},
      {AssertRefSnapshotId{"none", std::nullopt}, AssertRefSnapshotId{"main", std::nullopt}},
      {AssertRefSnapshotId{"main", 7}, AssertRefSnapshotId{"none", 7}},
      {AssertLastAssignedFieldId{3}, AssertLastAssignedFieldId{2}},
      {AssertCurrentSchemaId{0}, AssertCurrentSchemaId{1}},
      {AssertLastAssignedPartitionId{1000}, AssertLastAssignedPartitionId{999}},
      {AssertDefaultSpecId{0}, AssertDefaultSpecId{1}},
      {AssertDefaultSortOrderId{0}, AssertDefaultSortOrderId{1}}};
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_THAT(check(cases[i].first), IsOk()) << i;
    EXPECT_THAT(check(cases[i].second), IsError(ErrorCode::kConflict)) << i;
  }
  EXPECT_THAT(check(AssertCreate{}), IsError(ErrorCode::kConflict));
}

TEST(TableRequirements, ATableThatDoesNotExistCanOnlyBeCreated) {
  EXPECT_THAT(CheckRequirements(nullptr, std::vector<TableRequirement>{AssertCreate{}}), IsOk());
  EXPECT_THAT(CheckRequirements(
                  nullptr, std::vector<TableRequirement>{AssertCreate{}, AssertDefaultSpecId{0}}),
              IsError(ErrorCode::kConflict));
  EXPECT_THAT(CheckRequirements(nullptr, {}), IsOk());
}

TEST(TableRequirements, TheFirstThatFailsIsNamed) {
  const TableMetadata base = Base();
  const Status status = CheckRequirements(
      &base, std::vector<TableRequirement>{AssertRefSnapshotId{"main", 8}, AssertDefaultSpecId{5}});
  EXPECT_THAT(status.error().message(), HasSubstr("'main' is at no snapshot, expected snapshot 8"));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
