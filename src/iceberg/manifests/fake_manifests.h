// SPDX-License-Identifier: Apache-2.0
//
// A small table and its data files, for tests of manifests and of actions. Values; no thread
// contract.
#pragma once

#include <string>
#include <vector>

#include "iceberg/manifest.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::iceberg {

// id long, category string, price decimal(9, 2), ratio double, at timestamptz; ids 1 to 5.
Schema FakeSchema();
// Spec 1: category, "at.day" = day(at), ratio.
PartitionSpec FakeSpec();
// A partition of that spec.
PartitionTuple FakePartition(const std::string& category, int32_t day, double ratio = 0.5);
// A data file of that spec with a few metrics.
DataFile FakeFile(const std::string& path, const PartitionTuple& partition, int64_t rows = 10);
// An empty table: specs 0 (unpartitioned) and 1 (the default), at memory://w/t.
TableMetadata FakeTable(int32_t format_version = 2);

}  // namespace kafka_iceberg::iceberg
