// SPDX-License-Identifier: Apache-2.0
//
// The Logger that writes lines to a stream, normally standard error: JSON, or text for a terminal.
// A message repeated more than `repeats_max` times within `repeat_window` is held back and reported
// once, with its count. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "telemetry/logger.h"

namespace kafka_iceberg::telemetry {

enum class LogFormat : uint8_t { kJson, kText };

struct StreamLoggerOptions {
  LogFormat format = LogFormat::kJson;
  LogLevel level = LogLevel::kInfo;
  int32_t repeats_max = 10;
  Duration repeat_window = std::chrono::seconds(10);
};

// `write` receives whole lines without the line break; it is called by one thread at a time.
std::unique_ptr<Logger> MakeStreamLogger(StreamLoggerOptions options, const Clock& clock,
                                         std::function<void(const std::string&)> write);
// Whole lines to standard error.
std::unique_ptr<Logger> MakeStderrLogger(StreamLoggerOptions options, const Clock& clock);

// The JSON object of one line; exposed for tests and for the status page's recent events.
std::string FormatJsonLine(Timestamp at, LogLevel level, std::string_view message,
                           const LogFields& fields);
std::string FormatTextLine(Timestamp at, LogLevel level, std::string_view message,
                           const LogFields& fields);

// True for names whose values never leave the process: password, secret, token, credential,
// access_key, ...
bool IsSecretName(std::string_view name);

}  // namespace kafka_iceberg::telemetry
