// SPDX-License-Identifier: Apache-2.0
#include "table/table_layout.h"

#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::table {
namespace {

using iceberg::Type;
using iceberg::TypeId;

iceberg::Schema EventSchema() {
  iceberg::Schema schema;
  schema.fields = {
      {.id = 1, .name = "id", .type = Type::Primitive(TypeId::kLong)},
      {.id = 2, .name = "ts", .type = Type::Primitive(TypeId::kTimestamptz)},
      {.id = 3, .name = "name", .type = Type::Primitive(TypeId::kString)},
      {.id = 4, .name = "price", .type = Type::Primitive(TypeId::kDouble)},
      {.id = 5, .name = "desc", .type = Type::Primitive(TypeId::kString)},
  };
  return schema;
}

TEST(PartitionExpressions, AreTheStrategiesOfTheConfiguration) {
  using testing::ElementsAre;
  EXPECT_THAT(PartitionExpressions("daily", "ts").value(), ElementsAre("day(ts)"));
  EXPECT_THAT(PartitionExpressions("hourly", "ts").value(), ElementsAre("hour(ts)"));
  EXPECT_THAT(PartitionExpressions("identity", "country").value(), ElementsAre("country"));
  EXPECT_THAT(PartitionExpressions("bucket", "id").value(), ElementsAre("bucket(16, id)"));
  const auto unknown = PartitionExpressions("weekly", "ts");
  EXPECT_THAT(unknown, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(unknown.error().message(), testing::HasSubstr("daily, hourly, identity, bucket"));
  EXPECT_THAT(PartitionExpressions("daily", ""), IsError(ErrorCode::kInvalid));
}

TEST(PartitionExpressions, AllParseAgainstASchema) {
  for (const char* strategy : {"daily", "hourly", "identity", "bucket"}) {
    const auto spec =
        ParsePartitionSpec(PartitionExpressions(strategy, "ts").value(), EventSchema());
    ASSERT_THAT(spec, IsOk()) << strategy;
    EXPECT_EQ(spec->fields.at(0).source_id, 2);
  }
}

TEST(PartitionSpecText, NamesTheExpressionThatIsWrong) {
  EXPECT_TRUE(ParsePartitionSpec({}, EventSchema())->fields.empty());
  const auto missing = ParsePartitionSpec({"day(ts)", "day(nope)"}, EventSchema());
  EXPECT_THAT(missing, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(missing.error().message(), testing::HasSubstr("nope"));
  EXPECT_THAT(ParsePartitionSpec({"day(name)"}, EventSchema()), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(ParsePartitionSpec({"day(ts)", "hour(ts)"}, EventSchema()),
              IsError(ErrorCode::kInvalid));
}

TEST(SortOrderText, HasDirectionAndPlaceOfNulls) {
  struct Case {
    const char* text;
    int32_t source_id;
    bool ascending;
    bool nulls_first;
  };
  for (const Case& c : {Case{"ts", 2, true, true},
                        {"ts asc", 2, true, true},
                        {"ts desc", 2, false, false},
                        {" ts  DESC  Nulls First ", 2, false, true},
                        {"ts nulls last", 2, true, false},
                        {"desc", 5, true, true},
                        {"desc desc", 5, false, false}}) {
    const auto order = ParseSortOrder({c.text}, EventSchema());
    ASSERT_THAT(order, IsOk()) << c.text;
    ASSERT_EQ(order->fields.size(), 1U);
    EXPECT_EQ(order->order_id, 1);
    EXPECT_EQ(order->fields[0].source_id, c.source_id) << c.text;
    EXPECT_EQ(order->fields[0].ascending, c.ascending) << c.text;
    EXPECT_EQ(order->fields[0].nulls_first, c.nulls_first) << c.text;
  }
  const auto bucket =
      ParseSortOrder({"bucket(16, id) desc nulls last", "name"}, EventSchema()).value();
  EXPECT_EQ(bucket.fields[0].transform,
            (iceberg::Transform{iceberg::TransformKind::kBucket, 16, ""}));
  EXPECT_EQ(bucket.fields[1].source_id, 3);
  EXPECT_EQ(ParseSortOrder({}, EventSchema()).value(), iceberg::SortOrder{});
}

TEST(SortOrderText, NamesTheExpressionThatIsWrong) {
  for (const char* text : {"nope", "ts up", "", "day(name)", "nulls first"}) {
    EXPECT_THAT(ParseSortOrder({text}, EventSchema()), IsError(ErrorCode::kInvalid)) << text;
  }
}

TEST(IdentifierFields, BecomeRequired) {
  const auto schema = WithIdentifierFields(EventSchema(), {"name", "id"});
  ASSERT_THAT(schema, IsOk());
  EXPECT_THAT(schema->identifier_field_ids, testing::ElementsAre(3, 1));
  EXPECT_TRUE(schema->fields[0].required);
  EXPECT_TRUE(schema->fields[2].required);
  EXPECT_FALSE(schema->fields[1].required);
  EXPECT_THAT(WithIdentifierFields(EventSchema(), {"price"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(WithIdentifierFields(EventSchema(), {"nope"}), IsError(ErrorCode::kInvalid));
}

TEST(IdentifierFields, MayBeBelowStructsWhichBecomeRequiredToo) {
  iceberg::Schema nested = EventSchema();
  nested.fields.push_back(
      {.id = 100, .name = "_key", .type = iceberg::Type::Struct({nested.fields[0]})});
  nested.fields.back().type.fields[0].id = 101;
  const auto schema = WithIdentifierFields(nested, {"_key." + nested.fields[0].name});
  ASSERT_THAT(schema, IsOk());
  EXPECT_THAT(schema->identifier_field_ids, testing::ElementsAre(101));
  EXPECT_TRUE(schema->fields.back().required);
  EXPECT_TRUE(schema->fields.back().type.fields[0].required);
  EXPECT_THAT(WithIdentifierFields(nested, {"_key.nope"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(WithIdentifierFields(nested, {"_key."}), IsError(ErrorCode::kInvalid));
}

TEST(TableCreation, GivesFreshIdsAndRefersToThem) {
  iceberg::Schema wanted = EventSchema();
  for (iceberg::Field& field : wanted.fields) field.id += 100;
  const TableOptions options{.identifier = {{"raw"}, "events"},
                             .partition_by = {"day(ts)", "bucket(4, id)"},
                             .identifier_fields = {"id"},
                             .sort_by = {"name desc"},
                             .format_version = 3,
                             .properties = {{"a", "b"}}};
  const auto creation = MakeTableCreation(options, wanted);
  ASSERT_THAT(creation, IsOk());
  EXPECT_EQ(creation->schema.fields[0].id, 1);
  EXPECT_THAT(creation->schema.identifier_field_ids, testing::ElementsAre(1));
  EXPECT_EQ(creation->spec.fields[0].source_id, 2);
  EXPECT_EQ(creation->spec.fields[1].source_id, 1);
  EXPECT_EQ(creation->sort_order.fields[0].source_id, 3);
  EXPECT_EQ(creation->format_version, 3);
  EXPECT_EQ(creation->properties.at("a"), "b");
}

}  // namespace
}  // namespace kafka_iceberg::table
