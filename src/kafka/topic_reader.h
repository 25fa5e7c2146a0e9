// SPDX-License-Identifier: Apache-2.0
//
// TopicReader: reads records of given partitions without joining any consumer group; to sample a
// topic before its table exists, and to look offsets up again for `verify`. Leaves no trace on the
// broker. Used by one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "core/result.h"
#include "core/source_position.h"
#include "kafka/kafka_source_options.h"
#include "kafka/record_source.h"

namespace kafka_iceberg::kafka {

class TopicReader {
 public:
  // The options' group is not used. kInvalid as OpenKafkaSource().
  static Result<std::unique_ptr<TopicReader>> Open(const KafkaSourceOptions& options, Clock& clock);
  virtual ~TopicReader() = default;

  // The topics that exist, of those asked for (a name, or a pattern beginning with "^"), with their
  // partitions. kUnavailable: no broker answered.
  virtual Result<std::vector<TopicPartition>> FindPartitions(const std::vector<std::string>& topics,
                                                             Duration timeout) = 0;
  virtual Result<Watermarks> QueryWatermarks(const TopicPartition& partition, Duration timeout) = 0;

  // Reads each partition from its range's start to its end, in no order between partitions; `visit`
  // returns false to stop. Ends when all ranges were read (offsets without a record are skipped).
  // kTimeout: nothing came for `silence`.
  using Visit = std::function<bool(const TopicPartition&, const Record&)>;
  virtual Status Read(const std::map<TopicPartition, OffsetRange>& ranges, Duration silence,
                      const Visit& visit, const std::stop_token& stop) = 0;
  // The same, but success means that all was read: a partition whose end, as far as this reader may
  // see it, is before its range's is waited for, for `silence`. kCancelled: `stop` came first.
  virtual Status ReadWhole(const std::map<TopicPartition, OffsetRange>& ranges, Duration silence,
                           const Visit& visit, const std::stop_token& stop) = 0;
};

}  // namespace kafka_iceberg::kafka
