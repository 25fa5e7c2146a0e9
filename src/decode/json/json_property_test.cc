// SPDX-License-Identifier: Apache-2.0
//
// Random schemas and rows, written as JSON in random notation on one side and through Arrow's own
// builders on the other: both must be the same columns.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/hashing.h"
#include "core/random.h"
#include "decode/arrow_schema.h"
#include "decode/json/fake_json_records.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  iceberg::Schema RandomSchema() {
    iceberg::Schema schema;
    for (uint64_t i = 1 + random_.Below(12); i > 0; --i) schema.fields.push_back(RandomField(2));
    return schema;
  }

  // One value of the field as JSON; the same appended to the builder.
  std::string Value(const Field& field, arrow::ArrayBuilder& builder) {
    if (!field.required && random_.Below(5) == 0) {
      EXPECT_TRUE(builder.AppendNull().ok());
      return "null";
    }
    switch (field.type.id) {
      case TypeId::kStruct:
        return StructValue(field.type, static_cast<arrow::StructBuilder&>(builder));
      case TypeId::kList: return ListValue(field.type, static_cast<arrow::ListBuilder&>(builder));
      case TypeId::kMap: return MapValue(field.type, static_cast<arrow::MapBuilder&>(builder));
      default: return PrimitiveValue(field.type, builder);
    }
  }

  // The members of an object, in random order, with members nobody asked for between them.
  std::string Object(const std::vector<Field>& fields,
                     const std::function<arrow::ArrayBuilder&(int)>& builder_of) {
    std::vector<std::string> members;
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::string value = Value(fields[i], builder_of(static_cast<int>(i)));
      if (value == "null" && random_.Below(2) == 0) continue;
      const std::string member = Quoted(fields[i].name) + Space() + ":" + Space() + value + Space();
      const bool in_order = random_.Below(3) != 0;
      members.insert(
          in_order ? members.end()
                   : members.begin() + static_cast<int64_t>(random_.Below(members.size() + 1)),
          member);
      if (random_.Below(8) == 0) members.push_back("\"other\":[1,{\"a\":\"\\\"}]\"}]");
    }
    std::string json = "{" + Space();
    for (size_t i = 0; i < members.size(); ++i) json += (i == 0 ? "" : ",") + Space() + members[i];
    return json + "}" + Space();
  }

 private:
  Field RandomField(int depth) {
    Field field;
    field.id = next_id_++;
    field.name = "f" + std::to_string(field.id) + std::string(random_.Below(25), 'n');
    field.required = random_.Below(3) == 0;
    field.type = RandomType(depth);
    return field;
  }

  Type RandomType(int depth) {
    constexpr TypeId kPrimitives[] = {TypeId::kBoolean, TypeId::kInt,       TypeId::kLong,
                                      TypeId::kFloat,   TypeId::kDouble,    TypeId::kDate,
                                      TypeId::kTime,    TypeId::kTimestamp, TypeId::kString,
                                      TypeId::kBinary,  TypeId::kString,    TypeId::kTimestamptz};
    const uint64_t kind = random_.Below(depth > 0 ? 18 : 14);
    if (kind < 12) return Type::Primitive(kPrimitives[kind]);
    if (kind == 12) return Type::Decimal(static_cast<int32_t>(1 + random_.Below(38)), 0);
    if (kind == 13) return Type::Fixed(static_cast<int32_t>(1 + random_.Below(20)));
    const int32_t first_id = next_id_++;
    const int32_t second_id = next_id_++;
    const bool required = random_.Below(2) == 0;
    if (kind == 14) return Type::List(first_id, required, RandomType(depth - 1));
    if (kind == 15) {
      return Type::Map(first_id, Type::Primitive(TypeId::kString), second_id, required,
                       RandomType(depth - 1));
    }
    std::vector<Field> members;
    for (uint64_t i = 1 + random_.Below(4); i > 0; --i) members.push_back(RandomField(depth - 1));
    return Type::Struct(std::move(members));
  }

  std::string StructValue(const Type& type, arrow::StructBuilder& builder) {
    EXPECT_TRUE(builder.Append().ok());
    return Object(type.fields,
                  [&](int i) -> arrow::ArrayBuilder& { return *builder.field_builder(i); });
  }

  std::string ListValue(const Type& type, arrow::ListBuilder& builder) {
    EXPECT_TRUE(builder.Append().ok());
    std::string json = "[";
    for (uint64_t i = random_.Below(4); i > 0; --i) {
      json += (json.size() == 1 ? "" : ",") + Space() +
              Value(type.fields[0], *builder.value_builder()) + Space();
    }
    return json + "]";
  }

  std::string MapValue(const Type& type, arrow::MapBuilder& builder) {
    EXPECT_TRUE(builder.Append().ok());
    std::string json = "{";
    for (uint64_t i = random_.Below(4); i > 0; --i) {
      const std::string key = std::to_string(i) + RandomText();
      EXPECT_TRUE(static_cast<arrow::StringBuilder&>(*builder.key_builder()).Append(key).ok());
      json += (json.size() == 1 ? "" : ",") + Quoted(key) + ":" +
              Value(type.fields[1], *builder.item_builder());
    }
    return json + "}";
  }

  template <typename Builder>
  std::string Number(Builder& builder, typename Builder::value_type value) {
    EXPECT_TRUE(builder.Append(value).ok());
    return fmt::format("{}", value);
  }

  std::string PrimitiveValue(const Type& type, arrow::ArrayBuilder& builder) {
    const auto any = static_cast<int64_t>(random_.Next()) >> random_.Below(64);
    constexpr int64_t kMicrosPerDay = 86'400'000'000;
    switch (type.id) {
      case TypeId::kBoolean: {
        EXPECT_TRUE(static_cast<arrow::BooleanBuilder&>(builder).Append(any % 2 == 0).ok());
        return any % 2 == 0 ? "true" : "false";
      }
      case TypeId::kInt:
        return Number(static_cast<arrow::Int32Builder&>(builder), static_cast<int32_t>(any));
      case TypeId::kLong: return Number(static_cast<arrow::Int64Builder&>(builder), any);
      case TypeId::kFloat:
        return Number(static_cast<arrow::FloatBuilder&>(builder), static_cast<float>(any) / 1024);
      case TypeId::kDouble:
        return Number(static_cast<arrow::DoubleBuilder&>(builder), static_cast<double>(any) / 1024);
      case TypeId::kDate:
        return Number(static_cast<arrow::Date32Builder&>(builder), static_cast<int32_t>(any));
      case TypeId::kTime:
        return Number(static_cast<arrow::Time64Builder&>(builder),
                      (any % kMicrosPerDay + kMicrosPerDay) % kMicrosPerDay);
      case TypeId::kTimestamp:
      case TypeId::kTimestamptz: {
        const int64_t millis = any / 1000;
        EXPECT_TRUE(static_cast<arrow::TimestampBuilder&>(builder).Append(millis * 1000).ok());
        return std::to_string(millis);
      }
      case TypeId::kDecimal: {
        std::string digits(1 + random_.Below(static_cast<uint64_t>(type.precision)), '1');
        for (char& digit : digits) digit = static_cast<char>('1' + random_.Below(9));
        const auto value = arrow::Decimal128::FromString(digits).ValueOrDie();
        EXPECT_TRUE(static_cast<arrow::Decimal128Builder&>(builder).Append(value).ok());
        return random_.Below(2) == 0 ? digits : '"' + digits + '"';
      }
      case TypeId::kFixed: {
        const std::string bytes = RandomBytes(static_cast<size_t>(type.length));
        EXPECT_TRUE(static_cast<arrow::FixedSizeBinaryBuilder&>(builder).Append(bytes).ok());
        return '"' + Base64Encode(bytes) + '"';
      }
      case TypeId::kBinary: {
        const std::string bytes = RandomBytes(random_.Below(40));
        EXPECT_TRUE(static_cast<arrow::BinaryBuilder&>(builder).Append(bytes).ok());
        return '"' + Base64Encode(bytes) + '"';
      }
      default: break;
    }
    const std::string text = RandomText();
    EXPECT_TRUE(static_cast<arrow::StringBuilder&>(builder).Append(text).ok());
    return Quoted(text);
  }

  std::string RandomBytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_.Below(256));
    return bytes;
  }

  std::string RandomText() {
    constexpr std::string_view kPieces[] = {
        "a", "bc", " ", "\"", "\\", "\n", "é", "€", "😀", "{", "}", ",", "x0123456789abcdef", ":"};
    std::string text;
    for (uint64_t i = random_.Below(8); i > 0; --i)
      text += kPieces[random_.Below(std::size(kPieces))];
    return text;
  }

  std::string Quoted(const std::string& text) {
    std::string json = "\"";
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '"' || c == '\\')
        json += std::string("\\") + c;
      else if (c == '\n')
        json += random_.Below(2) == 0 ? "\\n" : "\\u000A";
      else if (text.compare(i, 4, "😀") == 0 && random_.Below(2) == 0) {
        json += "\\ud83d\\uDE00";
        i += 3;
      } else
        json += c;
    }
    return json + '"';
  }

  std::string Space() {
    constexpr std::string_view kSpaces[] = {"", "", "", "", " ", "\n", "\t", "\r\n  "};
    return std::string(kSpaces[random_.Below(std::size(kSpaces))]);
  }

  SeededRandom random_;
  int32_t next_id_ = 1;
};

