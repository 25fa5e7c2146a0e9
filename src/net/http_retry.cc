// SPDX-License-Identifier: Apache-2.0
#include "net/http_retry.h"

#include <algorithm>
#include <charconv>

#include "net/http_text.h"
#include "net/time_text.h"

namespace kafka_iceberg::net {

namespace {

// Longer than anybody waits; keeps the arithmetic far from its limits.
constexpr int64_t kSecondsMax = 10L * 365 * 24 * 3600;

bool IsWorthRepeating(const Result<HttpResponse>& result) {
  if (result.ok()) return IsRetryable(result->status);
  const ErrorCode code = result.error().code();
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout;
}

}  // namespace

std::optional<Duration> RetryAfter(const HttpResponse& response, Timestamp now) {
  const auto header = response.Header("retry-after");
  if (!header.has_value()) return std::nullopt;
  const std::string_view text = Trim(*header);
  if (const auto date = ParseHttpDate(text)) return std::max(Duration::zero(), *date - now);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc()) seconds = kSecondsMax;  // too many digits
  return std::chrono::seconds(std::min(seconds, kSecondsMax));
}

bool IsRetryable(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

Result<HttpResponse> SendWithRetry(const std::function<Result<HttpResponse>()>& send,
                                   const HttpRetryOptions& options, Clock& clock, Random& random,
                                   const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    Result<HttpResponse> result = send();
    if (attempt >= options.attempts || !IsWorthRepeating(result)) return result;
    Duration wait = options.policy.DelayAfter(attempt, random);
    if (result.ok()) {
      const auto asked = RetryAfter(*result, clock.Now());
      if (asked.has_value()) wait = std::max(wait, std::min(*asked, options.wait_max));
    }
    if (!clock.SleepFor(wait, stop)) return Error::Cancelled("stopped between two attempts");
  }
}

}  // namespace kafka_iceberg::net
