// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/protobuf/fake_proto_records.h"
#include "decode/protobuf/proto_text.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;

Result<iceberg::Schema> Mapped(const std::string& text, ProtobufToIcebergOptions options = {}) {
  auto schema = ParseProtoText(ProtoText(text));
  if (!schema.ok()) return schema.error();
  return ProtobufToIceberg(*schema, *schema->FindByPath({}), options);
}

// The column type of one field.
std::string TypeOf(const std::string& field, const std::string& more = "") {
  const size_t split = more.starts_with("import") ? more.rfind("import") : std::string::npos;
  const size_t end = split == std::string::npos ? 0 : more.find(';', split) + 1;
  const auto schema =
      Mapped(more.substr(0, end) + "message A { " + field + " v = 1; }" + more.substr(end));
  if (!schema.ok()) return schema.error().message();
  return iceberg::ToString(schema->fields.at(0).type);
}

TEST(ProtoMapping, EachScalarHasItsRowInTheTable) {
  for (const char* scalar :
       {"double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32",
        "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes"}) {
    std::string_view expected;
    for (const auto& row : ProtobufMapping()) {
      if (row.protobuf == scalar) expected = row.iceberg;
    }
    EXPECT_EQ(TypeOf(scalar), expected) << scalar;
  }
}

TEST(ProtoMapping, NothingNarrows) {
  EXPECT_EQ(TypeOf("uint32"), "long");
  EXPECT_EQ(TypeOf("fixed32"), "long");
  EXPECT_EQ(TypeOf("uint64"), "decimal(20, 0)");
  EXPECT_EQ(TypeOf("fixed64"), "decimal(20, 0)");
}

TEST(ProtoMapping, NestsMessagesListsAndMaps) {
  EXPECT_EQ(TypeOf("repeated int32"), "list<int>");
  EXPECT_EQ(TypeOf("map<string, int64>"), "map<string, long>");
  EXPECT_THAT(TypeOf("repeated B", "message B { map<int32, C> m = 1; } message C { bool b = 1; }"),
              testing::AllOf(HasSubstr("list<struct<"), HasSubstr("map<int, struct<"),
                             HasSubstr("boolean")));
  EXPECT_EQ(TypeOf("E", "enum E { Z = 0; }"), "string");
  EXPECT_EQ(TypeOf("B", "message B {}"), "boolean");
}

TEST(ProtoMapping, KnowsTheWellKnownTypes) {
  const std::string imports =
      "import \"google/protobuf/any.proto\"; import \"google/protobuf/duration.proto\"; "
      "import \"google/protobuf/empty.proto\"; import \"google/protobuf/struct.proto\"; "
      "import \"google/protobuf/timestamp.proto\"; import \"google/protobuf/wrappers.proto\"; "
      "import \"google/type/date.proto\"; import \"google/type/timeofday.proto\"; "
      "import \"google/type/decimal.proto\";";
  EXPECT_EQ(TypeOf("google.protobuf.Timestamp", imports), "timestamptz");
  EXPECT_EQ(TypeOf("google.protobuf.Struct", imports), "string");
  EXPECT_EQ(TypeOf("google.protobuf.Value", imports), "string");
  EXPECT_EQ(TypeOf("google.protobuf.ListValue", imports), "string");
  EXPECT_EQ(TypeOf("google.protobuf.UInt64Value", imports), "decimal(20, 0)");
  EXPECT_EQ(TypeOf("google.protobuf.StringValue", imports), "string");
  EXPECT_EQ(TypeOf("google.protobuf.Empty", imports), "boolean");
  EXPECT_EQ(TypeOf("google.type.Date", imports), "date");
  EXPECT_EQ(TypeOf("google.type.TimeOfDay", imports), "time");
  EXPECT_EQ(TypeOf("google.type.Decimal", imports), "string");
  for (const char* type : {"google.protobuf.Duration", "google.protobuf.Any"}) {
    EXPECT_THAT(TypeOf(type, imports), HasSubstr("struct<")) << type;
  }
}

TEST(ProtoMapping, IdsAreFreshAndAllButKeysOptional) {
  const auto schema = Mapped(
      "message A { int32 a = 9; map<string, B> b = 3; } "
      "message B { repeated string c = 1; }");
  ASSERT_TRUE(schema.ok());
  EXPECT_TRUE(iceberg::ValidateSchema(*schema, 2).ok());
  EXPECT_EQ(schema->fields[0].id, 1);
  EXPECT_EQ(schema->fields[1].id, 2);
  iceberg::VisitFields(schema->fields, [](const iceberg::Field& field) {
    EXPECT_EQ(field.required, field.name == "key") << field.name;
  });
}

TEST(ProtoMapping, RefusesMessagesThatContainThemselves) {
  for (const char* text :
       {"message A { int32 x = 1; A next = 2; }", "message A { B b = 1; } message B { A a = 1; }",
        "message A { repeated A children = 1; }", "message A { map<string, A> m = 1; }"}) {
    const auto schema = Mapped(text);
    ASSERT_FALSE(schema.ok()) << text;
    EXPECT_EQ(schema.error().code(), ErrorCode::kUnsupported);
    EXPECT_THAT(schema.error().message(), HasSubstr("message A contains itself"));
  }
  // The same type twice side by side is none.
  EXPECT_TRUE(Mapped("message A { B b = 1; B c = 2; } message B { int32 x = 1; }").ok());
}

TEST(ProtoMapping, HasLimits) {
  std::string bomb;
  for (int i = 0; i < 20; ++i) {
    bomb += fmt::format("message M{} {{ M{} a = 1; M{} b = 2; }} ", i, i + 1, i + 1);
  }
  bomb += "message M20 { int32 x = 1; }";
  EXPECT_EQ(Mapped(bomb).error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(Mapped(bomb).error().message(), HasSubstr("2000 columns"));
  EXPECT_THAT(Mapped("message A { B b = 1; } message B { C c = 1; } message C { int32 x = 1; }",
                     {.depth_max = 2})
                  .error()
                  .message(),
              HasSubstr("deeper than 2"));
  EXPECT_EQ(Mapped("message A { int32 _kafka_offset = 1; }").error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(Mapped("message A {}").error().code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace kafka_iceberg::decode
