// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/schema_update.h"

#include <algorithm>
#include <map>
#include <set>

namespace kafka_iceberg::iceberg {
namespace {

constexpr int32_t kFieldIdMax = 2'147'483'447;

std::string Join(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "." + name;
}

// Enough for the names people use; other scripts' case rules do not matter to the engines that trip
// over this.
std::string Fold(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

// Whether every value of `from` is one of `to` in every engine. The format allows more in version
// 3, but not all readers follow.
bool CanPromote(const Type& from, const Type& to) {
  if (from.id == TypeId::kInt) return to.id == TypeId::kLong;
  if (from.id == TypeId::kFloat) return to.id == TypeId::kDouble;
  return from.id == TypeId::kDecimal && to.id == TypeId::kDecimal && from.scale == to.scale &&
         from.precision <= to.precision;
}

// One comparison of one incoming schema with one table.
class Comparer {
 public:
  Comparer(const TableMetadata& table, SchemaComparison& out)
      : next_id_(table.last_column_id), format_version_(table.format_version), out_(out) {
    ProtectIdentifiers(table.schema());
    for (const PartitionField& field : table.spec().fields) partition_names_.insert(field.name);
  }

  // `frozen`: inside a map's key, where nothing may change.
  void Struct(std::vector<Field>& mine, const std::vector<Field>& incoming,
              const std::string& parent, bool frozen) {
    for (Field& field : mine) {
      const Field* match = Find(incoming, field.name);
      Existing(field, match, Join(parent, field.name), frozen);
    }
    for (const Field& field : incoming) {
      if (Find(mine, field.name) == nullptr) Missing(mine, field, parent, frozen);
    }
  }

 private:
  static const Field* Find(const std::vector<Field>& fields, const std::string& name) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.name == name; });
    return found == fields.end() ? nullptr : &*found;
  }

  // Identifier fields and the structs around them must stay required.
  void ProtectIdentifiers(const Schema& schema) {
    for (const int32_t id : schema.identifier_field_ids) {
      protected_.insert(id);
      VisitFields(schema.fields, [&](const Field& field) {
        VisitFields(field.type.fields, [&](const Field& nested) {
          if (nested.id == id) protected_.insert(field.id);
        });
      });
    }
  }

  void Change(SchemaChange::Kind kind, const std::string& path, std::string detail) {
    out_.changes.push_back({kind, path, std::move(detail)});
  }

  template <typename... Args>
  void Refuse(fmt::format_string<Args...> format, Args&&... args) {
    out_.incompatibilities.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  // A column of the table; `match` is the incoming one, or null when records do not have it.
  void Existing(Field& mine, const Field* match, const std::string& path, bool frozen) {
    if (mine.required && (match == nullptr || !match->required)) Loosen(mine, path, frozen);
    if (match != nullptr) MergeType(mine.type, match->type, path, frozen);
  }

  void Loosen(Field& mine, const std::string& path, bool frozen) {
    if (protected_.contains(mine.id)) {
      Refuse("column '{}' is needed by the identifier of the table, but records may lack it", path);
    } else if (frozen) {
      Refuse("column '{}' is part of a map key and cannot become optional", path);
    } else {
      mine.required = false;
      Change(SchemaChange::Kind::kMakeOptional, path, "required to optional");
    }
  }

  void MergeType(Type& mine, const Type& incoming, const std::string& path, bool frozen) {
    if (mine.id == incoming.id && !mine.is_primitive()) {
      MergeNested(mine, incoming, path, frozen);
    } else if (incoming.id == TypeId::kUnknown || CanPromote(incoming, mine) || mine == incoming) {
      // The table's type holds whatever comes.
    } else if (CanPromote(mine, incoming) && !frozen) {
      Change(SchemaChange::Kind::kPromoteType, path,
             fmt::format("{} to {}", ToString(mine), ToString(incoming)));
      mine = incoming;
    } else {
      Refuse("column '{}' is {} in the table and {} in the records", path, ToString(mine),
             ToString(incoming));
    }
  }

  void MergeNested(Type& mine, const Type& incoming, const std::string& path, bool frozen) {
    if (mine.id == TypeId::kStruct) {
      Struct(mine.fields, incoming.fields, path, frozen);
      return;
    }
    for (size_t i = 0; i < std::min(mine.fields.size(), incoming.fields.size()); ++i) {
      Field& member = mine.fields[i];
      const bool is_key = mine.id == TypeId::kMap && i == 0;
      Existing(member, &incoming.fields[i], Join(path, member.name), frozen || is_key);
    }
  }

  // A column that records have and the table has not.
  void Missing(std::vector<Field>& siblings, const Field& incoming, const std::string& parent,
               bool frozen) {
    const std::string path = Join(parent, incoming.name);
    if (frozen) {
      Refuse("column '{}' cannot be added inside a map key", path);
      return;
    }
    for (const Field& sibling : siblings) {
      if (Fold(sibling.name) == Fold(incoming.name)) {
        Refuse(
            "column '{}' differs from '{}' of the table by case only, which many engines cannot "
            "read",
            path, sibling.name);
        return;
      }
    }
    if (partition_names_.contains(path)) {
      Refuse("column '{}' has the name of a partition field", path);
      return;
    }
    Field added = incoming;
    added.required = false;
    const int32_t id_before = next_id_;
    AssignIds(added);
    Schema alone;
    alone.fields = {added};
    if (const Status status = ValidateSchema(alone, format_version_); !status.ok()) {
      Refuse("column '{}' cannot be added: {}", path, status.error().message());
      next_id_ = id_before;
      return;
    }
    Change(SchemaChange::Kind::kAddColumn, path, "add " + ToString(added.type));
    siblings.push_back(std::move(added));
  }

  // The field first, then what is nested in it, siblings before their children.
  void AssignIds(Field& field) {
    field.id = NextId();
    AssignNestedIds(field.type.fields);
  }

  void AssignNestedIds(std::vector<Field>& fields) {
    for (Field& field : fields) field.id = NextId();
    for (Field& field : fields) AssignNestedIds(field.type.fields);
  }

  // Stops just above the legal ids: validation then refuses the column.
  int32_t NextId() { return next_id_ > kFieldIdMax ? next_id_ : ++next_id_; }

  int32_t next_id_;
  const int32_t format_version_;
  std::set<int32_t> protected_;
  std::set<std::string> partition_names_;
  SchemaComparison& out_;
};

}  // namespace

