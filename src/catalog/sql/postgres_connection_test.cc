// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/postgres_connection.h"

#include "catalog/sql/fake_postgres_server.h"
#include "catalog/sql/postgres_error.h"
#include "catalog/sql/sql_pool.h"
#include "core/clock.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::catalog {
namespace {

using std::chrono::milliseconds;

class PostgresConnectionTest : public testing::Test {
 protected:
  Result<std::unique_ptr<SqlConnection>> Connect(const std::string& uri) {
    return OpenPostgresConnection(ParseSqlUri(uri).value(), timeouts_, clock_);
  }
  Result<SqlResult> Run(FakePostgresServer::Answer answer) {
    connection_ = Connect(server_.uri()).value();
    server_.Next(std::move(answer));
    return connection_->Run({"UPDATE t SET a = $1", {"x"}});
  }

  PostgresTimeouts timeouts_{std::chrono::seconds(20), milliseconds(10), std::chrono::seconds(20)};
  SystemClock clock_;
  FakePostgresServer server_;
  std::unique_ptr<SqlConnection> connection_;
};

TEST_F(PostgresConnectionTest, CountsTheRowsOfAnUpdate) {
  EXPECT_EQ(Run({PgCommandComplete("UPDATE 1") + PgReady()}).value().affected_rows, 1);
  EXPECT_TRUE(connection_->IsUsable());
}

TEST_F(PostgresConnectionTest, AnAnswerCountsOnlyWithWhatFollowsTheCommit) {
  EXPECT_THAT(Run({PgCommandComplete("UPDATE 1"), true}), IsError(ErrorCode::kCommitUnknown));
  EXPECT_FALSE(connection_->IsUsable());
}

TEST_F(PostgresConnectionTest, AnErrorAfterTheAnswerCounts) {
  EXPECT_THAT(Run({PgCommandComplete("UPDATE 1") + PgError("ERROR", "40001", "no") + PgReady()}),
              IsError(ErrorCode::kUnavailable));
}

TEST_F(PostgresConnectionTest, AClosedConnectionLeavesTheOutcomeOpen) {
  EXPECT_THAT(Run({"", true}), IsError(ErrorCode::kCommitUnknown));
}

TEST_F(PostgresConnectionTest, GarbageLeavesTheOutcomeOpen) {
  EXPECT_THAT(Run({"HTTP/1.1 200 OK\r\n\r\n", true}), IsError(ErrorCode::kCommitUnknown));
}

TEST_F(PostgresConnectionTest, AServerThatShutsDownLeavesTheOutcomeOpen) {
  EXPECT_THAT(Run({PgError("FATAL", "57P01", "terminating connection"), true}),
              IsError(ErrorCode::kCommitUnknown));
}

TEST_F(PostgresConnectionTest, AServerThatHangsEndsTheCallButNotTheDoubt) {
  timeouts_.grace = milliseconds(50);
  connection_ = Connect(server_.uri()).value();
  EXPECT_THAT(connection_->Run({"UPDATE t SET a = 1", {}}), IsError(ErrorCode::kCommitUnknown));
  EXPECT_FALSE(connection_->IsUsable());
}

TEST_F(PostgresConnectionTest, AnAnswerCutInTheMiddleAndThenNothing) {
  timeouts_.grace = milliseconds(50);
  EXPECT_THAT(Run({PgCommandComplete("UPDATE 1").substr(0, 20)}),
              IsError(ErrorCode::kCommitUnknown));
}

TEST_F(PostgresConnectionTest, AnErrorProvesThatNothingHappened) {
  EXPECT_THAT(Run({PgError("ERROR", "23505", "duplicate key") + PgReady()}),
              IsError(ErrorCode::kAlreadyExists));
  EXPECT_TRUE(connection_->IsUsable());
}

TEST_F(PostgresConnectionTest, AHugeAnswerIsRefused) {
  const std::string row = PgRow(std::string(1 << 20, 'x'));
  std::string answer = row;
  const std::string data =
      row.substr(row.find(PgMessage('D', "").substr(0, 1) + std::string(1, '\0')));
  for (int i = 0; i < 70; ++i) answer += data;
  EXPECT_THAT(Run({answer}), IsError(ErrorCode::kUnsupported));
  EXPECT_FALSE(connection_->IsUsable());
}

TEST_F(PostgresConnectionTest, AServerThatNeverGreetsIsATimeout) {
  timeouts_.connect = milliseconds(50);
  const auto blocker = Connect(server_.uri()).value();  // the fake serves one client at a time
  EXPECT_THAT(Connect(server_.uri()), IsError(ErrorCode::kTimeout));
}

TEST_F(PostgresConnectionTest, NobodyListeningIsUnavailable) {
  EXPECT_THAT(Connect("postgresql://me:planted@127.0.0.1:1/d"), IsError(ErrorCode::kUnavailable));
}

TEST_F(PostgresConnectionTest, AWrongPasswordIsDenied) {
  server_.Refuse(PgMessage('R', std::string("\0\0\0\3", 4)) +
                 PgError("FATAL", "28P01", "password authentication failed for user \"me\""));
  EXPECT_THAT(Connect(server_.uri()), IsError(ErrorCode::kDenied));
}

TEST_F(PostgresConnectionTest, NoErrorHoldsThePassword) {
  server_.Refuse(PgError("FATAL", "XX000", "do you mean planted, or\nplanted?"));
  const auto refused = Connect(server_.uri());
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("do you mean ***, or ***?"));
  const auto failed = Run({PgError("ERROR", "42P01", "no table planted") + PgReady()});
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message(), testing::HasSubstr("no table ***"));
  const auto misread = Connect("postgresql://me:%zzplanted@h/d");
  EXPECT_THAT(misread, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(misread.error().message(), testing::Not(testing::HasSubstr("planted")));
}

