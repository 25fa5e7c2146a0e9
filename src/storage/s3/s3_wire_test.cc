// SPDX-License-Identifier: Apache-2.0
//
// S3Store over the real HTTP client, against a server that breaks connections.
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "net/curl_client.h"
#include "net/fake_http_server.h"
#include "storage/s3/fake_s3.h"
#include "storage/s3/s3_store.h"

namespace kafka_iceberg::storage {
namespace {

class S3WireTest : public testing::Test {
 protected:
  static constexpr const char* kX = "s3://bucket/day=1/a b+c%2F\xc3\xbc";

  // Answers the next requests instead of the store.
  void Next(net::FakeAnswer answer) {
    MutexLock lock(mutex_);
    next_.push_back(std::move(answer));
  }

  FakeClock clock_;
  FakeS3 s3_{clock_};
  Mutex mutex_;
  std::vector<net::FakeAnswer> next_ GUARDED_BY(mutex_);
  net::FakeHttpServer server_{[this](const net::FakeRequest& request) {
    {
      MutexLock lock(mutex_);
      if (!next_.empty()) {
        net::FakeAnswer answer = next_.front();
        next_.erase(next_.begin());
        return answer;
      }
    }
    return s3_.Answer(request);
  }};
  SeededRandom random_{1};
  SystemClock system_clock_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  std::unique_ptr<net::HttpClient> http_ = net::MakeCurlClient({}, system_clock_).value();
  std::unique_ptr<ObjectStore> store_ =
      MakeS3Store({.endpoint = server_.url(), .part_bytes = 200'000},
                  net::StaticAwsCredentials({"key", "secret", "token", {}}),
                  {*http_, clock_, random_, *metrics_});
};

TEST_F(S3WireTest, AllOperationsWork) {
  ASSERT_THAT(store_->Write(kX, "0123456789"), IsOk());
  EXPECT_EQ(store_->Read(kX).value(), "0123456789");
  EXPECT_EQ(store_->ReadRange(kX, 8, 100).value(), "89");
  EXPECT_EQ(store_->ReadRange(kX, 10, 1).value(), "");
  EXPECT_EQ(store_->Stat(kX).value().size_bytes, 10);
  EXPECT_THAT(store_->WriteIfAbsent(kX, "1"), IsError(ErrorCode::kAlreadyExists));
  EXPECT_EQ(store_->ListFolders("s3://bucket").value(), std::vector<std::string>{"day=1"});
  EXPECT_THAT(store_->DeleteMany(std::vector<std::string>{kX, "s3://bucket/y"}), IsOk());
  EXPECT_THAT(store_->Read(kX), IsError(ErrorCode::kNotFound));
}

TEST_F(S3WireTest, AnUploadThatIsResetIsRepeated) {
  const std::string bytes(1'000'000, 'x');
  server_.ResetNextUploadAt(100'000);
  ASSERT_THAT(store_->Write(kX, bytes), IsOk());
  EXPECT_TRUE(store_->Read(kX).value() == bytes);
}

TEST_F(S3WireTest, APartThatIsResetIsRepeated) {
  const std::string bytes(500'000, 'x');
  auto writer = store_->OpenWriter(kX).value();
  ASSERT_THAT(writer->Append(bytes), IsOk());
  server_.ResetNextUploadAt(50'000);
  ASSERT_THAT(writer->Append(bytes), IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_TRUE(store_->Read(kX).value() == bytes + bytes);
}

TEST_F(S3WireTest, AConditionalPutThatIsResetIsOpen) {
  ASSERT_THAT(store_->Write(kX, "1"), IsOk());  // a connection to be used again
  Next(net::FakeAnswer::None(net::FakeAnswer::Ending::kReset));
  EXPECT_THAT(store_->WriteIfAbsent("s3://bucket/new", "1"), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(server_.requests(), 2);
}

TEST_F(S3WireTest, ACutBodyIsReadAgain) {
  ASSERT_THAT(store_->Write(kX, "0123456789"), IsOk());
  Next({.body = "0123456789", .body_bytes = 5});
  EXPECT_EQ(store_->Read(kX).value(), "0123456789");
  Next({.body = "0123456789", .head_bytes = 20});
  EXPECT_EQ(store_->Read(kX).value(), "0123456789");
}

TEST_F(S3WireTest, ARedirectTakesNothingAlong) {
  net::FakeHttpServer elsewhere([](const net::FakeRequest&) { return net::FakeAnswer{}; });
  Next({.status = 307, .headers = {{"location", elsewhere.url() + "/bucket/x"}}});
  EXPECT_THAT(store_->Read(kX), IsError(ErrorCode::kInvalid));
  EXPECT_EQ(elsewhere.connections(), 0);
}

}  // namespace
}  // namespace kafka_iceberg::storage
