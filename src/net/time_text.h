// SPDX-License-Identifier: Apache-2.0
//
// The two ways servers write a moment as text: RFC 3339 in documents, HTTP's own in headers.
// Pure and strict: anything else is absent.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace kafka_iceberg::net {

// "2026-01-08T14:30:00Z", with any fraction; UTC only, as AWS writes it.
std::optional<Timestamp> ParseRfc3339(std::string_view text);
// "Thu, 08 Jan 2026 14:30:00 GMT" (RFC 9110, 5.6.7; the obsolete forms are absent).
std::optional<Timestamp> ParseHttpDate(std::string_view text);

}  // namespace kafka_iceberg::net
