// SPDX-License-Identifier: Apache-2.0
#include "config/read_routes.h"

#include <fmt/format.h>

#include "config/read_sections.h"

namespace kafka_iceberg::config {
namespace {

// A string, or an array of them.
void ReadValues(SectionReader& reader, const toml::table& table, std::string_view key,
                std::vector<std::string>& out) {
  const toml::node* node = table.get(key);
  if (node != nullptr && node->is_string()) {
    std::string value;
    reader.String(key, value);
    out = {std::move(value)};
  } else {
    reader.StringList(key, out);
  }
}

void ReadCondition(const ReadContext& context, const toml::table* table, const std::string& path,
                   RouteCondition& when) {
  if (table == nullptr) return;
  SectionReader reader(context, table, path);
  reader.String("header", when.header);
  reader.Bool("key", when.key);
  reader.String("field", when.field);
  reader.Bool("record_name", when.record_name);
  ReadValues(reader, *table, "equals", when.equals);
  ReadValues(reader, *table, "prefix", when.prefixes);
  reader.Finish();
}

void ReadOptional(SectionReader& reader, std::string_view key, std::optional<std::string>& out,
                  const std::vector<std::string>& choices) {
  if (!reader.Has(key)) {
    reader.Take(key);
    return;
  }
  std::string value = choices.empty() ? "" : choices.front();
  choices.empty() ? reader.String(key, value) : reader.Choice(key, value, choices);
  out = std::move(value);
}

void ReadOptional(SectionReader& reader, std::string_view key,
                  std::optional<std::vector<std::string>>& out) {
  if (!reader.Has(key)) {
    reader.Take(key);
    return;
  }
  std::vector<std::string> values;
  reader.StringList(key, values);
  out = std::move(values);
}

RouteOptions ReadRoute(const ReadContext& context, const toml::table& table,
                       const std::string& path) {
  RouteOptions route;
  SectionReader reader(context, &table, path);
  reader.String("topic", route.topic);
  reader.String("topic_pattern", route.topic_pattern);
  reader.String("table", route.table);
  reader.StringList("allowed_tables", route.allowed_tables);
  ReadCondition(context, reader.Table("when"), path + ".when", route.when);
  reader.Bool("otherwise", route.otherwise);
  ReadOptional(reader, "format", route.format,
               {"json", "json_schema", "avro", "protobuf", "binary"});
  ReadOptional(reader, "framing", route.framing,
               {"auto", "none", "confluent", "apicurio8", "glue", "header"});
  ReadOptional(reader, "schema_file", route.schema_file, {});
  ReadOptional(reader, "message_type", route.message_type, {});
  ReadOptional(reader, "value_column", route.value_column, {});
  ReadOptional(reader, "subject", route.subject, {});
  ReadOptional(reader, "key_format", route.key_format,
               {"none", "json", "json_schema", "avro", "protobuf", "string", "binary"});
  ReadOptional(reader, "key_framing", route.key_framing,
               {"auto", "none", "confluent", "apicurio8", "glue", "header"});
  ReadOptional(reader, "key_schema_file", route.key_schema_file, {});
  ReadOptional(reader, "key_message_type", route.key_message_type, {});
  ReadOptional(reader, "key_subject", route.key_subject, {});
  ReadOptional(reader, "key_column", route.key_column, {});
  ReadOptional(reader, "schema_mismatch_action", route.schema_mismatch_action,
               {"fail", "evolve", "warn"});
  ReadOptional(reader, "partition_by", route.partition_by);
  ReadOptional(reader, "identifier_fields", route.identifier_fields);
  ReadOptional(reader, "sort_by", route.sort_by);
  if (reader.Has("auto_create_if_missing")) {
    bool allowed = true;
    reader.Bool("auto_create_if_missing", allowed);
    route.auto_create_if_missing = allowed;
  } else {
    reader.Take("auto_create_if_missing");
  }
  ReadFields(context, reader.Take("fields"), route.fields);
  reader.Finish();
  return route;
}

void CheckCondition(const RouteCondition& when, const std::string& path,
                    const ReportProblem& report) {
  const int subjects = (when.header.empty() ? 0 : 1) + (when.key ? 1 : 0) +
                       (when.field.empty() ? 0 : 1) + (when.record_name ? 1 : 0);
  const bool has_values = !when.equals.empty() || !when.prefixes.empty();
  if (subjects > 1) {
    report(path, "only one of header, key, field and record_name may be set", "");
  } else if (subjects == 0 && has_values) {
    report(path, "does not say what is compared",
           "e.g. when = { header = \"type\", equals = \"click\" }");
  } else if (subjects == 1 && !has_values) {
    report(path, "does not say which values are taken", "set equals, or prefix");
  }
}

}  // namespace

void ReadRoutes(const ReadContext& context, SectionReader& root, RoutingOptions& routing) {
  SectionReader reader(context, root.Table("routing"), "routing");
  reader.Int("tables_max", routing.tables_max, 1, 10'000);
  reader.String("account_table", routing.account_table);
  reader.Int("idle_interval_seconds", routing.idle_interval_seconds, 1, 86'400);
  reader.Finish();
  const toml::node* list = root.Take("routes");
  if (list == nullptr) return;
  const toml::array* array = list->as_array();
  if (array == nullptr) {
    context.Report(list->source(), "routes", "must be an array of tables",
                   "write [[routes]] with topic and table for each route");
    return;
  }
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string path = fmt::format("routes[{}]", i);
    const toml::table* entry = (*array)[i].as_table();
    context.loaded.places[path] = context.PlaceOf((*array)[i].source(), path);
    if (entry == nullptr) {
      context.Report((*array)[i].source(), path, "must be a table");
      continue;
    }
    routing.routes.push_back(ReadRoute(context, *entry, path));
  }
}

void CheckRoutes(const Options& options, const ReportProblem& report) {
  for (size_t i = 0; i < options.routing.routes.size(); ++i) {
    const RouteOptions& route = options.routing.routes[i];
    const std::string path = fmt::format("routes[{}]", i);
    if (!route.topic.empty() && !route.topic_pattern.empty()) {
      report(path + ".topic", "only one of topic and topic_pattern may be set", "");
    }
    if (!route.topic_pattern.empty() && !route.topic_pattern.starts_with('^')) {
      report(path + ".topic_pattern", "must begin with \"^\"", "e.g. topic_pattern = \"^shop_\"");
    }
    if (route.table.empty()) report(path + ".table", "is missing", "e.g. table = \"orders\"");
    if (route.otherwise && !route.when.empty()) {
      report(path + ".otherwise", "and when cannot both be set", "");
    }
    CheckCondition(route.when, path + ".when", report);
  }
}

}  // namespace kafka_iceberg::config
