// SPDX-License-Identifier: Apache-2.0
//
// The JSON form of the values inside table metadata, over a writer or a parsed document;
// table_metadata_json.h is the same over text. Errors are kCorrupt, or kUnsupported for what a
// newer format may mean. Pure functions.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "iceberg/json/json_reader.h"
#include "iceberg/json/json_writer.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::iceberg {

void WriteSchema(const Schema& schema, JsonWriter& json);
Result<Schema> ReadSchema(const Json& json);

// The array of fields alone, and the whole spec with its id.
void WritePartitionFields(const PartitionSpec& spec, JsonWriter& json);
void WritePartitionSpec(const PartitionSpec& spec, JsonWriter& json);
Result<std::vector<PartitionField>> ReadPartitionFields(const Json& array);
Result<PartitionSpec> ReadPartitionSpec(const Json& json);

void WriteSortOrder(const SortOrder& order, JsonWriter& json);
Result<SortOrder> ReadSortOrder(const Json& json);

void WriteSnapshot(const Snapshot& snapshot, JsonWriter& json);
Result<Snapshot> ReadSnapshot(const Json& json);

void WriteSnapshotRef(const SnapshotRef& ref, JsonWriter& json);
Result<SnapshotRef> ReadSnapshotRef(const Json& json);

// The member `statistics` or `partition-statistics` without the files that belong to these
// snapshots.
std::string StatisticsWithout(const std::string& statistics, const std::set<int64_t>& snapshot_ids);

// As TableMetadataFromJson, from inside another document.
Result<TableMetadata> ReadTableMetadata(const Json& json);

void WriteStringMap(const std::map<std::string, std::string>& map, JsonWriter& json);

}  // namespace kafka_iceberg::iceberg
