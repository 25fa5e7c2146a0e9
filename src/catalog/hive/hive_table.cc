// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_table.h"

#include <hive_metastore_types.h>
#include <strings.h>

#include <utility>

namespace kafka_iceberg::catalog {

namespace {

// What Hive asks of any table; with the handler of its Iceberg integration, what that asks for.
constexpr const char* kStorageHandler = "org.apache.iceberg.mr.hive.HiveIcebergStorageHandler";

struct Formats {
  const char* input;
  const char* output;
  const char* serde;
};
constexpr Formats kPlain = {"org.apache.hadoop.mapred.FileInputFormat",
                            "org.apache.hadoop.mapred.FileOutputFormat",
                            "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"};
constexpr Formats kIntegrated = {"org.apache.iceberg.mr.hive.HiveIcebergInputFormat",
                                 "org.apache.iceberg.mr.hive.HiveIcebergOutputFormat",
                                 "org.apache.iceberg.mr.hive.HiveIcebergSerDe"};

void FillStorage(const HiveTable& table, hms::StorageDescriptor& storage) {
  std::vector<hms::FieldSchema> columns;
  for (const HiveColumn& column : table.columns) {
    hms::FieldSchema& field = columns.emplace_back();
    field.__set_name(column.name);
    field.__set_type(column.type);
    field.__set_comment(column.comment);
  }
  const Formats& formats =
      table.Parameter("storage_handler") == kStorageHandler ? kIntegrated : kPlain;
  storage.__set_cols(columns);
  storage.__set_location(table.location);
  storage.__set_inputFormat(formats.input);
  storage.__set_outputFormat(formats.output);
  hms::SerDeInfo serde = storage.serdeInfo;
  serde.__set_serializationLib(formats.serde);
  storage.__set_serdeInfo(serde);
}

hms::Table Blank() {
  hms::Table table;
  table.__set_lastAccessTime(0);
  table.__set_retention(INT32_MAX);
  table.__set_partitionKeys({});
  hms::StorageDescriptor storage;
  storage.__set_compressed(false);
  storage.__set_numBuckets(0);
  storage.__set_bucketCols({});
  storage.__set_sortCols({});
  storage.__set_parameters({});
  hms::SerDeInfo serde;
  serde.__set_parameters({});
  storage.__set_serdeInfo(serde);
  table.__set_sd(storage);
  return table;
}

}  // namespace

std::string HiveTable::Parameter(const std::string& key) const {
  const auto found = parameters.find(key);
  return found == parameters.end() ? std::string() : found->second;
}

bool HiveTable::is_iceberg() const {
  return strcasecmp(Parameter("table_type").c_str(), "ICEBERG") == 0;
}

HiveTable FromThrift(const hms::Table& table) {
  HiveTable result{.database = table.dbName,
                   .name = table.tableName,
                   .owner = table.owner,
                   .created_at_s = table.createTime,
                   .location = table.sd.location,
                   .parameters = table.parameters,
                   .origin = std::make_shared<const hms::Table>(table)};
  for (const hms::FieldSchema& field : table.sd.cols)
    result.columns.push_back({field.name, field.type, field.comment});
  return result;
}

hms::Table ToThrift(const HiveTable& table) {
  hms::Table result = table.origin ? *table.origin : Blank();
  result.__set_dbName(table.database);
  result.__set_tableName(table.name);
  result.__set_owner(table.owner);
  result.__set_createTime(table.created_at_s);
  result.__set_tableType("EXTERNAL_TABLE");
  result.__set_parameters(table.parameters);
  hms::StorageDescriptor storage = result.sd;
  FillStorage(table, storage);
  result.__set_sd(storage);
  return result;
}

}  // namespace kafka_iceberg::catalog
