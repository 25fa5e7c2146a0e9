// SPDX-License-Identifier: Apache-2.0
//
// FakeS3: the part of S3 that S3Store uses, in memory, behind a FakeHttpClient or FakeHttpServer.
// It checks what S3 checks (signature present, digests of the body, part sizes do not matter) and
// answers by script where a test wants a fault. One bucket. Tests only; safe for concurrent use.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "net/fake_http_client.h"
#include "net/fake_http_server.h"

namespace kafka_iceberg::storage {

// What happens to a matching request instead of, or after, its proper handling.
struct FakeS3Fault {
  std::string method = {};        // empty: any
  std::string url_contains = {};  // empty: any
  bool is_applied = false;        // handled first, only the answer is replaced
  Result<net::HttpResponse> answer = net::HttpResponse{503, {}, ""};
  int skip = 0;
  int times = 1;
};

class FakeS3 {
 public:
  static constexpr const char* kBucket = "bucket";

  explicit FakeS3(Clock& clock) : clock_(clock) {}

  Result<net::HttpResponse> Handle(const net::SentRequest& request);
  net::FakeAnswer Answer(const net::FakeRequest& request);
  void Inject(FakeS3Fault fault);

  void set_page_objects(size_t count) { page_objects_ = count; }
  // Overwrites in spite of If-None-Match, as some stores do.
  void set_ignores_conditions(bool ignores) { ignores_conditions_ = ignores; }
  size_t object_count() const;
  size_t open_uploads() const;

 private:
  struct Object {
    std::string bytes;
    Timestamp modified_at;
  };
  struct Call {
    std::string key;
    std::map<std::string, std::string> query;
    const net::SentRequest& request;
  };
  using Response = net::HttpResponse;

  Response Apply(const net::SentRequest& request) EXCLUDES(mutex_);
  Response Get(const Call& call) REQUIRES(mutex_);
  Response Put(const Call& call) REQUIRES(mutex_);
  Response Post(const Call& call) REQUIRES(mutex_);
  Response Complete(const Call& call) REQUIRES(mutex_);
  Response List(const Call& call) REQUIRES(mutex_);
  Response DeleteMany(const Call& call) REQUIRES(mutex_);

  Clock& clock_;
  size_t page_objects_ = 1000;
  bool ignores_conditions_ = false;
  mutable Mutex mutex_;
  std::map<std::string, Object> objects_ GUARDED_BY(mutex_);
  std::map<std::string, std::map<int, std::string>> uploads_ GUARDED_BY(mutex_);
  int next_upload_ GUARDED_BY(mutex_) = 1;
  std::vector<FakeS3Fault> faults_ GUARDED_BY(mutex_);
};

// "<Error>" with this code, as S3 answers it.
net::HttpResponse S3ErrorResponse(int status, const std::string& code,
                                  const std::string& more_elements = "");

}  // namespace kafka_iceberg::storage
