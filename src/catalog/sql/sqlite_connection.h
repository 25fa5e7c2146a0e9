// SPDX-License-Identifier: Apache-2.0
//
// SqlConnection on a SQLite file that other programs may use at the same time. Waits for their
// locks up to a limit. Used by one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "catalog/sql/sql_connection.h"
#include "core/clock.h"

namespace kafka_iceberg::catalog {

// Opens or creates the file.
Result<std::unique_ptr<SqlConnection>> OpenSqliteConnection(const std::string& path,
                                                            Duration lock_timeout);

}  // namespace kafka_iceberg::catalog
