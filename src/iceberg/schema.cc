// SPDX-License-Identifier: Apache-2.0
//
// Look-ups in a schema and the assignment of fresh ids.
#include <algorithm>
#include <map>

#include "iceberg/type.h"

namespace kafka_iceberg::iceberg {
namespace {

const Field* FindById(const std::vector<Field>& fields, int32_t id) {
  for (const Field& field : fields) {
    if (field.id == id) return &field;
    if (const Field* nested = FindById(field.type.fields, id)) return nested;
  }
  return nullptr;
}

// A name may itself contain dots, so every sibling that is a prefix of the path is tried.
const Field* FindByPath(const std::vector<Field>& fields, std::string_view path) {
  for (const Field& field : fields) {
    if (field.name == path) return &field;
    if (path.size() <= field.name.size() + 1 || !path.starts_with(field.name) ||
        path[field.name.size()] != '.') {
      continue;
    }
    const std::string_view rest = path.substr(field.name.size() + 1);
    if (const Field* nested = FindByPath(field.type.fields, rest)) return nested;
  }
  return nullptr;
}

bool AppendPath(const std::vector<Field>& fields, int32_t id, std::string& path) {
  const size_t length = path.size();
  for (const Field& field : fields) {
    if (length > 0) path += '.';
    path += field.name;
    if (field.id == id || AppendPath(field.type.fields, id, path)) return true;
    path.resize(length);
  }
  return false;
}

class FreshIds {
 public:
  // Siblings get their numbers before any of their children; children follow sibling by sibling.
  void Assign(std::vector<Field>& fields) {
    for (Field& field : fields) {
      const int32_t fresh = ++last_;
      by_old_id_.emplace(field.id, fresh);
      field.id = fresh;
    }
    for (Field& field : fields) Assign(field.type.fields);
  }

  int32_t Translate(int32_t old_id) const {
    const auto found = by_old_id_.find(old_id);
    return found == by_old_id_.end() ? old_id : found->second;
  }

 private:
  int32_t last_ = 0;
  std::map<int32_t, int32_t> by_old_id_;
};

}  // namespace

const Field* Schema::FindField(int32_t id) const { return FindById(fields, id); }

const Field* Schema::FindField(std::string_view path) const { return FindByPath(fields, path); }

std::string Schema::PathOf(int32_t id) const {
  std::string path;
  return AppendPath(fields, id, path) ? path : std::string();
}

int32_t Schema::HighestFieldId() const {
  int32_t highest = 0;
  VisitFields(fields, [&](const Field& field) { highest = std::max(highest, field.id); });
  return highest;
}

bool Schema::SameColumns(const Schema& other) const {
  if (fields != other.fields) return false;
  std::vector<int32_t> mine = identifier_field_ids;
  std::vector<int32_t> theirs = other.identifier_field_ids;
  std::sort(mine.begin(), mine.end());
  std::sort(theirs.begin(), theirs.end());
  return mine == theirs;
}

void VisitFields(const std::vector<Field>& fields, const std::function<void(const Field&)>& visit) {
  for (const Field& field : fields) {
    visit(field);
    VisitFields(field.type.fields, visit);
  }
}

Schema AssignFreshIds(const Schema& schema) {
  Schema fresh = schema;
  FreshIds ids;
  ids.Assign(fresh.fields);
  for (int32_t& id : fresh.identifier_field_ids) id = ids.Translate(id);
  return fresh;
}

}  // namespace kafka_iceberg::iceberg
