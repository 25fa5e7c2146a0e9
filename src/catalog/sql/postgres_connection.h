// SPDX-License-Identifier: Apache-2.0
//
// SqlConnection to a PostgreSQL server through libpq in non-blocking mode: a server that hangs ends
// a call with its deadline, not with patience. Only the resolver may block (its own limits apply).
// Used by one thread at a time.
#pragma once

#include <memory>

#include "catalog/sql/sql_connection.h"
#include "catalog/sql/sql_uri.h"
#include "core/clock.h"

namespace kafka_iceberg::catalog {

struct PostgresTimeouts {
  Duration connect = std::chrono::seconds(10);
  // The server ends a statement after this long, which proves that it was not applied; the client
  // gives up after `grace` more, which proves nothing.
  Duration statement = std::chrono::seconds(20);
  Duration grace = std::chrono::seconds(3);
};

// kUnavailable, kTimeout, kDenied; kInvalid when libpq does not understand the uri.
Result<std::unique_ptr<SqlConnection>> OpenPostgresConnection(const SqlUri& uri,
                                                              const PostgresTimeouts& timeouts,
                                                              Clock& clock);

}  // namespace kafka_iceberg::catalog
