// SPDX-License-Identifier: Apache-2.0
//
// Whether a metastore compares before it sets. Version 3 takes the request to compare and ignores
// it silently, so nothing but a try can tell. A function without state.
#pragma once

#include <string>

#include "catalog/catalog_context.h"
#include "catalog/hive/hive_client.h"

namespace kafka_iceberg::catalog {

// Makes a scratch table in `database`, changes it with a wrong expectation, and drops it again.
// True only when the version is 4 or later and the change was refused.
Result<bool> ServerCompares(HiveClient& client, const CatalogContext& context,
                            const HiveDatabase& database);

}  // namespace kafka_iceberg::catalog
