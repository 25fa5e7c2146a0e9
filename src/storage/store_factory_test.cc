// SPDX-License-Identifier: Apache-2.0
#include "storage/store_factory.h"

#include <atomic>

#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "net/fake_http_client.h"
#include "storage/s3/fake_s3.h"
#include "storage/vended_access.h"

namespace kafka_iceberg::storage {
namespace {

using testing::HasSubstr;

TEST(Covers, WholeSegmentsOnly) {
  EXPECT_TRUE(Covers("s3://b/warehouse/orders", "s3://b/warehouse/orders/data/x"));
  EXPECT_TRUE(Covers("s3://b/warehouse/orders/", "s3://b/warehouse/orders/data/x"));
  EXPECT_TRUE(Covers("s3://b/warehouse/orders", "s3a://b/warehouse/orders"));
  EXPECT_FALSE(Covers("s3://b/warehouse/orders", "s3://b/warehouse/orders2/x"));
  EXPECT_FALSE(Covers("s3://b/warehouse/orders", "s3://b/warehouse"));
  EXPECT_TRUE(Covers("s3://b", "s3://b/x"));
  EXPECT_FALSE(Covers("s3://b", "s3://b2/x"));
  EXPECT_TRUE(Covers("s3", "s3://any/x"));
  EXPECT_TRUE(Covers("s3://", "s3://any/x"));
  EXPECT_FALSE(Covers("gs://b", "s3://b/x"));
  EXPECT_FALSE(Covers("file:///b", "s3://b/x"));
}

class StoreFactoryTest : public testing::Test {
 protected:
  using Access = std::map<std::string, std::string>;

  Access Keys(const std::string& name, int64_t expires_in_s = 0) {
    Access config{{"s3.access-key-id", name},
                  {"s3.secret-access-key", "secret"},
                  {"s3.session-token", "token of " + name}};
    if (expires_in_s != 0) {
      config["s3.session-token-expires-at-ms"] =
          std::to_string(ToMillis(clock_.Now()) + expires_in_s * 1000);
    }
    return config;
  }
  // The access key of the last request.
  std::string LastKey() {
    const std::string header = http_.sent().back().Header("authorization");
    const size_t begin = header.find("Credential=") + 11;
    return header.substr(begin, header.find('/', begin) - begin);
  }
  std::string LastUrl() { return http_.sent().back().url; }
  std::unique_ptr<ObjectStore> Make(const StoreOptions& options, TableAccess access = {},
                                    std::function<Result<TableAccess>()> refresh = {}) {
    return MakeTableStore(options, context_, std::move(access), std::move(refresh)).value();
  }

