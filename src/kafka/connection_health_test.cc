// SPDX-License-Identifier: Apache-2.0
#include "kafka/connection_health.h"

#include <gtest/gtest.h>

namespace kafka_iceberg::kafka {
namespace {

using std::chrono::seconds;

constexpr std::string_view kUp =
    R"({"name":"c","brokers":{"a:1/1":{"name":"a:1/1","nodeid":1,"state":"UP","toppars":{"t-0":{"topic":"t"}}}},)"
    R"("topics":{"t":{"partitions":{"0":{"fetch_state":"active"}}}}})";
constexpr std::string_view kDown =
    R"({"brokers":{"a:1/1":{"nodeid":1,"state":"DOWN"},"GroupCoordinator":{"nodeid":-1,"state":"UP"}},)"
    R"("topics":{"state":{"nodeid":1,"state":"UP"}}})";

TEST(AnyBrokerUp, SeesARealBroker) { EXPECT_TRUE(AnyBrokerUp(kUp)); }

TEST(AnyBrokerUp, IgnoresRolesAndOtherObjects) { EXPECT_FALSE(AnyBrokerUp(kDown)); }

TEST(AnyBrokerUp, IsFalseForGarbage) {
  EXPECT_FALSE(AnyBrokerUp(""));
  EXPECT_FALSE(AnyBrokerUp("[[[[["));
  EXPECT_FALSE(AnyBrokerUp(R"({"brokers":17,"state":"UP"})"));
  EXPECT_FALSE(AnyBrokerUp(std::string(100'000, '[')));
  for (size_t cut = 0; cut + 40 < kDown.size(); ++cut)
    EXPECT_FALSE(AnyBrokerUp(kDown.substr(0, cut)));
}

TEST(ConnectionHealth, TellsTroubleOnceAndAgainWhileItLasts) {
  ConnectionHealth health;
  EXPECT_FALSE(health.Due(seconds(0)).has_value());
  health.OnError(Error::Unavailable("away"));
  EXPECT_EQ(health.Due(seconds(1))->message(), "away");
  health.OnError(Error::Unavailable("still away"));
  EXPECT_FALSE(health.Due(seconds(2)).has_value());
  EXPECT_EQ(health.Due(seconds(11))->message(), "still away");
}

TEST(ConnectionHealth, TellsAnotherKindOfTroubleAtOnce) {
  ConnectionHealth health;
  health.OnError(Error::Unavailable("away"));
  (void)health.Due(seconds(1));
  health.OnError(Error::Denied("wrong password"));
  EXPECT_EQ(health.Due(seconds(1))->code(), ErrorCode::kDenied);
}

TEST(ConnectionHealth, RefusedCredentialsAreNotHiddenByWhatFollows) {
  ConnectionHealth health;
  health.OnError(Error::Denied("wrong password"));
  health.OnError(Error::Unavailable("all brokers down"));
  EXPECT_EQ(health.trouble()->code(), ErrorCode::kDenied);
}

TEST(ConnectionHealth, EndsWithAQuietIntervalAndABrokerUp) {
  ConnectionHealth health;
  health.OnError(Error::Unavailable("away"));
  health.OnStatistics(kUp);  // the error is fresh
  EXPECT_TRUE(health.trouble().has_value());
  health.OnStatistics(kDown);
  EXPECT_TRUE(health.trouble().has_value());
  health.OnStatistics(kUp);
  EXPECT_FALSE(health.trouble().has_value());
  EXPECT_FALSE(health.Due(seconds(60)).has_value());
}

TEST(ConnectionHealth, ARefusalOutlivesWorkingConnections) {
  ConnectionHealth health;
  health.OnRefused("orders", Error::Denied("orders: not authorized"));
  health.OnBrokerUp();
  health.OnStatistics(kUp);
  EXPECT_EQ(health.Due(seconds(1))->code(), ErrorCode::kDenied);
  health.OnAllowed("other");
  EXPECT_TRUE(health.trouble().has_value());
  health.OnAllowed("orders");
  EXPECT_FALSE(health.trouble().has_value());
}

TEST(ConnectionHealth, FlappingIsRateLimitedToo) {
  ConnectionHealth health;
  health.OnError(Error::Unavailable("away"));
  EXPECT_TRUE(health.Due(seconds(1)).has_value());
  health.OnBrokerUp();
  health.OnError(Error::Unavailable("away again"));
  EXPECT_FALSE(health.Due(seconds(2)).has_value());
  EXPECT_TRUE(health.Due(seconds(12)).has_value());
}

}  // namespace
}  // namespace kafka_iceberg::kafka
