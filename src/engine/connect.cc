// SPDX-License-Identifier: Apache-2.0
#include "engine/connect.h"

#include <algorithm>

#include "engine/kafka_tokens.h"
#include "engine/module_options.h"
#include "kafka/kafka_source.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);
constexpr Duration kSampleSilence = std::chrono::seconds(5);
constexpr size_t kSampleBytesMax = 64 << 20;

// The first records of each partition, up to `count` altogether; waits for the topic to exist and
// to hold something.
class Sampler {
 public:
  Sampler(const config::Options& options, const EngineContext& context)
      : options_(options), context_(context) {}

  Result<RecordSample> Sample(int32_t count, const std::stop_token& stop) const {
    const std::unique_ptr<kafka::TopicReader> reader = TRY(OpenTopicReader(options_, context_));
    for (int attempt = 1; !stop.stop_requested(); ++attempt) {
      Result<RecordSample> sample = TryOnce(*reader, count, stop);
      const bool passing = !sample.ok() && (sample.error().code() == ErrorCode::kUnavailable ||
                                            sample.error().code() == ErrorCode::kTimeout);
      if (!passing && (!sample.ok() || !sample->records().empty())) return sample;
      context_.logger.Warn(
          "waiting for first records, to infer the schema from",
          {{"reason", sample.ok() ? "the topic is empty" : sample.error().message()}});
      const RetryPolicy policy;
      if (!context_.clock.SleepFor(policy.DelayAfter(attempt, context_.random), stop)) break;
    }
    return Error::Cancelled("stopped while waiting for first records");
  }

 private:
  Result<RecordSample> TryOnce(kafka::TopicReader& reader, int32_t count,
                               const std::stop_token& stop) const {
    std::map<TopicPartition, OffsetRange> ranges;
    for (const TopicPartition& partition : TRY(FindConfiguredPartitions(options_, reader))) {
      const kafka::Watermarks marks = TRY(reader.QueryWatermarks(partition, kKafkaTimeout));
      ranges[partition] = {.start = marks.low, .end = marks.high};
    }
    RecordSample sample;
    const auto visit = [&](const TopicPartition&, const Record& record) {
      if (!record.value_is_null) sample.Add(record);
      return sample.records().size() < static_cast<size_t>(count) &&
             sample.bytes() < kSampleBytesMax;
    };
    TRY(reader.Read(ranges, kSampleSilence, visit, stop));
    return sample;
  }

  const config::Options options_;
  const EngineContext context_;
};

}  // namespace

Result<std::unique_ptr<kafka::TopicReader>> OpenTopicReader(const config::Options& options,
                                                            const EngineContext& context) {
  return kafka::TopicReader::Open(TRY(SecuredSourceOptions(options, context.clock)), context.clock);
}

Result<std::vector<TopicPartition>> FindConfiguredPartitions(const config::Options& options,
                                                             kafka::TopicReader& reader) {
  const kafka::KafkaSourceOptions source = SourceOptions(options);
  std::vector<std::string> topics = source.topics;
  if (topics.empty()) topics = {source.topic_pattern};
  std::vector<TopicPartition> partitions = TRY(reader.FindPartitions(topics, kKafkaTimeout));
  if (partitions.empty()) {
    return Error::NotFound("no topic {} on {}; create it, or correct kafka.topic",
                           fmt::join(topics, ", "), options.kafka.bootstrap_servers);
  }
  return partitions;
}

SampleRecords MakeSampler(const config::Options& options, const EngineContext& context) {
  return [sampler = std::make_shared<Sampler>(options, context)](
             int32_t count, const std::stop_token& stop) { return sampler->Sample(count, stop); };
}

Result<EngineConnections> Connect(const config::Options& options, const EngineContext& context) {
  EngineConnections connections;
  connections.catalog = TRY(OpenCatalog(options, context));
  connections.schemas = TRY(OpenSchemaSource(options, context, *connections.catalog.http));
  connections.format =
      TRY(MakePayloadFormat(options.kafka, connections.schemas, RescueOptionsFor(options.schema)));
  connections.source = TRY(kafka::OpenKafkaSource(TRY(SecuredSourceOptions(options, context.clock)),
                                                  context.clock, context.logger));
  connections.sample_records = MakeSampler(options, context);
  return connections;
}

}  // namespace kafka_iceberg::engine
