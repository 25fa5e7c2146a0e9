// SPDX-License-Identifier: Apache-2.0
#include "net/fake_http_client.h"

#include "net/http_text.h"

namespace kafka_iceberg::net {

std::string SentRequest::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

Result<HttpResponse> FakeHttpClient::Send(const HttpRequest& request) {
  SentRequest sent{request.method, request.url, request.headers, std::string(request.body)};
  {
    const MutexLock lock(mutex_);
    sent_.push_back(sent);
  }
  return handler_(sent);
}

std::vector<SentRequest> FakeHttpClient::sent() const {
  const MutexLock lock(mutex_);
  return sent_;
}

}  // namespace kafka_iceberg::net
