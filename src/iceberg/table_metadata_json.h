// SPDX-License-Identifier: Apache-2.0
//
// The JSON codec of table metadata and of the values inside it (spec Appendix C). Reads versions 1
// to 3, gzip included; writes 2 and 3 (a version-1 table is written as version 1 with both the old
// and the new members). Hostile input is answered with kCorrupt or kUnsupported, never with a
// crash.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::iceberg {

std::string TableMetadataToJson(const TableMetadata& metadata);
// `location` names the file in errors and tells gzip (".gz.metadata.json", ".metadata.json.gz").
Result<TableMetadata> TableMetadataFromJson(std::string_view bytes, std::string_view location);

std::string SchemaToJson(const Schema& schema);
Result<Schema> SchemaFromJson(std::string_view json);
// Only the array of fields, as a manifest's `partition-spec` header holds it.
std::string PartitionFieldsToJson(const PartitionSpec& spec);
Result<PartitionSpec> PartitionFieldsFromJson(std::string_view json, int32_t spec_id);
std::string PartitionSpecToJson(const PartitionSpec& spec);
std::string SortOrderToJson(const SortOrder& order);
std::string SnapshotToJson(const Snapshot& snapshot);

}  // namespace kafka_iceberg::iceberg
