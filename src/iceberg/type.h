// SPDX-License-Identifier: Apache-2.0
//
// Iceberg types and schemas (spec "Schemas and Data Types"): look-ups, fresh ids and the rules of a
// legal schema. Plain values, compared by value.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::iceberg {

struct Field;

enum class TypeId : uint8_t {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,
  kTime,
  kTimestamp,
  kTimestamptz,
  kTimestampNs,
  kTimestamptzNs,
  kString,
  kUuid,
  kFixed,
  kBinary,
  kUnknown,
  kVariant,
  kGeometry,
  kGeography,
  kStruct,
  kList,
  kMap,
};

struct Type {
  TypeId id = TypeId::kUnknown;
  int32_t precision = 0;   // decimal
  int32_t scale = 0;       // decimal
  int32_t length = 0;      // fixed
  std::string parameters;  // geometry, geography: the text between the parentheses
  // struct: its fields; list: one field named "element"; map: two fields named "key" and "value".
  std::vector<Field> fields;

  static Type Primitive(TypeId id);
  static Type Decimal(int32_t precision, int32_t scale);
  static Type Fixed(int32_t length);
  static Type Struct(std::vector<Field> fields);
  static Type List(int32_t element_id, bool element_required, Type element);
  static Type Map(int32_t key_id, Type key, int32_t value_id, bool value_required, Type value);

  bool is_primitive() const {
    return id != TypeId::kStruct && id != TypeId::kList && id != TypeId::kMap;
  }
  friend bool operator==(const Type&, const Type&);
};

// A struct field, list element, map key or map value.
struct Field {
  int32_t id = 0;
  std::string name;
  bool required = false;
  Type type;
  std::string doc;
  // JSON single values as text (spec Appendix D); absent means no default.
  std::optional<std::string> initial_default;
  std::optional<std::string> write_default;

  friend bool operator==(const Field&, const Field&) = default;
};

struct Schema {
  int32_t schema_id = 0;
  std::vector<Field> fields;
  std::vector<int32_t> identifier_field_ids;

  // Any depth, by id; null when absent. The pointer lives as long as the schema is not changed.
  const Field* FindField(int32_t id) const;
  // Any depth, by dotted path ("user.address.zip", "tags.element"); null when absent.
  const Field* FindField(std::string_view path) const;
  // The dotted path of a field id; empty when absent.
  std::string PathOf(int32_t id) const;
  int32_t HighestFieldId() const;
  // Same fields, types, requiredness and identifier fields; the schema id does not count.
  bool SameColumns(const Schema& other) const;

  friend bool operator==(const Schema&, const Schema&) = default;
};

// "long", "decimal(9, 2)", "fixed[16]"; nested types as "struct<...>", "list<...>", "map<..., ...>"
// for messages.
std::string ToString(const Type& type);
// The spec's primitive type names; accepts "decimal(9,2)" with and without the space. kInvalid
// names the text.
Result<Type> ParsePrimitiveType(std::string_view text);

// Calls `visit` for every field at any depth, parents before children.
void VisitFields(const std::vector<Field>& fields, const std::function<void(const Field&)>& visit);

// A copy whose ids are 1.. in the order of the reference implementation: siblings first, then their
// children. Identifier field ids are translated along.
Schema AssignFreshIds(const Schema& schema);

// Structural rules: unique ids, unique sibling names, legal nesting, identifier fields; types
// allowed in `format_version`.
Status ValidateSchema(const Schema& schema, int32_t format_version);

}  // namespace kafka_iceberg::iceberg
