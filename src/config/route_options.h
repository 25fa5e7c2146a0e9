// SPDX-License-Identifier: Apache-2.0
//
// [routing] and [[routes]]: which records go to which table, as configured. Plain values, part of
// Options; what they mean to the engine is in engine/routing/route_plan.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kafka_iceberg::config {

struct SchemaField {
  std::string name;  // dots are part of the name
  std::string type;  // an Iceberg type: "long", "decimal(9,2)", "list<string>", "map<string,long>",
                     // "struct<a:int,b:string>"
  bool required = false;
  std::string doc;
  friend bool operator==(const SchemaField&, const SchemaField&) = default;
};

// What a record must have to be taken: exactly one of header, key, field and record_name, with one
// of these values, or one that begins like this.
struct RouteCondition {
  std::string header;
  bool key = false;
  std::string field;         // at the top of the payload
  bool record_name = false;  // of the payload's schema
  std::vector<std::string> equals;
  std::vector<std::string> prefixes;

  bool empty() const { return header.empty() && !key && field.empty() && !record_name; }
};

struct RouteOptions {
  std::string topic;          // at most one of the two; neither: every topic
  std::string topic_pattern;  // "^shop_"
  // "orders", "raw.orders", or with {topic}, {header:NAME}, {key}, {field:NAME}, {record_name}.
  std::string table;
  std::vector<std::string> allowed_tables;  // the only ones the template may name
  RouteCondition when;
  bool otherwise = false;  // only what no other route takes

  // Absent: as for all.
  std::optional<std::string> format, framing, schema_file, message_type, value_column, subject;
  std::optional<std::string> key_format, key_framing, key_schema_file, key_message_type,
      key_subject, key_column;
  std::optional<std::string> schema_mismatch_action;
  std::optional<std::vector<std::string>> partition_by, identifier_fields, sort_by;
  std::optional<bool> auto_create_if_missing;
  std::vector<SchemaField> fields;
};

struct RoutingOptions {
  int32_t tables_max = 200;  // in one process; a record for one more becomes a dead letter
  // Keeps account of the records that no table takes; made when there is the first one.
  std::string account_table = "unrouted_records";
  // Tables without new rows write down how far they are this often.
  int32_t idle_interval_seconds = 900;
  std::vector<RouteOptions> routes;
};

}  // namespace kafka_iceberg::config
