// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_type.h"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace kafka_iceberg::iceberg {
namespace {

constexpr int32_t kDecimalPrecisionMax = 38;
constexpr int32_t kUuidBytes = 16;

AvroSchema Logical(AvroKind kind, std::string_view logical_type) {
  AvroSchema schema = AvroSchema::Of(kind);
  schema.logical_type = logical_type;
  return schema;
}

AvroSchema TimestampSchema(std::string_view logical_type, bool adjust_to_utc) {
  AvroSchema schema = Logical(AvroKind::kLong, logical_type);
  schema.adjust_to_utc = adjust_to_utc;
  return schema;
}

// The fewest bytes that hold every value of the precision in two's complement.
int32_t DecimalBytes(int32_t precision) {
  Int128 largest = 1;
  for (int32_t digit = 0; digit < precision; ++digit) largest *= 10;
  int32_t bits = 1;  // of the sign
  for (--largest; largest > 0; largest >>= 1) ++bits;
  return (bits + 7) / 8;
}

class SchemaBuilder {
 public:
  Result<AvroSchema> Record(std::string name, const std::vector<Field>& fields) {
    AvroSchema record = AvroSchema::Of(AvroKind::kRecord);
    record.name = std::move(name);
    std::set<std::string> used;
    for (const Field& field : fields) {
      AvroField result;
      result.name = AvroName(field.name);
      if (!used.insert(result.name).second) {
        result.name += fmt::format("_{}", field.id);
        used.insert(result.name);
      }
      if (result.name != field.name) result.iceberg_name = field.name;
      result.field_id = field.id;
      result.schema = TRY(Of(field));
      record.fields.push_back(std::move(result));
    }
    return record;
  }

 private:
  Result<AvroSchema> Of(const Field& field) {
    AvroSchema schema = TRY(Of(field.type, field.id));
    if (field.required || schema.kind == AvroKind::kNull) return schema;
    return AvroSchema::Optional(std::move(schema));
  }

  Result<AvroSchema> Of(const Type& type, int32_t id) {
    switch (type.id) {
      case TypeId::kBoolean: return AvroSchema::Of(AvroKind::kBoolean);
      case TypeId::kInt: return AvroSchema::Of(AvroKind::kInt);
      case TypeId::kLong: return AvroSchema::Of(AvroKind::kLong);
      case TypeId::kFloat: return AvroSchema::Of(AvroKind::kFloat);
      case TypeId::kDouble: return AvroSchema::Of(AvroKind::kDouble);
      case TypeId::kDate: return Logical(AvroKind::kInt, "date");
      case TypeId::kTime: return Logical(AvroKind::kLong, "time-micros");
      case TypeId::kTimestamp: return TimestampSchema("timestamp-micros", false);
      case TypeId::kTimestamptz: return TimestampSchema("timestamp-micros", true);
      case TypeId::kTimestampNs: return TimestampSchema("timestamp-nanos", false);
      case TypeId::kTimestamptzNs: return TimestampSchema("timestamp-nanos", true);
      case TypeId::kString: return AvroSchema::Of(AvroKind::kString);
      case TypeId::kBinary:
      case TypeId::kGeometry:
      case TypeId::kGeography: return AvroSchema::Of(AvroKind::kBytes);
      case TypeId::kUnknown: return AvroSchema::Of(AvroKind::kNull);
      case TypeId::kUuid: return FixedSchema("uuid_fixed", id, kUuidBytes, "uuid");
      case TypeId::kFixed:
        return FixedSchema(fmt::format("fixed_{}", type.length), id, type.length, "");
      case TypeId::kDecimal: return DecimalSchema(type, id);
      case TypeId::kStruct: return Record(Unique(fmt::format("r{}", id), id), type.fields);
      case TypeId::kList: return ListSchema(type);
      case TypeId::kMap: return MapSchema(type);
      case TypeId::kVariant: break;
    }
    return Error::Unsupported("type {} has no Avro form", ToString(type));
  }

  AvroSchema FixedSchema(std::string name, int32_t id, int32_t size,
                         std::string_view logical_type) {
    AvroSchema schema = Logical(AvroKind::kFixed, logical_type);
    schema.name = Unique(std::move(name), id);
    schema.size = size;
    return schema;
  }

  Result<AvroSchema> DecimalSchema(const Type& type, int32_t id) {
    if (type.precision < 1 || type.precision > kDecimalPrecisionMax) {
      return Error::Unsupported("type {} has no Avro form", ToString(type));
    }
    AvroSchema schema = FixedSchema(fmt::format("decimal_{}_{}", type.precision, type.scale), id,
                                    DecimalBytes(type.precision), "decimal");
    schema.precision = type.precision;
    schema.scale = type.scale;
    return schema;
  }

