// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/sql_uri.h"

#include "core/result_matchers.h"

namespace kafka_iceberg::catalog {
namespace {

TEST(SqlUri, TakesSqlitePathsWithThreeOrFourSlashes) {
  EXPECT_EQ(ParseSqlUri("sqlite:///var/lib/catalog.db")->target, "/var/lib/catalog.db");
  EXPECT_EQ(ParseSqlUri("sqlite:////var/lib/catalog.db")->target, "/var/lib/catalog.db");
  EXPECT_EQ(ParseSqlUri("sqlite+pysqlite:////a.db")->kind, SqlUri::Kind::kSqlite);
}

TEST(SqlUri, RefusesWhatIsNoSqliteFile) {
  for (const char* uri : {"sqlite://", "sqlite:///", "sqlite://relative.db",
                          "sqlite:///:memory:", "sqlite:///folder/"}) {
    EXPECT_THAT(ParseSqlUri(uri), IsError(ErrorCode::kInvalid)) << uri;
  }
  EXPECT_THAT(ParseSqlUri("sqlite:///a.db?mode=ro"), IsError(ErrorCode::kUnsupported));
}

TEST(SqlUri, TakesPostgresWithOrWithoutADriver) {
  for (const char* uri :
       {"postgresql://u@h:5432/d", "postgres://u@h:5432/d", "postgresql+psycopg2://u@h:5432/d"}) {
    const auto parsed = ParseSqlUri(uri);
    ASSERT_THAT(parsed, IsOk()) << uri;
    EXPECT_EQ(parsed->kind, SqlUri::Kind::kPostgres);
    EXPECT_EQ(parsed->target, "postgresql://u@h:5432/d");
    EXPECT_EQ(parsed->display, "postgresql://h:5432/d");
  }
}

TEST(SqlUri, ShowsNoSecretHoweverItIsWritten) {
  for (const char* uri :
       {"postgresql://me:planted@h/d", "postgresql://me:pla#planted@h/d",
        "postgresql://me:p/planted@h/d", "postgresql://me:p?planted@h/d",
        "postgresql://h/d?password=planted", "postgresql://me:planted",
        "postgresql://me:p@planted@h/d", "postgresql://h/d?sslpassword=planted&user=me"}) {
    EXPECT_EQ(ParseSqlUri(uri)->display.find("planted"), std::string::npos) << uri;
  }
  for (const char* uri : {"planted", "mysql://me:planted@h/d", "planted://x"}) {
    const auto parsed = ParseSqlUri(uri);
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().message().find("planted"), std::string::npos) << uri;
  }
}

TEST(SqlUri, ShowsSeveralHosts) {
  EXPECT_EQ(ParseSqlUri("postgresql://u:p@a:1,[::1]:2/d")->display, "postgresql://a:1,[::1]:2/d");
}

}  // namespace
}  // namespace kafka_iceberg::catalog
