// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_field_match.h"

#include <algorithm>
#include <string>
#include <utility>

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

void NameAsFields(AvroSchema& record, const std::vector<Field>& fields);

// As deep as the schema, which is limited where it is parsed.
void NameAsColumn(AvroSchema& schema, const Type& column) {
  if (schema.kind == AvroKind::kUnion) {
    for (AvroSchema& branch : schema.children) NameAsColumn(branch, column);
  } else if (schema.kind == AvroKind::kRecord && column.id == TypeId::kStruct) {
    NameAsFields(schema, column.fields);
  } else if (schema.kind == AvroKind::kArray && column.id == TypeId::kList) {
    NameAsColumn(schema.children[0], column.fields[0].type);
  } else if (schema.kind == AvroKind::kMap && column.id == TypeId::kMap) {
    NameAsColumn(schema.children[0], column.fields[1].type);
  }
}

void NameAsFields(AvroSchema& record, const std::vector<Field>& fields) {
  const FieldMatch match(NamesOf(record), fields);
  for (size_t i = 0; i < record.fields.size(); ++i) {
    const size_t field = match.FieldOf(i);
    if (field == FieldMatch::kNoField) continue;
    record.fields[i].name = fields[field].name;
    NameAsColumn(record.fields[i].schema, fields[field].type);
  }
}

}  // namespace

std::vector<WriterName> NamesOf(const AvroSchema& record) {
  std::vector<WriterName> names;
  for (const AvroField& field : record.fields) {
    names.push_back({field.name, {field.aliases.begin(), field.aliases.end()}});
  }
  return names;
}

FieldMatch::FieldMatch(const std::vector<WriterName>& writers, const std::vector<Field>& fields)
    : field_of_(writers.size(), kNoField), taken_(fields.size()) {
  Names names;
  for (size_t i = 0; i < writers.size(); ++i) names.emplace(writers[i].name, i);
  Match(names, fields);
  names.clear();
  for (size_t i = 0; i < writers.size(); ++i) {
    if (field_of_[i] != kNoField) continue;
    for (const std::string_view alias : writers[i].aliases) names.emplace(alias, i);
  }
  Match(names, fields);
  MatchWithoutCase(writers, fields);
}

bool FieldMatch::any() const {
  return std::find(taken_.begin(), taken_.end(), true) != taken_.end();
}

void FieldMatch::Match(const Names& names, const std::vector<Field>& fields) {
  if (names.empty()) return;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto found = taken_[i] ? names.end() : names.find(fields[i].name);
    if (found != names.end() && field_of_[found->second] == kNoField) Assign(found->second, i);
  }
}

void FieldMatch::Assign(size_t writer, size_t field) {
  field_of_[writer] = field;
  taken_[field] = true;
}

void FieldMatch::MatchWithoutCase(const std::vector<WriterName>& writers,
                                  const std::vector<Field>& fields) {
  struct Candidates {
    std::vector<size_t> writers;
    std::vector<size_t> fields;
  };
  std::unordered_map<std::string, Candidates> by_lower;
  for (size_t i = 0; i < writers.size(); ++i) {
    if (field_of_[i] == kNoField) by_lower[LowerAscii(writers[i].name)].writers.push_back(i);
  }
  if (by_lower.empty()) return;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto found = taken_[i] ? by_lower.end() : by_lower.find(LowerAscii(fields[i].name));
    if (found != by_lower.end()) found->second.fields.push_back(i);
  }
  for (const auto& [lower, found] : by_lower) {
    if (found.writers.size() == 1 && found.fields.size() == 1) {
      Assign(found.writers[0], found.fields[0]);
    }
  }
}

AvroSchema NamedAsColumns(AvroSchema schema, const std::vector<Field>& columns) {
  if (schema.kind == AvroKind::kRecord) NameAsFields(schema, columns);
  return schema;
}

}  // namespace kafka_iceberg::decode