SchemaComparison CompareSchemas(const TableMetadata& table, const Schema& incoming) {
  SchemaComparison comparison;
  comparison.merged = table.schema();
  Comparer(table, comparison).Struct(comparison.merged.fields, incoming.fields, "", false);
  return comparison;
}

SchemaUpdate MakeSchemaUpdate(const TableMetadata& table, const SchemaComparison& comparison) {
  SchemaUpdate update;
  if (comparison.changes.empty()) return update;
  update.updates = {AddSchema{comparison.merged}, SetCurrentSchema{}};
  update.requirements = {AssertTableUuid{table.table_uuid},
                         AssertLastAssignedFieldId{table.last_column_id},
                         AssertCurrentSchemaId{table.current_schema_id}};
  return update;
}

namespace {

// By id, so that one walk over one schema can be compared with the other.
std::map<int32_t, const Field*> ById(const Schema& schema) {
  std::map<int32_t, const Field*> fields;
  VisitFields(schema.fields, [&](const Field& field) { fields.emplace(field.id, &field); });
  return fields;
}

// Whether a column of type `mine` holds what was written as `written`; nested fields are compared
// by themselves.
bool Holds(const Type& mine, const Type& written) {
  if (!mine.is_primitive()) return mine.id == written.id;
  return mine == written || CanPromote(written, mine);
}

bool TakesAsItIs(const Schema& table, const Schema& written) {
  const auto mine = ById(table);
  const auto theirs = ById(written);
  return std::ranges::all_of(theirs, [&](const auto& entry) {
    const auto found = mine.find(entry.first);
    // The same id under another name may be another column.
    return found != mine.end() && table.PathOf(entry.first) == written.PathOf(entry.first) &&
           Holds(found->second->type, entry.second->type) &&
           (entry.second->required || !found->second->required);
  });
}

Error WentAnotherWay(const std::string& what) {
  return Error::Conflict("the table's schema was changed meanwhile: {}", what);
}

}  // namespace

Result<SchemaUpdate> UpdateForFiles(const TableMetadata& table, const Schema& written) {
  const Schema& current = table.schema();
  if (TakesAsItIs(current, written)) return SchemaUpdate();
  const auto mine = ById(current);
  const auto theirs = ById(written);
  for (const auto& [id, field] : mine) {
    const auto found = theirs.find(id);
    if (found == theirs.end() || current.PathOf(id) != written.PathOf(id)) {
      return WentAnotherWay(fmt::format("column '{}' is new or has another name", field->name));
    }
    const bool narrower = !Holds(found->second->type, field->type);
    if (narrower || (found->second->required && !field->required)) {
      return WentAnotherWay(fmt::format("column '{}' has another type", field->name));
    }
  }
  for (const auto& [id, field] : theirs) {
    if (!mine.contains(id) && id <= table.last_column_id) {
      return WentAnotherWay(fmt::format("field id {} is not column '{}'", id, field->name));
    }
  }
  if (current.identifier_field_ids != written.identifier_field_ids) {
    return WentAnotherWay("it has other identifier fields");
  }
  SchemaComparison comparison;
  comparison.changes.emplace_back();
  comparison.merged = written;
  return MakeSchemaUpdate(table, comparison);
}

}  // namespace kafka_iceberg::iceberg
