// SPDX-License-Identifier: Apache-2.0
#include "app/runtime.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "app/check_offline.h"
#include "app/exit_code.h"
#include "core/thread.h"
#include "engine/module_options.h"
#include "engine/routing/route_plan.h"

namespace kafka_iceberg::app {
namespace {

constexpr timespec kSignalWait{.tv_sec = 0, .tv_nsec = 50'000'000};
constexpr int kWaitsBeforeExit = 40;  // two seconds

void WatchSignals(const sigset_t& signals, bool is_service, const std::stop_token& done,
                  const std::stop_source& source) {
  int first_signal = 0;
  for (int waits = 0; !done.stop_requested();) {
    const int signal_number = sigtimedwait(&signals, nullptr, &kSignalWait);
    if (signal_number > 0 && first_signal != 0) ::_exit(kExitSignalBase + signal_number);
    if (signal_number > 0) {
      first_signal = signal_number;
      source.request_stop();
    }
    if (first_signal != 0 && !is_service && ++waits > kWaitsBeforeExit)
      ::_exit(kExitSignalBase + first_signal);
  }
}

}  // namespace

engine::EngineContext Runtime::engine_context() {
  return {.clock = clock,
          .random = random,
          .logger = *logger,
          .metrics = *metrics,
          .step_hook = FailpointFromEnvironment()};
}

std::optional<config::Options> LoadOptionsOrReport(const std::string& path) {
  Result<config::LoadedOptions> loaded =
      config::LoadOptionsFile(path, config::ProcessEnvironment());
  if (!loaded.ok()) {
    std::cerr << "kafka-iceberg: " << loaded.error().message() << "\n";
    return std::nullopt;
  }
  std::ranges::move(CheckOffline(*loaded, path), std::back_inserter(loaded->problems));
  for (const config::Problem& warning : loaded->warnings) {
    std::cerr << "warning: " << warning.ToString() << "\n";
  }
  for (const config::Problem& problem : loaded->problems) {
    std::cerr << "error: " << problem.ToString() << "\n";
  }
  if (!loaded->problems.empty()) {
    std::cerr << "kafka-iceberg: " << loaded->problems.size()
              << " problem(s) in the configuration; nothing was started\n";
    return std::nullopt;
  }
  return std::move(loaded->options);
}

std::optional<config::Options> LoadTableOrReport(const Arguments& arguments) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return std::nullopt;
  Result<std::vector<config::Options>> tables = engine::TablesOf(*options, arguments.table);
  if (!tables.ok()) {
    ReportError(tables.error());
    return std::nullopt;
  }
  if (tables->size() == 1) return std::move(tables->front());
  std::vector<std::string> names;
  for (const config::Options& table : *tables) {
    names.push_back(engine::TargetTable(table).ToString());
  }
  ReportError(Error::Invalid("there are several tables; choose one with --table: {}",
                             fmt::join(names, ", ")));
  return std::nullopt;
}

int ReportError(const Error& error) {
  std::cerr << "kafka-iceberg: " << error.message() << "\n";
  return ExitCodeFor(error.code());
}

SignalWatcher::SignalWatcher(bool is_service) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A closed pipe or socket is an error of the call that meets it, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  thread_ = StartThread(
      "ki-signals",
      [signals, is_service, source = source_](const std::stop_token& done) {
        WatchSignals(signals, is_service, done, source);
      },
      [](std::string_view) {});
}

std::function<void(std::string_view)> FailpointFromEnvironment() {
  const char* setting = std::getenv("KAFKA_ICEBERG_FAILPOINT");
  if (setting == nullptr || *setting == '\0') return {};
  std::string text(setting);
  constexpr std::string_view kStop = "stop:";
  const bool stops = text.starts_with(kStop);
  if (stops) text.erase(0, kStop.size());
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const int64_t wanted_hit = colon == std::string::npos ? 1 : std::atoll(text.c_str() + colon + 1);
  return [name, wanted_hit, stops,
          hits = std::make_shared<std::atomic<int64_t>>(0)](std::string_view step) {
    if (step == name && ++*hits == wanted_hit) ::kill(::getpid(), stops ? SIGSTOP : SIGKILL);
  };
}

}  // namespace kafka_iceberg::app
