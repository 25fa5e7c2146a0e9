// SPDX-License-Identifier: Apache-2.0
#include "buffer/fake_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension_type.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <limits>
#include <utility>
#include <vector>

#include "core/check.h"
#include "decode/arrow_schema.h"
#include "iceberg/type.h"

namespace kafka_iceberg::buffer {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

struct Generator {
  Random& random;
  bool small_domain;

  bool Null(bool nullable) { return nullable && random.Below(10) == 0; }
  uint64_t Bits() { return small_domain ? random.Below(5) : random.Next(); }

  std::string Bytes(bool text) {
    std::string bytes(random.Below(small_domain ? 3 : 40), '\0');
    for (char& c : bytes) {
      c = text ? static_cast<char>('a' + random.Below(small_domain ? 2 : 26))
               : static_cast<char>(random.Below(256));
    }
    return bytes;
  }
};

template <typename Builder, typename Next>
ArrayPtr Build(const TypePtr& type, int64_t rows, bool nullable, Generator& generator, Next next) {
  Builder builder(type, arrow::default_memory_pool());
  for (int64_t i = 0; i < rows; ++i) {
    const auto value = next();  // always drawn: nulls do not shift the other columns
    CHECK((generator.Null(nullable) ? builder.AppendNull() : builder.Append(value)).ok());
  }
  return builder.Finish().ValueOrDie();
}

double NextDouble(Generator& generator) {
  const uint64_t pick = generator.random.Below(20);
  if (pick == 0) return std::numeric_limits<double>::quiet_NaN();
  if (pick == 1) return -0.0;
  return static_cast<double>(static_cast<int64_t>(generator.Bits()) % 100000) / 8;
}

ArrayPtr RandomColumn(const TypePtr& type, int64_t rows, bool nullable, Generator& generator);

std::shared_ptr<arrow::Buffer> RandomValidity(int64_t rows, bool nullable, Generator& generator) {
  if (!nullable) return nullptr;
  arrow::TypedBufferBuilder<bool> bits;
  for (int64_t i = 0; i < rows; ++i) CHECK(bits.Append(!generator.Null(true)).ok());
  return bits.Finish().ValueOrDie();
}

ArrayPtr RandomNested(const TypePtr& type, int64_t rows, bool nullable, Generator& generator) {
  auto validity = RandomValidity(rows, nullable, generator);
  if (type->id() == arrow::Type::STRUCT) {
    std::vector<ArrayPtr> children;
    for (const auto& field : type->fields()) {
      children.push_back(RandomColumn(field->type(), rows, field->nullable(), generator));
    }
    return std::make_shared<arrow::StructArray>(type, rows, std::move(children), validity);
  }
  arrow::TypedBufferBuilder<int32_t> offsets;
  int32_t total = 0;
  CHECK(offsets.Append(0).ok());
  for (int64_t i = 0; i < rows; ++i) {
    total += static_cast<int32_t>(generator.random.Below(4));
    CHECK(offsets.Append(total).ok());
  }
  const auto& field = type->field(0);
  auto child = RandomColumn(field->type(), total, field->nullable(), generator);
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, rows, {validity, offsets.Finish().ValueOrDie()}, {child->data()}));
}

