// SPDX-License-Identifier: Apache-2.0
//
// Options: the whole configuration as plain values, with defaults. Filled by config_file.h from
// TOML, environment and flags; the engine hands each module only its own part. A value.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/route_options.h"

namespace kafka_iceberg::config {

// kafka.key_*: how the keys of records are decoded, into one column.
struct KeyOptions {
  std::string format = "none";   // none | json | json_schema | avro | protobuf | string | binary
  std::string framing = "auto";  // as kafka.framing
  std::string schema_file;
  std::string message_type;
  std::string subject;
  std::string column = "_key";
};

struct KafkaOptions {
  std::string bootstrap_servers;
  std::string topic;  // exactly one of topic, topics, topic_pattern
  std::vector<std::string> topics;
  std::string topic_pattern;
  std::string consumer_group;
  std::string format = "json";         // json | json_schema | avro | protobuf | binary
  std::string framing = "auto";        // auto | none | confluent | apicurio8 | glue | header
  std::string schema_file;             // avro, protobuf: the schema of payloads that name none
  std::string message_type;            // protobuf: empty: the first of the schema
  std::string value_column = "value";  // binary
  std::string subject;                 // of the registry: the schema before there are records,
                                       // and of payloads that name none
  KeyOptions key;
  std::string group_protocol = "classic";             // classic | consumer (KIP-848)
  std::string auto_offset_reset = "earliest-if-new";  // earliest-if-new | earliest | latest | error
  std::string isolation_level = "read_committed";
  std::string null_values = "skip";               // skip | store
  std::map<std::string, std::string> security;    // [kafka.security]
  std::map<std::string, std::string> librdkafka;  // [kafka.librdkafka], passed through and checked
};

// How files on S3 are reached; the same keys in every catalog's section. What is empty comes from
// the catalog (vended credentials), then from AWS's default chain.
struct S3StoreOptions {
  std::string s3_endpoint, s3_region, s3_access_key, s3_secret_key, s3_session_token;
  std::optional<bool> s3_path_style;      // absent: true with an endpoint of one's own
  std::string s3_server_side_encryption;  // AES256 | aws:kms
  std::string s3_kms_key_id;
};

struct FileCatalogOptions {
  std::string warehouse_path;  // a folder, file:// or s3:// URI
  S3StoreOptions s3;
};

struct SqlCatalogOptions {
  std::string uri;                             // sqlite:///path.db | postgresql://...
  std::string catalog_name = "kafka_iceberg";  // part of every table's key
  std::string warehouse_path;
  S3StoreOptions s3;
};

struct RestCatalogOptions {
  std::string uri;
  std::string warehouse;
  std::string credential_type = "none";  // none | bearer | oauth2 | sigv4
  std::string credential;                // a token, or "id:secret"
  std::string oauth2_server_uri;         // empty: <uri>/v1/oauth/tokens
  std::string scope = "catalog";
  std::string signing_name = "execute-api";
  std::string signing_region;
  std::map<std::string, std::string> headers;  // sent with every request
  bool vended_credentials = true;              // asked for when no keys are given
  int32_t request_timeout_seconds = 30;
  int32_t max_retries = 3;
  S3StoreOptions s3;
};

struct GlueCatalogOptions {
  std::string region, role_arn, external_id, catalog_id, endpoint, access_key, secret_key;
  std::string warehouse_path;
  bool skip_archive = true;
  int32_t request_timeout_seconds = 30;
  S3StoreOptions s3;
};

struct HiveCatalogOptions {
  std::string metastore_uri;  // thrift://host:port[,thrift://...]
  std::string warehouse_path;
  std::string commit_lock = "lock";  // lock | compare-and-set | auto
  int32_t request_timeout_seconds = 30;
  int32_t lock_timeout_seconds = 180;
  S3StoreOptions s3;
};

struct NessieCatalogOptions {
  std::string uri;
  std::string ref = "main";
  std::string warehouse;
  std::string credential_type = "none";  // none | bearer | oauth2
  std::string credential;
  std::string oauth2_server_uri;
  std::string scope;
  int32_t request_timeout_seconds = 30;
  int32_t max_retries = 3;
  S3StoreOptions s3;
};

struct SchemaRegistryOptions {
  std::string type = "confluent";  // confluent | glue
  std::vector<std::string> urls;
  std::string username, password, bearer_token;
  // Of glue; empty: AWS's own chain.
  std::string region, endpoint, access_key, secret_key, role_arn;
  int32_t request_timeout_seconds = 10;
  int32_t subject_ttl_seconds = 300;  // how long the latest version of a subject is taken for that

