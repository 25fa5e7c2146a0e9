// SPDX-License-Identifier: Apache-2.0
//
// An S3Store on a FakeS3, with everything around it, as a test fixture: time is faked, parts are
// small, credentials change when they are refused. Tests only; used by one thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "net/http_text.h"
#include "storage/s3/fake_s3.h"
#include "storage/s3/s3_store.h"

namespace kafka_iceberg::storage {

inline constexpr const char* kPlantedSecret = "planted-secret-key";
inline constexpr const char* kPlantedToken = "planted-session-token";

// Hands out "key1", and a next one after each refusal.
class FakeCredentials final : public net::AwsCredentialsProvider {
 public:
  Result<net::AwsCredentials> Get() override {
    return net::AwsCredentials{"key" + std::to_string(number_), kPlantedSecret, kPlantedToken, {}};
  }
  void Reject(const net::AwsCredentials&) override { ++number_; }
  int rejections() const { return number_ - 1; }

 private:
  int number_ = 1;
};

class S3Fixture : public testing::Test {
 protected:
  static constexpr const char* kX = "s3://bucket/x";

  ObjectStore& store() { return *store_; }
  void Reopen(S3Options options) {
    options.endpoint = "http://s3.test:9000";
    store_ = MakeS3Store(std::move(options), credentials_, {http_, clock_, random_, *metrics_});
  }
  // How many requests of this method went to a URL with this text.
  int Sent(std::string_view method, std::string_view url_contains = "") {
    int count = 0;
    for (const net::SentRequest& request : http_.sent()) {
      if (request.method == method && request.url.find(url_contains) != std::string::npos) ++count;
    }
    return count;
  }
  double Retries() { return metrics_->GetCounter("kafka_iceberg_s3_retries_total").value(); }
  void Answer(const std::string& method, net::HttpResponse answer, int times = 1) {
    server_.Inject({.method = method, .answer = std::move(answer), .times = times});
  }
  void Lose(const std::string& method, const std::string& url_contains, bool is_applied,
            int times = 1) {
    server_.Inject({.method = method,
                    .url_contains = url_contains,
                    .is_applied = is_applied,
                    .answer = Error::Timeout("no answer from s3.test"),
                    .times = times});
  }

  FakeClock clock_;
  FakeS3 server_{clock_};
  net::FakeHttpClient http_{
      [this](const net::SentRequest& request) { return server_.Handle(request); }};
  SeededRandom random_{1};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  std::shared_ptr<FakeCredentials> credentials_ = std::make_shared<FakeCredentials>();
  std::unique_ptr<ObjectStore> store_ =
      MakeS3Store({.endpoint = "http://s3.test:9000", .part_bytes = 1000}, credentials_,
                  {http_, clock_, random_, *metrics_});
};

}  // namespace kafka_iceberg::storage
