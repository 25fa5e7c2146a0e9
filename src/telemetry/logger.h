// SPDX-License-Identifier: Apache-2.0
//
// Structured log lines: JSON (one object a line: timestamp, level, message, then the fields) or, on
// a terminal, text. WARN: recovered, nothing lost. ERROR: somebody must act. Repeated lines are
// collapsed with a count. Values of fields whose name looks like a secret are replaced by "***".
// Safe for concurrent use.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kafka_iceberg::telemetry {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

// A field's value; Json holds JSON text that is inserted as it is (an offset range: "[1000,2000]").
struct Json {
  std::string text;
};
using FieldValue = std::variant<std::string, int64_t, double, bool, Json>;

struct LogField {
  std::string name;
  FieldValue value;

  LogField(std::string_view field_name, std::string_view text)
      : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, const char* text)
      : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  LogField(std::string_view field_name, double number) : name(field_name), value(number) {}
  LogField(std::string_view field_name, Json json) : name(field_name), value(std::move(json)) {}
  template <typename Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  LogField(std::string_view field_name, Integer number)
      : name(field_name), value(static_cast<int64_t>(number)) {}
};
using LogFields = std::vector<LogField>;

class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(LogLevel level, std::string_view message, const LogFields& fields) = 0;

  void Debug(std::string_view message, const LogFields& fields = {}) {
    Log(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message, const LogFields& fields = {}) {
    Log(LogLevel::kInfo, message, fields);
  }
  void Warn(std::string_view message, const LogFields& fields = {}) {
    Log(LogLevel::kWarn, message, fields);
  }
  void Error(std::string_view message, const LogFields& fields = {}) {
    Log(LogLevel::kError, message, fields);
  }
};

}  // namespace kafka_iceberg::telemetry