  bool is_set() const { return type == "glue" || !urls.empty(); }
};

// For every HTTP connection: catalogs, S3, AWS.
struct HttpOptions {
  std::string ca_file, client_cert_file, client_key_file, proxy;
};

struct TableManagementOptions {
  bool auto_create_if_missing = true;
  std::string schema_mismatch_action = "fail";  // fail | evolve | warn
  std::string partition_strategy = "daily";     // daily | hourly | identity | bucket
  std::string partition_column = "_kafka_timestamp";
  std::optional<std::vector<std::string>>
      partition_by;  // wins over the strategy; an empty list: unpartitioned
  int32_t format_version = 2;
  std::map<std::string, std::string> properties;
  std::vector<std::string> identifier_fields;
  std::vector<std::string> sort_by;
};

struct CatalogManagerOptions {
  int32_t connection_pool_size = 5;
  int32_t health_check_interval_seconds = 60;
  std::vector<int32_t> reconnect_backoff_ms = {100, 500, 2000, 5000};
};

struct IcebergOptions {
  std::string catalog_type = "file";
  std::string database_name;  // levels separated by dots
  std::string table_name;
  FileCatalogOptions file;
  SqlCatalogOptions sql;
  RestCatalogOptions rest;
  GlueCatalogOptions glue;
  HiveCatalogOptions hive;
  NessieCatalogOptions nessie;
  TableManagementOptions table_management;
  CatalogManagerOptions catalog_manager;
};

struct SchemaOptions {
  std::string file;                 // a TOML file holding [[fields]]
  std::vector<SchemaField> fields;  // declared; empty: infer
  int32_t infer_records = 1000;
  std::string breaking_change = "dead_letter";  // dead_letter | fail | rescue
  std::string rescue_column;                    // keeps what no column takes; empty: none
  int32_t rescue_max_kb = 1024;                 // of one row, in that column
  int32_t columns_max = 2000;                   // of a table that evolves, nested ones counted
  std::vector<std::string> metadata_columns = {"_kafka_partition", "_kafka_offset",
                                               "_kafka_timestamp"};
};

struct HotBufferOptions {
  int32_t ttl_seconds = 60;
  int32_t max_size_mb = 256;
  std::string key_column;
};

struct CommitOptions {
  int32_t interval_seconds = 60;  // never above hot_buffer.ttl_seconds
  int32_t max_mb = 0;             // 0: three eighths of hot_buffer.max_size_mb
  int32_t target_file_size_mb = 512;
  std::string compression = "snappy";  // snappy | zstd | none
};

struct DeadLetterOptions {
  std::string mode = "file";     // file | table | topic
  std::string table;             // "name" or "namespace.name"; empty: <table>__dlq beside the table
  std::string topic;             // mode "topic"; empty: <namespace>.<table>.dlq
  int32_t topic_partitions = 1;  // of a topic that is missing and made
  int32_t topic_replication = 0;  // 0: as the broker does
  double max_rate = 0;            // letters a second before ingest pauses; 0: no limit
};

struct MaintenanceOptions {
  bool compact_enabled = false;
  int32_t compact_interval_seconds = 3600;
};

struct Options {
  KafkaOptions kafka;
  SchemaRegistryOptions schema_registry;
  IcebergOptions iceberg;
  SchemaOptions schema;
  HotBufferOptions hot_buffer;
  CommitOptions commit;
  DeadLetterOptions dead_letter;
  MaintenanceOptions maintenance;
  HttpOptions http;
  RoutingOptions routing;
  std::string state_directory = "./kafka-iceberg-state";
  std::string server_listen = "127.0.0.1:8088";  // "" turns it off
  int32_t shutdown_timeout_seconds = 60;
  int32_t threads = 0;  // decode-and-write threads; 0: one per core, at most 8
};

}  // namespace kafka_iceberg::config
