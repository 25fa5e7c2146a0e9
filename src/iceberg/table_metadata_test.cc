// SPDX-License-Identifier: Apache-2.0
#include "iceberg/table_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "iceberg/table_properties.h"

namespace kafka_iceberg::iceberg {
namespace {

using ::testing::HasSubstr;

Field Make(int32_t id, std::string name, Type type, bool required = false) {
  return {id, std::move(name), required, std::move(type), {}, {}, {}};
}

NewTable Minimal() {
  NewTable table;
  table.schema.schema_id = 5;
  table.schema.fields = {
      Make(20, "s", Type::Struct({Make(30, "ts", Type::Primitive(TypeId::kTimestamp))})),
      Make(10, "id", Type::Primitive(TypeId::kLong), true)};
  table.location = "file:///warehouse/t/";
  table.table_uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  table.now_ms = 1000;
  return table;
}

TableMetadata MustMake(NewTable table) {
  auto metadata = MakeTableMetadata(std::move(table));
  EXPECT_THAT(metadata, IsOk());
  return metadata.ok() ? *std::move(metadata) : TableMetadata();
}

TEST(NewTable, HasFreshIdsAndNoHistory) {
  NewTable table = Minimal();
  table.schema.identifier_field_ids = {10};
  const TableMetadata metadata = MustMake(table);
  EXPECT_EQ(metadata.format_version, 2);
  EXPECT_EQ(metadata.location, "file:///warehouse/t");
  EXPECT_EQ(metadata.last_updated_ms, 1000);
  EXPECT_EQ(metadata.last_sequence_number, 0);
  EXPECT_EQ(metadata.next_row_id, 0);
  EXPECT_EQ(metadata.current_schema_id, 0);
  EXPECT_EQ(metadata.schema().FindField("s")->id, 1);
  EXPECT_EQ(metadata.schema().FindField("id")->id, 2);
  EXPECT_EQ(metadata.schema().FindField("s.ts")->id, 3);
  EXPECT_EQ(metadata.schema().identifier_field_ids, std::vector<int32_t>{2});
  EXPECT_EQ(metadata.last_column_id, 3);
  EXPECT_EQ(metadata.last_partition_id, 999);
  EXPECT_EQ(metadata.spec(), PartitionSpec());
  EXPECT_EQ(metadata.sort_orders, std::vector<SortOrder>{SortOrder()});
  EXPECT_EQ(metadata.current_snapshot(), nullptr);
  EXPECT_EQ(metadata.Head(), nullptr);
  EXPECT_THAT(ValidateTableMetadata(metadata), IsOk());
}

TEST(NewTable, PartitionsAndOrderFollowTheNewIds) {
  NewTable table = Minimal();
  table.spec = {
      7, {{30, 55, "ts_day", ParseTransform("day")}, {10, 0, "b", ParseTransform("bucket[4]")}}};
  table.sort_order = {9, {{ParseTransform("identity"), 10, false, true}}};
  const TableMetadata metadata = MustMake(table);
  EXPECT_EQ(metadata.default_spec_id, 0);
  ASSERT_EQ(metadata.spec().fields.size(), 2U);
  EXPECT_EQ(metadata.spec().fields[0].source_id, 3);
  EXPECT_EQ(metadata.spec().fields[0].field_id, 1000);
  EXPECT_EQ(metadata.spec().fields[1].source_id, 2);
  EXPECT_EQ(metadata.spec().fields[1].field_id, 1001);
  EXPECT_EQ(metadata.last_partition_id, 1001);
  // The unsorted order stays listed beside the one in use.
  ASSERT_EQ(metadata.sort_orders.size(), 2U);
  EXPECT_EQ(metadata.sort_orders[0].order_id, 0);
  EXPECT_EQ(metadata.default_sort_order_id, 1);
  EXPECT_EQ(metadata.sort_order().fields[0].source_id, 2);
}

TEST(NewTable, StoresZstdOnlyWhenNothingElseIsAskedFor) {
  EXPECT_EQ(MustMake(Minimal()).Property(kParquetCompressionProperty, ""), "zstd");
  NewTable table = Minimal();
  table.properties["write.parquet.compression-codec"] = "snappy";
  EXPECT_EQ(MustMake(table).Property(kParquetCompressionProperty, ""), "snappy");
}

TEST(NewTable, ReservedPropertiesAreConsumed) {
  NewTable table = Minimal();
  for (const std::string name :
       {"uuid", "snapshot-count", "current-snapshot-summary", "current-snapshot-id",
        "current-snapshot-timestamp-ms", "current-schema", "default-partition-spec",
        "default-sort-order"}) {
    table.properties[name] = "x";
  }
  table.properties["format-version"] = "3";
  table.properties["owner"] = "me";
  const TableMetadata metadata = MustMake(table);
  EXPECT_EQ(metadata.format_version, 3);
  EXPECT_EQ(metadata.properties,
            (std::map<std::string, std::string>{{"owner", "me"},
                                                {"write.parquet.compression-codec", "zstd"}}));
}

TEST(NewTable, RefusesFormatVersionsItDoesNotWrite) {
  for (const int32_t version : {0, 1, 4}) {
    NewTable table = Minimal();
    table.format_version = version;
    EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kUnsupported)) << version;
  }
  NewTable table = Minimal();
  table.properties["format-version"] = "two";
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
  table.properties["format-version"] = "4";
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kUnsupported));
}

