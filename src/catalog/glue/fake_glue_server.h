// SPDX-License-Identifier: Apache-2.0
//
// FakeGlueServer: Glue behind a FakeHttpClient's handler, with the check of VersionId that makes
// commits safe, small pages, and faults by script: what is applied and what the caller is told are
// chosen apart. Tests only; safe for concurrent use.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "net/aws_credentials.h"
#include "net/fake_http_client.h"

namespace kafka_iceberg::catalog {

enum class GlueFault : uint8_t {
  kThrottled,          // 400 ThrottlingException
  kTooManyRequests,    // 429 without a body
  kBusy,               // 503, not applied
  kServerErrorBefore,  // 500, not applied
  kServerErrorAfter,   // 500, applied
  kTimeoutBefore,      // no answer, not applied
  kTimeoutAfter,       // no answer, applied
  kNotSent,            // no connection
  kGarbageAfter,       // 200 with a page of HTML, applied
  kEmptyAfter,         // 200 without a body, applied
  kConflictAfter,      // 400 ConcurrentModificationException, though applied
  kDenied,             // 400 AccessDeniedException
  kExpiredToken,       // 400 ExpiredTokenException
  kBadSignature,       // 400 InvalidSignatureException, quoting the request
  kQuota,              // 400 ResourceNumberLimitExceededException
  kTooLongDefinition,  // 400 ValidationException
  kUnforeseen,         // 418, not applied
};

class FakeGlueServer {
 public:
  FakeGlueServer() = default;

  net::HttpClient& http() { return http_; }
  std::vector<net::SentRequest> sent() const { return http_.sent(); }
  // Requests of one operation so far.
  int CountOf(const std::string& operation) const;

  // The next requests of `operation` get these, in order; then they pass.
  void Next(const std::string& operation, std::vector<GlueFault> faults);
  // Runs before the next request of `operation` is handled: the place for another writer.
  void Before(const std::string& operation, std::function<void()> hook);

  // As GetTable would give it; null when there is none.
  nlohmann::json Table(const std::string& database, const std::string& name) const;
  // As another program would change it: `change` gets the table without its VersionId.
  void Change(const std::string& database, const std::string& name,
              const std::function<void(nlohmann::json&)>& change);
  void AddTable(const std::string& database, nlohmann::json input);
  // As a server without optimistic locking.
  void HideVersions();
  void SetDatabaseLocation(const std::string& database, const std::string& location);

 private:
  struct StoredTable {
    nlohmann::json table;
    int64_t version = 1;
  };
  struct Database {
    std::string location;
    std::map<std::string, StoredTable> tables;
  };
  struct Answer {
    int status = 200;
    nlohmann::json body;
  };

  Result<net::HttpResponse> Handle(const net::SentRequest& request);
  Result<net::HttpResponse> WithFault(GlueFault fault, const std::string& operation,
                                      const net::SentRequest& request);
  Answer Apply(const std::string& operation, const nlohmann::json& body);
  Answer ApplyToDatabase(const std::string& operation, const nlohmann::json& body) REQUIRES(mutex_);
  Answer ApplyToTable(const std::string& operation, const nlohmann::json& body) REQUIRES(mutex_);
  Answer UpdateTable(StoredTable& stored, const nlohmann::json& body) REQUIRES(mutex_);
  nlohmann::json Shown(const std::string& database, const StoredTable& stored) const
      REQUIRES(mutex_);

  net::FakeHttpClient http_{[this](const net::SentRequest& request) { return Handle(request); }};
  mutable Mutex mutex_;
  std::map<std::string, Database> databases_ GUARDED_BY(mutex_);
  std::map<std::string, std::deque<GlueFault>> faults_ GUARDED_BY(mutex_);
  std::map<std::string, std::function<void()>> hooks_ GUARDED_BY(mutex_);
  bool hides_versions_ GUARDED_BY(mutex_) = false;
  std::map<std::string, int> counts_ GUARDED_BY(mutex_);
};

// Given keys with a session token; counts how often they were rejected, and gives others after.
class FakeAwsCredentials final : public net::AwsCredentialsProvider {
 public:
  static constexpr const char* kSecret = "planted-secret-key";
  static constexpr const char* kToken = "planted-session-token";

  Result<net::AwsCredentials> Get() override;
  void Reject(const net::AwsCredentials& credentials) override;
  int rejections() const;
  void Fail(Error error);

 private:
  mutable Mutex mutex_;
  int rejections_ GUARDED_BY(mutex_) = 0;
  std::optional<Error> error_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
