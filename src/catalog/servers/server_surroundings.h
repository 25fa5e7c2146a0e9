// SPDX-License-Identifier: Apache-2.0
//
// What a catalog of a real server stands on in a test: HTTP over loopback, the S3 server's keys,
// and the settings the test run was given (KAFKA_ICEBERG_TEST_*). Owned by the test.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "catalog/rest/rest_options.h"
#include "core/result_matchers.h"
#include "net/curl_client.h"
#include "storage/store_factory.h"

namespace kafka_iceberg::catalog {

// KAFKA_ICEBERG_TEST_<name>; empty when it is not set.
inline std::string ServerSetting(const std::string& name) {
  const char* const value = std::getenv(("KAFKA_ICEBERG_TEST_" + name).c_str());
  return value == nullptr ? "" : value;
}

class ServerSurroundings {
 public:
  net::HttpClient& http() { return *http_; }
  Clock& clock() { return clock_; }
  Random& random() { return random_; }
  telemetry::Metrics& metrics() { return *metrics_; }
  storage::ObjectStore& store() { return *store_; }

  std::shared_ptr<net::AwsCredentialsProvider> S3Credentials() const {
    return net::StaticAwsCredentials({.access_key_id = ServerSetting("S3_ACCESS_KEY"),
                                      .secret_access_key = ServerSetting("S3_SECRET_KEY"),
                                      .session_token = "",
                                      .expires_at = std::nullopt});
  }
  // With the S3 server's own keys, or only with what the catalog says.
  TableStoreMaker StoreMaker(bool with_keys) {
    return [this, with_keys](storage::TableAccess access, auto refresh) {
      return storage::MakeTableStore(with_keys ? Options() : storage::StoreOptions{}, Context(),
                                     std::move(access), std::move(refresh));
    };
  }

 private:
  static storage::StoreOptions Options() {
    storage::StoreOptions options;
    options.s3_endpoint = ServerSetting("S3_ENDPOINT");
    options.s3_region = ServerSetting("S3_REGION");
    options.s3_access_key = ServerSetting("S3_ACCESS_KEY");
    options.s3_secret_key = ServerSetting("S3_SECRET_KEY");
    return options;
  }
  storage::StoreContext Context() { return {*http_, clock_, random_, *metrics_}; }

  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  std::unique_ptr<net::HttpClient> http_ = net::MakeCurlClient({.connections = 8}, clock_).value();
  std::unique_ptr<storage::ObjectStore> store_ = storage::MakeStore(Options(), Context()).value();
};

}  // namespace kafka_iceberg::catalog
