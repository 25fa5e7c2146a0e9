// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/protobuf/fake_proto_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;

ProtoSchema Parsed(const std::string& text, std::vector<SchemaReference> references = {}) {
  auto schema = ParseProtoText(ProtoText(text, std::move(references)));
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return schema.ok() ? std::move(schema).value() : ProtoSchema();
}

Error ErrorOf(const std::string& text, std::vector<SchemaReference> references = {}) {
  auto schema = ParseProtoText(ProtoText(text, std::move(references)));
  EXPECT_FALSE(schema.ok());
  return schema.ok() ? Error::Invalid("none") : schema.error();
}

std::string NameAt(const ProtoSchema& schema, const std::vector<int32_t>& path) {
  const ProtoMessage* message = schema.FindByPath(path);
  return message == nullptr ? "none" : message->full_name;
}

// A FileDescriptorProto as Python's serializer registers it: package p, messages A with the fields
// "int64 id = 1" and "map<string, string> tags = 2", and B; proto3.
constexpr const char* kDescribed =
    "CgdhLnByb3RvEgFwIloKAUESCgoCaWQYASABKAMSHAoEdGFncxgCIAMoCzIOLnAuQS5UYWdzRW50cnka"
    "KwoJVGFnc0VudHJ5EgsKA2tleRgBIAEoCRINCgV2YWx1ZRgCIAEoCToCOAEiAwoBQmIGcHJvdG8z";

TEST(ProtoText, ReadsADescriptorInBase64) {
  const auto schema = ParseProtoText({PayloadFormat::kProtobuf, kDescribed, {}});
  ASSERT_TRUE(schema.ok()) << schema.error().message();
  EXPECT_EQ(NameAt(*schema, {}), "p.A");
  EXPECT_EQ(NameAt(*schema, {1}), "p.B");
  ASSERT_EQ(schema->FindByPath({})->fields.size(), 2);
  EXPECT_TRUE(schema->FindByPath({})->fields[1].is_map);
}

TEST(ProtoText, ReadsADescriptorAsAnImport) {
  const auto schema = Parsed(R"(import "a.proto"; message C { p.A a = 1; })",
                             {{.name = "a.proto", .text = kDescribed}});
  EXPECT_EQ(NameAt(schema, {}), "C");
}

TEST(ProtoText, SaysWhatIsWrongWithADescriptor) {
  // Message A with a field of the type Nowhere.
  const auto schema = ParseProtoText(
      {PayloadFormat::kProtobuf, "CgdhLnByb3RvIhcKAUESEgoBeBgBIAEoCzIHTm93aGVyZWIGcHJvdG8z", {}});
  ASSERT_FALSE(schema.ok());
  EXPECT_THAT(schema.error().message(), HasSubstr("\"Nowhere\""));
}

TEST(ProtoText, FindsMessagesByTheirPath) {
  const auto schema = Parsed(
      "package p; message A { message B { message C {} } message D {} } enum E { Z = 0; } "
      "message F {}");
  EXPECT_EQ(NameAt(schema, {}), "p.A");
  EXPECT_EQ(NameAt(schema, {0}), "p.A");
  EXPECT_EQ(NameAt(schema, {1}), "p.F");
  EXPECT_EQ(NameAt(schema, {0, 0, 0}), "p.A.B.C");
  EXPECT_EQ(NameAt(schema, {0, 1}), "p.A.D");
  EXPECT_EQ(NameAt(schema, {2}), "none");
  EXPECT_EQ(NameAt(schema, {0, 2}), "none");
  EXPECT_EQ(NameAt(schema, {-1}), "none");
  EXPECT_EQ(NameAt(schema, {0, 0, 0, 0}), "none");
}

TEST(ProtoText, MapFieldsAreNoDeclarations) {
  const auto schema = Parsed("message A { map<string, int32> m = 1; message B {} }");
  EXPECT_EQ(NameAt(schema, {0, 0}), "A.B");
  EXPECT_EQ(NameAt(schema, {0, 1}), "none");
  // As registries print what clients registered as descriptors.
  const auto printed = Parsed(
      "message A { repeated MEntry m = 1; message MEntry { option map_entry = true; string key = "
      "1; int32 value = 2; } message B {} }");
  EXPECT_EQ(NameAt(printed, {0, 1}), "A.B");
  EXPECT_TRUE(printed.FindByPath({})->fields[0].is_map);
}

TEST(ProtoText, FindsMessagesByTheirPlaceAmongTheSortedNames) {
  const auto schema = Parsed("message B { map<int32, int32> m = 1; message A {} } message A {}");
  const auto name = [&](int32_t index) {
    const ProtoMessage* message = schema.FindBySortedIndex(index);
    return message == nullptr ? "none" : message->full_name;
  };
  EXPECT_EQ(name(0), "A");
  EXPECT_EQ(name(1), "B");
  EXPECT_EQ(name(2), "B.A");
  EXPECT_EQ(name(3), "B.MEntry");
  EXPECT_EQ(name(4), "none");
  EXPECT_EQ(name(-1), "none");
}

TEST(ProtoText, FindsMessagesByName) {
  const auto schema = Parsed("package p.q; message A {} message B { message C {} }");
  EXPECT_EQ(schema.FindByName("p.q.A")->full_name, "p.q.A");
  EXPECT_EQ(schema.FindByName("B")->full_name, "p.q.B");
  EXPECT_EQ(schema.FindByName("p.q.B.C")->full_name, "p.q.B.C");
  EXPECT_EQ(schema.FindByName("C"), nullptr);
}