TEST(NewTable, RefusesMetricsOfUnknownColumns) {
  NewTable table = Minimal();
  table.properties["write.metadata.metrics.column.s.ts"] = "full";
  EXPECT_THAT(MakeTableMetadata(table), IsOk());
  table.properties["write.metadata.metrics.column.nope"] = "full";
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
}

TEST(NewTable, RefusesWhatDoesNotResolve) {
  NewTable table = Minimal();
  table.spec = {0, {{99, 0, "x", ParseTransform("day")}}};
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
  table = Minimal();
  table.sort_order = {0, {{ParseTransform("identity"), 99, true, true}}};
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
  table = Minimal();
  table.sort_order = {0, {{ParseTransform("day"), 10, true, true}}};
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
  table = Minimal();
  table.location = "/";
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
  table = Minimal();
  table.table_uuid.clear();
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
  table = Minimal();
  table.schema.fields.clear();
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
}

TEST(NewTable, ColumnsWithoutIdsAreFineUntilSomethingRefersToThem) {
  NewTable table = Minimal();
  table.schema.fields = {Make(0, "a", Type::Primitive(TypeId::kInt)),
                         Make(0, "b", Type::Primitive(TypeId::kInt))};
  EXPECT_EQ(MustMake(table).last_column_id, 2);
  table.spec = {0, {{0, 0, "p", ParseTransform("bucket[2]")}}};
  EXPECT_THAT(MakeTableMetadata(table), IsError(ErrorCode::kInvalid));
}

TEST(TableMetadata, PropertiesWithFallbacks) {
  TableMetadata metadata;
  metadata.properties = {
      {"n", "12"}, {"bad", "12x"}, {"big", "99999999999999999999"}, {"empty", ""}};
  EXPECT_EQ(metadata.Property("n", "0"), "12");
  EXPECT_EQ(metadata.Property("none", "0"), "0");
  EXPECT_EQ(metadata.IntProperty("n", 3), 12);
  for (const std::string_view name : {"none", "bad", "big", "empty"}) {
    EXPECT_EQ(metadata.IntProperty(name, 3), 3) << name;
  }
}

TEST(TableMetadata, LocationsHonourTheirProperties) {
  TableMetadata metadata;
  metadata.location = "s3://b/t";
  EXPECT_EQ(metadata.DataLocation(), "s3://b/t/data");
  EXPECT_EQ(metadata.MetadataLocation(), "s3://b/t/metadata");
  metadata.properties = {{"write.data.path", "s3://d/x/"}, {"write.metadata.path", "s3://m/x"}};
  EXPECT_EQ(metadata.DataLocation(), "s3://d/x");
  EXPECT_EQ(metadata.MetadataLocation(), "s3://m/x");
}

TEST(TableMetadata, TheUnsortedOrderNeedsNoListing) {
  TableMetadata metadata;
  EXPECT_TRUE(metadata.sort_order().fields.empty());
}

TEST(TableMetadataValidation, NamesWhatIsBroken) {
  TableMetadata metadata = MustMake(Minimal());
  metadata.next_row_id = -1;
  EXPECT_THAT(ValidateTableMetadata(metadata), IsError(ErrorCode::kCorrupt));
  metadata.next_row_id = 0;
  metadata.format_version = 4;
  EXPECT_THAT(ValidateTableMetadata(metadata), IsError(ErrorCode::kUnsupported));
  metadata.format_version = 2;
  metadata.default_spec_id = 3;
  EXPECT_THAT(ValidateTableMetadata(metadata).error().message(), HasSubstr("default-spec-id 3"));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
