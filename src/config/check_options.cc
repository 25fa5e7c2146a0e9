// SPDX-License-Identifier: Apache-2.0
#include "config/check_options.h"

#include <algorithm>
#include <cctype>

#include "config/config_file.h"
#include "config/read_routes.h"

namespace kafka_iceberg::config {
namespace {

class Checker {
 public:
  explicit Checker(const ReportProblem& report) : report_(report) {}

  void Require(bool holds, std::string key, std::string message, std::string fix = "") {
    if (!holds) report_(std::move(key), std::move(message), std::move(fix));
  }

 private:
  const ReportProblem& report_;
};

// Whether the topics may be left to the routes.
bool RoutesNameTopics(const RoutingOptions& routing) {
  return !routing.routes.empty() && std::ranges::all_of(routing.routes, [](const auto& route) {
    return !route.topic.empty() || !route.topic_pattern.empty();
  });
}

// What the format of values, or of keys (`prefix` "key_"), goes together with.
struct CheckedFormat {
  std::string prefix;
  const std::string& format;
  const std::string& schema_file;
  const std::string& subject;
  bool may_have_many_topics = false;
};

void CheckFormat(const CheckedFormat& checked, const SchemaRegistryOptions& registry,
                 Checker& checker) {
  const std::string& format = checked.format;
  const std::string file_key = fmt::format("kafka.{}schema_file", checked.prefix);
  const std::string subject_key = fmt::format("kafka.{}subject", checked.prefix);
  const bool has_schema = format == "avro" || format == "protobuf" || format == "json_schema";
  for (const auto& [key, value] :
       {std::pair(file_key, checked.schema_file), std::pair(subject_key, checked.subject)}) {
    checker.Require(has_schema || value.empty(), key,
                    fmt::format("has no meaning for {}format \"{}\"", checked.prefix, format));
  }
  checker.Require(
      !has_schema || !checked.schema_file.empty() || registry.is_set(), file_key,
      fmt::format("or schema_registry.urls is needed for {}format \"{}\"", checked.prefix, format),
      "e.g. [schema_registry] urls = [\"http://localhost:8081\"]");
  checker.Require(checked.subject.empty() || checked.schema_file.empty(), subject_key,
                  fmt::format("and {}schema_file cannot both be set", checked.prefix));
  checker.Require(checked.subject.empty() || registry.is_set() || !has_schema, subject_key,
                  "needs a schema registry",
                  "e.g. [schema_registry] urls = [\"http://localhost:8081\"]");
  checker.Require(
      !checked.may_have_many_topics || checked.subject.find("{topic}") == std::string::npos,
      subject_key, "names the topic, and there may be several", "name the subject");
}

void CheckFormats(const KafkaOptions& kafka, const SchemaRegistryOptions& registry, bool has_routes,
                  Checker& checker) {
  const bool many = !has_routes && kafka.topic.empty() && kafka.topics.size() != 1;
  CheckFormat({"", kafka.format, kafka.schema_file, kafka.subject, many}, registry, checker);
  CheckFormat({"key_", kafka.key.format, kafka.key.schema_file, kafka.key.subject, many}, registry,
              checker);
  checker.Require(!kafka.key.column.empty(), "kafka.key_column", "must not be empty");
  checker.Require(!kafka.key.column.starts_with("_kafka_"), "kafka.key_column",
                  "must not begin with \"_kafka_\": such names are metadata columns'");
  checker.Require(kafka.key.format == "none" || kafka.format != "binary" ||
                      kafka.key.column != kafka.value_column,
                  "kafka.key_column", "is the column of the values",
                  "give key_column or value_column another name");
}

void CheckKafka(const KafkaOptions& kafka, const SchemaRegistryOptions& registry,
                const RoutingOptions& routing, Checker& checker) {
  checker.Require(!kafka.bootstrap_servers.empty(), "kafka.bootstrap_servers", "is missing",
                  "e.g. bootstrap_servers = \"localhost:9092\"");
  const int sources = (kafka.topic.empty() ? 0 : 1) + (kafka.topics.empty() ? 0 : 1) +
                      (kafka.topic_pattern.empty() ? 0 : 1);
  checker.Require(sources > 0 || RoutesNameTopics(routing), "kafka.topic", "is missing",
                  "e.g. topic = \"events\"");
  checker.Require(sources <= 1, "kafka.topic",
                  "only one of topic, topics and topic_pattern may be set");
  checker.Require(kafka.topic_pattern.empty() || kafka.topic_pattern.starts_with('^'),
                  "kafka.topic_pattern", "must begin with \"^\"",
                  "e.g. topic_pattern = \"^orders_.*\"");
  CheckFormats(kafka, registry, !routing.routes.empty(), checker);
  const bool is_glue = registry.type == "glue";
  checker.Require(!is_glue || (registry.urls.empty() && registry.username.empty() &&
                               registry.bearer_token.empty()),
                  "schema_registry.urls", "and its credentials have no meaning for type \"glue\"",
                  "set region, or endpoint");
  checker.Require(is_glue || (registry.region.empty() && registry.endpoint.empty() &&
                              registry.access_key.empty() && registry.role_arn.empty()),
                  "schema_registry.region", "has a meaning for type \"glue\" only",
                  "set type = \"glue\"");
  checker.Require(registry.access_key.empty() == registry.secret_key.empty(),
                  "schema_registry.secret_key", "goes together with access_key");
  checker.Require(!kafka.value_column.empty(), "kafka.value_column", "must not be empty");
  checker.Require(!kafka.consumer_group.empty(), "kafka.consumer_group", "is missing",
                  "e.g. consumer_group = \"iceberg-ingestion\"");
}

// One level of a namespace, or a table name: what every catalog and file system can hold.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         std::ranges::none_of(
             name, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/' || c == '\\'; });
}

// A folder or a URI of a store that is served.
void RequireWarehouse(const std::string& key, const std::string& warehouse, Checker& checker) {
  checker.Require(!warehouse.empty(), key, "is missing",
                  "e.g. warehouse_path = \"/data/warehouse\" or \"s3://bucket/warehouse\"");
  const size_t scheme_end = warehouse.find("://");
  const std::string scheme = warehouse.substr(0, scheme_end == std::string::npos ? 0 : scheme_end);
  const bool served = scheme_end == std::string::npos || scheme == "file" || scheme == "s3" ||
                      scheme == "s3a" || scheme == "s3n";
  checker.Require(served, key, fmt::format("there is no store for \"{}://\"", scheme),
                  "use a folder, file:// or s3://");
}

void RequireS3(const std::string& section, const S3StoreOptions& s3, Checker& checker) {
  checker.Require(s3.s3_access_key.empty() == s3.s3_secret_key.empty(),
                  section + (s3.s3_access_key.empty() ? ".s3_access_key" : ".s3_secret_key"),
                  "is missing: the two keys belong together");
  checker.Require(s3.s3_endpoint.empty() || s3.s3_endpoint.starts_with("http://") ||
                      s3.s3_endpoint.starts_with("https://"),
                  section + ".s3_endpoint", "must begin with http:// or https://");
  checker.Require(s3.s3_kms_key_id.empty() || s3.s3_server_side_encryption == "aws:kms",
                  section + ".s3_kms_key_id", "needs s3_server_side_encryption = \"aws:kms\"");
}

void RequireHttpUri(const std::string& key, const std::string& uri, const std::string& example,
                    Checker& checker) {
  checker.Require(!uri.empty(), key, "is missing", example);
  checker.Require(uri.empty() || uri.starts_with("http://") || uri.starts_with("https://"), key,
                  "must begin with http:// or https://", example);
}

void RequireCredential(const std::string& section, const std::string& type,
                       const std::string& credential, Checker& checker) {
  checker.Require(type == "none" || type == "sigv4" || !credential.empty(), section + ".credential",
                  fmt::format("is missing: credential_type is \"{}\"", type),
                  type == "oauth2" ? "e.g. credential = \"${CLIENT_ID}:${CLIENT_SECRET}\""
                                   : "e.g. credential = \"${CATALOG_TOKEN}\"");
  checker.Require(type != "sigv4" || credential.empty(), section + ".credential",
                  "is not used with credential_type \"sigv4\": AWS's default chain signs",
                  "remove it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile");
  checker.Require(type != "none" || credential.empty(), section + ".credential_type",
                  "is \"none\" although there is a credential",
                  "set credential_type to \"bearer\" or \"oauth2\"");
}

// What the section of the chosen catalog must hold.
void CheckCatalog(const IcebergOptions& iceberg, Checker& checker) {
  const std::string section = "iceberg." + iceberg.catalog_type;
  if (iceberg.catalog_type == "file") {
    RequireWarehouse(section + ".warehouse_path", iceberg.file.warehouse_path, checker);
    RequireS3(section, iceberg.file.s3, checker);
  } else if (iceberg.catalog_type == "sql") {
    const std::string& uri = iceberg.sql.uri;
    checker.Require(uri.starts_with("sqlite:") || uri.starts_with("postgresql"), section + ".uri",
                    uri.empty() ? "is missing" : "must begin with sqlite:/// or postgresql://",
                    "e.g. uri = \"postgresql://user:${PASSWORD}@host/iceberg\"");
    checker.Require(!iceberg.sql.catalog_name.empty(), section + ".catalog_name",
                    "must not be empty");
    RequireWarehouse(section + ".warehouse_path", iceberg.sql.warehouse_path, checker);
    RequireS3(section, iceberg.sql.s3, checker);
  } else if (iceberg.catalog_type == "rest") {
    RequireHttpUri(section + ".uri", iceberg.rest.uri, "e.g. uri = \"http://localhost:8181\"",
                   checker);
    RequireCredential(section, iceberg.rest.credential_type, iceberg.rest.credential, checker);
    RequireS3(section, iceberg.rest.s3, checker);
  } else if (iceberg.catalog_type == "glue") {
    // Without one, the database must have a location.
    if (!iceberg.glue.warehouse_path.empty()) {
      RequireWarehouse(section + ".warehouse_path", iceberg.glue.warehouse_path, checker);
    }
    checker.Require(iceberg.glue.access_key.empty() == iceberg.glue.secret_key.empty(),
                    section + ".access_key", "access_key and secret_key belong together");
    RequireS3(section, iceberg.glue.s3, checker);
  } else if (iceberg.catalog_type == "hive") {
    checker.Require(iceberg.hive.metastore_uri.starts_with("thrift://"), section + ".metastore_uri",
                    iceberg.hive.metastore_uri.empty() ? "is missing" : "must begin with thrift://",
                    "e.g. metastore_uri = \"thrift://localhost:9083\"");
    RequireWarehouse(section + ".warehouse_path", iceberg.hive.warehouse_path, checker);
    RequireS3(section, iceberg.hive.s3, checker);
  } else if (iceberg.catalog_type == "nessie") {
    RequireHttpUri(section + ".uri", iceberg.nessie.uri, "e.g. uri = \"http://localhost:19120\"",
                   checker);
    checker.Require(!iceberg.nessie.ref.empty(), section + ".ref", "must not be empty",
                    "e.g. ref = \"main\"");
    RequireCredential(section, iceberg.nessie.credential_type, iceberg.nessie.credential, checker);
    RequireS3(section, iceberg.nessie.s3, checker);
  }
}

void CheckIceberg(const IcebergOptions& iceberg, bool has_routes, Checker& checker) {
  checker.Require(!iceberg.database_name.empty(), "iceberg.database_name", "is missing",
                  "e.g. database_name = \"raw\"");
  checker.Require(has_routes || !iceberg.table_name.empty(), "iceberg.table_name", "is missing",
                  "e.g. table_name = \"events\"");
  checker.Require(!has_routes || iceberg.table_name.empty(), "iceberg.table_name",
                  "has no meaning beside [[routes]]", "name the table in a route");
  checker.Require(iceberg.database_name.empty() || IsName(iceberg.database_name),
                  "iceberg.database_name", "is not a legal name",
                  "use letters, digits, \"_\", \"-\"; \".\" separates levels");
  checker.Require(iceberg.table_name.empty() || IsName(iceberg.table_name), "iceberg.table_name",
                  "is not a legal name", "use letters, digits, \"_\", \"-\"");
  CheckCatalog(iceberg, checker);
}

void CheckRescue(const SchemaOptions& schema, const std::vector<std::string>& metadata,
                 Checker& checker) {
  const std::string& column = schema.rescue_column;
  checker.Require(schema.breaking_change != "rescue" || !column.empty(), "schema.breaking_change",
                  "is \"rescue\", and there is no column for what is rescued",
                  "set rescue_column = \"_rescued\"");
  checker.Require(column.find_first_of(".`[") == std::string::npos &&
                      std::ranges::find(metadata, column) == metadata.end(),
                  "schema.rescue_column", fmt::format("\"{}\" cannot be its name", column),
                  "e.g. rescue_column = \"_rescued\"");
}

// As Kafka has them.
bool IsTopicName(const std::string& name) {
  constexpr size_t kBytesMax = 249;
  return !name.empty() && name.size() <= kBytesMax && name != "." && name != ".." &&
         std::ranges::all_of(name, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

void CheckDeadLetters(const Options& options, bool has_routes, Checker& checker) {
  const DeadLetterOptions& dead_letter = options.dead_letter;
  const bool in_topic = dead_letter.mode == "topic";
  checker.Require(!has_routes || dead_letter.table.empty(), "dead_letter.table",
                  "names one table, and each table of the routes has dead letters of its own",
                  "leave it out: they are in <table>__dlq");
  checker.Require(!in_topic || dead_letter.table.empty(), "dead_letter.table",
                  "has no meaning with dead_letter.mode = \"topic\"", "set dead_letter.topic");
  checker.Require(in_topic || dead_letter.topic.empty(), "dead_letter.topic",
                  "has no meaning without dead_letter.mode = \"topic\"",
                  "set dead_letter.mode, or leave the topic out");
  checker.Require(dead_letter.topic.empty() || IsTopicName(dead_letter.topic), "dead_letter.topic",
                  "is not a legal name", "use at most 249 letters, digits, \".\", \"_\", \"-\"");
  // A record that names a table must not make a topic.
  checker.Require(!in_topic || !has_routes || !dead_letter.topic.empty(), "dead_letter.topic",
                  "is missing, and there is none by itself with [[routes]]",
                  "name one topic for the dead letters of all tables");
}

}  // namespace

void CheckOptions(const Options& options, const ReportProblem& report) {
  Checker checker(report);
  const bool has_routes = !options.routing.routes.empty();
  CheckKafka(options.kafka, options.schema_registry, options.routing, checker);
  CheckIceberg(options.iceberg, has_routes, checker);
  CheckRoutes(options, report);
  CheckDeadLetters(options, has_routes, checker);
  checker.Require(options.schema.file.empty() || options.schema.fields.empty(), "schema.file",
                  "only one of schema.file and schema.fields may be set");
  const std::vector<std::string> metadata = {"_kafka_topic",  "_kafka_partition",
                                             "_kafka_offset", "_kafka_timestamp",
                                             "_kafka_key",    "_kafka_headers"};
  for (const std::string& column : options.schema.metadata_columns) {
    const std::string nearest = Nearest(column, metadata);
    checker.Require(std::ranges::find(metadata, column) != metadata.end(),
                    "schema.metadata_columns",
                    fmt::format("\"{}\" is not a metadata column", column),
                    nearest.empty() ? fmt::format("known: {}", fmt::join(metadata, ", "))
                                    : fmt::format("did you mean \"{}\"?", nearest));
  }
  CheckRescue(options.schema, metadata, checker);
  checker.Require(options.kafka.key.format == "none" ||
                      options.kafka.key.column != options.schema.rescue_column,
                  "kafka.key_column", "is the rescue column", "give it another name");
  checker.Require(!options.state_directory.empty(), "state.directory", "must not be empty");
}

}  // namespace kafka_iceberg::config
