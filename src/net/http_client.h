// SPDX-License-Identifier: Apache-2.0
//
// HttpClient: one request, one answer, within a deadline. The only way out of this program by
// HTTP(S); the implementation (curl_client.h) pools connections and verifies certificates.
//
// It never retries and never follows a redirect on its own account unless asked to, so that a
// caller always knows what was sent, and how often. Safe for concurrent use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace kafka_iceberg::net {

struct HttpHeader {
  std::string name;
  std::string value;
  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute, already percent-encoded
  std::vector<HttpHeader> headers;
  std::string_view body;  // must live until Send returns
  Duration timeout = std::chrono::seconds(30);
  int64_t response_bytes_max = 256 << 20;
  // GET and HEAD only, and only to the same scheme, host and port; any other redirect is the
  // answer.
  int redirects_max = 0;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  // names in lower case
  // Whole by Content-Length or chunks. When the server gave neither, it ends with the connection,
  // and only its reader can tell whether it is whole.
  std::string body;

  // The value of the first header of this (lower-case) name.
  std::optional<std::string_view> Header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Any status is an answer. Errors:
  //   kUnavailable  nothing was sent: no address, no connection, every connection busy; proven not
  //                 applied
  //   kTimeout      something may have been sent, no whole answer came (deadline, reset, cut short,
  //                 not HTTP): whether it was applied is open
  //   kDenied       the server's certificate, or ours, was refused; nothing was sent
  //   kInvalid      the request cannot be sent (URL, header)
  // Messages name the host and the reason, never a header, a query or a body.
  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;
};

// "scheme://host:port" of a URL, in lower case, with the port always there; kInvalid. Two URLs with
// the same origin may see the same credentials.
Result<std::string> OriginOf(std::string_view url);
// RFC 3986: everything but unreserved characters becomes %XX; `keep_slash` for whole paths.
std::string PercentEncode(std::string_view text, bool keep_slash = false);
Result<std::string> PercentDecode(std::string_view text);
// "a=1&b=x%20y"
std::string FormEncode(const std::vector<HttpHeader>& fields);

}  // namespace kafka_iceberg::net
