// SPDX-License-Identifier: Apache-2.0
//
// HttpServer: a small read-only HTTP/1.1 server for probes and metrics. Serves on a thread of its
// own, bounded in connections, request size and time; no path ever reaches the file system. Owned
// by the app; stops when destroyed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/result.h"

namespace kafka_iceberg::server {

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// `path` is the request target without its query. Called on the server's thread; must not block for
// long.
using HttpHandler = std::function<HttpResponse(const std::string& path)>;

class HttpServer {
 public:
  // `listen` is "host:port"; port 0 takes a free one. kInvalid: not an address; kUnavailable: the
  // port is taken.
  static Result<std::unique_ptr<HttpServer>> Start(const std::string& listen, HttpHandler handler);
  virtual ~HttpServer() = default;
  virtual uint16_t port() const = 0;
};

}  // namespace kafka_iceberg::server
