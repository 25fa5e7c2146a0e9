// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_types.h"

#include <gmock/gmock.h>
#include <hive_metastore_types.h>

namespace kafka_iceberg::catalog {
namespace {

using iceberg::Type;
using iceberg::TypeId;

TEST(HiveTypes, EveryTypeHasAName) {
  const std::vector<std::pair<Type, std::string>> cases = {
      {Type::Primitive(TypeId::kBoolean), "boolean"},
      {Type::Primitive(TypeId::kInt), "int"},
      {Type::Primitive(TypeId::kLong), "bigint"},
      {Type::Primitive(TypeId::kFloat), "float"},
      {Type::Primitive(TypeId::kDouble), "double"},
      {Type::Decimal(9, 2), "decimal(9,2)"},
      {Type::Primitive(TypeId::kDate), "date"},
      {Type::Primitive(TypeId::kTime), "string"},
      {Type::Primitive(TypeId::kTimestamp), "timestamp"},
      {Type::Primitive(TypeId::kTimestamptz), "timestamp with local time zone"},
      {Type::Primitive(TypeId::kUuid), "string"},
      {Type::Fixed(16), "binary"},
      {Type::Primitive(TypeId::kBinary), "binary"},
      {Type::List(
           2, false,
           Type::Map(3, Type::Primitive(TypeId::kString), 4, false, Type::Primitive(TypeId::kInt))),
       "array<map<string,int>>"},
      {Type::Struct({{.id = 1, .name = "a", .type = Type::Primitive(TypeId::kInt)},
                     {.id = 2, .name = "b", .type = Type::Primitive(TypeId::kString)}}),
       "struct<a:int,b:string>"},
  };
  for (const auto& [type, name] : cases) EXPECT_EQ(HiveTypeOf(type), name);
}

iceberg::TableMetadata Metadata() {
  iceberg::TableMetadata metadata;
  metadata.table_uuid = "u";
  metadata.location = "file:///t";
  metadata.schemas = {{.fields = {{.id = 1,
                                   .name = "id",
                                   .type = Type::Primitive(TypeId::kLong),
                                   .doc = std::string(1000, 'x')}}}};
  metadata.partition_specs = {{}};
  metadata.sort_orders = {{}};
  return metadata;
}

TEST(HiveTypes, CommentsFitTheServersColumn) {
  EXPECT_EQ(HiveColumnsOf(Metadata().schema()).at(0).comment.size(), 255U);
}

TEST(HiveTypes, WhatIsTooLongIsLeftOut) {
  iceberg::TableMetadata metadata = Metadata();
  metadata.properties = {{"long", std::string(40'000, 'x')}, {std::string(300, 'k'), "v"}};
  HiveTable table;
  table.parameters["long"] = "of before";
  DescribeTable(nullptr, metadata, table);
  EXPECT_FALSE(table.parameters.contains("long"));
  EXPECT_FALSE(table.parameters.contains(std::string(300, 'k')));
  EXPECT_TRUE(table.parameters.contains("current-schema"));
}

TEST(HiveTypes, StatisticsComeFromTheSummary) {
  iceberg::TableMetadata metadata = Metadata();
  metadata.snapshots = {{.snapshot_id = 5,
                         .timestamp_ms = 9,
                         .summary = {{"total-records", "10"}, {"total-data-files", "2"}}}};
  metadata.current_snapshot_id = 5;
  HiveTable table;
  table.parameters = {{"COLUMN_STATS_ACCURATE", "true"}, {"totalSize", "1"}};
  DescribeTable(nullptr, metadata, table);
  EXPECT_EQ(table.Parameter("numRows"), "10");
  EXPECT_EQ(table.Parameter("numFiles"), "2");
  EXPECT_EQ(table.Parameter("current-snapshot-summary"),
            R"({"total-data-files":"2","total-records":"10"})");
  EXPECT_FALSE(table.parameters.contains("totalSize"));
  EXPECT_FALSE(table.parameters.contains("COLUMN_STATS_ACCURATE"));
}

TEST(HiveTypes, HivesOwnEngineIsServedWhenAskedFor) {
  iceberg::TableMetadata metadata = Metadata();
  metadata.properties = {{"engine.hive.enabled", "true"}, {"gc.enabled", "false"}};
  HiveTable table;
  DescribeTable(nullptr, metadata, table);
  EXPECT_EQ(ToThrift(table).sd.serdeInfo.serializationLib,
            "org.apache.iceberg.mr.hive.HiveIcebergSerDe");
  EXPECT_EQ(table.Parameter("external.table.purge"), "false");
  iceberg::TableMetadata next = Metadata();
  DescribeTable(&metadata, next, table);
  EXPECT_FALSE(table.parameters.contains("storage_handler"));
  EXPECT_FALSE(table.parameters.contains("external.table.purge"));
  EXPECT_EQ(ToThrift(table).sd.inputFormat, "org.apache.hadoop.mapred.FileInputFormat");
}

TEST(HiveTypes, WhatTheServerSaidGoesBackAsItCame) {
  hms::Table theirs;
  theirs.__set_tableName("t");
  theirs.__set_retention(7);
  theirs.__set_catName("hive");
  theirs.__set_requiredReadCapabilities({"R"});
  hms::StorageDescriptor storage;
  storage.__set_numBuckets(3);
  storage.__set_parameters({{"a", "b"}});
  theirs.__set_sd(storage);
  HiveTable table = FromThrift(theirs);
  DescribeTable(nullptr, Metadata(), table);
  const hms::Table sent = ToThrift(table);
  EXPECT_EQ(sent.retention, 7);
  EXPECT_EQ(sent.catName, "hive");
  EXPECT_EQ(sent.requiredReadCapabilities, theirs.requiredReadCapabilities);
  EXPECT_EQ(sent.sd.numBuckets, 3);
  EXPECT_EQ(sent.sd.parameters, storage.parameters);
  EXPECT_FALSE(sent.__isset.ownerType);
  EXPECT_EQ(sent.sd.cols.at(0).type, "bigint");
}

}  // namespace
}  // namespace kafka_iceberg::catalog
