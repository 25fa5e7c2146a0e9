// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "core/hashing.h"
#include "decode/json/json_index.h"
#include "engine/connect.h"
#include "engine/letters/letter_replay.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/module_options.h"

namespace kafka_iceberg::app {
namespace {

using decode::DeadLetter;
using nlohmann::json;

constexpr size_t kGroupsMax = 100'000;

// Text that a terminal may be given.
bool IsText(const std::string& bytes) {
  return decode::IsUtf8(bytes) && std::ranges::none_of(bytes, [](unsigned char c) {
           return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
         });
}

struct OpenedLetters {
  engine::OpenedCatalog catalog;
  std::unique_ptr<catalog::TableOperations> table;
  std::unique_ptr<engine::LetterShelf> shelf;
  engine::LetterFilter filter;
};

engine::DeadLetterTarget TargetOf(const config::Options& options, const OpenedLetters& opened) {
  return {.options = options,
          .catalog = *opened.catalog.catalog,
          .table = *opened.table,
          .ledger = {},
          .writer_id = "dlq"};
}

Result<OpenedLetters> Open(const Arguments& arguments, const config::Options& options,
                           Runtime& runtime) {
  OpenedLetters opened;
  opened.filter = TRY(engine::ParseLetterFilter(arguments.where));
  opened.catalog = TRY(engine::OpenCatalog(options, runtime.engine_context()));
  opened.table = TRY(opened.catalog.catalog->LoadTable(engine::TargetTable(options)));
  const engine::DeadLetterTarget target = TargetOf(options, opened);
  if (arguments.command == Command::kDlqReplay)
    TRY(engine::SettleDeadLetters(target, runtime.engine_context()));
  auto shelf = engine::OpenLetterShelf(target, runtime.engine_context());
  if (shelf.ok()) {
    opened.shelf = std::move(shelf).value();
  } else if (shelf.error().code() != ErrorCode::kNotFound) {
    return shelf.error();
  }
  return opened;
}

// ---- list

struct Group {
  int64_t letters = 0;
  int64_t first = 0;
  int64_t last = 0;
};
using Groups = std::map<std::tuple<std::string, std::string, int32_t>, Group>;

Result<Groups> Collect(const OpenedLetters& opened) {
  Groups groups;
  if (opened.shelf == nullptr) return groups;
  TRY(opened.shelf->Visit([&](const DeadLetter& letter) -> Result<bool> {
    if (!opened.filter.Matches(letter)) return true;
    const auto [entry, is_new] =
        groups.try_emplace({letter.code, letter.topic, letter.partition},
                           Group{.first = letter.offset, .last = letter.offset});
    if (groups.size() > kGroupsMax)
      return Error::Unsupported("more than {} kinds of letters; use --where", kGroupsMax);
    Group& group = entry->second;
    ++group.letters;
    group.first = std::min(group.first, letter.offset);
    group.last = std::max(group.last, letter.offset);
    return true;
  }));
  return groups;
}

Status List(const Arguments& arguments, const OpenedLetters& opened) {
  const Groups groups = TRY(Collect(opened));
  const size_t limit = arguments.limit > 0 ? static_cast<size_t>(arguments.limit) : groups.size();
  int64_t total = 0;
  json list = json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, group] : groups) {
    total += group.letters;
    if (rows.size() >= limit) continue;
    const auto& [code, topic, partition] = key;
    list.push_back({{"code", code},
                    {"topic", topic},
                    {"partition", partition},
                    {"letters", group.letters},
                    {"first_offset", group.first},
                    {"last_offset", group.last}});
    rows.push_back({code, topic, std::to_string(partition), std::to_string(group.letters),
                    std::to_string(group.first), std::to_string(group.last)});
  }
  if (arguments.json) {
    std::cout << JsonText({{"letters", total}, {"groups", list}}) << "\n";
    return {};
  }
  if (!rows.empty()) {
    std::cout << FormatTable(
        {"code", "topic", "partition", "letters", "first offset", "last offset"}, rows);
  }
  if (groups.size() > rows.size())
    std::cout << fmt::format("and {} more kinds (--limit)\n", groups.size() - rows.size());
  std::cout << fmt::format("{} dead letters\n", HumanCount(total));
  return {};
}

// ---- show

json BytesJson(bool is_null, const std::string& bytes) {
  if (is_null) return nullptr;
  if (IsText(bytes)) return {{"text", bytes}};
  return {{"base64", Base64Encode(bytes)}};
}

std::string BytesText(bool is_null, const std::string& bytes) {
  if (is_null) return "null";
  return IsText(bytes) ? bytes : "(not text, base64) " + Base64Encode(bytes);
}

