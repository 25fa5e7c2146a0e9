// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::catalog {
namespace {

using testing::HasSubstr;

RestCatalogOptions Options(std::string uri, std::string warehouse = "") {
  return {.uri = std::move(uri), .warehouse = std::move(warehouse), .headers = {}, .reads = {}};
}

TEST(RestConfig, AsksForTheWarehouse) {
  EXPECT_EQ(RestConfig::UrlOf(Options("https://h/c/")).value(), "https://h/c/v1/config");
  EXPECT_EQ(RestConfig::UrlOf(Options("https://h", "arn:aws:s3/b c")).value(),
            "https://h/v1/config?warehouse=arn%3Aaws%3As3%2Fb%20c");
  EXPECT_THAT(RestConfig::UrlOf(Options("h/c")), IsError(ErrorCode::kInvalid));
}

TEST(RestConfig, OverridesWinOverOursAndOursOverDefaults) {
  const auto config = RestConfig::Parse(
      R"({"defaults":{"uri":"https://default","warehouse":"theirs","a":"1","b":"1"},
          "overrides":{"b":"2"},"unknown":[1]})",
      Options("https://h", "ours"));
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->uri(), "https://h");
  EXPECT_EQ(config->Property("warehouse"), "ours");
  EXPECT_EQ(config->Property("a"), "1");
  EXPECT_EQ(config->Property("b"), "2");
}

TEST(RestConfig, PolarisPutsItsPrefixIntoTheOverrides) {
  const auto config = RestConfig::Parse(R"({"defaults":{},"overrides":{"prefix":"cat%20alog"}})",
                                        Options("https://h/api/catalog"));
  EXPECT_EQ(config->TableUrl({{"a"}, "t"}),
            "https://h/api/catalog/v1/cat%20alog/namespaces/a/tables/t");
}

TEST(RestConfig, LakekeeperSendsUsElsewhere) {
  const auto config = RestConfig::Parse(
      R"({"defaults":{"prefix":"6b15"},"overrides":{"uri":"https://other:8443/catalog/"}})",
      Options("https://h/catalog", "w"));
  EXPECT_EQ(config->uri(), "https://other:8443/catalog");
  EXPECT_EQ(config->CreateNamespaceUrl(), "https://other:8443/catalog/v1/6b15/namespaces");
}

TEST(RestConfig, NessiesPrefixIsPastedAsItIs) {
  const auto config = RestConfig::Parse(
      R"({"defaults":{"prefix":"main%7Cs3%3A%2F%2Fwh","rest-page-size":"200"},
          "overrides":{"uri":"http://h:19120/iceberg/"}})",
      Options("http://h:19120/iceberg/main"));
  EXPECT_EQ(config->NamespacesUrl({}, ""),
            "http://h:19120/iceberg/v1/main%7Cs3%3A%2F%2Fwh/namespaces?pageToken=&pageSize=200");
}

TEST(RestConfig, RefusesToLeaveEncryption) {
  EXPECT_THAT(RestConfig::Parse(R"({"overrides":{"uri":"http://h/c"}})", Options("https://h/c")),
              IsError(ErrorCode::kDenied));
  EXPECT_THAT(RestConfig::Parse(R"({"overrides":{"uri":"https://h/c"}})", Options("http://h/c")),
              IsOk());
}

TEST(RestConfig, RefusesWhatCannotBePartOfAUrl) {
  for (const char* reply :
       {R"({"defaults":{"prefix":"a b"}})", R"({"defaults":{"prefix":"a?b=c"}})",
        R"({"defaults":{"prefix":"a#"}})", R"({"defaults":{"prefix":"a\r\nX: y"}})",
        R"({"defaults":{"namespace-separator":"%"}})",
        R"({"defaults":{"namespace-separator":"%2"}})",
        R"({"defaults":{"namespace-separator":"12345678901234567"}})", R"({"defaults":[]})",
        R"({"defaults":{"prefix":1}})", R"({"overrides":{"uri":5}})", R"([])",
        R"({"endpoints":{}})"}) {
    EXPECT_THAT(RestConfig::Parse(reply, Options("https://h")), IsError(ErrorCode::kCorrupt))
        << reply;
  }
  EXPECT_THAT(RestConfig::Parse("<html>", Options("https://h")), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(RestConfig::Parse(R"({"overrides":{"uri":"nowhere"}})", Options("https://h")),
              IsError(ErrorCode::kInvalid));
}

TEST(RestConfig, WithoutAListTheOldEndpointsAreThereAndTheNewAreNot) {
  const auto config = RestConfig::Parse("{}", Options("https://h"));
  EXPECT_TRUE(config->Has(endpoint::kRename));
  EXPECT_TRUE(config->Has(endpoint::kRegister));
  EXPECT_TRUE(config->Has(endpoint::kCommitTables));
  EXPECT_FALSE(config->Has(endpoint::kTableExists));
  EXPECT_FALSE(config->Has(endpoint::kNamespaceExists));
  EXPECT_FALSE(config->Has(endpoint::kCredentials));
  EXPECT_FALSE(config->takes_idempotency_keys());
}

TEST(RestConfig, AListIsWhatItSays) {
  const auto config = RestConfig::Parse(
      R"({"endpoints":["POST https://auth/token",7,"HEAD /v1/{prefix}/namespaces/{namespace}"],
          "idempotency-key-lifetime":"PT30M"})",
      Options("https://h"));
  EXPECT_TRUE(config->Has(endpoint::kNamespaceExists));
  EXPECT_FALSE(config->Has(endpoint::kRename));
  EXPECT_TRUE(config->takes_idempotency_keys());
}

TEST(RestConfig, EncodesNames) {
  const auto config = RestConfig::Parse("{}", Options("https://h"));
  const TableIdentifier table{{"a b", "c+d.é"}, "t|u%"};
  EXPECT_EQ(config->TableUrl(table),
            "https://h/v1/namespaces/a%20b%1Fc%2Bd.%C3%A9/tables/t%7Cu%25");
  EXPECT_EQ(config->NamespacesUrl({"a b", "c"}, "x&y"),
            "https://h/v1/namespaces?parent=a%20b%1Fc&pageToken=x%26y");
}

TEST(RestConfig, SeparatesLevelsAsTheServerSays) {
  const auto config =
      RestConfig::Parse(R"({"overrides":{"namespace-separator":"%2E"}})", Options("https://h"));
  EXPECT_EQ(config->NamespaceUrl({"a", "b"}), "https://h/v1/namespaces/a%2Eb");
  EXPECT_EQ(config->NamespacesUrl({"a", "b"}, ""), "https://h/v1/namespaces?parent=a.b&pageToken=");
}

}  // namespace
}  // namespace kafka_iceberg::catalog
