// SPDX-License-Identifier: Apache-2.0
//
// Creating a table through the REST protocol so that exactly one of many creators is told it was
// the one. Some servers answer 200 with the table that was there before, and any answer may be
// lost, so each creation carries an id of its own as a table property, and only a table with that
// id is "created". Safe for concurrent use.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "catalog/rest/rest_session.h"
#include "catalog/rest/rest_table.h"

namespace kafka_iceberg::catalog {

// Stays in the table, so that the answer to "was this me" never expires.
inline constexpr std::string_view kCreationIdProperty = "kafka-iceberg.creation-id";

// The request's body; the location is only in it when the creation asks for one. kInvalid: a table
// that cannot be.
Result<std::string> CreationBody(const RestCatalogContext& context, const TableCreation& creation,
                                 std::string_view creation_id, bool stage);

// kAlreadyExists; kNotFound: no such namespace; kTimeout, kUnavailable: it may still come to be.
// The server assigns field ids: the schema is in the table's metadata.
Result<std::unique_ptr<RestTable>> CreateRestTable(const std::shared_ptr<RestSession>& session,
                                                   const TableCreation& creation);

// After a creation whose outcome is open: the table when it is ours; kAlreadyExists when it is
// another's; `error` when it is not there or cannot be asked for.
Result<LoadedTable> FindCreated(RestSession& session, const TableIdentifier& identifier,
                                std::string_view creation_id, const Error& error);

// Whether an error leaves open what a request did.
bool IsOpen(const Error& error);

}  // namespace kafka_iceberg::catalog
