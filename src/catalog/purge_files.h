// SPDX-License-Identifier: Apache-2.0
//
// Deleting the files of a table that its catalog has just forgotten. Functions without state; safe
// for concurrent use.
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog_context.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

// kInvalid when the table's property gc.enabled forbids deleting its files.
Status CheckPurgeAllowed(const TableIdentifier& identifier, const iceberg::TableMetadata& metadata);

// Deletes what lies below `location`, except the object `kept` (empty: none), in batches that a
// store may delete at once. The first failure ends it.
Status DeleteFilesBelow(storage::ObjectStore& store, const std::string& location,
                        std::string_view kept);

// Deletes everything below the table's location, and its current metadata file wherever that is.
// The first failure ends it; the message says what stays.
Status PurgeFiles(const CatalogContext& context, const TableVersion& dropped);

}  // namespace kafka_iceberg::catalog
