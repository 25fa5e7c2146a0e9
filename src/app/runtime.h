// SPDX-License-Identifier: Apache-2.0
//
// Runtime: what one invocation of a command works with: clock, randomness, log, metrics, and the
// signals that stop it. Built by main() and passed by reference to the command.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "app/arguments.h"
#include "config/config_file.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "engine/engine.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::app {

struct Runtime {
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<telemetry::Logger> logger;
  std::unique_ptr<telemetry::Metrics> metrics;
  std::stop_token stop;       // requested by the first SIGINT or SIGTERM
  std::string program;        // how this binary was started, to start it again
  bool terminal_out = false;  // standard output is a terminal
  bool terminal_err = false;

  // `step_hook` from KAFKA_ICEBERG_FAILPOINT, for crash tests.
  engine::EngineContext engine_context();
};

// Reads the configuration and prints every problem; nothing when it may not be used.
std::optional<config::Options> LoadOptionsOrReport(const std::string& path);

// The configuration of the one table that the command is for (--table), as if it were the only one;
// nothing, with the reason printed, when there are several and none was chosen.
std::optional<config::Options> LoadTableOrReport(const Arguments& arguments);

// Prints `kafka-iceberg: <message>` to standard error and gives the exit code.
int ReportError(const Error& error);

// Turns SIGINT and SIGTERM into a stop request; the second one ends the process at once with 128+N.
// Made by main() before any other thread is started; one per process, as signals are.
class SignalWatcher {
 public:
  // A command that is not `service` may be waiting for something that does not answer: it gets a
  // moment to end by itself, then the process ends with 128+N.
  explicit SignalWatcher(bool is_service);
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread thread_;
};

// Kills the process with SIGKILL when a step named by KAFKA_ICEBERG_FAILPOINT ("name" or
// "name:hit") is reached; with "stop:" in front it is stopped, until somebody sends SIGCONT.
std::function<void(std::string_view)> FailpointFromEnvironment();

}  // namespace kafka_iceberg::app
