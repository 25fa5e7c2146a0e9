// SPDX-License-Identifier: Apache-2.0
#include "table/table_layout.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace kafka_iceberg::table {

namespace {

constexpr std::string_view kSpace = " \t";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool SameWord(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

// Takes `word` off the end of `text` when it is the last of several words.
bool TakeLastWord(std::string_view& text, std::string_view word) {
  const size_t space = text.find_last_of(kSpace);
  if (space == std::string_view::npos || !SameWord(text.substr(space + 1), word)) return false;
  text = Trim(text.substr(0, space));
  return true;
}

Result<iceberg::SortField> ParseSortField(std::string_view expression,
                                          const iceberg::Schema& schema) {
  std::string_view rest = Trim(expression);
  std::optional<bool> nulls_first;
  for (const bool first : {true, false}) {
    std::string_view without = rest;
    if (TakeLastWord(without, first ? "first" : "last") && TakeLastWord(without, "nulls")) {
      rest = without;
      nulls_first = first;
      break;
    }
  }
  const bool descending = TakeLastWord(rest, "desc");
  if (!descending) TakeLastWord(rest, "asc");
  const iceberg::PartitionField source = TRY(iceberg::ParsePartitionField(rest, schema));
  return iceberg::SortField{source.transform, source.source_id, !descending,
                            nulls_first.value_or(!descending)};
}

// The column of that name, or the field of structs ("_key.id"), made required with all above it:
// what identifies a row cannot be null. Null when there is none.
iceberg::Field* Require(std::vector<iceberg::Field>& fields, std::string_view name) {
  for (iceberg::Field& field : fields) {
    iceberg::Field* found = nullptr;
    const bool may_be_below = field.type.id == iceberg::TypeId::kStruct &&
                              name.starts_with(field.name) && name.size() > field.name.size() &&
                              name[field.name.size()] == '.';
    if (field.name == name) found = &field;
    if (found == nullptr && may_be_below)
      found = Require(field.type.fields, name.substr(field.name.size() + 1));
    if (found == nullptr) continue;
    field.required = true;
    return found;
  }
  return nullptr;
}

}  // namespace

Result<std::vector<std::string>> PartitionExpressions(const std::string& strategy,
                                                      const std::string& column) {
  using Expressions = std::vector<std::string>;
  if (column.empty())
    return Error::Invalid("partition_strategy {} needs a partition_column", strategy);
  if (strategy == "daily") return Expressions{"day(" + column + ")"};
  if (strategy == "hourly") return Expressions{"hour(" + column + ")"};
  if (strategy == "identity") return Expressions{column};
  if (strategy == "bucket") return Expressions{"bucket(16, " + column + ")"};
  return Error::Invalid("partition_strategy '{}' is none of daily, hourly, identity, bucket",
                        strategy);
}

Result<iceberg::Schema> WithIdentifierFields(iceberg::Schema schema,
                                             const std::vector<std::string>& names) {
  schema.identifier_field_ids.clear();
  for (const std::string& name : names) {
    iceberg::Field* field = Require(schema.fields, name);
    if (field == nullptr) {
      return Error::Invalid(
          "identifier_fields: '{}' is no column of the table, nor a field of its "
          "structs",
          name);
    }
    if (!field->type.is_primitive() || field->type.id == iceberg::TypeId::kFloat ||
        field->type.id == iceberg::TypeId::kDouble) {
      return Error::Invalid("identifier_fields: '{}' of type {} cannot identify a row", name,
                            ToString(field->type));
    }
    schema.identifier_field_ids.push_back(field->id);
  }
  return schema;
}

Result<iceberg::PartitionSpec> ParsePartitionSpec(const std::vector<std::string>& expressions,
                                                  const iceberg::Schema& schema) {
  iceberg::PartitionSpec spec;
  for (const std::string& expression : expressions) {
    auto field = iceberg::ParsePartitionField(expression, schema);
    if (!field.ok()) return field.error().WithContext("partition_by");
    spec.fields.push_back(std::move(field).value());
  }
  if (auto status = iceberg::ValidatePartitionSpec(spec, schema); !status.ok()) {
    return status.error().WithContext("partition_by");
  }
  return spec;
}

Result<iceberg::SortOrder> ParseSortOrder(const std::vector<std::string>& expressions,
                                          const iceberg::Schema& schema) {
  iceberg::SortOrder order;
  for (const std::string& expression : expressions) {
    auto field = ParseSortField(expression, schema);
    if (!field.ok()) return field.error().WithContext("sort_by");
    order.fields.push_back(std::move(field).value());
  }
  if (!order.fields.empty()) order.order_id = 1;
  return order;
}

Result<catalog::TableCreation> MakeTableCreation(const TableOptions& options,
                                                 const iceberg::Schema& wanted) {
  catalog::TableCreation creation;
  creation.identifier = options.identifier;
  creation.schema =
      TRY(WithIdentifierFields(iceberg::AssignFreshIds(wanted), options.identifier_fields));
  creation.spec = TRY(ParsePartitionSpec(options.partition_by, creation.schema));
  creation.sort_order = TRY(ParseSortOrder(options.sort_by, creation.schema));
  creation.properties = options.properties;
  creation.format_version = options.format_version;
  return creation;
}

}  // namespace kafka_iceberg::table