  Result<AvroSchema> ListSchema(const Type& type) {
    const Field& element = type.fields.at(0);
    AvroSchema schema = AvroSchema::Of(AvroKind::kArray);
    schema.element_id = element.id;
    schema.children.push_back(TRY(Of(element)));
    return schema;
  }

  Result<AvroSchema> MapSchema(const Type& type) {
    const Field& key = type.fields.at(0);
    const Field& value = type.fields.at(1);
    if (key.type.id == TypeId::kString) {
      AvroSchema schema = AvroSchema::Of(AvroKind::kMap);
      schema.key_id = key.id;
      schema.value_id = value.id;
      schema.children.push_back(TRY(Of(value)));
      return schema;
    }
    // Avro's maps have string keys only; others are arrays of pairs.
    AvroSchema schema = Logical(AvroKind::kArray, "map");
    schema.children.push_back(TRY(Record(fmt::format("k{}_v{}", key.id, value.id), type.fields)));
    return schema;
  }

  // Two decimals of one precision share a name by convention; the second gets its field id behind
  // it.
  std::string Unique(std::string name, int32_t id) {
    if (!names_.insert(name).second) {
      name += fmt::format("_{}", id);
      names_.insert(name);
    }
    return name;
  }

  std::set<std::string> names_;
};

Error WrongType(const AvroField& field, std::string_view expected) {
  return Error::Corrupt("field {} ({}) is not of type {}", field.field_id.value_or(-1), field.name,
                        expected);
}

Result<Value> ToDecimal(std::string_view bytes) {
  if (bytes.size() > sizeof(Int128)) return Error::Corrupt("decimal of {} bytes", bytes.size());
  const bool negative = !bytes.empty() && static_cast<uint8_t>(bytes.front()) >= 0x80;
  Int128 unscaled = negative ? -1 : 0;
  for (const char byte : bytes) unscaled = unscaled * 256 + static_cast<uint8_t>(byte);
  return Value(DecimalValue{unscaled});
}

// Big-endian two's complement of `size` bytes.
Result<std::string> FromDecimal(Int128 unscaled, int32_t size) {
  std::string bytes(static_cast<size_t>(size), '\0');
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    *byte = static_cast<char>(unscaled & 0xFF);
    unscaled >>= 8;
  }
  const Int128 sign = !bytes.empty() && static_cast<uint8_t>(bytes.front()) >= 0x80 ? -1 : 0;
  if (unscaled != sign) return Error::Invalid("decimal does not fit its precision");
  return bytes;
}

Result<Value> ReadValue(AvroReader& reader, const AvroSchema& schema, const AvroField& field) {
  switch (schema.kind) {
    case AvroKind::kBoolean: return Value(TRY(reader.ReadBoolean()));
    case AvroKind::kInt: {
      const int64_t number = TRY(reader.ReadLong());
      if (number < INT32_MIN || number > INT32_MAX) return WrongType(field, "int");
      return Value(static_cast<int32_t>(number));
    }
    case AvroKind::kLong: return Value(TRY(reader.ReadLong()));
    case AvroKind::kFloat: return Value(TRY(reader.ReadFloat()));
    case AvroKind::kDouble: return Value(TRY(reader.ReadDouble()));
    case AvroKind::kBytes:
    case AvroKind::kString: {
      const std::string_view bytes = TRY(reader.ReadBytes());
      return schema.logical_type == "decimal" ? ToDecimal(bytes) : Value(std::string(bytes));
    }
    case AvroKind::kFixed: {
      const std::string_view bytes = TRY(reader.ReadFixed(schema.size));
      return schema.logical_type == "decimal" ? ToDecimal(bytes) : Value(std::string(bytes));
    }
    default: return WrongType(field, "a primitive");
  }
}

// Writes what stands before a value. False: there is nothing to follow.
Result<bool> PutPresence(AvroWriter& writer, const AvroField& field, bool present) {
  if (field.schema.kind == AvroKind::kUnion) {
    present ? writer.WriteNotNull() : writer.WriteNull();
  } else if (field.schema.kind == AvroKind::kNull) {
    if (present)
      return Error::Invalid("field {} ({}) can only be null", field.field_id.value_or(-1),
                            field.name);
  } else if (!present) {
    return Error::Invalid("field {} ({}) is required", field.field_id.value_or(-1), field.name);
  }
  return present;
}

}  // namespace

Result<AvroSchema> AvroRecordOf(std::string_view name, const std::vector<Field>& fields) {
  return SchemaBuilder().Record(std::string(name), fields);
}

Result<std::optional<int64_t>> GetLong(AvroReader& reader, const AvroField& field) {
  const AvroSchema* schema = TRY(reader.ReadBranch(field.schema));
  if (schema == nullptr) return std::nullopt;
  if (schema->kind != AvroKind::kInt && schema->kind != AvroKind::kLong)
    return WrongType(field, "long");
  return std::optional(TRY(reader.ReadLong()));
}

