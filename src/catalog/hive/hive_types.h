// SPDX-License-Identifier: Apache-2.0
//
// Iceberg's schema in Hive's terms, and the parameters of a Hive table that describe an Iceberg
// one to other engines. The truth stays in the metadata file. Pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/hive/hive_table.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::catalog {

// "struct<a:int,b:array<string>>"
std::string HiveTypeOf(const iceberg::Type& type);
std::vector<HiveColumn> HiveColumnsOf(const iceberg::Schema& schema);

// Makes `table` say what `metadata` says: columns, location and parameters. Parameters that
// `base`'s properties put there and `metadata` no longer has are removed; those of others stay.
void DescribeTable(const iceberg::TableMetadata* base, const iceberg::TableMetadata& metadata,
                   HiveTable& table);
// Where the metadata is, and where it was ("" for a new table).
void PointTo(const std::string& metadata_location, const std::string& previous, HiveTable& table);

}  // namespace kafka_iceberg::catalog
