// SPDX-License-Identifier: Apache-2.0
//
// FieldMatch: which column takes which field of a writer's record: the one of its own name; failing
// that one named as an alias of the field; failing that the only one whose name differs in the case
// of ASCII letters. A value; what it was made from must stay alive only while it is made.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/avro/avro_schema.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

// A field or branch of the writer, by the names it may be found under.
struct WriterName {
  std::string_view name;
  std::vector<std::string_view> aliases;
};

std::vector<WriterName> NamesOf(const AvroSchema& record);

// For each writer name the index of its field, or kNoField; no field is taken twice.
class FieldMatch {
 public:
  static constexpr size_t kNoField = std::numeric_limits<size_t>::max();

  FieldMatch(const std::vector<WriterName>& writers, const std::vector<iceberg::Field>& fields);

  size_t FieldOf(size_t writer) const { return field_of_[writer]; }
  bool IsTaken(size_t field) const { return taken_[field]; }
  bool any() const;

 private:
  using Names = std::unordered_map<std::string_view, size_t>;

  void Match(const Names& names, const std::vector<iceberg::Field>& fields);
  void MatchWithoutCase(const std::vector<WriterName>& writers,
                        const std::vector<iceberg::Field>& fields);
  void Assign(size_t writer, size_t field);

  std::vector<size_t> field_of_;
  std::vector<bool> taken_;
};

// `schema` with the names of the columns that its fields are written to, at every depth.
AvroSchema NamedAsColumns(AvroSchema schema, const std::vector<iceberg::Field>& columns);

}  // namespace kafka_iceberg::decode
