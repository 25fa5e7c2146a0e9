// SPDX-License-Identifier: Apache-2.0
//
// The server's side of a commit and of a creation, for FakeRestServer: reads the protocol's JSON
// and applies it to a catalog, whatever the client's base was. Tests only; functions without state.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "catalog/catalog.h"

namespace kafka_iceberg::catalog {

Result<TableCreation> FakeCreationFrom(const nlohmann::json& body, const Namespace& name_space);

// Requirements are checked against the table as it is now, updates applied to that; tried again
// when another commit was faster. With `only_check` nothing is applied.
Status FakeServerCommit(Catalog& catalog, const TableIdentifier& identifier,
                        const nlohmann::json& body, bool only_check = false);

}  // namespace kafka_iceberg::catalog
