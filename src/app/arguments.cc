// SPDX-License-Identifier: Apache-2.0
#include "app/arguments.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "app/exit_code.h"
#include "app/version.h"

namespace kafka_iceberg::app {
namespace {

void AddConfig(CLI::App& command, Arguments& arguments, bool required = true) {
  auto* option =
      command.add_option("-c,--config", arguments.config_path, "configuration file (TOML)");
  if (required) option->required();
}

void AddJson(CLI::App& command, Arguments& arguments) {
  command.add_flag("--json", arguments.json, "machine-readable output");
}

void AddTable(CLI::App& command, Arguments& arguments) {
  command.add_option("--table", arguments.table, "one table, when routes lead to several");
}

CLI::App& Add(CLI::App& parent, Arguments& arguments, Command id, const char* name,
              const char* text) {
  CLI::App& command = *parent.add_subcommand(name, text);
  command.callback([&arguments, id] { arguments.command = id; });
  return command;
}

void AddRunOptions(CLI::App& command, Arguments& arguments) {
  command.add_flag("--stop-at-end", arguments.stop_at_end,
                   "stop, with everything committed, when what is in Kafka now was ingested");
  command.add_flag("--accept-offset-gap", arguments.accept_offset_gap,
                   "go on although Kafka removed records before they were ingested");
  command.add_flag("--accept-new-topic", arguments.accept_new_topic,
                   "append a recreated topic to the same table");
  command.add_option("--log-level", arguments.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
}

void AddServiceCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& run =
      Add(app, arguments, Command::kRun, "run", "ingest until stopped (the default command)");
  AddConfig(run, arguments);
  AddJson(run, arguments);
  AddRunOptions(run, arguments);
  CLI::App& validate = Add(app, arguments, Command::kValidate, "validate", "check a configuration");
  AddConfig(validate, arguments);
  AddJson(validate, arguments);
  validate.add_flag("--connect", arguments.connect, "also reach Kafka, catalog and storage");
  validate.add_flag("--deny-warnings", arguments.deny_warnings, "warnings are errors");
  CLI::App& plan =
      Add(app, arguments, Command::kPlan, "plan", "show the table and columns that run would use");
  AddConfig(plan, arguments);
  AddJson(plan, arguments);
  AddTable(plan, arguments);
  CLI::App& status =
      Add(app, arguments, Command::kStatus, "status", "show what a running engine does");
  AddConfig(status, arguments, false);
  AddJson(status, arguments);
  status.add_option("--server", arguments.server,
                    "host:port of the engine's HTTP server (default: from the configuration)");
  CLI::App& verify =
      Add(app, arguments, Command::kVerify, "verify",
          "prove that every offset is in the table once; exit code 10 on a difference");
  AddConfig(verify, arguments);
  AddJson(verify, arguments);
  AddTable(verify, arguments);
  verify.add_flag("--offline", arguments.offline, "do not ask Kafka about offsets without a row");
}

void AddOffsetsCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& offsets = *app.add_subcommand(
      "offsets", "where the table, the group and Kafka stand; move the table's");
  offsets.require_subcommand(1);
  CLI::App& show = Add(offsets, arguments, Command::kOffsetsShow, "show",
                       "ledger, group offset, Kafka's oldest and newest, lag");
  AddConfig(show, arguments);
  AddJson(show, arguments);
  AddTable(show, arguments);
  for (const auto& [id, name, text] :
       {std::tuple(Command::kOffsetsReset, "reset", "move the table's ledger, back or ahead"),
        std::tuple(Command::kOffsetsRewind, "rewind", "the same, but never ahead")}) {
    CLI::App& command = Add(offsets, arguments, id, name, text);
    AddConfig(command, arguments);
    AddJson(command, arguments);
    AddTable(command, arguments);
    command.add_flag("--all-tables", arguments.all_tables, "all tables of the routes");
    command
        .add_option("--to", arguments.targets,
                    "earliest, latest, a time (2026-01-08T14:30:00Z), or topic:partition:offset "
                    "(several)")
        ->required();
    command.add_flag("--dry-run", arguments.dry_run, "only show what would be done");
    command.add_flag("--accept-duplicates", arguments.accept_duplicates,
                     "rows that are in the table may be added a second time");
    command.add_flag("--accept-loss", arguments.accept_loss,
                     "records that were never read may be left out");
  }
}

void AddBackfillCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& backfill =
      *app.add_subcommand("backfill", "read a range once more, beside the running engine");
  backfill.require_subcommand(1);
  const auto add = [&](Command id, const char* name, const char* text) -> CLI::App& {
    CLI::App& command = Add(backfill, arguments, id, name, text);
    AddConfig(command, arguments);
    AddJson(command, arguments);
    AddTable(command, arguments);
    return command;
  };
  CLI::App& run = add(Command::kBackfillRun, "run", "read a range, or go on with one, and end");
  constexpr const char* kPlaces =
      "earliest, latest, a time (2026-01-08T14:30:00Z), or topic:partition:offset (several)";
  run.add_option("--from", arguments.from, kPlaces);
  run.add_option(
      "--to", arguments.targets,
      std::string(kPlaces) + "; this one is not read (default: where the table's ledger stands)");
  run.add_option("--id", arguments.id, "go on with this one");
  run.add_flag("--dry-run", arguments.dry_run, "only show what would be done");
  run.add_flag("--missing-only", arguments.only_missing,
               "leave out offsets that have a row or a dead letter");
  run.add_flag("--accept-duplicates", arguments.accept_duplicates,
               "rows that are in the table may be added a second time");
  run.add_flag("--accept-loss", arguments.accept_loss, "leave out what Kafka has removed");
  run.add_flag("--again", arguments.again, "although the same was asked for before and is done");
  add(Command::kBackfillList, "list", "those of a table, and how far they are");
  add(Command::kBackfillCancel, "cancel", "end one; what it has read stays")
      .add_option("ID", arguments.id)
      ->required();
}

void AddDlqCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& dlq = *app.add_subcommand("dlq", "look at dead letters, or replay them");
  dlq.require_subcommand(1);
  const auto add = [&](Command id, const char* name, const char* text) -> CLI::App& {
    CLI::App& command = Add(dlq, arguments, id, name, text);
    AddConfig(command, arguments);
    AddJson(command, arguments);
    AddTable(command, arguments);
    command.add_option("--where", arguments.where,
                       "code=...,topic=...,partition=...,offset=first..last,field=...");
    return command;
  };
  for (CLI::App* command : {&add(Command::kDlqList, "list", "count them by code and partition"),
                            &add(Command::kDlqShow, "show", "show letters with all they hold")}) {
    command->add_option("--limit", arguments.limit, "at most this many (0: all)")
        ->check(CLI::NonNegativeNumber);
  }
  CLI::App& replay =
      add(Command::kDlqReplay, "replay",
          "decode them again with today's schema and commit what fits, each letter once");
  replay.add_flag("--dry-run", arguments.dry_run, "say what would be committed");
}

void AddTableCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& table = *app.add_subcommand("table", "look at the configured table, or change it");
  table.require_subcommand(1);
  for (const auto& [id, name, text] :
       {std::tuple(Command::kTableDescribe, "describe", "schema, partitioning, ledger"),
        std::tuple(Command::kTableSnapshots, "snapshots", "what was committed when"),
        std::tuple(Command::kTableFiles, "files", "the current data files")}) {
    CLI::App& command = Add(table, arguments, id, name, text);
    AddConfig(command, arguments);
    AddJson(command, arguments);
    AddTable(command, arguments);
    command.add_option("--limit", arguments.limit, "at most this many lines (0: all)")
        ->check(CLI::NonNegativeNumber);
  }
}

