// SPDX-License-Identifier: Apache-2.0
//
// What a schema must satisfy before it may be written (spec "Schemas and Data Types", "Identifier
// Field IDs").
#include <algorithm>
#include <map>
#include <set>

#include "iceberg/type.h"
#include "iceberg/value.h"

namespace kafka_iceberg::iceberg {
namespace {

// Ids above this belong to metadata columns such as _row_id.
constexpr int32_t kFieldIdMax = 2'147'483'447;
constexpr int kNestingMax = 60;

bool NeedsVersion3(TypeId id) {
  return id == TypeId::kTimestampNs || id == TypeId::kTimestamptzNs || id == TypeId::kVariant ||
         id == TypeId::kGeometry || id == TypeId::kGeography || id == TypeId::kUnknown;
}

bool MustDefaultToNull(TypeId id) {
  return id == TypeId::kVariant || id == TypeId::kGeometry || id == TypeId::kGeography ||
         id == TypeId::kUnknown;
}

bool IsSet(const std::optional<std::string>& value) { return value && *value != "null"; }

class SchemaValidator {
 public:
  explicit SchemaValidator(int32_t format_version) : format_version_(format_version) {}

  Status Visit(const std::vector<Field>& fields, const std::string& parent, int depth) {
    if (depth > kNestingMax) {
      return Error::Invalid("column '{}' is nested deeper than {} levels", parent, kNestingMax);
    }
    std::set<std::string_view> names;
    for (const Field& field : fields) {
      const std::string path = parent.empty() ? field.name : parent + "." + field.name;
      if (field.name.empty()) return Error::Invalid("a column inside '{}' has no name", parent);
      if (!names.insert(field.name).second) {
        return Error::Invalid("two columns are named '{}'", path);
      }
      TRY(VisitField(field, path));
      TRY(Visit(field.type.fields, path, depth + 1));
    }
    return {};
  }

 private:
  Status VisitField(const Field& field, const std::string& path) {
    if (field.id < 1 || field.id > kFieldIdMax) {
      return Error::Invalid("column '{}' has the id {}, outside 1 to {}", path, field.id,
                            kFieldIdMax);
    }
    if (!ids_.insert(field.id).second) {
      return Error::Invalid("column '{}' has the id {} of another column", path, field.id);
    }
    if (NeedsVersion3(field.type.id) && format_version_ < 3) {
      return Error::Invalid("column '{}' of type {} needs format version 3, the table has {}", path,
                            ToString(field.type), format_version_);
    }
    if (field.type.id == TypeId::kUnknown && field.required) {
      return Error::Invalid("column '{}' of type unknown cannot be required", path);
    }
    TRY(VisitShape(field, path));
    return VisitDefaults(field, path);
  }

  static Status VisitShape(const Field& field, const std::string& path) {
    const std::vector<Field>& fields = field.type.fields;
    switch (field.type.id) {
      case TypeId::kStruct: return {};
      case TypeId::kList:
        if (fields.size() == 1 && fields[0].name == "element") return {};
        return Error::Invalid("list '{}' must have one field named element", path);
      case TypeId::kMap:
        if (fields.size() == 2 && fields[0].name == "key" && fields[1].name == "value" &&
            fields[0].required) {
          return {};
        }
        return Error::Invalid("map '{}' must have a required key and a value", path);
      default:
        if (fields.empty()) return {};
        return Error::Invalid("column '{}' is a primitive with nested fields", path);
    }
  }

  Status VisitDefaults(const Field& field, const std::string& path) const {
    if (IsSet(field.initial_default) && format_version_ < 3) {
      return Error::Invalid("column '{}' has an initial default, which needs format version 3",
                            path);
    }
    for (const auto& value : {field.initial_default, field.write_default}) {
      if (!IsSet(value)) continue;
      if (MustDefaultToNull(field.type.id)) {
        return Error::Invalid("column '{}' of type {} can only default to null", path,
                              ToString(field.type));
      }
      if (!field.type.is_primitive()) continue;
      if (const auto parsed = FromJsonText(*value, field.type); !parsed.ok()) {
        return parsed.error().WithContext(fmt::format("default of column '{}'", path));
      }
    }
    return {};
  }

  const int32_t format_version_;
  std::set<int32_t> ids_;
};

// The fields from the root down to `id`, itself included; empty when absent.
bool FindChain(const std::vector<Field>& fields, int32_t id, std::vector<const Field*>& chain) {
  for (const Field& field : fields) {
    chain.push_back(&field);
    if (field.id == id || FindChain(field.type.fields, id, chain)) return true;
    chain.pop_back();
  }
  return false;
}

Status ValidateIdentifier(const Schema& schema, int32_t id) {
  std::vector<const Field*> chain;
  if (!FindChain(schema.fields, id, chain)) {
    return Error::Invalid("no column has the identifier field id {}", id);
  }
  const std::string path = schema.PathOf(id);
  const Type& type = chain.back()->type;
  if (!type.is_primitive() || type.id == TypeId::kFloat || type.id == TypeId::kDouble) {
    return Error::Invalid("column '{}' of type {} cannot be an identifier field", path,
                          ToString(type));
  }
  for (const Field* field : chain) {
    if (!field->required) {
      return Error::Invalid("identifier field '{}' must be required, and so must its parents",
                            path);
    }
    if (field->type.id == TypeId::kList || field->type.id == TypeId::kMap) {
      return Error::Invalid("identifier field '{}' cannot be inside a list or map", path);
    }
  }
  return {};
}

}  // namespace

Status ValidateSchema(const Schema& schema, int32_t format_version) {
  if (schema.fields.empty()) return Error::Invalid("the schema has no columns");
  SchemaValidator validator(format_version);
  TRY(validator.Visit(schema.fields, "", 0));
  std::set<int32_t> identifiers;
  for (const int32_t id : schema.identifier_field_ids) {
    if (!identifiers.insert(id).second) {
      return Error::Invalid("identifier field id {} is listed twice", id);
    }
    TRY(ValidateIdentifier(schema, id));
  }
  return {};
}

}  // namespace kafka_iceberg::iceberg
