// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_mapping.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/check.h"
#include "decode/metadata_columns.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

constexpr std::string_view kIntegers = "int, long, decimal, timestamps";
constexpr std::string_view kUnwrapped = "as its value";

constexpr ProtobufMappingRow kRows[] = {
    {"bool", "boolean", "", ""},
    {"int32", "int", kIntegers, "timestamps: in the configured unit"},
    {"sint32", "int", kIntegers, ""},
    {"sfixed32", "int", kIntegers, ""},
    {"int64", "long", kIntegers, "out_of_range when the column cannot hold a value"},
    {"sint64", "long", kIntegers, ""},
    {"sfixed64", "long", kIntegers, ""},
    {"uint32", "long", kIntegers, ""},
    {"fixed32", "long", kIntegers, ""},
    {"uint64", "decimal(20, 0)", kIntegers, "out_of_range beyond 2^63 - 1 in a long column"},
    {"fixed64", "decimal(20, 0)", kIntegers, ""},
    {"float", "float", "double", ""},
    {"double", "double", "", ""},
    {"string", "string", "binary, uuid, decimal, date, time, timestamps",
     "must be UTF-8; other types as in JSON strings"},
    {"bytes", "binary", "fixed, uuid", ""},
    {"google.protobuf.Timestamp", "timestamptz", "timestamptz_ns",
     "digits below a microsecond are dropped, kept in timestamptz_ns"},
    {"google.protobuf.Duration", "struct<seconds: long, nanos: int>", "long",
     "long: microseconds, digits below are dropped towards minus infinity"},
    {"google.protobuf.BoolValue", "boolean", kUnwrapped, ""},
    {"google.protobuf.Int32Value", "int", kUnwrapped, ""},
    {"google.protobuf.Int64Value", "long", kUnwrapped, ""},
    {"google.protobuf.UInt32Value", "long", kUnwrapped, ""},
    {"google.protobuf.UInt64Value", "decimal(20, 0)", kUnwrapped, ""},
    {"google.protobuf.FloatValue", "float", kUnwrapped, ""},
    {"google.protobuf.DoubleValue", "double", kUnwrapped, ""},
    {"google.protobuf.StringValue", "string", kUnwrapped, ""},
    {"google.protobuf.BytesValue", "binary", kUnwrapped, ""},
    {"google.protobuf.Struct", "string", "binary", "JSON text"},
    {"google.protobuf.Value", "string", "binary", "JSON text"},
    {"google.protobuf.ListValue", "string", "binary", "JSON text"},
    {"google.protobuf.Any", "struct<type_url: string, value: binary>", "binary", "not unpacked"},
    {"google.type.Date", "date", "", "out_of_range when it is not a whole date"},
    {"google.type.TimeOfDay", "time", "", "out_of_range from 24:00:00 on"},
    {"google.type.Decimal", "string", "decimal", ""},
    {"enum", "string", "int, long",
     "the value's name; a number without name as digits, in a proto2 enum out_of_range"},
    {"message", "struct", "binary",
     "binary: the message as it was written; without fields: boolean, true when present"},
    {"group", "struct", "binary", "as a message"},
    {"repeated", "list", "", "never null, packed or not"},
    {"map", "map", "", "never null; of a key that comes twice the last one counts"},
};

const ProtobufMappingRow* FindRow(std::string_view protobuf) {
  for (const ProtobufMappingRow& row : kRows) {
    if (row.protobuf == protobuf) return &row;
  }
  return nullptr;
}

constexpr std::array<std::string_view, 19> kTypeNames = {
    "",        "double",   "float",    "int64",  "uint64",  "int32", "fixed64",
    "fixed32", "bool",     "string",   "group",  "message", "bytes", "uint32",
    "enum",    "sfixed32", "sfixed64", "sint32", "sint64"};

