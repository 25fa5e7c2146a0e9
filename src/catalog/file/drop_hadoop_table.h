// SPDX-License-Identifier: Apache-2.0
//
// Drops a table of the file catalog so that no concurrent commit is lost: the next version is
// claimed first, which makes every other writer's commit a conflict, then the versions go, oldest
// first, the claim last. A drop that was cut short is finished by dropping again. Used by
// FileCatalog.
#pragma once

#include <string>

#include "catalog/catalog_context.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

// Without `purge` everything but the versions stays, and the last metadata is kept beside them as
// "dropped-<version>-<uuid>.json", from which the table can be registered again. With `purge` all
// below the table's folder is deleted. kNotFound: no such table. kInvalid: gc.enabled is false, so
// its files may belong to others.
Status DropHadoopTable(const CatalogContext& context, const std::string& table_location,
                       bool purge);

}  // namespace kafka_iceberg::catalog
