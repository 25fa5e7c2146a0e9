// SPDX-License-Identifier: Apache-2.0
#include "write/partition_splitter.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"
#include "core/result_matchers.h"
#include "decode/arrow_schema.h"
#include "write/fake_table.h"

namespace kafka_iceberg::write {
namespace {

using buffer::MakeRows;
using iceberg::Type;
using iceberg::TypeId;
using iceberg::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<PartitionGroup> Split(const FakeTable& table, const std::string& rows) {
  const auto metadata = MakeTable(table);
  const auto columns = decode::ToArrowSchema(table.schema).value();
  const auto splitter = PartitionSplitter::Make(metadata->spec(), table.schema, *columns);
  EXPECT_THAT(splitter, IsOk());
  return splitter->Split(*MakeRows(columns, rows)).value();
}

std::vector<int32_t> Rows(const PartitionGroup& group) {
  std::vector<int32_t> rows;
  for (const auto& run : group.runs) {
    for (int32_t i = 0; i < run.length; ++i) rows.push_back(run.start + i);
  }
  return rows;
}

TEST(PartitionSplitter, WithoutPartitionsIsOneGroup) {
  const auto groups = Split({.schema = OrdersTable()}, R"([{"id": 1}, {"id": 2}])");
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_THAT(groups[0].tuple, IsEmpty());
  EXPECT_THAT(groups[0].runs, ElementsAre(buffer::RowRun{0, 0, 2}));
}

TEST(PartitionSplitter, OneDayIsOneRun) {
  const auto groups = Split({.schema = OrdersTable(), .partition_by = {"day(moment)"}},
                            R"([{"moment": 5}, {"moment": 4}, {"moment": 6}])");
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_THAT(groups[0].tuple, ElementsAre(Value(int32_t{0})));
  EXPECT_THAT(groups[0].runs, ElementsAre(buffer::RowRun{0, 0, 3}));
}

TEST(PartitionSplitter, NeighboursStayTogether) {
  const auto groups = Split({.schema = OrdersTable(), .partition_by = {"name"}},
                            R"([{"name": "a"}, {"name": "a"}, {"name": "b"}, {"name": "a"}, {}])");
  ASSERT_THAT(groups, SizeIs(3));
  EXPECT_THAT(groups[0].tuple, ElementsAre(Value(std::string("a"))));
  EXPECT_THAT(groups[0].runs, ElementsAre(buffer::RowRun{0, 0, 2}, buffer::RowRun{0, 3, 1}));
  EXPECT_THAT(Rows(groups[1]), ElementsAre(2));
  EXPECT_THAT(groups[2].tuple, ElementsAre(Value()));
  EXPECT_THAT(Rows(groups[2]), ElementsAre(4));
}

TEST(PartitionSplitter, TuplesCombineAllFields) {
  const auto groups =
      Split({.schema = OrdersTable(), .partition_by = {"day(moment)", "name", "truncate(10, id)"}},
            R"([{"id": 1, "name": "a", "moment": 0}, {"id": 2, "name": "a", "moment": 0},
                {"id": 1, "name": "b", "moment": 0}, {"id": 11, "name": "b", "moment": 0},
                {"id": 1, "name": "a", "moment": 86400000000}, {"id": 3, "name": "b", "moment": 1}])");
  ASSERT_THAT(groups, SizeIs(4));
  EXPECT_THAT(Rows(groups[0]), ElementsAre(0, 1));
  EXPECT_THAT(Rows(groups[1]), ElementsAre(2, 5));
  EXPECT_THAT(Rows(groups[2]), ElementsAre(3));
  EXPECT_THAT(groups[2].tuple,
              ElementsAre(Value(int32_t{0}), Value(std::string("b")), Value(int64_t{10})));
  EXPECT_THAT(Rows(groups[3]), ElementsAre(4));
}

TEST(PartitionSplitter, SourceMayBeInsideAStruct) {
  iceberg::Schema schema{
      .fields = {{.id = 1,
                  .name = "user",
                  .type = Type::Struct(
                      {{.id = 2, .name = "country", .type = Type::Primitive(TypeId::kString)}})}}};
  const auto groups =
      Split({.schema = schema, .partition_by = {"user.country"}},
            R"([{"user": {"country": "DE"}}, {}, {"user": {}}, {"user": {"country": "DE"}}])");
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_THAT(Rows(groups[0]), ElementsAre(0, 3));
  EXPECT_THAT(Rows(groups[1]), ElementsAre(1, 2));
}

TEST(PartitionSplitter, EveryRowIsInOneGroup) {
  SeededRandom random(5);
  const auto table = buffer::EveryTypeTable();
  const auto columns = buffer::EveryTypeSchema();
  const auto metadata = MakeTable(
      {.schema = table, .partition_by = {"bucket(7, text)", "flag", "truncate(2, bytes)", "uuid"}});
  const auto splitter = PartitionSplitter::Make(metadata->spec(), table, *columns).value();
  const auto rows = buffer::RandomRows(columns, 2000, random, /*small_domain=*/true);
  std::vector<int> seen(2000, 0);
  for (const auto& group : splitter.Split(*rows).value()) {
    for (const int32_t row : Rows(group)) ++seen[static_cast<size_t>(row)];
  }
  EXPECT_THAT(seen, ::testing::Each(1));
}

TEST(PartitionSplitter, EmptyBatchHasNoGroups) {
  EXPECT_THAT(Split({.schema = OrdersTable(), .partition_by = {"name"}}, "[]"), IsEmpty());
}

TEST(PartitionSplitter, NamesAMissingSource) {
  const auto metadata = MakeTable({.schema = OrdersTable(), .partition_by = {"day(moment)"}});
  auto columns = decode::ToArrowSchema(OrdersTable()).value();
  columns = columns->RemoveField(3).ValueOrDie();
  const auto splitter = PartitionSplitter::Make(metadata->spec(), OrdersTable(), *columns);
  ASSERT_THAT(splitter, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(splitter.error().message(), ::testing::HasSubstr("moment_day"));
}

TEST(PartitionSplitter, RefusesUnknownTransforms) {
  iceberg::PartitionSpec spec{.spec_id = 0,
                              .fields = {{.source_id = 1,
                                          .field_id = 1000,
                                          .name = "z",
                                          .transform = iceberg::ParseTransform("zorder[3]")}}};
  const auto columns = decode::ToArrowSchema(OrdersTable()).value();
  EXPECT_THAT(PartitionSplitter::Make(spec, OrdersTable(), *columns),
              IsError(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace kafka_iceberg::write