  FakeClock clock_;
  FakeS3 server_{clock_};
  net::FakeHttpClient http_{
      [this](const net::SentRequest& request) { return server_.Handle(request); }};
  SystemRandom random_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  StoreContext context_{http_, clock_, random_, *metrics_};
  const StoreOptions local_s3_{.s3_endpoint = "http://s3.test:9000"};
};

TEST_F(StoreFactoryTest, ChoosesByScheme) {
  const FakeTemporaryFolder folder;
  const auto store =
      MakeStore({.s3_endpoint = "http://s3.test", .s3_access_key = "k", .s3_secret_key = "s"},
                context_)
          .value();
  EXPECT_THAT(store->Write(folder.location() + "/x", "1"), IsOk());
  EXPECT_TRUE(http_.sent().empty());
  for (const char* location : {"s3://bucket/x", "s3a://bucket/y", "s3n://bucket/z"}) {
    EXPECT_THAT(store->Write(location, "1"), IsOk());
  }
  EXPECT_EQ(server_.object_count(), 3U);
  const Status other = store->Write("gs://bucket/x", "1");
  ASSERT_THAT(other, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(other.error().message(), HasSubstr("s3://"));
  EXPECT_THAT(store->Write("../x", "1"), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(store->DeleteMany(std::vector<std::string>{folder.location() + "/x", "s3://bucket/x",
                                                         "s3a://bucket/y"}),
              IsOk());
  EXPECT_EQ(server_.object_count(), 1U);
}

TEST_F(StoreFactoryTest, RefusesSettingsThatCannotWork) {
  for (const StoreOptions& options :
       {StoreOptions{.s3_access_key = "k"}, StoreOptions{.s3_endpoint = "minio:9000"},
        StoreOptions{.s3_server_side_encryption = "yes"}, StoreOptions{.s3_kms_key_id = "id"},
        StoreOptions{.s3_region = "eu west"}}) {
    EXPECT_THAT(MakeStore(options, context_), IsError(ErrorCode::kInvalid));
  }
}

TEST_F(StoreFactoryTest, AddressesAsToldOrAsUsual) {
  StoreOptions options{.s3_region = "eu-west-1", .s3_access_key = "k", .s3_secret_key = "s"};
  (void)Make(options)->Stat("s3://bucket/x");
  EXPECT_EQ(LastUrl(), "https://bucket.s3.eu-west-1.amazonaws.com/x");
  options.s3_endpoint = "http://s3.test";
  (void)Make(options)->Stat("s3://bucket/x");
  EXPECT_EQ(LastUrl(), "http://s3.test/bucket/x");
  options.s3_path_style = false;
  (void)Make(options)->Stat("s3://bucket/x");
  EXPECT_EQ(LastUrl(), "http://bucket.s3.test/x");
}

TEST_F(StoreFactoryTest, FollowsTheCatalogWhereNothingIsSet) {
  Access config = Keys("vended");
  config["s3.endpoint"] = "http://vended.test";
  config["s3.path-style-access"] = "false";
  config["client.region"] = "eu-north-1";
  (void)Make({}, {config, {}})->Stat("s3://bucket/x");
  EXPECT_EQ(LastUrl(), "http://bucket.vended.test/x");
  EXPECT_EQ(LastKey(), "vended");
  EXPECT_THAT(http_.sent().back().Header("authorization"), HasSubstr("/eu-north-1/s3/"));
  EXPECT_EQ(http_.sent().back().Header("x-amz-security-token"), "token of vended");
}

TEST_F(StoreFactoryTest, OwnSettingsWinOverTheCatalogs) {
  Access config = Keys("vended");
  config["s3.endpoint"] = "http://vended.test";
  StoreOptions options = local_s3_;
  options.s3_access_key = "own";
  options.s3_secret_key = "s";
  (void)Make(options, {config, {}})->Stat("s3://bucket/x");
  EXPECT_EQ(LastUrl(), "http://s3.test:9000/bucket/x");
  EXPECT_EQ(LastKey(), "own");
}

TEST_F(StoreFactoryTest, VendedKeysWinOverTheChain) {
  StoreOptions options = local_s3_;
  options.aws.environment = {{"AWS_ACCESS_KEY_ID", "chain"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  (void)Make(options, {Keys("vended"), {}})->Stat("s3://bucket/x");
  EXPECT_EQ(LastKey(), "vended");
  (void)Make(options)->Stat("s3://bucket/x");
  EXPECT_EQ(LastKey(), "chain");
}

TEST_F(StoreFactoryTest, TheLongestPrefixWins) {
  const auto store = Make(local_s3_, {Keys("table"),
                                      {{"s3://bucket/w", Keys("short")},
                                       {"s3://bucket/w/orders", Keys("long")},
                                       {"s3://bucket/w/orders/data/deep", Keys("deep")}}});
  (void)store->Stat("s3://bucket/w/orders/data/x");
  EXPECT_EQ(LastKey(), "long");
  (void)store->Stat("s3://bucket/w/orders2/x");
  EXPECT_EQ(LastKey(), "short");
  (void)store->Stat("s3://bucket/other/x");
  EXPECT_EQ(LastKey(), "table");
}

TEST_F(StoreFactoryTest, RenewsFiveMinutesBeforeTheEnd) {
  int refreshes = 0;
  const auto store = Make(local_s3_, {Keys("first", 3600), {}}, [&]() -> Result<TableAccess> {
    ++refreshes;
    return TableAccess{Keys("second", 3600), {}};
  });
  clock_.Advance(std::chrono::minutes(54));
  (void)store->Stat("s3://bucket/x");
  EXPECT_EQ(LastKey(), "first");
  clock_.Advance(std::chrono::minutes(2));
  (void)store->Stat("s3://bucket/x");
  (void)store->Stat("s3://bucket/x");
  EXPECT_EQ(LastKey(), "second");
  EXPECT_EQ(refreshes, 1);
}

TEST_F(StoreFactoryTest, RenewsShortLivesHalfway) {
  const auto store = Make(local_s3_, {Keys("first", 60), {}}, [&]() -> Result<TableAccess> {
    return TableAccess{Keys("second", 60), {}};
  });
  clock_.Advance(std::chrono::seconds(29));
  (void)store->Stat("s3://bucket/x");
  EXPECT_EQ(LastKey(), "first");
  clock_.Advance(std::chrono::seconds(2));
  (void)store->Stat("s3://bucket/x");
  EXPECT_EQ(LastKey(), "second");
}

TEST_F(StoreFactoryTest, RenewsOnceForAllCallers) {
  std::atomic<int> refreshes = 0;
  std::atomic<int> started = 0;
  const auto store = Make(local_s3_, {Keys("first", 60), {}}, [&]() -> Result<TableAccess> {
    ++refreshes;
    // Most of the others are about to ask as well.
    for (int i = 0; i < 10'000 || started < 8; ++i) std::this_thread::yield();
    return TableAccess{Keys("second", 3600), {}};
  });
  clock_.Advance(std::chrono::seconds(61));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      ++started;
      (void)store->Stat("s3://bucket/x");
    });
  }
  threads.clear();
  EXPECT_EQ(refreshes, 1);
}

TEST_F(StoreFactoryTest, RenewsAfterARefusal) {
  int refreshes = 0;
  const auto store = Make(local_s3_, {Keys("first"), {}}, [&]() -> Result<TableAccess> {
    return TableAccess{Keys("number" + std::to_string(++refreshes)), {}};
  });
  server_.Inject({.method = "PUT", .answer = S3ErrorResponse(400, "ExpiredToken")});
  EXPECT_THAT(store->Write("s3://bucket/x", "1"), IsOk());
  EXPECT_EQ(LastKey(), "number1");
  // A catalog whose answers are always refused is not asked all the time.
  server_.Inject({.method = "PUT", .answer = S3ErrorResponse(403, "InvalidToken"), .times = 100});
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(store->Write("s3://bucket/x", "1"), IsError(ErrorCode::kDenied));
  }
  EXPECT_EQ(refreshes, 1);
}

TEST_F(StoreFactoryTest, AFailedRenewalLeavesWhatStillWorks) {
  int refreshes = 0;
  const auto store = Make(local_s3_, {Keys("first", 3600), {}}, [&]() -> Result<TableAccess> {
    ++refreshes;
    return Error::Unavailable("catalog is away");
  });
  ASSERT_THAT(store->Write("s3://bucket/x", "1"), IsOk());
  clock_.Advance(std::chrono::minutes(56));
  EXPECT_THAT(store->Stat("s3://bucket/x"), IsOk());
  EXPECT_THAT(store->Stat("s3://bucket/x"), IsOk());
  EXPECT_EQ(refreshes, 1);
  clock_.Advance(std::chrono::minutes(5));
  const auto expired = store->Stat("s3://bucket/x");
  ASSERT_THAT(expired, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(expired.error().message(), HasSubstr("have expired: catalog is away"));
}

TEST_F(StoreFactoryTest, ExpiredForGoodIsDenied) {
  const auto store = Make(local_s3_, {Keys("first", 60), {}});
  clock_.Advance(std::chrono::seconds(61));
  EXPECT_THAT(store->Stat("s3://bucket/x"), IsError(ErrorCode::kDenied));
  EXPECT_TRUE(http_.sent().empty());
}

}  // namespace
}  // namespace kafka_iceberg::storage