json LetterJson(const DeadLetter& letter) {
  json headers = json::array();
  for (const decode::LetterHeader& header : letter.headers)
    headers.push_back({header.key, BytesJson(header.value_is_null, header.value)});
  return {{"topic", letter.topic},
          {"partition", letter.partition},
          {"offset", letter.offset},
          {"timestamp", letter.timestamp_ms < 0 ? json() : json(letter.timestamp_ms)},
          {"code", letter.code},
          {"field", letter.field_path},
          {"reason", letter.reason},
          {"schema_id", letter.schema_id.empty() ? json() : json(letter.schema_id)},
          {"version", letter.version},
          {"written_at", letter.written_ms < 0 ? json() : json(letter.written_ms)},
          {"key", BytesJson(letter.key_is_null, letter.key)},
          {"value", BytesJson(letter.value_is_null, letter.value)},
          {"headers", headers}};
}

void PrintLetter(const DeadLetter& letter) {
  const auto time = [](int64_t ms) { return ms < 0 ? std::string("none") : HumanTime(ms); };
  std::cout << fmt::format(
      "{}[{}] offset {}\n  code       {}\n  field      {}\n  reason     {}\n  timestamp  {}\n"
      "  written    {} by {}\n  schema id  {}\n  key        {}\n  value      {}\n",
      letter.topic, letter.partition, letter.offset, letter.code, letter.field_path, letter.reason,
      time(letter.timestamp_ms), time(letter.written_ms), letter.version, letter.schema_id,
      BytesText(letter.key_is_null, letter.key), BytesText(letter.value_is_null, letter.value));
  for (const decode::LetterHeader& header : letter.headers) {
    std::cout << fmt::format("  header     {}: {}\n", header.key,
                             BytesText(header.value_is_null, header.value));
  }
}

Status Show(const Arguments& arguments, const OpenedLetters& opened) {
  json list = json::array();
  int64_t shown = 0;
  if (opened.shelf != nullptr) {
    TRY(opened.shelf->Visit([&](const DeadLetter& letter) -> Result<bool> {
      if (!opened.filter.Matches(letter)) return true;
      if (arguments.json) {
        list.push_back(LetterJson(letter));
      } else {
        PrintLetter(letter);
      }
      return ++shown != arguments.limit;
    }));
  }
  if (arguments.json) {
    std::cout << JsonText(list) << "\n";
  } else if (shown == 0) {
    std::cout << "no such dead letter\n";
  }
  return {};
}

// ---- replay

Status Replay(const Arguments& arguments, const config::Options& options,
              const OpenedLetters& opened, Runtime& runtime) {
  engine::ReplayReport report;
  if (opened.shelf != nullptr) {
    const engine::EngineContext context = runtime.engine_context();
    const auto format = TRY(engine::OpenPayloadFormat(options, context, *opened.catalog.http));
    const bool evolves = options.iceberg.table_management.schema_mismatch_action == "evolve";
    report = TRY(engine::ReplayLetters({.filter = opened.filter,
                                        .dry_run = arguments.dry_run,
                                        .keep_drifting = evolves,
                                        .files = engine::WriteOptionsFor(options, 1)},
                                       {.table = *opened.table,
                                        .shelf = *opened.shelf,
                                        .format = *format,
                                        .clock = runtime.clock,
                                        .random = runtime.random,
                                        .step_hook = context.step_hook},
                                       runtime.stop));
  }
  if (arguments.json) {
    std::cout << JsonText({{"dry_run", arguments.dry_run},
                           {"matched", report.matched},
                           {"replayed", report.replayed},
                           {"commits", report.commits},
                           {"failed_again", report.failed_again}})
              << "\n";
    return {};
  }
  std::cout << fmt::format("{} of {} letters {} {}\n", HumanCount(report.replayed),
                           HumanCount(report.matched),
                           arguments.dry_run ? "would be committed to" : "committed to",
                           opened.table->identifier().ToString());
  for (const auto& [code, letters] : report.failed_again)
    std::cout << fmt::format("{} failed again: {}\n", HumanCount(letters), code);
  return {};
}

}  // namespace

int DlqCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadTableOrReport(arguments);
  if (!options) return kExitConfiguration;
  const Result<OpenedLetters> opened = Open(arguments, *options, runtime);
  if (!opened.ok()) return ReportError(opened.error());
  Status status;
  if (arguments.command == Command::kDlqList) {
    status = List(arguments, *opened);
  } else if (arguments.command == Command::kDlqShow) {
    status = Show(arguments, *opened);
  } else {
    status = Replay(arguments, *options, *opened, runtime);
  }
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app
