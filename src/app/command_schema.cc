// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "engine/connect.h"
#include "engine/module_options.h"
#include "engine/rescue/promotion.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

std::string Outcome(const engine::Promotion& promotion, const Arguments& arguments) {
  if (promotion.existed) return "is a column of this type already; nothing to do";
  if (promotion.is_added) return "is a column from now on";
  return arguments.dry_run ? "would become a column" : "is a column now";
}

void PrintText(const Arguments& arguments, const config::Options& options,
               const engine::Promotion& promotion) {
  const engine::RescueScan& scan = promotion.scan;
  std::cout << fmt::format(
      "looked at {} of {} data files, newest first{}: {} rows, {} with rescued fields, {} values "
      "of "
      "{}\n",
      scan.files_read, scan.files, scan.is_complete ? "" : " (no further: enough)",
      HumanCount(scan.rows), HumanCount(scan.rescued_rows),
      HumanCount(static_cast<int64_t>(scan.values.size())), arguments.name);
  if (promotion.misfits > 0) {
    const bool stays = options.schema.breaking_change == "rescue";
    std::cout << fmt::format("{} of them do not fit the type ({}): {}\n",
                             HumanCount(promotion.misfits), promotion.first_misfit,
                             stays ? "such values go on being rescued"
                                   : "records with such values become dead letters, unless "
                                     "schema.breaking_change is \"rescue\"");
  }
  std::cout << fmt::format("{} ({}{}) {}\n", arguments.name, iceberg::ToString(promotion.type),
                           promotion.is_inferred ? ", inferred" : "",
                           Outcome(promotion, arguments));
  if (promotion.is_added) {
    std::cout << fmt::format(
        "rows that are in the table keep their values in {}\n",
        options.schema.rescue_column.empty() ? "their text" : options.schema.rescue_column);
  }
}

void PrintJson(const Arguments& arguments, const engine::Promotion& promotion) {
  const engine::RescueScan& scan = promotion.scan;
  const json body = {
      {"field", arguments.name},           {"type", iceberg::ToString(promotion.type)},
      {"inferred", promotion.is_inferred}, {"existed", promotion.existed},
      {"added", promotion.is_added},       {"files", scan.files},
      {"files_read", scan.files_read},     {"rows", scan.rows},
      {"rescued_rows", scan.rescued_rows}, {"values", scan.values.size()},
      {"complete", scan.is_complete},      {"misfits", promotion.misfits}};
  std::cout << JsonText(body) << "\n";
}

Status Promote(const Arguments& arguments, const config::Options& options, Runtime& runtime) {
  if (options.schema.rescue_column.empty() && arguments.type.empty()) {
    return Error::Invalid(
        "schema.rescue_column is not set, so there are no values to tell the type from: set it, or "
        "give --type");
  }
  const engine::OpenedCatalog opened = TRY(engine::OpenCatalog(options, runtime.engine_context()));
  const auto table = TRY(opened.catalog->LoadTable(engine::TargetTable(options)));
  const engine::Promotion promotion =
      TRY(engine::Promote(*table,
                          {.field = arguments.name,
                           .type = arguments.type,
                           .rescue_column = options.schema.rescue_column,
                           .dry_run = arguments.dry_run},
                          runtime.stop));
  if (arguments.json) {
    PrintJson(arguments, promotion);
  } else {
    PrintText(arguments, options, promotion);
  }
  return {};
}

}  // namespace

int SchemaPromoteCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadTableOrReport(arguments);
  if (!options) return kExitConfiguration;
  const Status status = Promote(arguments, *options, runtime);
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app
