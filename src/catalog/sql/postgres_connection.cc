// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "catalog/sql/postgres_error.h"

namespace kafka_iceberg::catalog {

namespace {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Connection = std::unique_ptr<PGconn, FinishConnection>;
using ServerResult = std::unique_ptr<PGresult, ClearResult>;
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

// The end of a wait, and the poll() calls until then.
class Deadline {
 public:
  Deadline(Clock& clock, Duration limit) : clock_(clock), end_(clock.Steady() + limit) {}

  // False when the time is up before the socket is ready (or broken, which the next call on it
  // tells).
  bool Await(const PGconn* connection, short events) {
    pollfd waiting{PQsocket(connection), events, 0};
    if (waiting.fd < 0) return true;
    for (;;) {
      const Duration left = end_ - clock_.Steady();
      if (left <= Duration::zero()) return false;
      const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      const int ready = poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left_ms, INT32_MAX)));
      if (ready > 0) return true;
      if (ready == 0 || errno != EINTR) return false;
    }
  }

 private:
  Clock& clock_;
  const Duration end_;
};

std::string_view Text(const char* text) { return text == nullptr ? std::string_view() : text; }

class PostgresConnection final : public SqlConnection {
 public:
  PostgresConnection(Connection connection, std::string display, Duration patience, Clock& clock)
      : connection_(std::move(connection)),
        display_(std::move(display)),
        patience_(patience),
        clock_(clock),
        secrets_{std::string(Text(PQpass(connection_.get())))} {}

  Result<SqlResult> Run(const SqlStatement& statement) override {
    Deadline deadline(clock_, patience_);
    auto result = Exchange(statement, deadline);
    // A statement that is still under way must not meet the next one.
    if (!result.ok() && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) is_sound_ = false;
    return result;
  }

  Result<std::vector<std::string>> ColumnsOf(std::string_view table) override {
    const SqlResult found =
        TRY(Run({"SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 "
                 "AND NOT attisdropped",
                 {std::string(table)}}));
    std::vector<std::string> columns;
    for (const SqlRow& row : found.rows) columns.push_back(row[0].value_or(""));
    return columns;
  }

  // An idle connection has nothing to say unless it was closed.
  bool IsUsable() override {
    if (!is_sound_ || PQstatus(connection_.get()) != CONNECTION_OK) return false;
    pollfd idle{PQsocket(connection_.get()), POLLIN, 0};
    return poll(&idle, 1, 0) == 0;
  }

 private:
  Result<SqlResult> Exchange(const SqlStatement& statement, Deadline& deadline) {
    std::vector<const char*> values;
    for (const std::string& parameter : statement.parameters) {
      if (parameter.find('\0') != std::string::npos)
        return Error::Invalid("{}: a value contains a zero byte", display_);
      values.push_back(parameter.c_str());
    }
    PGconn* const connection = connection_.get();
    if (PQsendQueryParams(connection, statement.text.c_str(), static_cast<int>(values.size()),
                          nullptr, values.data(), nullptr, nullptr, 0) != 1) {
      return Lost();
    }
    PQsetSingleRowMode(connection);
    for (int pending = PQflush(connection); pending != 0; pending = PQflush(connection)) {
      if (pending < 0) return Lost();
      if (!deadline.Await(connection, POLLIN | POLLOUT)) return NoAnswer();
      if (PQconsumeInput(connection) != 1) return Lost();
    }
    return Receive(deadline);
  }

  // Everything up to "ready for query": a statement is committed after its own answer and before
  // that.
  Result<SqlResult> Receive(Deadline& deadline) {
    SqlResult result;
    size_t bytes = 0;
    std::optional<Error> failure;
    for (;;) {
      while (PQisBusy(connection_.get()) == 1) {
        if (!deadline.Await(connection_.get(), POLLIN)) return NoAnswer();
        if (PQconsumeInput(connection_.get()) != 1) return Lost();
      }
      const ServerResult part(PQgetResult(connection_.get()));
      if (!part) break;
      const Status added = Add(part.get(), result, bytes);
      if (!added.ok() && !failure) failure = added.error();
      if (bytes > kSqlResultBytesMax) {
        is_sound_ = false;
        return Error::Unsupported("{}: more than {} bytes of rows", display_, kSqlResultBytesMax);
      }
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) return Lost();
    if (failure) return *failure;
    return result;
  }

  Status Add(const PGresult* part, SqlResult& result, size_t& bytes) {
    switch (PQresultStatus(part)) {
      case PGRES_SINGLE_TUPLE: result.rows.push_back(RowOf(part, bytes)); return {};
      case PGRES_TUPLES_OK: return {};
      case PGRES_COMMAND_OK: {
        const std::string_view count = Text(PQcmdTuples(const_cast<PGresult*>(part)));
        std::from_chars(count.data(), count.data() + count.size(), result.affected_rows);
        return {};
      }
      default: {
        const std::string message =
            WithoutSecrets(Text(PQresultErrorField(part, PG_DIAG_MESSAGE_PRIMARY)), secrets_);
        return PostgresStatementError(
            {Text(PQresultErrorField(part, PG_DIAG_SEVERITY_NONLOCALIZED)),
             Text(PQresultErrorField(part, PG_DIAG_SQLSTATE)), message},
            display_);
      }
    }
  }

