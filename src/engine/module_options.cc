// SPDX-License-Identifier: Apache-2.0
#include "engine/module_options.h"

#include <algorithm>
#include <thread>

#include "decode/metadata_columns.h"
#include "decode/type_text.h"
#include "kafka/topic_pattern.h"

namespace kafka_iceberg::engine {
namespace {

constexpr int64_t kMegabyte = 1LL << 20;
constexpr int32_t kWritersMax = 8;

// Three eighths of the hot buffer: while one epoch is being committed the next one fills, and
// together they stay clear of the limit at which consuming pauses.
int64_t FlushBytes(const config::Options& options) {
  const int64_t share = options.hot_buffer.max_size_mb * kMegabyte * 3 / 8;
  return options.commit.max_mb == 0 ? share : std::min(share, options.commit.max_mb * kMegabyte);
}

OffsetReset ParseReset(const std::string& text) {
  if (text == "earliest") return OffsetReset::kEarliest;
  if (text == "latest") return OffsetReset::kLatest;
  if (text == "error") return OffsetReset::kError;
  return OffsetReset::kEarliestIfNew;
}

RetryPolicy BackoffFor(const config::Options& options) {
  RetryPolicy policy;
  policy.delays.clear();
  for (const int32_t delay_ms : options.iceberg.catalog_manager.reconnect_backoff_ms) {
    policy.delays.push_back(std::chrono::milliseconds(delay_ms));
  }
  return policy;
}

table::SchemaMismatchAction MismatchAction(const config::TableManagementOptions& management) {
  if (management.schema_mismatch_action == "evolve") return table::SchemaMismatchAction::kEvolve;
  if (management.schema_mismatch_action == "warn") return table::SchemaMismatchAction::kWarn;
  return table::SchemaMismatchAction::kFail;
}

}  // namespace

WarehouseOptions WarehouseFor(const config::Options& options) {
  const config::IcebergOptions& iceberg = options.iceberg;
  if (iceberg.catalog_type == "sql") return {iceberg.sql.warehouse_path, iceberg.sql.s3};
  if (iceberg.catalog_type == "rest") return {"", iceberg.rest.s3};
  if (iceberg.catalog_type == "glue") return {iceberg.glue.warehouse_path, iceberg.glue.s3};
  if (iceberg.catalog_type == "hive") return {iceberg.hive.warehouse_path, iceberg.hive.s3};
  if (iceberg.catalog_type == "nessie") return {"", iceberg.nessie.s3};
  return {iceberg.file.warehouse_path, iceberg.file.s3};
}

catalog::Namespace SplitNamespace(const std::string& text) {
  catalog::Namespace levels;
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find('.', from), text.size());
    levels.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return levels;
}

catalog::TableIdentifier TargetTable(const config::Options& options) {
  return {.name_space = SplitNamespace(options.iceberg.database_name),
          .name = options.iceberg.table_name};
}

std::vector<std::string> ConfiguredTopics(const config::KafkaOptions& options) {
  if (!options.topic.empty()) return {options.topic};
  return options.topics;
}

namespace {

// What routes ask for when the configuration names no topic: their own ones.
void AddRoutedTopics(const config::RoutingOptions& routing, kafka::KafkaSourceOptions& source) {
  if (!source.topics.empty() || !source.topic_pattern.empty()) return;
  bool plain = true;
  for (const config::RouteOptions& route : routing.routes) {
    const std::string& topic = route.topic.empty() ? route.topic_pattern : route.topic;
    plain = plain && !topic.starts_with('^');
    if (std::ranges::find(source.topics, topic) == source.topics.end()) {
      source.topics.push_back(topic);
    }
  }
  if (plain) return;
  source.topic_pattern =
      source.topics.size() == 1 ? source.topics.front() : kafka::CombinedPattern(source.topics);
  source.topics.clear();
}

}  // namespace

kafka::KafkaSourceOptions SourceOptions(const config::Options& options) {
  kafka::KafkaSourceOptions source = {.bootstrap_servers = options.kafka.bootstrap_servers,
                                      .topics = ConfiguredTopics(options.kafka),
                                      .topic_pattern = options.kafka.topic_pattern,
                                      .group_id = options.kafka.consumer_group,
                                      .group_protocol = options.kafka.group_protocol,
                                      .isolation_level = options.kafka.isolation_level,
                                      .security = options.kafka.security,
                                      .librdkafka = options.kafka.librdkafka};
  AddRoutedTopics(options.routing, source);
  return source;
}

SchemaKeeperOptions KeeperOptionsFor(const config::Options& options) {
  SchemaKeeperOptions result{.action = MismatchAction(options.iceberg.table_management),
                             .columns_max = options.schema.columns_max,
                             .rescue_column = options.schema.rescue_column};
  if (options.schema.breaking_change == "fail") result.breaking_change = BreakingChange::kFail;
  if (options.schema.breaking_change == "rescue") result.breaking_change = BreakingChange::kRescue;
  return result;
}