Field Optional(std::string name, Type type) {
  Field field;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

// Maps fields to types; the path it is on finds messages that contain themselves.
class Mapper {
 public:
  Mapper(const ProtoSchema& schema, const ProtobufToIcebergOptions& options)
      : schema_(schema), options_(options) {}

  Result<std::vector<Field>> Fields(const ProtoMessage& message, const std::string& path) {
    const auto depth = static_cast<int32_t>(open_.size());
    if (std::find(open_.begin(), open_.end(), &message) != open_.end()) {
      return Error::Unsupported(
          "field {}: message {} contains itself; declare the column as binary to keep it as it is "
          "written",
          path, message.full_name);
    }
    if (depth >= options_.depth_max) {
      return Error::Unsupported("field {}: message {} nests deeper than {} levels", path,
                                message.full_name, options_.depth_max);
    }
    open_.push_back(&message);
    std::vector<Field> fields;
    for (const ProtoField& field : message.fields) {
      const std::string field_path = path.empty() ? field.name : path + "." + field.name;
      fields.push_back(Optional(field.name, TRY(FieldType(field, field_path))));
    }
    open_.pop_back();
    return fields;
  }

 private:
  Result<Type> FieldType(const ProtoField& field, const std::string& path) {
    TRY(CountColumn(path));
    if (!field.repeated) return ValueType(field, path);
    TRY(CountColumn(path));
    if (!field.is_map) return Type::List(0, false, TRY(ValueType(field, path)));
    const ProtoMessage& entry = MessageOf(field);
    CHECK(entry.fields.size() == 2);
    Type key = TRY(ValueType(entry.fields[0], path + ".key"));
    Type value = TRY(ValueType(entry.fields[1], path + ".value"));
    return Type::Map(0, std::move(key), 0, false, std::move(value));
  }

  Result<Type> ValueType(const ProtoField& field, const std::string& path) {
    if (field.type == ProtoType::kEnum)
      return iceberg::ParsePrimitiveType(FindRow("enum")->iceberg);
    if (field.type != ProtoType::kMessage && field.type != ProtoType::kGroup) {
      return iceberg::ParsePrimitiveType(
          FindRow(kTypeNames[static_cast<size_t>(field.type)])->iceberg);
    }
    const ProtoMessage& message = MessageOf(field);
    const WellKnown kind = WellKnownOf(message);
    if (kind == WellKnown::kEmpty) return Type::Primitive(TypeId::kBoolean);
    if (kind != WellKnown::kNone && kind != WellKnown::kDuration)
      return iceberg::ParsePrimitiveType(FindRow(message.full_name)->iceberg);
    return Type::Struct(TRY(Fields(message, path)));
  }

  Status CountColumn(const std::string& path) {
    if (++columns_ <= options_.columns_max) return {};
    return Error::Unsupported("field {}: the message has more than {} columns", path,
                              options_.columns_max);
  }

  const ProtoMessage& MessageOf(const ProtoField& field) const {
    return schema_.messages()[static_cast<size_t>(field.type_index)];
  }

  const ProtoSchema& schema_;
  const ProtobufToIcebergOptions& options_;
  std::vector<const ProtoMessage*> open_;
  int32_t columns_ = 0;
};

}  // namespace

std::span<const ProtobufMappingRow> ProtobufMapping() { return kRows; }

WellKnown WellKnownOf(const ProtoMessage& message) {
  if (message.fields.empty()) return WellKnown::kEmpty;
  const std::string_view name = message.full_name;
  const ProtobufMappingRow* row = FindRow(name);
  if (row == nullptr) return WellKnown::kNone;
  if (row->also == kUnwrapped || name == "google.type.Decimal") {
    const bool is_wrapper =
        message.fields.size() == 1 && message.fields[0].number == 1 && !message.fields[0].repeated;
    return is_wrapper ? WellKnown::kWrapper : WellKnown::kNone;
  }
  if (name == "google.protobuf.Timestamp") return WellKnown::kTimestamp;
  if (name == "google.protobuf.Duration") return WellKnown::kDuration;
  if (name == "google.protobuf.Struct") return WellKnown::kJsonStruct;
  if (name == "google.protobuf.Value") return WellKnown::kJsonValue;
  if (name == "google.protobuf.ListValue") return WellKnown::kJsonList;
  if (name == "google.type.Date") return WellKnown::kDate;
  if (name == "google.type.TimeOfDay") return WellKnown::kTimeOfDay;
  return WellKnown::kNone;
}

std::string TypeNameOf(const ProtoSchema& schema, const ProtoField& field) {
  const auto index = static_cast<size_t>(field.type_index);
  std::string name(kTypeNames[static_cast<size_t>(field.type)]);
  if (field.is_map) return "map";
  if (field.type == ProtoType::kEnum) name += " " + schema.enums()[index].full_name;
  if (field.type == ProtoType::kMessage || field.type == ProtoType::kGroup)
    name += " " + schema.messages()[index].full_name;
  return field.repeated ? "repeated " + name : name;
}

Result<iceberg::Schema> ProtobufToIceberg(const ProtoSchema& schema, const ProtoMessage& message,
                                          ProtobufToIcebergOptions options) {
  for (const ProtoField& field : message.fields) {
    if (FindMetadataColumn(field.name)) {
      return Error::Invalid("field {} of message {}: the name is reserved for a metadata column",
                            field.name, message.full_name);
    }
  }
  iceberg::Schema result;
  result.fields = TRY(Mapper(schema, options).Fields(message, ""));
  if (result.fields.empty()) return Error::Invalid("message {} has no fields", message.full_name);
  return iceberg::AssignFreshIds(result);
}

}  // namespace kafka_iceberg::decode