Result<std::optional<int32_t>> GetInt(AvroReader& reader, const AvroField& field) {
  const std::optional<int64_t> number = TRY(GetLong(reader, field));
  if (!number) return std::nullopt;
  if (*number < INT32_MIN || *number > INT32_MAX) return WrongType(field, "int");
  return std::optional(static_cast<int32_t>(*number));
}

Result<std::optional<bool>> GetBoolean(AvroReader& reader, const AvroField& field) {
  const AvroSchema* schema = TRY(reader.ReadBranch(field.schema));
  if (schema == nullptr) return std::nullopt;
  if (schema->kind != AvroKind::kBoolean) return WrongType(field, "boolean");
  return std::optional(TRY(reader.ReadBoolean()));
}

Result<std::optional<std::string_view>> GetBytes(AvroReader& reader, const AvroField& field) {
  const AvroSchema* schema = TRY(reader.ReadBranch(field.schema));
  if (schema == nullptr) return std::nullopt;
  if (schema->kind == AvroKind::kFixed) return std::optional(TRY(reader.ReadFixed(schema->size)));
  if (schema->kind != AvroKind::kBytes && schema->kind != AvroKind::kString)
    return WrongType(field, "bytes");
  return std::optional(TRY(reader.ReadBytes()));
}

Result<Value> GetValue(AvroReader& reader, const AvroField& field) {
  const AvroSchema* schema = TRY(reader.ReadBranch(field.schema));
  if (schema == nullptr) return Value();
  return ReadValue(reader, *schema, field);
}

Status PutLong(AvroWriter& writer, const AvroField& field, std::optional<int64_t> value) {
  if (TRY(PutPresence(writer, field, value.has_value()))) writer.WriteLong(*value);
  return {};
}

Status PutBoolean(AvroWriter& writer, const AvroField& field, std::optional<bool> value) {
  if (TRY(PutPresence(writer, field, value.has_value()))) writer.WriteBoolean(*value);
  return {};
}

Status PutBytes(AvroWriter& writer, const AvroField& field, std::optional<std::string_view> value) {
  if (TRY(PutPresence(writer, field, value.has_value()))) writer.WriteBytes(*value);
  return {};
}

Status PutValue(AvroWriter& writer, const AvroField& field, const Value& value) {
  if (!TRY(PutPresence(writer, field, !IsNull(value)))) return {};
  const AvroSchema& schema =
      field.schema.kind == AvroKind::kUnion ? field.schema.children[1] : field.schema;
  if (const auto* flag = std::get_if<bool>(&value)) {
    writer.WriteBoolean(*flag);
  } else if (const auto* small = std::get_if<int32_t>(&value)) {
    writer.WriteLong(*small);
  } else if (const auto* large = std::get_if<int64_t>(&value)) {
    writer.WriteLong(*large);
  } else if (const auto* narrow = std::get_if<float>(&value)) {
    writer.WriteFloat(*narrow);
  } else if (const auto* wide = std::get_if<double>(&value)) {
    writer.WriteDouble(*wide);
  } else if (const auto* decimal = std::get_if<DecimalValue>(&value)) {
    writer.WriteFixed(TRY(FromDecimal(decimal->unscaled, schema.size)));
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    schema.kind == AvroKind::kFixed ? writer.WriteFixed(*text) : writer.WriteBytes(*text);
  }
  return {};
}

Result<Value> PromoteValue(Value value, const Type& type) {
  if (IsNull(value)) return value;
  bool fits = false;
  switch (type.id) {
    case TypeId::kBoolean: fits = std::holds_alternative<bool>(value); break;
    case TypeId::kInt:
    case TypeId::kDate: fits = std::holds_alternative<int32_t>(value); break;
    case TypeId::kLong:
      if (const auto* small = std::get_if<int32_t>(&value)) return Value(int64_t{*small});
      [[fallthrough]];
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: fits = std::holds_alternative<int64_t>(value); break;
    case TypeId::kFloat: fits = std::holds_alternative<float>(value); break;
    case TypeId::kDouble:
      if (const auto* narrow = std::get_if<float>(&value)) return Value(double{*narrow});
      fits = std::holds_alternative<double>(value);
      break;
    case TypeId::kDecimal: fits = std::holds_alternative<DecimalValue>(value); break;
    case TypeId::kUuid:
    case TypeId::kFixed: {
      const auto* bytes = std::get_if<std::string>(&value);
      const int32_t length = type.id == TypeId::kUuid ? kUuidBytes : type.length;
      fits = bytes != nullptr && bytes->size() == static_cast<size_t>(length);
      break;
    }
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kGeometry:
    case TypeId::kGeography: fits = std::holds_alternative<std::string>(value); break;
    case TypeId::kUnknown: fits = true; break;
    default: break;
  }
  if (!fits) return Error::Invalid("value is not of type {}", ToString(type));
  return value;
}

}  // namespace kafka_iceberg::iceberg
