// SPDX-License-Identifier: Apache-2.0
//
// The Iceberg table that dead letters live in, and the sink that appends them to it exactly once.
// The table has a ledger of its own, in the same property as the main table's and moved by the same
// commit as the letters: letters whose offsets it covers were delivered before. It belongs to one
// main table, whose uuid it carries. Used by one thread.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/random.h"
#include "engine/letters/letter_parcel.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

// The main table's uuid.
inline constexpr std::string_view kLettersOfProperty = "kafka-iceberg.dead-letters-of";
inline constexpr std::string_view kLettersVersionProperty = "kafka-iceberg.dead-letters-version";

// kInvalid: it is not a table of dead letters of this version, or another main table's.
Status CheckLetterTable(const catalog::TableOperations& letters, const std::string& main_uuid);

// Creates it when it is missing and `may_create`; kNotFound.
Result<std::unique_ptr<catalog::TableOperations>> OpenLetterTable(
    catalog::Catalog& catalog, const catalog::TableIdentifier& identifier,
    const std::string& main_uuid, bool may_create);

struct LetterTableContext {
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  std::string writer_id;
  std::string catalog_type;
  std::function<void(std::string_view)> step_hook;  // before_letters, after_letters; may be empty
};

// All that `context` refers to outlives the sink.
std::unique_ptr<LetterSink> MakeTableLetterSink(std::unique_ptr<catalog::TableOperations> letters,
                                                LetterTableContext context);

}  // namespace kafka_iceberg::engine
