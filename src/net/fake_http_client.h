// SPDX-License-Identifier: Apache-2.0
//
// An HttpClient that plays a script: a handler answers each request, and every request is kept.
// Tests only; safe for concurrent use when the handler is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "net/http_client.h"

namespace kafka_iceberg::net {

// A request as it was sent, with its own copy of the body.
struct SentRequest {
  std::string method;
  std::string url;
  std::vector<HttpHeader> headers;
  std::string body;

  // The value of the first header of this name, in any case; empty when absent.
  std::string Header(std::string_view name) const;
};

class FakeHttpClient final : public HttpClient {
 public:
  using Handler = std::function<Result<HttpResponse>(const SentRequest&)>;

  explicit FakeHttpClient(Handler handler) : handler_(std::move(handler)) {}

  Result<HttpResponse> Send(const HttpRequest& request) override;
  std::vector<SentRequest> sent() const;

 private:
  const Handler handler_;
  mutable Mutex mutex_;
  std::vector<SentRequest> sent_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::net
