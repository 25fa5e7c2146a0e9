// SPDX-License-Identifier: Apache-2.0
//
// Which columns the records ask for: declared in the configuration, else the existing table's own,
// else inferred from the first records. Used by Engine::Open and by `kafka-iceberg plan`, which
// prints the same decision.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "config/options.h"
#include "core/result.h"
#include "decode/schema_inference.h"
#include "engine/payload_format.h"
#include "engine/record_sample.h"
#include "iceberg/type.h"
#include "telemetry/logger.h"

namespace kafka_iceberg::engine {

// The first records that have a value.
using SampleRecords =
    std::function<Result<RecordSample>(int32_t count, const std::stop_token& stop)>;

enum class SchemaOrigin : uint8_t { kDeclared, kTable, kInferred };

struct TablePlan {
  SchemaOrigin origin = SchemaOrigin::kDeclared;
  iceberg::Schema wanted;  // metadata columns included
  bool table_exists = false;
  catalog::TableVersion table;        // when it exists
  decode::InferenceReport inference;  // when inferred
};

// What a plan is made from.
struct PlanSources {
  catalog::Catalog& catalog;
  const PayloadFormat& format;
  const SampleRecords& sample;
};

// Whether the columns of a new table wait for records.
bool NeedsRecords(const config::SchemaOptions& options, const PayloadFormat& format);

Result<TablePlan> PlanTable(const config::Options& options, const PlanSources& sources,
                            const std::stop_token& stop);

// The plan's schema, with what was inferred put into the log.
Result<iceberg::Schema> WantedSchema(const config::Options& options, const PlanSources& sources,
                                     telemetry::Logger& logger, const std::stop_token& stop);

}  // namespace kafka_iceberg::engine