TEST_F(PostgresConnectionTest, ThePoolReplacesAConnectionThatWasClosed) {
  SqlPool pool([&] { return Connect(server_.uri()); }, 1);
  server_.Next({"", true});
  server_.Next({PgRow("7") + PgMessage('C', std::string("SELECT 1") + '\0') + PgReady()});
  EXPECT_EQ(pool.Query({"SELECT 1", {}}).value().rows, std::vector<SqlRow>{{"7"}});
  server_.Next({PgCommandComplete("UPDATE 1") + PgReady()});
  EXPECT_EQ(pool.Execute({"UPDATE t SET a = 1", {}}).value().affected_rows, 1);
}

TEST_F(PostgresConnectionTest, AServerThatShutDownMeanwhileIsNoticedBeforeTheNextStatement) {
  connection_ = Connect(server_.uri()).value();
  server_.Next(
      {PgCommandComplete("UPDATE 1") + PgReady() + PgError("FATAL", "57P01", "bye"), true});
  ASSERT_THAT(connection_->Run({"UPDATE t SET a = 1", {}}), IsOk());
  bool is_usable = true;
  for (int i = 0; is_usable && i < 1'000'000; ++i) is_usable = connection_->IsUsable();
  EXPECT_FALSE(is_usable);
}

TEST(PostgresError, StatesBecomeCodes) {
  const std::vector<std::pair<std::string, ErrorCode>> cases = {
      {"23505", ErrorCode::kAlreadyExists}, {"25006", ErrorCode::kDenied},
      {"42501", ErrorCode::kDenied},        {"57014", ErrorCode::kTimeout},
      {"40P01", ErrorCode::kUnavailable},   {"53100", ErrorCode::kUnavailable},
      {"22001", ErrorCode::kInvalid},       {"42P01", ErrorCode::kInvalid},
      {"XX001", ErrorCode::kCorrupt},       {"XX000", ErrorCode::kUnavailable},
      {"08006", ErrorCode::kCommitUnknown}, {"40003", ErrorCode::kCommitUnknown},
      {"", ErrorCode::kCommitUnknown},
  };
  for (const auto& [state, code] : cases)
    EXPECT_EQ(PostgresStatementError({"ERROR", state, "m"}, "d").code(), code) << state;
  for (const char* severity : {"FATAL", "PANIC", ""})
    EXPECT_EQ(PostgresStatementError({severity, "23505", "m"}, "d").code(),
              ErrorCode::kCommitUnknown);
}

TEST(PostgresError, TextsAreOneShortLine) {
  const std::vector<std::string> secrets = {"", "abc"};
  EXPECT_EQ(WithoutSecrets("xabcabc\ny\n", secrets), "x****** y");
  EXPECT_EQ(WithoutSecrets(std::string(1000, 'x'), secrets).size(), 300U);
}

}  // namespace
}  // namespace kafka_iceberg::catalog
