// SPDX-License-Identifier: Apache-2.0
#include "net/proxy_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

ProxySettings Choose(std::string_view configured, std::map<std::string, std::string> environment) {
  return ChooseProxies(configured, [&](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  });
}

TEST(ProxySettings, AreEmptyByDefault) {
  const ProxySettings settings = Choose("", {});
  EXPECT_EQ(settings.http, "");
  EXPECT_EQ(settings.https, "");
}

TEST(ProxySettings, TakeTheConfiguredOneForEverything) {
  const ProxySettings settings =
      Choose("http://p", {{"HTTPS_PROXY", "http://env"}, {"NO_PROXY", "a"}});
  EXPECT_EQ(settings.http, "http://p");
  EXPECT_EQ(settings.https, "http://p");
  EXPECT_EQ(settings.direct.find("a,"), std::string::npos);
}

TEST(ProxySettings, ReadTheEnvironmentByScheme) {
  const ProxySettings settings =
      Choose("", {{"HTTP_PROXY", "http://h"}, {"HTTPS_PROXY", " http://s"}});
  EXPECT_EQ(settings.http, "http://h");
  EXPECT_EQ(settings.https, "http://s");
}

TEST(ProxySettings, PreferLowerCaseAndFallBackToAllProxy) {
  const ProxySettings settings = Choose(
      "", {{"http_proxy", "http://low"}, {"HTTP_PROXY", "http://up"}, {"ALL_PROXY", "http://all"}});
  EXPECT_EQ(settings.http, "http://low");
  EXPECT_EQ(settings.https, "http://all");
}

TEST(ProxySettings, KeepNoProxyAndAlwaysReachMetadataDirectly) {
  EXPECT_THAT(Choose("", {{"NO_PROXY", "a.example,.b"}}).direct,
              StartsWith("a.example,.b,169.254"));
  EXPECT_THAT(Choose("", {}).direct, HasSubstr("169.254.0.0/16"));
  EXPECT_THAT(Choose("http://p", {}).direct, HasSubstr("169.254.0.0/16"));
}

TEST(ProxySettings, UnderstandTheStarThatMeansAll) {
  EXPECT_EQ(Choose("", {{"no_proxy", "*"}}).direct, "*");
}

}  // namespace
}  // namespace kafka_iceberg::net
