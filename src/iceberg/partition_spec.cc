// SPDX-License-Identifier: Apache-2.0
#include "iceberg/partition_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

namespace kafka_iceberg::iceberg {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool IsTimeTransform(TransformKind kind) {
  return kind == TransformKind::kYear || kind == TransformKind::kMonth ||
         kind == TransformKind::kDay || kind == TransformKind::kHour;
}

// How an expression names a transform, and what it appends to the column's name.
struct Spelling {
  std::string_view name;
  TransformKind kind;
  std::string_view suffix;
};

constexpr std::array<Spelling, 12> kSpellings = {{
    {"identity", TransformKind::kIdentity, ""},
    {"bucket", TransformKind::kBucket, "_bucket_"},
    {"truncate", TransformKind::kTruncate, "_trunc_"},
    {"year", TransformKind::kYear, "_year"},
    {"years", TransformKind::kYear, "_year"},
    {"month", TransformKind::kMonth, "_month"},
    {"months", TransformKind::kMonth, "_month"},
    {"day", TransformKind::kDay, "_day"},
    {"days", TransformKind::kDay, "_day"},
    {"hour", TransformKind::kHour, "_hour"},
    {"hours", TransformKind::kHour, "_hour"},
    {"void", TransformKind::kVoid, "_null"},
}};

constexpr std::string_view kExpected =
    "expected a column, identity(x), year(x), month(x), day(x), hour(x), bucket(N, x), "
    "truncate(W, x) or void(x)";

struct ParsedExpression {
  Spelling spelling = kSpellings[0];
  int32_t parameter = 0;
  std::string_view column;
};

bool TakesParameter(TransformKind kind) {
  return kind == TransformKind::kBucket || kind == TransformKind::kTruncate;
}

Result<ParsedExpression> SplitExpression(std::string_view expression) {
  const std::string_view text = Trim(expression);
  ParsedExpression parsed;
  parsed.column = text;
  const size_t open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return parsed;
  const std::string_view name = Trim(text.substr(0, open));
  const auto* spelling = std::find_if(kSpellings.begin(), kSpellings.end(),
                                      [&](const Spelling& known) { return known.name == name; });
  if (spelling == kSpellings.end()) {
    return Error::Invalid("partition field '{}': unknown transform '{}'; {}", expression, name,
                          kExpected);
  }
  parsed.spelling = *spelling;
  std::string_view arguments = text.substr(open + 1, text.size() - open - 2);
  if (TakesParameter(spelling->kind)) {
    const size_t comma = std::min(arguments.find(','), arguments.size());
    const std::string_view number = Trim(arguments.substr(0, comma));
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), parsed.parameter);
    if (error != std::errc() || end != number.data() + number.size() || parsed.parameter <= 0 ||
        comma == arguments.size()) {
      return Error::Invalid("partition field '{}': write {}(N, column) with N above zero",
                            expression, name);
    }
    arguments.remove_prefix(comma + 1);
  }
  parsed.column = Trim(arguments);
  return parsed;
}

// Partition sources are reached through structs only: an element of a list has no single value per
// row.
bool IsInsideStructsOnly(const std::vector<Field>& fields, int32_t id) {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    if (field.id == id) return true;
    return field.type.id == TypeId::kStruct && IsInsideStructsOnly(field.type.fields, id);
  });
}

Status ValidateSource(const Transform& transform, int32_t source_id, const Schema& schema) {
  if (transform.kind == TransformKind::kUnknown) {
    return Error::Unsupported("unknown transform '{}'", transform.text);
  }
  const Field* source = schema.FindField(source_id);
  if (source == nullptr) return Error::Invalid("no column with id {}", source_id);
  if (!source->type.is_primitive() || !IsInsideStructsOnly(schema.fields, source_id)) {
    return Error::Invalid("column '{}' is not a primitive outside of lists and maps",
                          schema.PathOf(source_id));
  }
  TRY(ResultType(transform, source->type));
  return {};
}

// A partition field may be named like a column only when it holds that very column.
Status ValidateName(const PartitionField& field, const Schema& schema) {
  if (field.name.empty()) return Error::Invalid("a partition field has no name");
  const Field* column = schema.FindField(field.name);
  const bool same_values = field.transform.kind == TransformKind::kIdentity ||
                           field.transform.kind == TransformKind::kVoid;
  if (column != nullptr && !(same_values && column->id == field.source_id)) {
    return Error::Invalid("partition field '{}' has the name of a column it is not", field.name);
  }
  return {};
}