// table create, drop, rename, register
void AddTableChanges(CLI::App& app, Arguments& arguments) {
  CLI::App& table = *app.get_subcommand("table");
  CLI::App& create = Add(table, arguments, Command::kTableCreate, "create",
                         "make the table that run would make, without ingesting");
  AddConfig(create, arguments);
  AddTable(create, arguments);
  CLI::App& drop = Add(table, arguments, Command::kTableDrop, "drop", "forget the table");
  AddConfig(drop, arguments);
  AddTable(drop, arguments);
  drop.add_flag("--purge", arguments.purge, "delete its files as well");
  drop.add_flag("--yes", arguments.yes, "really");
  CLI::App& rename = Add(table, arguments, Command::kTableRename, "rename",
                         "give the table another name, where the catalog can");
  AddConfig(rename, arguments);
  AddTable(rename, arguments);
  rename.add_option("NAME", arguments.name, "new name, or database.name")->required();
  CLI::App& register_command = Add(table, arguments, Command::kTableRegister, "register",
                                   "make the table from a metadata file that is there already");
  AddConfig(register_command, arguments);
  AddTable(register_command, arguments);
  register_command.add_option("METADATA", arguments.name, "location of the metadata.json")
      ->required();
}

void AddSchemaCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& schema = *app.add_subcommand("schema", "change the table's columns");
  schema.require_subcommand(1);
  CLI::App& promote = Add(schema, arguments, Command::kSchemaPromote, "promote",
                          "make a rescued field a column from now on");
  AddConfig(promote, arguments);
  AddJson(promote, arguments);
  AddTable(promote, arguments);
  promote
      .add_option("FIELD", arguments.name,
                  "as the rescue column names it: price, address.zip, `a.b`")
      ->required();
  promote.add_option("--type", arguments.type,
                     "of the column, as in [[schema.fields]] (default: that of the values)");
  promote.add_flag("--dry-run", arguments.dry_run, "only show what would be done");
}

void AddCatalogCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& catalog = *app.add_subcommand("catalog", "look at the catalog");
  catalog.require_subcommand(1);
  CLI::App& check = Add(catalog, arguments, Command::kCatalogCheck, "check",
                        "what this catalog can do, and how long it takes");
  AddConfig(check, arguments);
  AddJson(check, arguments);
  check.add_flag("--write", arguments.write,
                 "also create, change and drop scratch tables in the configured database");
  CLI::App& list = Add(catalog, arguments, Command::kCatalogList, "list", "namespaces and tables");
  AddConfig(list, arguments);
  AddJson(list, arguments);
  list.add_option("NAMESPACE", arguments.name, "only this one and what is below it");

  CLI::App& branch = *app.add_subcommand("branch", "branches of a Nessie catalog");
  branch.require_subcommand(1);
  CLI::App& branches = Add(branch, arguments, Command::kBranchList, "list", "all branches");
  AddConfig(branches, arguments);
  AddJson(branches, arguments);
  CLI::App& create = Add(branch, arguments, Command::kBranchCreate, "create", "make a branch");
  AddConfig(create, arguments);
  AddJson(create, arguments);
  create.add_option("NAME", arguments.name, "name of the new branch")->required();
  create.add_option("--from", arguments.other_name, "branch it starts at (default: the default)");
  CLI::App& merge =
      Add(branch, arguments, Command::kBranchMerge, "merge", "bring a branch into another one");
  AddConfig(merge, arguments);
  AddJson(merge, arguments);
  merge.add_option("NAME", arguments.name, "branch to merge")->required();
  merge.add_option("--into", arguments.other_name, "branch that receives (default: the default)");
}

void AddGenerateCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& generate = *app.add_subcommand("generate", "text for other tools");
  generate.require_subcommand(1);
  CLI::App& policy = Add(generate, arguments, Command::kGenerateIamPolicy, "iam-policy",
                         "the least AWS permissions for this configuration, as a JSON policy");
  AddConfig(policy, arguments);
  policy
      .add_option("--for", arguments.purpose,
                  "ingest (default: no right to delete data), maintain, orphan-cleanup")
      ->check(CLI::IsMember({"ingest", "maintain", "orphan-cleanup"}));
}

