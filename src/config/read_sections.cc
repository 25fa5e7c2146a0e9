// SPDX-License-Identifier: Apache-2.0
#include "config/read_sections.h"

#include <algorithm>

#include "config/read_catalogs.h"
#include "config/read_routes.h"

namespace kafka_iceberg::config {
namespace {

constexpr int64_t kYearSeconds = 366LL * 24 * 3600;
constexpr int64_t kMegabytesMax = 1LL << 20;  // 1 TiB

void ReadKafka(const ReadContext& context, const toml::table* table, KafkaOptions& kafka) {
  SectionReader reader(context, table, "kafka");
  reader.String("bootstrap_servers", kafka.bootstrap_servers);
  reader.String("topic", kafka.topic);
  reader.StringList("topics", kafka.topics);
  reader.String("topic_pattern", kafka.topic_pattern);
  reader.String("consumer_group", kafka.consumer_group);
  reader.Choice("format", kafka.format, {"json", "json_schema", "avro", "protobuf", "binary"});
  reader.Choice("framing", kafka.framing,
                {"auto", "none", "confluent", "apicurio8", "glue", "header"});
  reader.String("schema_file", kafka.schema_file);
  reader.String("message_type", kafka.message_type);
  reader.String("value_column", kafka.value_column);
  reader.String("subject", kafka.subject);
  reader.Choice("key_format", kafka.key.format,
                {"none", "json", "json_schema", "avro", "protobuf", "string", "binary"});
  reader.Choice("key_framing", kafka.key.framing,
                {"auto", "none", "confluent", "apicurio8", "glue", "header"});
  reader.String("key_schema_file", kafka.key.schema_file);
  reader.String("key_message_type", kafka.key.message_type);
  reader.String("key_subject", kafka.key.subject);
  reader.String("key_column", kafka.key.column);
  reader.Choice("group_protocol", kafka.group_protocol, {"classic", "consumer"});
  reader.Choice("auto_offset_reset", kafka.auto_offset_reset,
                {"earliest-if-new", "earliest", "latest", "error"});
  reader.Choice("isolation_level", kafka.isolation_level, {"read_committed", "read_uncommitted"});
  reader.Choice("null_values", kafka.null_values, {"skip", "store"});
  reader.StringMap("security", kafka.security);
  reader.StringMap("librdkafka", kafka.librdkafka);
  reader.Finish();
}

void ReadTableManagement(const ReadContext& context, const toml::table* table,
                         TableManagementOptions& options) {
  SectionReader reader(context, table, "iceberg.table_management");
  reader.Bool("auto_create_if_missing", options.auto_create_if_missing);
  reader.Choice("schema_mismatch_action", options.schema_mismatch_action,
                {"fail", "evolve", "warn"});
  reader.Choice("partition_strategy", options.partition_strategy,
                {"daily", "hourly", "identity", "bucket"});
  reader.String("partition_column", options.partition_column);
  if (reader.Has("partition_by")) {
    std::vector<std::string> fields;
    reader.StringList("partition_by", fields);
    options.partition_by = std::move(fields);
  } else {
    reader.Take("partition_by");
  }
  reader.Int("format_version", options.format_version, 2, 3);
  reader.StringMap("properties", options.properties);
  reader.StringList("identifier_fields", options.identifier_fields);
  reader.StringList("sort_by", options.sort_by);
  reader.Finish();
}

void ReadIceberg(const ReadContext& context, const toml::table* table, IcebergOptions& iceberg) {
  SectionReader reader(context, table, "iceberg");
  reader.Choice("catalog_type", iceberg.catalog_type,
                {"file", "sql", "rest", "glue", "hive", "nessie"});
  reader.String("database_name", iceberg.database_name);
  reader.String("table_name", iceberg.table_name);
  ReadCatalogs(context, reader, iceberg);
  ReadTableManagement(context, reader.Table("table_management"), iceberg.table_management);
  SectionReader manager(context, reader.Table("catalog_manager"), "iceberg.catalog_manager");
  manager.Int("connection_pool_size", iceberg.catalog_manager.connection_pool_size, 1, 1000);
  manager.Int("health_check_interval_seconds",
              iceberg.catalog_manager.health_check_interval_seconds, 1, kYearSeconds);
  manager.IntList("reconnect_backoff_ms", iceberg.catalog_manager.reconnect_backoff_ms, 1,
                  3'600'000);
  manager.Finish();
  reader.Finish();
}

void ReadSchema(const ReadContext& context, const toml::table* table, SchemaOptions& schema) {
  SectionReader reader(context, table, "schema");
  reader.String("file", schema.file);
  reader.Int("infer_records", schema.infer_records, 1, 1'000'000);
  reader.Choice("breaking_change", schema.breaking_change, {"dead_letter", "fail", "rescue"});
  reader.String("rescue_column", schema.rescue_column);
  reader.Int("rescue_max_kb", schema.rescue_max_kb, 1, 16'384);
  reader.Int("columns_max", schema.columns_max, 1, 100'000);
  reader.StringList("metadata_columns", schema.metadata_columns);
  ReadFields(context, reader.Take("fields"), schema.fields);
  reader.Finish();
}

void ReadBufferAndCommit(const ReadContext& context, const toml::table* hot_buffer,
                         const toml::table* commit, Options& options) {
  SectionReader buffer(context, hot_buffer, "hot_buffer");
  buffer.Int("ttl_seconds", options.hot_buffer.ttl_seconds, 1, kYearSeconds);
  buffer.Int("max_size_mb", options.hot_buffer.max_size_mb, 16, kMegabytesMax);
  buffer.String("key_column", options.hot_buffer.key_column);
  buffer.Finish();
  SectionReader reader(context, commit, "commit");
  reader.Int("interval_seconds", options.commit.interval_seconds, 1, kYearSeconds);
  reader.Int("max_mb", options.commit.max_mb, 0, kMegabytesMax);
  reader.Int("target_file_size_mb", options.commit.target_file_size_mb, 1, kMegabytesMax);
  reader.Choice("compression", options.commit.compression, {"snappy", "zstd", "none"});
  reader.Finish();
}

void ReadSmallSections(const ReadContext& context, SectionReader& root, Options& options) {
  SectionReader dead_letter(context, root.Table("dead_letter"), "dead_letter");
  dead_letter.Choice("mode", options.dead_letter.mode, {"file", "table", "topic"});
  dead_letter.String("table", options.dead_letter.table);
  dead_letter.String("topic", options.dead_letter.topic);
  dead_letter.Int("topic_partitions", options.dead_letter.topic_partitions, 1, 10'000);
  dead_letter.Int("topic_replication", options.dead_letter.topic_replication, 0, 100);
  dead_letter.Number("max_rate", options.dead_letter.max_rate, 0, 1e12);
  dead_letter.Finish();
  SectionReader maintenance(context, root.Table("maintenance"), "maintenance");
  maintenance.Bool("compact_enabled", options.maintenance.compact_enabled);
  maintenance.Int("compact_interval_seconds", options.maintenance.compact_interval_seconds, 1,
                  kYearSeconds);
  maintenance.Finish();
  SectionReader registry(context, root.Table("schema_registry"), "schema_registry");
  registry.Choice("type", options.schema_registry.type, {"confluent", "glue"});
  registry.StringList("urls", options.schema_registry.urls);
  registry.String("username", options.schema_registry.username);
  registry.String("password", options.schema_registry.password);
  registry.String("bearer_token", options.schema_registry.bearer_token);
  registry.String("region", options.schema_registry.region);
  registry.String("endpoint", options.schema_registry.endpoint);
  registry.String("access_key", options.schema_registry.access_key);
  registry.String("secret_key", options.schema_registry.secret_key);
  registry.String("role_arn", options.schema_registry.role_arn);
  registry.Int("request_timeout_seconds", options.schema_registry.request_timeout_seconds, 1, 600);
  registry.Int("subject_ttl_seconds", options.schema_registry.subject_ttl_seconds, 1, kYearSeconds);
  registry.Finish();
  SectionReader http(context, root.Table("http"), "http");
  http.String("ca_file", options.http.ca_file);
  http.String("client_cert_file", options.http.client_cert_file);
  http.String("client_key_file", options.http.client_key_file);
  http.String("proxy", options.http.proxy);
  http.Finish();
  SectionReader state(context, root.Table("state"), "state");
  state.String("directory", options.state_directory);
  state.Finish();
  SectionReader server(context, root.Table("server"), "server");
  server.String("listen", options.server_listen);
  server.Finish();
  SectionReader engine(context, root.Table("engine"), "engine");
  engine.Int("threads", options.threads, 0, 64);
  engine.Int("shutdown_timeout_seconds", options.shutdown_timeout_seconds, 1, 3600);
  engine.Finish();
}

void Warn(std::vector<Problem>& warnings, const ReadContext& context, std::string key,
          std::string message) {
  warnings.push_back(context.loaded.ProblemAt(context.file, std::move(key), std::move(message)));
}

}  // namespace

void ReadFields(const ReadContext& context, const toml::node* list, std::vector<SchemaField>& out) {
  if (list == nullptr) return;
  const toml::array* array = list->as_array();
  if (array == nullptr) {
    context.Report(list->source(), "schema.fields", "must be an array of tables",
                   "write [[schema.fields]] with name and type for each column");
    return;
  }
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string path = fmt::format("schema.fields[{}]", i);
    const toml::table* entry = (*array)[i].as_table();
    context.loaded.places[path] = context.PlaceOf((*array)[i].source(), path);
    if (entry == nullptr) {
      context.Report((*array)[i].source(), path, "must be a table with name and type");
      continue;
    }
    SchemaField field;
    SectionReader reader(context, entry, path);
    reader.String("name", field.name);
    reader.String("type", field.type);
    reader.Bool("required", field.required);
    reader.String("doc", field.doc);
    reader.Finish();
    if (field.name.empty() || field.type.empty()) {
      context.Report(entry->source(), path, "needs a name and a type");
    }
    out.push_back(std::move(field));
  }
}

Options ReadSections(const ReadContext& context, const toml::table& root,
                     std::vector<Problem>& warnings) {
  Options options;
  SectionReader reader(context, &root, "");
  ReadKafka(context, reader.Table("kafka"), options.kafka);
  ReadIceberg(context, reader.Table("iceberg"), options.iceberg);
  ReadSchema(context, reader.Table("schema"), options.schema);
  ReadBufferAndCommit(context, reader.Table("hot_buffer"), reader.Table("commit"), options);
  ReadSmallSections(context, reader, options);
  ReadRoutes(context, reader, options.routing);
  reader.Finish();
  if (options.commit.interval_seconds > options.hot_buffer.ttl_seconds) {
    options.commit.interval_seconds = options.hot_buffer.ttl_seconds;
    if (const auto* commit = root["commit"].as_table();
        commit != nullptr && commit->contains("interval_seconds")) {
      Warn(warnings, context, "commit.interval_seconds",
           fmt::format("is above hot_buffer.ttl_seconds; {} s is used",
                       options.hot_buffer.ttl_seconds));
    }
  }
  if (options.maintenance.compact_enabled) {
    Warn(warnings, context, "maintenance.compact_enabled",
         "this build has no compaction yet; use Spark's rewrite_data_files meanwhile");
  }
  return options;
}

}  // namespace kafka_iceberg::config
