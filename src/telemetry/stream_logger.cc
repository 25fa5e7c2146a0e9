// SPDX-License-Identifier: Apache-2.0
#include "telemetry/stream_logger.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/mutex.h"

namespace kafka_iceberg::telemetry {
namespace {

constexpr size_t kTrackedMessagesMax = 1024;

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO";
    case LogLevel::kWarn: return "WARN";
    case LogLevel::kError: return "ERROR";
  }
  return "ERROR";
}

std::string Quote(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string FieldText(const LogField& field, bool quote_strings) {
  if (IsSecretName(field.name)) return quote_strings ? "\"***\"" : "***";
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    const bool plain = !text->empty() && text->find_first_of(" \"\n\t=") == std::string::npos;
    return quote_strings || !plain ? Quote(*text) : *text;
  }
  if (const auto* number = std::get_if<int64_t>(&field.value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&field.value)) return nlohmann::json(*real).dump();
  if (const auto* flag = std::get_if<bool>(&field.value)) return *flag ? "true" : "false";
  return std::get<Json>(field.value).text;
}

class StreamLogger final : public Logger {
 public:
  StreamLogger(StreamLoggerOptions options, const Clock& clock,
               std::function<void(const std::string&)> write)
      : options_(options), clock_(clock), write_(std::move(write)) {}

  void Log(LogLevel level, std::string_view message, const LogFields& fields) override {
    if (level < options_.level) return;
    MutexLock lock(mutex_);
    const int64_t held_back = Admit(message);
    if (held_back < 0) return;
    LogFields all = fields;
    if (held_back > 0) all.emplace_back("suppressed_lines", held_back);
    write_(options_.format == LogFormat::kJson ? FormatJsonLine(clock_.Now(), level, message, all)
                                               : FormatTextLine(clock_.Now(), level, message, all));
  }

 private:
  struct Seen {
    SteadyTime window_start{0};
    int32_t count = 0;
    int64_t held_back = 0;
  };

  // -1: hold this line back; otherwise how many of the same message were held back before it.
  int64_t Admit(std::string_view message) REQUIRES(mutex_) {
    if (seen_.size() > kTrackedMessagesMax) seen_.clear();
    Seen& seen = seen_[std::string(message)];
    const SteadyTime now = clock_.Steady();
    if (seen.count == 0 || now - seen.window_start > options_.repeat_window) {
      const int64_t held_back = seen.held_back;
      seen = Seen{.window_start = now, .count = 1};
      return held_back;
    }
    if (seen.count++ < options_.repeats_max) return 0;
    ++seen.held_back;
    return -1;
  }

  const StreamLoggerOptions options_;
  const Clock& clock_;
  const std::function<void(const std::string&)> write_;
  Mutex mutex_;
  std::map<std::string, Seen> seen_ GUARDED_BY(mutex_);
};

}  // namespace

bool IsSecretName(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(
      std::to_array<std::string_view>({"password", "secret", "token", "credential", "access_key",
                                       "access-key", "private_key", "ssl.key", "jaas"}),
      [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

std::string FormatJsonLine(Timestamp at, LogLevel level, std::string_view message,
                           const LogFields& fields) {
  std::string line = fmt::format(R"({{"timestamp":"{}","level":"{}","message":{})", ToRfc3339(at),
                                 LevelName(level), Quote(message));
  for (const LogField& field : fields) {
    line += ',' + Quote(field.name) + ':' + FieldText(field, true);
  }
  return line + '}';
}

std::string FormatTextLine(Timestamp at, LogLevel level, std::string_view message,
                           const LogFields& fields) {
  std::string line = fmt::format("{} {:5} {}", ToRfc3339(at), LevelName(level), message);
  for (const LogField& field : fields) line += ' ' + field.name + '=' + FieldText(field, false);
  return line;
}

std::unique_ptr<Logger> MakeStreamLogger(StreamLoggerOptions options, const Clock& clock,
                                         std::function<void(const std::string&)> write) {
  return std::make_unique<StreamLogger>(options, clock, std::move(write));
}

std::unique_ptr<Logger> MakeStderrLogger(StreamLoggerOptions options, const Clock& clock) {
  return MakeStreamLogger(options, clock, [](const std::string& line) {
    const std::string whole = line + '\n';
    // One write a line, so that lines of several processes do not mix. A logger has nowhere to
    // report its own failure.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, whole.data(), whole.size());
  });
}

}  // namespace kafka_iceberg::telemetry
