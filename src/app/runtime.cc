// SPDX-License-Identifier: Apache-2.0
#include "app/runtime.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>

#include "app/exit_code.h"

namespace kafka_iceberg::app {
namespace {

// Waits for signals in a thread of its own, which lives as long as the process.
void WatchSignals(sigset_t signals, std::stop_source source) {
  bool stopping = false;
  while (true) {
    int signal_number = 0;
    if (sigwait(&signals, &signal_number) != 0) continue;
    if (stopping) ::_exit(kExitSignalBase + signal_number);
    stopping = true;
    source.request_stop();
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
  for (const config::Problem& warning : loaded->warnings)
    std::cerr << "warning: " << warning.ToString() << "\n";
  for (const config::Problem& problem : loaded->problems)
    std::cerr << "error: " << problem.ToString() << "\n";
  if (!loaded->problems.empty()) {
    std::cerr << "kafka-iceberg: " << loaded->problems.size()
              << " problem(s) in the configuration; nothing was started\n";
    return std::nullopt;
  }
  return std::move(loaded->options);
}

int ReportError(const Error& error) {
  std::cerr << "kafka-iceberg: " << error.message() << "\n";
  return ExitCodeFor(error.code());
}

std::stop_token HandleSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A closed pipe or socket is an error of the call that meets it, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  static std::stop_source source;  // outlives every thread; one per process, as signals are
  static std::jthread watcher([signals] { WatchSignals(signals, source); });
  watcher.detach();
  return source.get_token();
}

std::function<void(std::string_view)> FailpointFromEnvironment() {
  const char* setting = std::getenv("KAFKA_ICEBERG_FAILPOINT");
  if (setting == nullptr || *setting == '\0') return {};
  const std::string text(setting);
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const int64_t wanted_hit = colon == std::string::npos ? 1 : std::atoll(text.c_str() + colon + 1);
  return
      [name, wanted_hit, hits = std::make_shared<std::atomic<int64_t>>(0)](std::string_view step) {
        if (step == name && ++*hits == wanted_hit) ::kill(::getpid(), SIGKILL);
      };
}

}  // namespace kafka_iceberg::app
