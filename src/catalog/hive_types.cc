// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive_types.h"

#include <fmt/format.h>

namespace kafka_iceberg::catalog {
namespace {

using iceberg::TypeId;

std::string StructType(const iceberg::Type& type, HiveDialect dialect) {
  std::string members;
  for (const iceberg::Field& field : type.fields) {
    if (!members.empty()) members += ',';
    members += field.name + ':' + HiveType(field.type, dialect);
  }
  return fmt::format("struct<{}>", members);
}

std::string_view PrimitiveType(TypeId id, HiveDialect dialect) {
  switch (id) {
    case TypeId::kBoolean: return "boolean";
    case TypeId::kInt: return "int";
    case TypeId::kLong: return "bigint";
    case TypeId::kFloat: return "float";
    case TypeId::kDouble: return "double";
    case TypeId::kDate: return "date";
    // Hive's timestamp has nanoseconds.
    case TypeId::kTimestamp:
    case TypeId::kTimestampNs: return "timestamp";
    case TypeId::kTimestamptz:
    case TypeId::kTimestamptzNs:
      return dialect == HiveDialect::kHive ? "timestamp with local time zone" : "timestamp";
    case TypeId::kTime:
    case TypeId::kUuid:
    case TypeId::kString: return "string";
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kGeometry:
    case TypeId::kGeography: return "binary";
    case TypeId::kUnknown: return "void";
    default: return "unknown";  // variant, as the reference implementation has it
  }
}

}  // namespace

std::string HiveType(const iceberg::Type& type, HiveDialect dialect) {
  switch (type.id) {
    case TypeId::kDecimal: return fmt::format("decimal({},{})", type.precision, type.scale);
    case TypeId::kStruct: return StructType(type, dialect);
    case TypeId::kList: return fmt::format("array<{}>", HiveType(type.fields[0].type, dialect));
    case TypeId::kMap:
      return fmt::format("map<{},{}>", HiveType(type.fields[0].type, dialect),
                         HiveType(type.fields[1].type, dialect));
    default: return std::string(PrimitiveType(type.id, dialect));
  }
}

}  // namespace kafka_iceberg::catalog
