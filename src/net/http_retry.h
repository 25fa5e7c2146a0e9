// SPDX-License-Identifier: Apache-2.0
//
// When and how long to wait before an idempotent request is sent again. Never used for a commit.
// Pure functions, and one loop on the caller's thread.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "core/random.h"
#include "core/retry_policy.h"
#include "net/http_client.h"

namespace kafka_iceberg::net {

struct HttpRetryOptions {
  int attempts = 4;  // in all
  RetryPolicy policy;
  Duration wait_max = std::chrono::seconds(30);  // for one Retry-After
};

// The wait a server asked for (Retry-After, seconds or a date); absent when it did not.
std::optional<Duration> RetryAfter(const HttpResponse& response, Timestamp now);
// 408, 429, 500, 502, 503, 504.
bool IsRetryable(int status);

// Calls `send` until it answers with something not retryable, or the attempts are used up; then the
// last answer or error. `send` makes and signs a new request each time. Errors other than
// kUnavailable and kTimeout end it at once.
Result<HttpResponse> SendWithRetry(const std::function<Result<HttpResponse>()>& send,
                                   const HttpRetryOptions& options, Clock& clock, Random& random,
                                   const std::stop_token& stop = {});

}  // namespace kafka_iceberg::net
