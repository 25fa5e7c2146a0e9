// SPDX-License-Identifier: Apache-2.0
//
// Iceberg types as the type strings of Hive, for the columns that the Hive Metastore and Glue show
// of a table. They inform other engines; nothing here reads them back. Pure functions.
#pragma once

#include <string>

#include "iceberg/type.h"

namespace kafka_iceberg::catalog {

enum class HiveDialect : uint8_t {
  kHive,  // the metastore: knows a timestamp with local time zone
  kGlue,  // Glue and Athena: one kind of timestamp
};

// "bigint", "decimal(9,2)", "array<struct<a:int,b:string>>". Every type has one: what Hive lacks
// becomes what its stored form is closest to (uuid and time: string; fixed: binary).
std::string HiveType(const iceberg::Type& type, HiveDialect dialect);

}  // namespace kafka_iceberg::catalog
