// SPDX-License-Identifier: Apache-2.0
//
// The real connections of a configuration: its catalog, its Kafka topics. Used by the commands and
// by embedders.
#pragma once

#include <memory>

#include "config/options.h"
#include "core/result.h"
#include "engine/engine.h"
#include "engine/table_plan.h"
#include "kafka/topic_reader.h"

namespace kafka_iceberg::engine {

// Everything opened here refers to `context`, which outlives it.
Result<OpenedCatalog> OpenCatalog(const config::Options& options, const EngineContext& context);
// The branches of a catalog that has them, whether the configured one exists or not; kUnsupported.
struct OpenedBranches {
  std::shared_ptr<net::HttpClient> http;
  std::unique_ptr<catalog::BranchOperations> branches;
};
Result<OpenedBranches> OpenBranches(const config::Options& options, const EngineContext& context);
// The configured schema registry, asked through `http`; null when there is none.
Result<std::shared_ptr<decode::SchemaSource>> OpenSchemaSource(const config::Options& options,
                                                               const EngineContext& context,
                                                               net::HttpClient& http);
// With that registry.
Result<std::shared_ptr<const PayloadFormat>> OpenPayloadFormat(const config::Options& options,
                                                               const EngineContext& context,
                                                               net::HttpClient& http);
Result<std::unique_ptr<kafka::TopicReader>> OpenTopicReader(const config::Options& options,
                                                            const EngineContext& context);
// The configured topics' partitions; kNotFound when there is none.
Result<std::vector<TopicPartition>> FindConfiguredPartitions(const config::Options& options,
                                                             kafka::TopicReader& reader);
// Takes the first records of the configured topics; waits for the topic to exist and to hold
// something.
SampleRecords MakeSampler(const config::Options& options, const EngineContext& context);
Result<EngineConnections> Connect(const config::Options& options, const EngineContext& context);

}  // namespace kafka_iceberg::engine
