// SPDX-License-Identifier: Apache-2.0
//
// What PostgreSQL's errors mean to this program, and how they are shown: without secrets, in one
// line. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::catalog {

struct PostgresFailure {
  std::string_view severity;   // not localised: "ERROR", "FATAL", "PANIC"; empty when there is none
  std::string_view sql_state;  // five characters; empty when the server did not answer
  std::string_view message;
};

// The error of a statement that was sent. Only an ERROR that ended the statement and not the
// session proves that it was rolled back; all else is kCommitUnknown.
Error PostgresStatementError(const PostgresFailure& failure, std::string_view display);

// `text` in one line of at most 300 bytes, with every secret in it replaced.
std::string WithoutSecrets(std::string_view text, std::span<const std::string> secrets);

}  // namespace kafka_iceberg::catalog
