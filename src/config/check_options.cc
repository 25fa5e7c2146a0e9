// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/config_file.h"

namespace kafka_iceberg::config {
namespace {

class Checker {
 public:
  explicit Checker(const std::string& file) : file_(file) {}

  void Require(bool holds, std::string key, std::string message, std::string fix = "") {
    if (holds) return;
    problems_.push_back({.file = file_,
                         .key = std::move(key),
                         .message = std::move(message),
                         .fix = std::move(fix)});
  }
  std::vector<Problem> Take() { return std::move(problems_); }

 private:
  const std::string& file_;
  std::vector<Problem> problems_;
};

void CheckKafka(const KafkaOptions& kafka, Checker& checker) {
  checker.Require(!kafka.bootstrap_servers.empty(), "kafka.bootstrap_servers", "is missing",
                  "e.g. bootstrap_servers = \"localhost:9092\"");
  const int sources = (kafka.topic.empty() ? 0 : 1) + (kafka.topics.empty() ? 0 : 1) +
                      (kafka.topic_pattern.empty() ? 0 : 1);
  checker.Require(sources > 0, "kafka.topic", "is missing", "e.g. topic = \"events\"");
  checker.Require(sources <= 1, "kafka.topic",
                  "only one of topic, topics and topic_pattern may be set");
  checker.Require(kafka.topic_pattern.empty() || kafka.topic_pattern.starts_with('^'),
                  "kafka.topic_pattern", "must begin with \"^\"",
                  "e.g. topic_pattern = \"^orders_.*\"");
  checker.Require(!kafka.consumer_group.empty(), "kafka.consumer_group", "is missing",
                  "e.g. consumer_group = \"iceberg-ingestion\"");
}

// One level of a namespace, or a table name: what every catalog and file system can hold.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         std::ranges::none_of(
             name, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/' || c == '\\'; });
}

void CheckIceberg(const IcebergOptions& iceberg, Checker& checker) {
  checker.Require(iceberg.catalog_type == "file", "iceberg.catalog_type",
                  fmt::format("catalog \"{}\" is not part of this build", iceberg.catalog_type),
                  "use catalog_type = \"file\"");
  checker.Require(!iceberg.database_name.empty(), "iceberg.database_name", "is missing",
                  "e.g. database_name = \"raw\"");
  checker.Require(!iceberg.table_name.empty(), "iceberg.table_name", "is missing",
                  "e.g. table_name = \"events\"");
  checker.Require(iceberg.database_name.empty() || IsName(iceberg.database_name),
                  "iceberg.database_name", "is not a legal name",
                  "use letters, digits, \"_\", \"-\"; \".\" separates levels");
  checker.Require(iceberg.table_name.empty() || IsName(iceberg.table_name), "iceberg.table_name",
                  "is not a legal name", "use letters, digits, \"_\", \"-\"");
  if (iceberg.catalog_type != "file") return;
  const std::string& warehouse = iceberg.file.warehouse_path;
  checker.Require(!warehouse.empty(), "iceberg.file.warehouse_path", "is missing",
                  "e.g. warehouse_path = \"/data/warehouse\"");
  const bool other_scheme =
      warehouse.find("://") != std::string::npos && !warehouse.starts_with("file://");
  checker.Require(
      !other_scheme, "iceberg.file.warehouse_path",
      fmt::format("\"{}\" is not on local disk, the only store of this build", warehouse),
      "use a folder or a file:// URI");
}

}  // namespace

std::vector<Problem> CheckOptions(const Options& options, const std::string& file) {
  Checker checker(file);
  CheckKafka(options.kafka, checker);
  CheckIceberg(options.iceberg, checker);
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
  checker.Require(!options.state_directory.empty(), "state.directory", "must not be empty");
  return checker.Take();
}

}  // namespace kafka_iceberg::config
