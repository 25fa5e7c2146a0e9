// SPDX-License-Identifier: Apache-2.0
//
// What the command line asks for, as plain values; ParseArguments is the only code that knows the
// argument parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kafka_iceberg::app {

enum class Command : uint8_t {
  kRun,
  kValidate,
  kPlan,
  kDemo,
  kStatus,
  kVerify,
  kOffsetsShow,
  kOffsetsReset,
  kOffsetsRewind,
  kBackfillRun,
  kBackfillList,
  kBackfillCancel,
  kTableDescribe,
  kTableSnapshots,
  kTableFiles,
  kTableCreate,
  kTableDrop,
  kTableRename,
  kTableRegister,
  kSchemaPromote,
  kCatalogCheck,
  kCatalogList,
  kBranchList,
  kBranchCreate,
  kBranchMerge,
  kDlqList,
  kDlqShow,
  kDlqReplay,
  kGenerateIamPolicy,
  kBench,
  kMockBroker,
  kVersion,
};

struct Arguments {
  Command command = Command::kRun;
  std::string config_path;
  bool json = false;
  std::string log_level = "info";

  // run
  bool stop_at_end = false;
  bool accept_offset_gap = false;
  bool accept_new_topic = false;
  // validate
  bool connect = false;
  bool deny_warnings = false;
  // status
  std::string server;  // host:port; empty: from the configuration
  // verify
  bool offline = false;
  // offsets reset, offsets rewind, backfill run
  std::vector<std::string> targets;
  bool dry_run = false;  // offsets, backfill run, dlq replay, schema promote
  bool accept_duplicates = false;
  bool accept_loss = false;
  bool all_tables = false;  // offsets
  // backfill
  std::vector<std::string> from;
  std::string id;
  bool only_missing = false;
  bool again = false;
  // plan, verify, offsets, backfill, table: one of several tables
  std::string table;
  // demo, bench, mock-broker
  std::string directory;
  std::string profile;
  std::string format = "json";
  int64_t rows = 0;
  std::string bootstrap_servers;
  std::string topic;
  int32_t partitions = 0;
  int32_t hot_buffer_mb = 256;
  // dlq
  std::string where;
  // table files, dlq list and show
  int64_t limit = 100;
  std::string type;  // schema promote
  // table rename and register, schema promote, catalog list, branch create and merge
  std::string name;
  std::string other_name;  // branch create --from, branch merge --into
  bool purge = false;      // table drop
  bool yes = false;        // table drop
  bool write = false;      // catalog check
  std::string purpose;     // generate iam-policy
};

struct ParsedArguments {
  Arguments arguments;
  // Set when the program should end now: after --help (0) or a mistake (2). The text was printed
  // already.
  std::optional<int> exit_code;
};
ParsedArguments ParseArguments(int argc, char** argv);

}  // namespace kafka_iceberg::app