ArrayPtr RandomColumn(const TypePtr& type, int64_t rows, bool nullable, Generator& g) {
  const auto integer = [&] { return static_cast<int64_t>(g.Bits()); };
  switch (type->id()) {
    case arrow::Type::NA: return std::make_shared<arrow::NullArray>(rows);
    case arrow::Type::BOOL:
      return Build<arrow::BooleanBuilder>(type, rows, nullable, g,
                                          [&] { return g.random.Below(2) == 1; });
    case arrow::Type::INT32:
      return Build<arrow::Int32Builder>(type, rows, nullable, g,
                                        [&] { return static_cast<int32_t>(integer()); });
    case arrow::Type::DATE32:
      return Build<arrow::Date32Builder>(type, rows, nullable, g,
                                         [&] { return static_cast<int32_t>(integer() % 40000); });
    case arrow::Type::INT64: return Build<arrow::Int64Builder>(type, rows, nullable, g, integer);
    case arrow::Type::TIME64:
      return Build<arrow::Time64Builder>(
          type, rows, nullable, g, [&] { return static_cast<int64_t>(g.Bits() % 86'400'000'000); });
    case arrow::Type::TIMESTAMP:
      return Build<arrow::TimestampBuilder>(type, rows, nullable, g,
                                            [&] { return integer() % 4'000'000'000'000'000; });
    case arrow::Type::FLOAT:
      return Build<arrow::FloatBuilder>(type, rows, nullable, g,
                                        [&] { return static_cast<float>(NextDouble(g)); });
    case arrow::Type::DOUBLE:
      return Build<arrow::DoubleBuilder>(type, rows, nullable, g, [&] { return NextDouble(g); });
    case arrow::Type::DECIMAL128:
      return Build<arrow::Decimal128Builder>(
          type, rows, nullable, g, [&] { return arrow::Decimal128(integer() % 1'000'000'000); });
    case arrow::Type::STRING:
      return Build<arrow::StringBuilder>(type, rows, nullable, g, [&] { return g.Bytes(true); });
    case arrow::Type::BINARY:
      return Build<arrow::BinaryBuilder>(type, rows, nullable, g, [&] { return g.Bytes(false); });
    case arrow::Type::FIXED_SIZE_BINARY:
      return Build<arrow::FixedSizeBinaryBuilder>(type, rows, nullable, g, [&] {
        return std::string(static_cast<size_t>(type->byte_width()),
                           static_cast<char>(g.random.Below(256)));
      });
    case arrow::Type::EXTENSION: {
      const auto& storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
      return arrow::ExtensionType::WrapArray(type, RandomColumn(storage, rows, nullable, g));
    }
    default: return RandomNested(type, rows, nullable, g);
  }
}

}  // namespace

std::shared_ptr<arrow::RecordBatch> MakeRows(const std::shared_ptr<arrow::Schema>& schema,
                                             const std::string& json) {
  const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
  CHECK(rows.ok());
  const auto batch = arrow::RecordBatch::FromStructArray(*rows).ValueOrDie();
  return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

std::shared_ptr<arrow::RecordBatch> RandomRows(const std::shared_ptr<arrow::Schema>& schema,
                                               int64_t rows, Random& random, bool small_domain) {
  Generator generator{random, small_domain};
  std::vector<ArrayPtr> columns;
  for (const auto& field : schema->fields()) {
    columns.push_back(RandomColumn(field->type(), rows, field->nullable(), generator));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(columns));
}

iceberg::Schema EveryTypeTable() {
  using iceberg::Field;
  using iceberg::Type;
  using iceberg::TypeId;
  iceberg::Schema schema;
  int32_t id = 1;
  const auto add = [&](std::string name, Type type) {
    schema.fields.push_back(Field{.id = id++, .name = std::move(name), .type = std::move(type)});
  };
  const std::pair<const char*, TypeId> plain[] = {
      {"flag", TypeId::kBoolean}, {"number", TypeId::kInt},      {"big", TypeId::kLong},
      {"real", TypeId::kFloat},   {"precise", TypeId::kDouble},  {"day", TypeId::kDate},
      {"clock", TypeId::kTime},   {"local", TypeId::kTimestamp}, {"moment", TypeId::kTimestamptz},
      {"text", TypeId::kString},  {"uuid", TypeId::kUuid},       {"bytes", TypeId::kBinary}};
  for (const auto& [name, type] : plain) add(name, Type::Primitive(type));
  add("decimal9", Type::Decimal(9, 2));
  add("decimal18", Type::Decimal(18, 4));
  add("decimal38", Type::Decimal(38, 10));
  add("fixed", Type::Fixed(5));
  add("tags", Type::List(100, false, Type::Primitive(TypeId::kString)));
  add("counts", Type::Map(101, Type::Primitive(TypeId::kString), 102, false,
                          Type::Primitive(TypeId::kDouble)));
  const Type point = Type::Struct(
      {Field{.id = 103, .name = "x", .required = true, .type = Type::Primitive(TypeId::kDouble)},
       Field{.id = 104, .name = "label", .type = Type::Primitive(TypeId::kString)}});
  add("point", point);
  add("route",
      Type::List(
          105, false,
          Type::Struct({Field{.id = 106,
                              .name = "stops",
                              .type = Type::List(107, false, Type::Primitive(TypeId::kLong))}})));
  return schema;
}

std::shared_ptr<arrow::Schema> EveryTypeSchema() {
  return decode::ToArrowSchema(EveryTypeTable()).value();
}

}  // namespace kafka_iceberg::buffer