void AddTryOutCommands(CLI::App& app, Arguments& arguments) {
  CLI::App& demo =
      Add(app, arguments, Command::kDemo, "demo",
          "embedded broker and generated orders into a local table, then a query to paste");
  AddJson(demo, arguments);
  demo.add_option("--rows", arguments.rows, "records to generate (default 1000000)")
      ->check(CLI::PositiveNumber);
  demo.add_option("--directory", arguments.directory,
                  "where the table goes (default ./kafka-iceberg-demo)");
  CLI::App& bench =
      Add(app, arguments, Command::kBench, "bench", "measure rows/s, CPU per row and memory");
  AddJson(bench, arguments);
  bench
      .add_option("--profile", arguments.profile,
                  "small (200 B, 9 columns), big (1 KB, 24 columns) or both (default)")
      ->check(CLI::IsMember({"small", "big", "both"}));
  bench.add_option("--format", arguments.format, "of the payloads: json (default), avro, protobuf")
      ->check(CLI::IsMember({"json", "avro", "protobuf"}));
  bench
      .add_option("--rows", arguments.rows,
                  "records to drain (default: what the embedded broker can hold)")
      ->check(CLI::PositiveNumber);
  bench
      .add_option("--partitions", arguments.partitions,
                  "partitions of the embedded broker's topic (default 64)")
      ->check(CLI::Range(1, 1000));
  bench.add_option("--bootstrap-servers", arguments.bootstrap_servers,
                   "drain a topic of this broker instead");
  bench.add_option("--topic", arguments.topic, "the topic to drain, with --bootstrap-servers");
  bench.add_option("--directory", arguments.directory,
                   "where the tables go (default: a temporary folder, removed)");
  bench.add_option("--hot-buffer-mb", arguments.hot_buffer_mb, "hot_buffer.max_size_mb")
      ->check(CLI::Range(16, 65536));
  CLI::App& broker =
      Add(app, arguments, Command::kMockBroker, "mock-broker", "the embedded broker as a process");
  broker.group("");  // not in the help: for bench and tests
  broker.add_option("--profile", arguments.profile);
  broker.add_option("--format", arguments.format);
  broker.add_option("--rows", arguments.rows);
  broker.add_option("--partitions", arguments.partitions);
  Add(app, arguments, Command::kVersion, "version", "print the version and those of its libraries");
}

}  // namespace

ParsedArguments ParseArguments(int argc, char** argv) {
  ParsedArguments parsed;
  Arguments& arguments = parsed.arguments;
  CLI::App app("Reads Kafka topics and writes Apache Iceberg tables, exactly once.",
               "kafka-iceberg");
  app.footer(
      "Try it:   kafka-iceberg demo\nRun it:   kafka-iceberg --config config.toml\n"
      "Exit codes: 0 ok, 1 failure, 2 usage, 10 a check found a difference, 69 unavailable, 74 "
      "I/O, 75 temporary,\n"
      "77 permission, 78 configuration, 128+N signal N");
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(0, 1);
  AddConfig(app, arguments, false);
  AddJson(app, arguments);
  AddRunOptions(app, arguments);
  AddServiceCommands(app, arguments);
  AddOffsetsCommands(app, arguments);
  AddBackfillCommands(app, arguments);
  AddDlqCommands(app, arguments);
  AddTableCommands(app, arguments);
  AddTableChanges(app, arguments);
  AddSchemaCommands(app, arguments);
  AddCatalogCommands(app, arguments);
  AddGenerateCommands(app, arguments);
  AddTryOutCommands(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, std::cout, std::cerr);
    parsed.exit_code = code == 0 ? kExitOk : kExitUsage;
    return parsed;
  }
  if (app.get_subcommands().empty() && arguments.config_path.empty()) {
    std::cerr << app.help();
    parsed.exit_code = kExitUsage;
  }
  return parsed;
}

}  // namespace kafka_iceberg::app
