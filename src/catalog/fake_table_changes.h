// SPDX-License-Identifier: Apache-2.0
//
// Small table definitions and commits for tests of catalogs and of what uses them. Functions
// without state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "iceberg/metadata_update.h"

namespace kafka_iceberg::catalog {

// id long (required), ts timestamptz, name string; unpartitioned, unsorted.
TableCreation FakeTableCreation(const TableIdentifier& identifier);

// A commit that adds a snapshot without any file to main, as an append would: uuid and ref are
// asserted.
struct FakeCommit {
  std::vector<iceberg::MetadataUpdate> updates;
  std::vector<iceberg::TableRequirement> requirements;
};
FakeCommit FakeAppend(const iceberg::TableMetadata& base, int64_t snapshot_id);

// Refreshes and commits until it is committed, counting property `counter` up by one each time;
// false after `attempts_max` attempts. The kind of work that shows a lost update.
bool FakeIncrement(TableOperations& table, const std::string& counter, int64_t snapshot_id,
                   int attempts_max = 1000);

}  // namespace kafka_iceberg::catalog
