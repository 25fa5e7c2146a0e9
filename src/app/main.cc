// SPDX-License-Identifier: Apache-2.0
//
// kafka-iceberg: builds what a command works with, runs it, and returns its exit code.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

#include "app/arguments.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/runtime.h"
#include "telemetry/stream_logger.h"

// Read by jemalloc before main(): few arenas and a quick return of freed pages, because batches are
// large and short-lived and the memory limit is a promise. Costs no throughput that could be
// measured.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:4,tcache_max:4096,dirty_decay_ms:300,muzzy_decay_ms:0";

namespace kafka_iceberg::app {
namespace {

telemetry::LogLevel ParseLevel(const std::string& text) {
  if (text == "debug") return telemetry::LogLevel::kDebug;
  if (text == "warn") return telemetry::LogLevel::kWarn;
  if (text == "error") return telemetry::LogLevel::kError;
  return telemetry::LogLevel::kInfo;
}

int Dispatch(const Arguments& arguments, Runtime& runtime) {
  switch (arguments.command) {
    case Command::kRun: return RunCommand(arguments, runtime);
    case Command::kValidate: return ValidateCommand(arguments, runtime);
    case Command::kPlan: return PlanCommand(arguments, runtime);
    case Command::kDemo: return DemoCommand(arguments, runtime);
    case Command::kStatus: return StatusCommand(arguments, runtime);
    case Command::kVerify: return VerifyCommand(arguments, runtime);
    case Command::kOffsetsShow:
    case Command::kOffsetsReset:
    case Command::kOffsetsRewind: return OffsetsCommand(arguments, runtime);
    case Command::kBackfillRun:
    case Command::kBackfillList:
    case Command::kBackfillCancel: return BackfillCommand(arguments, runtime);
    case Command::kTableDescribe: return TableDescribeCommand(arguments, runtime);
    case Command::kTableSnapshots: return TableSnapshotsCommand(arguments, runtime);
    case Command::kTableFiles: return TableFilesCommand(arguments, runtime);
    case Command::kTableCreate:
    case Command::kTableDrop:
    case Command::kTableRename:
    case Command::kTableRegister: return TableChangeCommand(arguments, runtime);
    case Command::kSchemaPromote: return SchemaPromoteCommand(arguments, runtime);
    case Command::kCatalogCheck: return CatalogCheckCommand(arguments, runtime);
    case Command::kCatalogList: return CatalogListCommand(arguments, runtime);
    case Command::kBranchList:
    case Command::kBranchCreate:
    case Command::kBranchMerge: return BranchCommand(arguments, runtime);
    case Command::kDlqList:
    case Command::kDlqShow:
    case Command::kDlqReplay: return DlqCommand(arguments, runtime);
    case Command::kGenerateIamPolicy: return GenerateIamPolicyCommand(arguments, runtime);
    case Command::kBench: return BenchCommand(arguments, runtime);
    case Command::kMockBroker: return MockBrokerCommand(arguments, runtime);
    case Command::kVersion: return VersionCommand();
  }
  return kExitUsage;
}

int Main(int argc, char** argv) {
  // Arrow brings an allocator of its own, which keeps what it once had; through jemalloc the same
  // run needs two thirds of the memory and less CPU. Before Arrow's first allocation, and only when
  // the user did not choose.
  ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
  const ParsedArguments parsed = ParseArguments(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  const Arguments& arguments = parsed.arguments;
  Runtime runtime;
  runtime.terminal_out = ::isatty(STDOUT_FILENO) == 1;
  runtime.terminal_err = ::isatty(STDERR_FILENO) == 1;
  runtime.program = argv[0];
  const bool service = arguments.command == Command::kRun;
  runtime.logger = telemetry::MakeStderrLogger(
      {.format = runtime.terminal_err && !arguments.json ? telemetry::LogFormat::kText
                                                         : telemetry::LogFormat::kJson,
       .level = service ? ParseLevel(arguments.log_level) : telemetry::LogLevel::kWarn},
      runtime.clock);
  runtime.metrics = telemetry::MakeMetrics();
  // Those that start processes of their own end them.
  const bool ends_in_order = service || arguments.command == Command::kBackfillRun ||
                             arguments.command == Command::kDemo ||
                             arguments.command == Command::kBench ||
                             arguments.command == Command::kMockBroker;
  const SignalWatcher signals(ends_in_order);
  runtime.stop = signals.token();
  return Dispatch(arguments, runtime);
}

}  // namespace
}  // namespace kafka_iceberg::app

int main(int argc, char** argv) {
  try {
    return kafka_iceberg::app::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "kafka-iceberg: internal error: " << error.what() << "\n";
    return kafka_iceberg::app::kExitFailure;
  }
}
