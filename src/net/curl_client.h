// SPDX-License-Identifier: Apache-2.0
//
// The HttpClient over libcurl: keeps up to `connections` of them alive and lets further callers
// wait their turn within their own deadline. TLS 1.2 at least, certificates verified. Safe for
// concurrent use.
#pragma once

#include <memory>
#include <string>

#include "net/http_client.h"

namespace kafka_iceberg::net {

struct HttpClientOptions {
  int32_t connections = 5;
  Duration connect_timeout = std::chrono::seconds(10);
  std::string ca_file;           // PEM; empty: the system's
  std::string client_cert_file;  // PEM, for mutual TLS
  std::string client_key_file;
  std::string proxy;  // empty: from HTTPS_PROXY, HTTP_PROXY, NO_PROXY
  std::string user_agent = "kafka-iceberg";
};

// kInvalid: a file that cannot be read, a key that does not match.
Result<std::unique_ptr<HttpClient>> MakeCurlClient(const HttpClientOptions& options, Clock& clock);

}  // namespace kafka_iceberg::net
