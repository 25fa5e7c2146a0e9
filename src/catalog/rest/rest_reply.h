// SPDX-License-Identifier: Apache-2.0
//
// What an answer of a REST catalog means, by its status and by what was asked, never by the type of
// error in the body: servers leave that empty or make up their own. Pure functions.
#pragma once

#include <string>

#include "catalog/catalog.h"
#include "core/result.h"
#include "net/http_client.h"

namespace kafka_iceberg::catalog {

// What 409 means depends on the route.
enum class RestRoute : uint8_t {
  kRead,           // 409 is not foreseen
  kCreate,         // namespaces and tables, rename, register: the name is taken
  kDropNamespace,  // it is not empty
  kUpdate,         // it changed meanwhile
};

// "503: the server is busy": the status and what the body says, on one line and not too long.
std::string DescribeReply(const net::HttpResponse& reply);

// Success for 200 to 204. Errors: kNotFound 404; kAlreadyExists, kInvalid or kConflict 409 (as the
// route says); kDenied 401, 403, 419; kInvalid 400, 422, other 4xx and redirects; kUnsupported 405,
// 406, 410, 501; kUnavailable 408, 429 and all other 5xx. On a route that changes something,
// kUnavailable and kTimeout leave open whether it was done.
Status CheckReply(const net::HttpResponse& reply, RestRoute route);

// A commit's outcome. kCommitted only means that the server said so: the caller verifies it.
CommitReply OutcomeOfCommit(const Result<net::HttpResponse>& reply);

}  // namespace kafka_iceberg::catalog
