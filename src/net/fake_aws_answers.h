// SPDX-License-Identifier: Apache-2.0
//
// What AWS's services answer when asked for credentials, and a fixture that asks the chain for
// them. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"
#include "net/aws_credentials.h"
#include "net/fake_http_client.h"

namespace kafka_iceberg::net {

// Stands for everything that may never be shown.
inline constexpr std::string_view kPlanted = "planted-secret-value";

// Good until 2026-01-08T15:30:00Z: an hour after the start of FakeClock.
HttpResponse StsAnswer(std::string_view action, std::string_view access_key_id);
std::string StsError(std::string_view code, std::string_view message);
// The document of the container agent and of instance metadata.
HttpResponse MetadataAnswer(std::string_view access_key_id);

class AwsChainTest : public testing::Test {
 protected:
  AwsChainTest();

  // Replaces the variables, but for a HOME without any file.
  void SetEnvironment(std::map<std::string, std::string> environment);
  // Returns the file's full name.
  std::string Write(std::string_view name, std::string_view text);
  std::shared_ptr<AwsCredentialsProvider> Chain() {
    return DefaultAwsCredentials(options_, http_, clock_);
  }

  FakeClock clock_;
  const FakeTemporaryFolder folder_;
  AwsChainOptions options_;
  Result<HttpResponse> answer_ = HttpResponse{.status = 404};
  FakeHttpClient::Handler handler_ = [this](const SentRequest&) { return answer_; };
  FakeHttpClient http_{[this](const SentRequest& request) { return handler_(request); }};
};

}  // namespace kafka_iceberg::net
