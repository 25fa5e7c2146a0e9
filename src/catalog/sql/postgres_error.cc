// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/postgres_error.h"

#include <algorithm>

namespace kafka_iceberg::catalog {

namespace {

constexpr size_t kTextBytesMax = 300;

struct Meaning {
  std::string_view prefix;  // of the SQLSTATE
  ErrorCode code;
};

// The first match counts. PostgreSQL documentation, appendix A.
constexpr Meaning kMeanings[] = {
    {"23505", ErrorCode::kAlreadyExists},  // unique violation
    {"25006", ErrorCode::kDenied},         // read-only transaction: a standby
    {"28", ErrorCode::kDenied},            // authorisation
    {"42501", ErrorCode::kDenied},         // privilege
    {"57014", ErrorCode::kTimeout},        // cancelled, as by statement_timeout
    {"40", ErrorCode::kUnavailable},       // serialisation failure, deadlock
    {"53", ErrorCode::kUnavailable},       // out of disk, memory or connections
    {"55", ErrorCode::kUnavailable},       // lock not available
    {"57", ErrorCode::kUnavailable},       // operator intervention
    {"58", ErrorCode::kUnavailable},       // system error
    {"XX001", ErrorCode::kCorrupt},       {"XX002", ErrorCode::kCorrupt},
    {"XX", ErrorCode::kUnavailable},
};

ErrorCode MeaningOf(std::string_view sql_state) {
  for (const Meaning& meaning : kMeanings) {
    if (sql_state.starts_with(meaning.prefix)) return meaning.code;
  }
  return ErrorCode::kInvalid;
}

// Connection failures that a proxy reports, and the one state that says so itself.
bool LeavesOpen(const PostgresFailure& failure) {
  return failure.severity != "ERROR" || failure.sql_state.size() != 5 ||
         failure.sql_state.starts_with("08") || failure.sql_state == "40003";
}

}  // namespace

Error PostgresStatementError(const PostgresFailure& failure, std::string_view display) {
  const std::string text =
      failure.sql_state.empty()
          ? fmt::format("{}: {}", display, failure.message)
          : fmt::format("{}: {} (SQLSTATE {})", display, failure.message, failure.sql_state);
  if (LeavesOpen(failure)) return {ErrorCode::kCommitUnknown, text};
  return {MeaningOf(failure.sql_state), text};
}

std::string WithoutSecrets(std::string_view text, std::span<const std::string> secrets) {
  std::string clean(text);
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (size_t at = clean.find(secret); at != std::string::npos; at = clean.find(secret, at + 3))
      clean.replace(at, secret.size(), "***");
  }
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  while (clean.ends_with(' ')) clean.pop_back();
  if (clean.size() > kTextBytesMax) clean.resize(kTextBytesMax);
  return clean;
}

}  // namespace kafka_iceberg::catalog