class JsonProperty : public testing::TestWithParam<uint64_t> {};

TEST_P(JsonProperty, DecodingIsTheInverseOfEncoding) {
  Generator generator(GetParam());
  const iceberg::Schema schema = generator.RandomSchema();
  const auto arrow_schema = ToArrowSchema(schema);
  ASSERT_TRUE(arrow_schema.ok()) << arrow_schema.error().message();
  const auto builder =
      arrow::RecordBatchBuilder::Make(*arrow_schema, arrow::default_memory_pool()).ValueOrDie();
  std::vector<std::string> payloads;
  for (int row = 0; row < 100; ++row) {
    payloads.push_back(generator.Object(
        schema.fields, [&](int i) -> arrow::ArrayBuilder& { return *builder->GetField(i); }));
  }
  const auto expected = builder->Flush().ValueOrDie();
  const DecodedRows decoded = DecodeAll(schema, payloads);
  ASSERT_EQ(decoded.stats.dead_letters, 0) << decoded.letters[0].reason << "\n"
                                           << decoded.letters[0].value;
  for (int i = 0; i < expected->num_columns(); ++i) {
    ASSERT_TRUE(decoded.batch->column(i)->Equals(expected->column(i)))
        << "seed " << GetParam() << ", column " << expected->column_name(i) << "\n"
        << decoded.batch->column(i)->ToString() << "\n"
        << expected->column(i)->ToString();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, JsonProperty, testing::Range<uint64_t>(1, 301));

}  // namespace
}  // namespace kafka_iceberg::decode
