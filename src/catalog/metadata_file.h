// SPDX-License-Identifier: Apache-2.0
//
// metadata.json files as every pointer-swap catalog reads, names and retires them. Functions
// without state; safe for concurrent use.
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/catalog_context.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

struct MetadataFile {
  TableVersion version;
  std::string bytes;  // as stored
};

// Reads and checks one file. Unavailable stores and time-outs are retried a few times (about 2 s in
// all), damaged content once, in case only the transfer was damaged; kNotFound at once. kCorrupt:
// not valid table metadata.
Result<MetadataFile> ReadMetadataFile(const CatalogContext& context, const std::string& location);
// The raw bytes, with the same retries.
Result<std::string> ReadMetadataBytes(const CatalogContext& context, const std::string& location);

// The first metadata of a new table.
Result<iceberg::TableMetadata> MakeMetadata(const CatalogContext& context,
                                            const TableCreation& creation,
                                            const std::string& location);

// "<folder>/00007-<uuid>.metadata.json", numbered one above `previous_location` ("" for a new
// table).
std::string NextMetadataLocation(std::string_view folder, std::string_view previous_location,
                                 Random& random);

// With write.metadata.delete-after-commit.enabled: deletes the files that `next` no longer lists in
// its log, oldest first, best effort. Only metadata files beside `next_location` are touched,
// whatever the log claims.
void DeleteRetiredMetadata(storage::ObjectStore& store, const iceberg::TableMetadata& base,
                           const iceberg::TableMetadata& next, const std::string& next_location);

}  // namespace kafka_iceberg::catalog
