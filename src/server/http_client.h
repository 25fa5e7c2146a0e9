// SPDX-License-Identifier: Apache-2.0
//
// One GET to the program's own HTTP server, for `status`. Bounded in time and size. Safe from any
// thread.
#pragma once

#include <string>

#include "core/result.h"
#include "server/http_server.h"

namespace kafka_iceberg::server {

// `server` is host:port. kUnavailable: nobody answers.
Result<HttpResponse> HttpGet(const std::string& server, const std::string& path);

}  // namespace kafka_iceberg::server