// Transforms with a result type of their own resolve even when their column is gone.
Result<Type> FieldType(const PartitionField& field, const Field* source) {
  const TransformKind kind = field.transform.kind;
  if (source != nullptr && kind != TransformKind::kUnknown) {
    return ResultType(field.transform, source->type);
  }
  if (kind == TransformKind::kBucket || IsTimeTransform(kind)) {
    return Type::Primitive(kind == TransformKind::kDay ? TypeId::kDate : TypeId::kInt);
  }
  return Type::Primitive(TypeId::kUnknown);
}

class UniqueFields {
 public:
  Status Add(const PartitionField& field) {
    if (!names_.insert(field.name).second) {
      return Error::Invalid("two partition fields are named '{}'", field.name);
    }
    if (field.field_id != 0 && !ids_.insert(field.field_id).second) {
      return Error::Invalid("two partition fields have the id {}", field.field_id);
    }
    if (field.transform.kind == TransformKind::kVoid) return {};
    // All time transforms of a column are functions of the finest of them.
    const bool is_time = IsTimeTransform(field.transform.kind);
    const std::string key = is_time ? "time" : ToString(field.transform);
    if (!transforms_.emplace(field.source_id, key).second) {
      return Error::Invalid("partition field '{}' is redundant: its column is already used with {}",
                            field.name, is_time ? "a time transform" : key);
    }
    return {};
  }

 private:
  std::set<std::string> names_;
  std::set<int32_t> ids_;
  std::set<std::pair<int32_t, std::string>> transforms_;
};

}  // namespace

bool PartitionSpec::is_unpartitioned() const {
  return std::all_of(fields.begin(), fields.end(), [](const PartitionField& field) {
    return field.transform.kind == TransformKind::kVoid;
  });
}

Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema) {
  std::vector<Field> fields;
  for (const PartitionField& field : spec.fields) {
    auto type = FieldType(field, schema.FindField(field.source_id));
    if (!type.ok()) {
      return type.error().WithContext(fmt::format("partition field '{}'", field.name));
    }
    fields.push_back({field.field_id, field.name, false, std::move(type).value(), {}, {}, {}});
  }
  return Type::Struct(std::move(fields));
}

Result<PartitionField> ParsePartitionField(std::string_view expression, const Schema& schema) {
  ParsedExpression parsed;
  parsed.column = Trim(expression);
  // A column may be called "price(eur)": its name goes before a transform's.
  if (schema.FindField(parsed.column) == nullptr) parsed = TRY(SplitExpression(expression));
  const Field* source = schema.FindField(parsed.column);
  if (source == nullptr) {
    return Error::Invalid("partition field '{}': no column '{}'; {}", expression, parsed.column,
                          kExpected);
  }
  PartitionField field;
  field.source_id = source->id;
  field.transform = {parsed.spelling.kind, parsed.parameter, {}};
  field.name = std::string(parsed.column) + std::string(parsed.spelling.suffix);
  if (TakesParameter(parsed.spelling.kind)) field.name += std::to_string(parsed.parameter);
  TRY(ValidatePartitionSpec({0, {field}}, schema));
  return field;
}

Status ValidatePartitionSpec(const PartitionSpec& spec, const Schema& schema) {
  UniqueFields unique;
  for (const PartitionField& field : spec.fields) {
    TRY(ValidateName(field, schema));
    TRY(unique.Add(field));
    // A void field may outlive its column.
    if (field.transform.kind == TransformKind::kVoid) continue;
    if (const Status status = ValidateSource(field.transform, field.source_id, schema);
        !status.ok()) {
      return status.error().WithContext(fmt::format("partition field '{}'", field.name));
    }
  }
  return {};
}

Status ValidateSortOrder(const SortOrder& order, const Schema& schema) {
  if ((order.order_id == 0) != order.fields.empty()) {
    return Error::Invalid("the unsorted order has the id 0, all others have fields");
  }
  for (const SortField& field : order.fields) {
    if (const Status status = ValidateSource(field.transform, field.source_id, schema);
        !status.ok()) {
      return status.error().WithContext(fmt::format("sort order {}", order.order_id));
    }
  }
  return {};
}

}  // namespace kafka_iceberg::iceberg
