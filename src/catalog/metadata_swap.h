// SPDX-License-Identifier: Apache-2.0
//
// What every catalog shares that keeps a table as a name and the location of its current metadata
// file (SQL, Glue, Hive, native Nessie): writing that file under a name nobody else uses, before
// the pointer is created or moved, and removing it when it is proven that nothing points to it.
// Functions without state; safe for concurrent use.
#pragma once

#include <functional>
#include <string>

#include "catalog/catalog_context.h"
#include "catalog/pointer_swap.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

// Writes the first metadata file of a new table at `location` and hands its location to `create`.
// The file is removed again when `create` fails in a way that proves that nothing was created
// (kAlreadyExists, kNotFound, kInvalid, kDenied, kConflict, kUnsupported).
Status WriteAndCreate(const CatalogContext& context, const TableCreation& creation,
                      const std::string& location,
                      const std::function<Status(const std::string& metadata_location)>& create);

// Writes the new metadata file and hands its location to `move`, which swaps the pointer. The file
// is removed again after kConflict and kRejected, and kept after kUnknown.
SwapResult WriteAndMove(
    const CatalogContext& context, const Swap& swap,
    const std::function<CommitReply(const std::string& metadata_location)>& move);

}  // namespace kafka_iceberg::catalog