  static SqlRow RowOf(const PGresult* part, size_t& bytes) {
    SqlRow row;
    for (int column = 0; column < PQnfields(part); ++column) {
      std::optional<std::string> value;
      if (PQgetisnull(part, 0, column) == 0) {
        value.emplace(PQgetvalue(part, 0, column),
                      static_cast<size_t>(PQgetlength(part, 0, column)));
      }
      bytes += sizeof(value) + value.value_or("").size();
      row.push_back(std::move(value));
    }
    return row;
  }

  Error NoAnswer() {
    is_sound_ = false;
    return Error::CommitUnknown("{}: no answer within {} s", display_,
                                std::chrono::duration<double>(patience_).count());
  }

  Error Lost() {
    is_sound_ = false;
    return Error::CommitUnknown("{}: connection lost: {}", display_,
                                WithoutSecrets(Text(PQerrorMessage(connection_.get())), secrets_));
  }

  const Connection connection_;
  const std::string display_;
  const Duration patience_;
  Clock& clock_;
  const std::vector<std::string> secrets_;
  bool is_sound_ = true;
};

// Why no connection came to be. libpq gives only a text, so the kinds are told apart by what it
// knows besides.
Error ConnectError(PGconn* connection, const std::string& display) {
  const std::vector<std::string> secrets{std::string(Text(PQpass(connection)))};
  const std::string why = WithoutSecrets(Text(PQerrorMessage(connection)), secrets);
  const bool refused = PQconnectionNeedsPassword(connection) == 1 ||
                       PQconnectionUsedPassword(connection) == 1 ||
                       why.find("pg_hba.conf") != std::string::npos;
  if (refused) return Error::Denied("{}: {}", display, why);
  return Error::Unavailable("{}: cannot connect: {}", display, why);
}

Status AwaitConnected(PGconn* connection, const std::string& display, Deadline& deadline) {
  for (short events = POLLOUT;;) {
    if (PQstatus(connection) == CONNECTION_BAD) return ConnectError(connection, display);
    if (!deadline.Await(connection, events))
      return Error::Timeout("{}: cannot connect in time", display);
    switch (PQconnectPoll(connection)) {
      case PGRES_POLLING_OK: return {};
      case PGRES_POLLING_READING: events = POLLIN; break;
      case PGRES_POLLING_WRITING: events = POLLOUT; break;
      default: return ConnectError(connection, display);
    }
  }
}

// libpq's own words about a uri would repeat parts of it, so they are not shown.
Status CheckUnderstood(const SqlUri& uri) {
  char* message = nullptr;
  const Options options(PQconninfoParse(uri.target.c_str(), &message));
  if (message != nullptr) PQfreemem(message);
  if (options) return {};
  return Error::Invalid(
      "{}: libpq does not understand the uri; special characters in user and password must be "
      "percent-encoded",
      uri.display);
}

}  // namespace

Result<std::unique_ptr<SqlConnection>> OpenPostgresConnection(const SqlUri& uri,
                                                              const PostgresTimeouts& timeouts,
                                                              Clock& clock) {
  TRY(CheckUnderstood(uri));
  const char* const names[] = {"dbname", "fallback_application_name", "client_encoding", nullptr};
  const char* const values[] = {uri.target.c_str(), "kafka-iceberg", "UTF8", nullptr};
  Connection started(PQconnectStartParams(names, values, 1));
  if (!started) return Error::Unavailable("{}: out of memory", uri.display);
  PQsetNoticeProcessor(started.get(), [](void*, const char*) {}, nullptr);
  Deadline deadline(clock, timeouts.connect);
  TRY(AwaitConnected(started.get(), uri.display, deadline));
  PQsetnonblocking(started.get(), 1);
  auto connection = std::make_unique<PostgresConnection>(
      std::move(started), uri.display, timeouts.statement + timeouts.grace, clock);
  const auto limit_ms = std::chrono::ceil<std::chrono::milliseconds>(timeouts.statement).count();
  const auto limited = connection->Run(
      {"SELECT set_config('statement_timeout', $1, false)", {std::to_string(limit_ms)}});
  if (!limited.ok()) {
    // Nothing was asked for yet that could be in doubt.
    const ErrorCode code = limited.error().code();
    return Error(code == ErrorCode::kCommitUnknown ? ErrorCode::kUnavailable : code,
                 limited.error().message());
  }
  return std::unique_ptr<SqlConnection>(std::move(connection));
}

}  // namespace kafka_iceberg::catalog
