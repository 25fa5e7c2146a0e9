// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "net/http_text.h"

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(OriginOf, FillsInThePortAndLowersTheCase) {
  EXPECT_EQ(*OriginOf("HTTPS://Host.Example/a?b"), "https://host.example:443");
  EXPECT_EQ(*OriginOf("http://host"), "http://host:80");
  EXPECT_EQ(*OriginOf("http://host?x=http://other/"), "http://host:80");
  EXPECT_EQ(*OriginOf("http://[::A]:9000/"), "http://[::a]:9000");
}

TEST(OriginOf, RefusesWhatTwoReadersMayReadDifferently) {
  for (const char* url : {"",
                          "/a",
                          "//host/a",
                          "ftp://host/",
                          "http:host",
                          "http://",
                          "http://:80/",
                          "http://a@b/",
                          "http://a:b@c/",
                          "http://host\\@evil/",
                          "http://host:0/",
                          "http://host:65536/",
                          "http://host:8x/",
                          "http://host:/",
                          "http://ho st/",
                          "http://host/a b",
                          "http://host/\n",
                          "http://[::1/",
                          "http://[::1]x/",
                          "http://[evil]/",
                          "http://host/#a",
                          "http://h%6fst/"})
    EXPECT_THAT(OriginOf(url), IsError(ErrorCode::kInvalid)) << url;
}

TEST(OriginOf, NeverQuotesTheUrl) {
  EXPECT_THAT(OriginOf("http://user:planted@host/").error().message(), Not(HasSubstr("planted")));
}

TEST(SplitUrl, GivesPathAndQuery) {
  const auto parts = SplitUrl("https://host:8443/a/b%20c?d=e?f");
  ASSERT_THAT(parts, IsOk());
  EXPECT_EQ(parts->authority, "host:8443");
  EXPECT_EQ(parts->port, 8443);
  EXPECT_EQ(parts->path, "/a/b%20c");
  EXPECT_EQ(parts->query, "d=e?f");
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/c+\xc3\xa4"), "a%20b%2Fc%2B%C3%A4");
  EXPECT_EQ(PercentEncode("a b/c", true), "a%20b/c");
}

TEST(PercentDecode, TurnsEncodedTextBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(*PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(*PercentDecode("%2f+%2F"), "/+/");
}

TEST(PercentDecode, RefusesAPercentSignWithoutTwoDigits) {
  for (const char* text : {"%", "%4", "a%zz", "%%41"})
    EXPECT_THAT(PercentDecode(text), IsError(ErrorCode::kInvalid)) << text;
}

TEST(FormEncode, JoinsEncodedFields) {
  EXPECT_EQ(FormEncode({{"a", "1"}, {"b&", "x y="}}), "a=1&b%26=x%20y%3D");
  EXPECT_EQ(FormEncode({}), "");
}

TEST(HttpResponse, FindsTheFirstHeaderOfAName) {
  const HttpResponse response{.headers = {{"a", "1"}, {"a", "2"}}};
  EXPECT_EQ(response.Header("a"), "1");
  EXPECT_EQ(response.Header("b"), std::nullopt);
}

TEST(Printable, ReplacesControlCharactersAndCuts) {
  EXPECT_EQ(Printable("a\nb\x1b\xff", 10), "a?b??");
  EXPECT_EQ(Printable("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace kafka_iceberg::net