TEST(ProtoText, KnowsWhatAnAbsentFieldStandsFor) {
  const auto schema = Parsed(
      "message A { int32 a = 1; optional int32 b = 2; string c = 3; A d = 4; repeated int32 e = 5; "
      "oneof o { int32 f = 6; } double g = 7; }");
  const auto& fields = schema.FindByPath({})->fields;
  EXPECT_EQ(fields[0].absent_value, std::string(1, '\0'));
  EXPECT_EQ(fields[1].absent_value, std::nullopt);
  EXPECT_EQ(fields[2].absent_value, std::string(1, '\0'));
  EXPECT_EQ(fields[3].absent_value, std::nullopt);
  EXPECT_EQ(fields[4].absent_value, std::nullopt);
  EXPECT_EQ(fields[5].absent_value, std::nullopt);
  EXPECT_EQ(fields[6].absent_value, std::string(8, '\0'));
  // A presence alone is a branch of its own oneof, which excludes nothing.
  EXPECT_EQ(fields[1].oneof, -1);
  EXPECT_EQ(fields[5].oneof, 0);
}

TEST(ProtoText, ReadsImportsInAnyOrder) {
  const std::vector<SchemaReference> references = {
      {"b.proto", "syntax = \"proto3\"; import \"c.proto\"; message B { C c = 1; }"},
      {"c.proto", "syntax = \"proto3\"; message C { int32 x = 1; }"},
      {"unused.proto", "this is not even a schema"}};
  const auto schema = Parsed("import \"b.proto\"; message A { B b = 1; }", references);
  EXPECT_NE(schema.FindByName("C"), schema.FindByName("A"));
  EXPECT_EQ(schema.FindByPath({})->fields[0].type_index >= 0, true);
}

TEST(ProtoText, KnowsTheFilesThatAreNeverDelivered) {
  for (const std::string file : {"any", "api", "descriptor", "duration", "empty", "field_mask",
                                 "source_context", "struct", "timestamp", "type", "wrappers"}) {
    Parsed("import \"google/protobuf/" + file + ".proto\"; message A {}");
  }
  Parsed(
      "import \"google/type/date.proto\"; import \"google/type/timeofday.proto\"; "
      "import \"google/type/decimal.proto\"; import \"confluent/type/decimal.proto\"; "
      "import \"confluent/meta.proto\"; message A { google.type.Date d = 1; "
      "google.type.TimeOfDay t = 2; google.type.Decimal e = 3; confluent.type.Decimal f = 4 "
      "[(confluent.field_meta) = { params: [{ key: \"scale\", value: \"2\" }] }]; }");
}

TEST(ProtoText, OptionsMeanNothing) {
  Parsed(
      "import \"somewhere/options.proto\"; option java_package = \"x\"; option (a.b) = 3; "
      "message A { option (c) = { d: 1 }; int32 v = 1 [(e).f = \"g\", deprecated = true]; } "
      "enum E { option allow_alias = true; Z = 0; Y = 0 [(h) = 1]; } "
      "service S { rpc Do(Missing) returns (Missing); }");
}

TEST(ProtoText, NamesTheImportThatIsMissing) {
  const Error error = ErrorOf("import \"shop/item.proto\"; message A { shop.Item item = 1; }");
  EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr("shop.Item"));
  EXPECT_THAT(error.message(), HasSubstr("shop/item.proto was not delivered"));
}

TEST(ProtoText, RefusesWhatIsNotAProtoFile) {
  EXPECT_EQ(ErrorOf("message A { int32 v = 1; ").code(), ErrorCode::kCorrupt);
  EXPECT_THAT(ErrorOf("message A {\n  int32 v 1;\n}").message(), HasSubstr("line 2"));
  EXPECT_EQ(ErrorOf("message A { int32 v = 1; int32 w = 1; }").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(ErrorOf("message A { Missing v = 1; }").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(ErrorOf("syntax = \"proto4\"; message A {}").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(ErrorOf("\xff\xfe\x00 garbage").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(ErrorOf("import \"a.proto\"; message M {}",
                    {{"a.proto", "import \"b.proto\";"}, {"b.proto", "import \"a.proto\";"}})
                .code(),
            ErrorCode::kCorrupt);
  PayloadSchema avro;
  EXPECT_EQ(ParseProtoText(avro).error().code(), ErrorCode::kUnsupported);
}

TEST(ProtoText, RefusesWhatWouldExhaustTheParser) {
  const auto repeat = [](const std::string& text, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) all += text;
    return all;
  };
  EXPECT_EQ(ErrorOf(repeat("message A {", 100'000)).code(), ErrorCode::kUnsupported);
  EXPECT_EQ(ErrorOf(repeat("message A { /* } */", 10'000)).code(), ErrorCode::kUnsupported);
  EXPECT_EQ(ErrorOf("message A { int32 v = 1 [(o) = " + repeat("{ a: <", 50'000)).code(),
            ErrorCode::kUnsupported);
  EXPECT_EQ(ErrorOf("// " + std::string(kProtoTextBytesMax, 'x')).code(), ErrorCode::kUnsupported);
  std::vector<SchemaReference> many(kProtoFilesMax + 1);
  EXPECT_EQ(ErrorOf("message A {}", many).code(), ErrorCode::kUnsupported);
}

TEST(ProtoText, SurvivesEveryTruncation) {
  const std::string text =
      "syntax = \"proto2\"; package p; import \"google/protobuf/timestamp.proto\"; message A { "
      "optional group G = 1 { required int32 x = 1 [default = -3]; } map<string, E> m = 2; oneof o "
      "{ string s = 3; } extensions 100 to max; reserved 50, 60 to 70; } enum E { Z = 0; }";
  EXPECT_TRUE(ParseProtoText(ProtoText(text)).ok());
  for (size_t size = 0; size < text.size(); ++size) {
    PayloadSchema schema;
    schema.format = PayloadFormat::kProtobuf;
    schema.text = text.substr(0, size);
    static_cast<void>(ParseProtoText(schema));
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
