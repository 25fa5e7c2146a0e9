// SPDX-License-Identifier: Apache-2.0
#include "decode/arrow_schema.h"

#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <charconv>
#include <string>
#include <vector>

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;
using DataTypePtr = std::shared_ptr<arrow::DataType>;

constexpr char kFieldIdKey[] = "PARQUET:field_id";
constexpr int32_t kDecimalPrecisionMax = 38;

Result<std::shared_ptr<arrow::Field>> ConvertField(const Field& field, int32_t depth);

Result<DataTypePtr> ConvertDecimal(const Type& type) {
  if (type.precision < 1 || type.precision > kDecimalPrecisionMax || type.scale < 0 ||
      type.scale > type.precision) {
    return Error::Invalid("decimal({},{}) is not a legal type", type.precision, type.scale);
  }
  return arrow::decimal128(type.precision, type.scale);
}

Result<DataTypePtr> ConvertNested(const Type& type, int32_t depth) {
  std::vector<std::shared_ptr<arrow::Field>> children;
  children.reserve(type.fields.size());
  for (const Field& field : type.fields) children.push_back(TRY(ConvertField(field, depth + 1)));
  if (type.id == TypeId::kStruct) return arrow::struct_(children);
  const size_t expected = type.id == TypeId::kList ? 1 : 2;
  if (children.size() != expected) {
    return Error::Invalid("a list or map type has {} inner fields instead of {}", children.size(),
                          expected);
  }
  if (type.id == TypeId::kList) return arrow::list(children[0]);
  if (children[0]->nullable()) return Error::Invalid("a map key is not required");
  return std::make_shared<arrow::MapType>(children[0], children[1]);
}

Result<DataTypePtr> ConvertType(const Type& type, int32_t depth) {
  switch (type.id) {
    case TypeId::kBoolean: return arrow::boolean();
    case TypeId::kInt: return arrow::int32();
    case TypeId::kLong: return arrow::int64();
    case TypeId::kFloat: return arrow::float32();
    case TypeId::kDouble: return arrow::float64();
    case TypeId::kDecimal: return ConvertDecimal(type);
    case TypeId::kDate: return arrow::date32();
    case TypeId::kTime: return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp: return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamptz: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kTimestampNs: return arrow::timestamp(arrow::TimeUnit::NANO);
    case TypeId::kTimestamptzNs: return arrow::timestamp(arrow::TimeUnit::NANO, "UTC");
    case TypeId::kString: return arrow::utf8();
    case TypeId::kUuid: return arrow::extension::uuid();
    case TypeId::kFixed:
      if (type.length < 1) return Error::Invalid("fixed[{}] is not a legal type", type.length);
      return arrow::fixed_size_binary(type.length);
    case TypeId::kBinary: return arrow::binary();
    case TypeId::kUnknown: return arrow::null();
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography: break;
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap: return ConvertNested(type, depth);
  }
  return Error::Unsupported("type {} cannot be written", iceberg::ToString(type));
}

Result<std::shared_ptr<arrow::Field>> ConvertField(const Field& field, int32_t depth) {
  if (depth > kSchemaDepthMax) {
    return Error::Unsupported("column {} is nested deeper than {} levels", field.name,
                              kSchemaDepthMax);
  }
  auto type = ConvertType(field.type, depth);
  if (!type.ok()) {
    // Outermost name first: the message reads as a path, once.
    return Error(type.error().code(),
                 depth == 1 ? fmt::format("column {}: {}", field.name, type.error().message())
                            : fmt::format("{}: {}", field.name, type.error().message()));
  }
  auto metadata = arrow::key_value_metadata({kFieldIdKey}, {std::to_string(field.id)});
  return arrow::field(field.name, std::move(type).value(), !field.required, std::move(metadata));
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(const iceberg::Schema& schema) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  fields.reserve(schema.fields.size());
  for (const Field& field : schema.fields) fields.push_back(TRY(ConvertField(field, 1)));
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Field>> ToArrowField(const Field& field) {
  return ConvertField(field, 1);
}

std::optional<int32_t> FieldId(const arrow::Field& field) {
  if (field.metadata() == nullptr) return std::nullopt;
  const int index = field.metadata()->FindKey(kFieldIdKey);
  if (index < 0) return std::nullopt;
  const std::string& text = field.metadata()->value(index);
  int32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace kafka_iceberg::decode
