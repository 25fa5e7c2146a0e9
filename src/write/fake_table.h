// SPDX-License-Identifier: Apache-2.0
//
// Table metadata for tests: a schema, an optional spec written as in the configuration
// ("day(moment)"), properties. Test code only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "iceberg/table_metadata.h"

namespace kafka_iceberg::write {

struct FakeTable {
  iceberg::Schema schema;
  std::vector<std::string> partition_by = {};
  std::map<std::string, std::string> properties = {};
  std::vector<std::string> sort_by = {};  // column names
  std::string location = "memory://warehouse/db/t";
};

// Field ids are kept as they are. Aborts on a spec that does not parse: a mistake in the test.
iceberg::TableMetadataPtr MakeTable(FakeTable table);

// id long, name string, price double, moment timestamptz (ids 1 to 4), all optional.
iceberg::Schema OrdersTable();

}  // namespace kafka_iceberg::write
