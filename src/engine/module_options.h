// SPDX-License-Identifier: Apache-2.0
//
// From the configuration as a whole to each module's own options: the one place that knows both.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "buffer/hot_buffer.h"
#include "config/options.h"
#include "core/result.h"
#include "decode/rescue/rescue_options.h"
#include "engine/schema_keeper.h"
#include "engine/source_stage.h"
#include "iceberg/type.h"
#include "kafka/kafka_source_options.h"
#include "table/table_manager.h"
#include "write/table_writer.h"

namespace kafka_iceberg::engine {

// The warehouse of the chosen catalog as configured, and how its files are reached. `location` is
// empty when the catalog itself decides (REST, Nessie, Glue databases with a location).
struct WarehouseOptions {
  std::string location;
  config::S3StoreOptions s3;
};
WarehouseOptions WarehouseFor(const config::Options& options);
// "raw.web" as its levels.
catalog::Namespace SplitNamespace(const std::string& text);
catalog::TableIdentifier TargetTable(const config::Options& options);
// Topics may be empty when a pattern is configured.
std::vector<std::string> ConfiguredTopics(const config::KafkaOptions& options);
kafka::KafkaSourceOptions SourceOptions(const config::Options& options);
Result<table::TableOptions> TableOptionsFor(const config::Options& options);
SchemaKeeperOptions KeeperOptionsFor(const config::Options& options);
write::WriteOptions WriteOptionsFor(const config::Options& options, int32_t writers);
buffer::HotBufferOptions BufferOptionsFor(const config::Options& options);
SourceStageOptions StageOptionsFor(const config::Options& options);
int32_t WriterCount(const config::Options& options);
// `schema` with fresh ids, followed by the configured metadata columns.
Result<iceberg::Schema> WithMetadataColumns(iceberg::Schema schema,
                                            const config::SchemaOptions& options);
// What decoders keep beside the columns.
decode::RescueOptions RescueOptionsFor(const config::SchemaOptions& options);
// `schema` with the rescue column, when one is configured. kInvalid: it has another column of that
// name.
Result<iceberg::Schema> WithRescueColumn(iceberg::Schema schema,
                                         const config::SchemaOptions& options);
// [schema] fields and the metadata columns as one schema; no payload columns when nothing is
// declared.
Result<iceberg::Schema> DeclaredSchema(const config::SchemaOptions& options);

}  // namespace kafka_iceberg::engine