Result<table::TableOptions> TableOptionsFor(const config::Options& options) {
  const config::TableManagementOptions& management = options.iceberg.table_management;
  table::TableOptions result{.identifier = TargetTable(options),
                             .auto_create_if_missing = management.auto_create_if_missing,
                             .identifier_fields = management.identifier_fields,
                             .sort_by = management.sort_by,
                             .format_version = management.format_version,
                             .properties = management.properties};
  result.schema_mismatch_action = MismatchAction(management);
  result.partitioning_is_named = management.partition_by.has_value();
  result.partition_by = management.partition_by
                            ? *management.partition_by
                            : TRY(table::PartitionExpressions(management.partition_strategy,
                                                              management.partition_column));
  // What we write; an engine that appends later follows the table's property.
  result.properties.try_emplace(
      "write.parquet.compression-codec",
      options.commit.compression == "none" ? "uncompressed" : options.commit.compression);
  return result;
}

write::WriteOptions WriteOptionsFor(const config::Options& options, int32_t writers) {
  write::WriteOptions result;
  if (options.commit.compression == "zstd") result.compression = write::Compression::kZstd;
  if (options.commit.compression == "none") result.compression = write::Compression::kNone;
  result.target_file_bytes = options.commit.target_file_size_mb * kMegabyte;
  // All writers' open files together stay within a quarter of the hot buffer's limit.
  result.open_bytes_max =
      std::max(16 * kMegabyte, options.hot_buffer.max_size_mb * kMegabyte / 4 / writers);
  result.row_group_bytes = std::min(result.row_group_bytes, result.open_bytes_max);
  return result;
}

buffer::HotBufferOptions BufferOptionsFor(const config::Options& options) {
  return {.bytes_max = options.hot_buffer.max_size_mb * kMegabyte,
          .key_column = options.hot_buffer.key_column,
          .account = nullptr};
}

SourceStageOptions StageOptionsFor(const config::Options& options) {
  const bool has_routes = !options.routing.routes.empty();
  return {.flow = {.flush_interval = std::chrono::seconds(
                       std::min(options.commit.interval_seconds, options.hot_buffer.ttl_seconds)),
                   .idle_interval = std::chrono::seconds(
                       has_routes ? options.routing.idle_interval_seconds : 0)},
          .flush_bytes = FlushBytes(options),
          .memory_max = options.hot_buffer.max_size_mb * kMegabyte,
          .shutdown_timeout = std::chrono::seconds(options.shutdown_timeout_seconds),
          .offset_reset = ParseReset(options.kafka.auto_offset_reset),
          .reset_retry = BackoffFor(options)};
}

int32_t WriterCount(const config::Options& options) {
  if (options.threads > 0) return options.threads;
  return std::clamp(static_cast<int32_t>(std::thread::hardware_concurrency()), 1, kWritersMax);
}

Result<iceberg::Schema> WithMetadataColumns(iceberg::Schema schema,
                                            const config::SchemaOptions& options) {
  schema = iceberg::AssignFreshIds(schema);
  int32_t next_id = schema.HighestFieldId() + 1;
  for (iceberg::Field& field : TRY(decode::MetadataFields(options.metadata_columns, next_id))) {
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

decode::RescueOptions RescueOptionsFor(const config::SchemaOptions& options) {
  decode::RescueOptions rescue{.column = options.rescue_column,
                               .bytes_max = int64_t{options.rescue_max_kb} * 1024};
  if (rescue.column.empty()) return rescue;
  rescue.scope = options.breaking_change == "rescue" ? decode::RescueScope::kValues
                                                     : decode::RescueScope::kFields;
  return rescue;
}

Result<iceberg::Schema> WithRescueColumn(iceberg::Schema schema,
                                         const config::SchemaOptions& options) {
  if (options.rescue_column.empty()) return schema;
  const auto found = std::ranges::find(schema.fields, options.rescue_column, &iceberg::Field::name);
  if (found != schema.fields.end()) {
    if (!found->required && found->type.id == iceberg::TypeId::kString) return schema;
    return Error::Invalid(
        "there is a column {} already, which is not an optional string; choose another name in "
        "schema.rescue_column",
        options.rescue_column);
  }
  iceberg::Field field;
  field.id = schema.HighestFieldId() + 1;
  field.name = options.rescue_column;
  field.type = iceberg::Type::Primitive(iceberg::TypeId::kString);
  field.doc = "what no column took: a JSON object of field paths and values";
  schema.fields.push_back(std::move(field));
  return schema;
}

Result<iceberg::Schema> DeclaredSchema(const config::SchemaOptions& options) {
  std::vector<decode::DeclaredField> fields;
  for (const config::SchemaField& field : options.fields) {
    fields.push_back(
        {.name = field.name, .type = field.type, .required = field.required, .doc = field.doc});
  }
  Result<iceberg::Schema> schema = decode::DeclaredSchema(fields, options.metadata_columns);
  if (!schema.ok()) return schema.error().WithContext("schema.fields");
  return schema;
}

}  // namespace kafka_iceberg::engine
