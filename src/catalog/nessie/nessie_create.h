// SPDX-License-Identifier: Apache-2.0
//
// Creating a table in Nessie together with an empty first snapshot, in one commit: nobody ever
// loads it without one, so every later commit, also by other engines, names the snapshot it builds
// on, and that is enforced. Safe for concurrent use.
#pragma once

#include <memory>

#include "catalog/rest/rest_session.h"
#include "catalog/rest/rest_table.h"

namespace kafka_iceberg::catalog {

// Errors as CreateRestTable; the store's when the snapshot's manifest list cannot be written.
Result<std::unique_ptr<RestTable>> CreateNessieTable(const std::shared_ptr<RestSession>& session,
                                                     const TableCreation& creation);

}  // namespace kafka_iceberg::catalog
