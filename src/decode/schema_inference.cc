// SPDX-License-Identifier: Apache-2.0
#include "decode/schema_inference.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "decode/json/json_sample.h"
#include "decode/metadata_columns.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

std::string_view NameOf(JsonKind kind) {
  switch (kind) {
    case JsonKind::kBoolean: return "a boolean";
    case JsonKind::kNumber: return "a number";
    case JsonKind::kString: return "a string";
    case JsonKind::kObject: return "an object";
    case JsonKind::kArray: return "an array";
  }
  return "something else";
}

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Turns the evidence into types, and writes down what there is to say about each column.
class Judge {
 public:
  explicit Judge(InferenceReport& report) : report_(report) {}

  // The fields of a struct (the record itself: `path` is empty).
  std::vector<Field> Fields(const SampleNode& node, const std::string& path) {
    std::vector<Field> fields;
    std::map<std::string, std::string> by_lower_case;
    for (const auto& member : node.members) {
      const std::string member_path = path.empty() ? member->name : path + "." + member->name;
      const size_t column = AddColumn(*member, member_path);
      if (member->name.empty()) {
        Note(column, "left out: a column needs a name");
        continue;
      }
      if (path.empty() && FindMetadataColumn(member->name)) {
        Note(column, "left out: the name is reserved for a metadata column");
        continue;
      }
      std::optional<Type> type = Judged(*member, member_path, column);
      if (!type) continue;
      const auto [other, is_new] = by_lower_case.emplace(LowerCase(member->name), member->name);
      if (!is_new) {
        Note(column,
             fmt::format(
                 "differs from {} only in upper and lower case: some engines cannot read both",
                 other->second));
      }
      Field field;
      field.name = member->name;
      field.type = *std::move(type);
      // Unique for now; replaced by AssignFreshIds().
      field.id = ++last_id_;
      fields.push_back(std::move(field));
    }
    return fields;
  }

 private:
  size_t AddColumn(const SampleNode& node, const std::string& path) {
    InferredColumn& column = report_.columns.emplace_back();
    column.path = path;
    column.present = node.present();
    column.nulls = node.nulls;
    column.examples = node.examples;
    return report_.columns.size() - 1;
  }

  void Note(size_t column, std::string text) {
    report_.columns[column].notes.push_back(std::move(text));
  }

  std::optional<Type> Judged(const SampleNode& node, const std::string& path, size_t column) {
    if (node.kinds.empty()) {
      Note(column, "left out: always null in the sample");
      return std::nullopt;
    }
    const JsonKind kind = MostFrequent(node);
    NoteConflict(node, kind, column);
    if (node.cut_off) Note(column, "holds more, or deeper nested, fields than are looked at");
    std::optional<Type> type = TypeOf(node, kind, path, column);
    if (type) report_.columns[column].type = iceberg::ToString(*type);
    return type;
  }

  static JsonKind MostFrequent(const SampleNode& node) {
    return *std::max_element(node.kinds.begin(), node.kinds.end(), [&](JsonKind a, JsonKind b) {
      return node.counts[static_cast<size_t>(a)] < node.counts[static_cast<size_t>(b)];
    });
  }

  void NoteConflict(const SampleNode& node, JsonKind chosen, size_t column) {
    for (const JsonKind other : node.kinds) {
      if (other == chosen) continue;
      Note(column,
           fmt::format(
               "conflict: {} of {} values are {}, not {}; such records would become dead letters",
               node.counts[static_cast<size_t>(other)], node.present(), NameOf(other),
               NameOf(chosen)));
    }
  }

  std::optional<Type> TypeOf(const SampleNode& node, JsonKind kind, const std::string& path,
                             size_t column) {
    switch (kind) {
      case JsonKind::kBoolean: return Type::Primitive(TypeId::kBoolean);
      case JsonKind::kNumber: return NumberType(node, column);
      case JsonKind::kString: return StringType(node);
      case JsonKind::kArray: return ListType(node, path, column);
      case JsonKind::kObject: break;
    }
    std::vector<Field> fields = Fields(node, path);
    if (!fields.empty()) return Type::Struct(std::move(fields));
    Note(column, "left out: no member has a value in the sample");
    return std::nullopt;
  }

  Type NumberType(const SampleNode& node, size_t column) {
    if (node.beyond_int64 && (node.has_fraction || node.beyond_decimal38)) {
      Note(column,
           "as double, integers beyond 64 bits lose digits; declare a decimal, or send them as "
           "strings");
      return Type::Primitive(TypeId::kDouble);
    }
    if (node.beyond_int64) {
      Note(column, "holds integers beyond 64 bits");
      return Type::Decimal(38, 0);
    }
    return Type::Primitive(node.has_fraction ? TypeId::kDouble : TypeId::kLong);
  }

  static Type StringType(const SampleNode& node) {
    if (node.all_timestamptz) return Type::Primitive(TypeId::kTimestamptz);
    if (node.all_timestamp) return Type::Primitive(TypeId::kTimestamp);
    return Type::Primitive(node.all_date ? TypeId::kDate : TypeId::kString);
  }

  std::optional<Type> ListType(const SampleNode& node, const std::string& path, size_t column) {
    if (node.element == nullptr) {
      Note(column, "left out: always an empty array in the sample");
      return std::nullopt;
    }
    const std::string element_path = path + ".element";
    const size_t element_column = AddColumn(*node.element, element_path);
    std::optional<Type> element = Judged(*node.element, element_path, element_column);
    if (!element) {
      Note(column, "left out: no element has a value in the sample");
      return std::nullopt;
    }
    return Type::List(++last_id_, /*element_required=*/false, *std::move(element));
  }

  InferenceReport& report_;
  int32_t last_id_ = 0;
};

}  // namespace

Result<InferenceReport> InferSchema(std::span<const std::string_view> payloads,
                                    InferenceOptions options) {
  InferenceReport report;
  JsonSample sample(options.columns_max, options.depth_max, options.column);
  const std::string_view what = options.column.empty() ? "a json object" : "json";
  for (const std::string_view payload : payloads)
    ++(sample.Add(payload) ? report.records : report.unusable_records);
  if (report.unusable_records > 0) {
    report.notes.push_back(fmt::format("{} of {} records are not {} and would become dead letters",
                                       report.unusable_records, payloads.size(),
                                       options.column.empty() ? "json objects" : what));
  }
  if (sample.nodes_exhausted()) {
    report.notes.push_back(
        fmt::format("more than {} fields: further ones are left out", options.columns_max));
  }
  report.schema.fields = Judge(report).Fields(sample.root(), "");
  if (report.records == 0) {
    return Error::Invalid(
        "cannot infer a schema: none of the {} sample records is {}; declare the fields",
        payloads.size(), what);
  }
  if (report.schema.fields.empty()) {
    return Error::Invalid(
        "cannot infer a schema: no field has a value in {} sample records; declare the fields",
        report.records);
  }
  report.schema = iceberg::AssignFreshIds(report.schema);
  return report;
}

}  // namespace kafka_iceberg::decode
