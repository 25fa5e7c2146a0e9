// SPDX-License-Identifier: Apache-2.0
#include "buffer/conform.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"
#include "buffer/hot_buffer.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::buffer {
namespace {

std::shared_ptr<arrow::Field> Column(int id, const std::string& name,
                                     std::shared_ptr<arrow::DataType> type) {
  return arrow::field(name, std::move(type), true,
                      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

void ExpectRows(const Result<std::shared_ptr<arrow::RecordBatch>>& rows,
                const std::shared_ptr<arrow::Schema>& schema, const std::string& json) {
  ASSERT_TRUE(rows.ok()) << rows.error().message();
  EXPECT_TRUE((*rows)->ValidateFull().ok()) << (*rows)->ValidateFull().ToString();
  EXPECT_TRUE((*rows)->Equals(*MakeRows(schema, json))) << (*rows)->ToString();
}

TEST(Conform, NewColumnsAreNullAndMovedOnesAreFound) {
  const auto old_schema =
      arrow::schema({Column(1, "a", arrow::int64()), Column(2, "b", arrow::utf8())});
  const auto schema =
      arrow::schema({Column(2, "renamed", arrow::utf8()), Column(1, "a", arrow::int64()),
                     Column(3, "c", arrow::list(Column(4, "element", arrow::int32())))});
  ExpectRows(Conform(MakeRows(old_schema, R"([{"a":1,"b":"x"},{"b":"y"}])"), schema), schema,
             R"([{"a":1,"renamed":"x"},{"renamed":"y"}])");
}

TEST(Conform, PromotedColumnsAreWidenedAlsoInSlices) {
  const auto old_schema =
      arrow::schema({Column(1, "i", arrow::int32()), Column(2, "f", arrow::float32()),
                     Column(3, "d", arrow::decimal128(5, 2))});
  const auto schema =
      arrow::schema({Column(1, "i", arrow::int64()), Column(2, "f", arrow::float64()),
                     Column(3, "d", arrow::decimal128(20, 2))});
  const auto rows = MakeRows(
      old_schema, R"([{"i":1},{"i":-2,"f":1.5,"d":"1.25"},{"d":"-3.00"},{"i":2147483647}])");
  ExpectRows(Conform(rows->Slice(1), schema), schema,
             R"([{"i":-2,"f":1.5,"d":"1.25"},{"d":"-3.00"},{"i":2147483647}])");
}

TEST(Conform, NestedColumnsGrow) {
  const auto old_struct = arrow::struct_({Column(2, "x", arrow::int32())});
  const auto new_struct =
      arrow::struct_({Column(2, "x", arrow::int64()), Column(3, "y", arrow::utf8())});
  const auto old_schema = arrow::schema(
      {Column(1, "s", old_struct), Column(5, "l", arrow::list(Column(6, "element", old_struct)))});
  const auto schema = arrow::schema(
      {Column(1, "s", new_struct), Column(5, "l", arrow::list(Column(6, "element", new_struct)))});
  const auto rows = MakeRows(
      old_schema, R"([{"s":{"x":1}},{"l":[{"x":2},{"x":3}]},{"s":{"x":4},"l":[]},{"l":[{}]}])");
  ExpectRows(Conform(rows->Slice(1), schema), schema,
             R"([{"l":[{"x":2},{"x":3}]},{"s":{"x":4},"l":[]},{"l":[{}]}])");
}

TEST(Conform, AnotherTypeIsRefused) {
  const auto old_schema = arrow::schema({Column(1, "a", arrow::utf8())});
  const auto schema = arrow::schema({Column(1, "a", arrow::int64())});
  EXPECT_THAT(Conform(MakeRows(old_schema, "[{}]"), schema), IsError(ErrorCode::kInvalid));
}

class GrowingHotBuffer : public ::testing::Test {
 protected:
  void SetUp() override {
    buffer_.Append(1, MakeRows(old_schema_, R"([{"a":1},{"a":2}])"));
    buffer_.SetSchema(2, schema_);
    buffer_.Append(1, MakeRows(schema_, R"([{"a":2,"b":"x"}])"));
    buffer_.Append(1, MakeRows(old_schema_, R"([{"a":5}])"));  // a writer that is not there yet
  }

  FakeClock clock_;
  const std::shared_ptr<arrow::Schema> old_schema_ =
      arrow::schema({Column(1, "a", arrow::int32())});
  const std::shared_ptr<arrow::Schema> schema_ =
      arrow::schema({Column(1, "a", arrow::int64()), Column(2, "b", arrow::utf8())});
  HotBuffer buffer_{{}, old_schema_, clock_};
};

TEST_F(GrowingHotBuffer, ViewsHaveOneSchema) {
  const auto view = buffer_.View();
  ASSERT_TRUE(view.ok());
  EXPECT_TRUE(view->schema->Equals(*schema_));
  ASSERT_EQ(view->batches.size(), 3U);
  for (const auto& batch : view->batches) EXPECT_TRUE(batch->rows->schema()->Equals(*schema_));
}

TEST_F(GrowingHotBuffer, QueriesSeeAllRows) {
  const auto all = buffer_.Query({}, {}, -1);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ((*all)->num_rows(), 4);
  EXPECT_TRUE((*all)->schema()->Equals(*schema_));
  const auto some = buffer_.Query({{"a", Predicate::Op::kEq, "2"}}, {"b"}, -1);
  ASSERT_TRUE(some.ok());
  EXPECT_EQ((*some)->num_rows(), 2);
}

TEST_F(GrowingHotBuffer, LookupsFindRowsOfBothSchemas) {
  const auto found = buffer_.Lookup("a", "2");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->num_rows(), 2);
}

TEST_F(GrowingHotBuffer, AnEarlierSchemaDoesNotComeBack) {
  buffer_.SetSchema(1, old_schema_);
  EXPECT_TRUE(buffer_.View()->schema->Equals(*schema_));
}

}  // namespace
}  // namespace kafka_iceberg::buffer
