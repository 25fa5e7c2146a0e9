// SPDX-License-Identifier: Apache-2.0
//
// BoundedSource: a RecordSource that reads certain ranges of certain partitions and nothing else:
// what the broker has below and above does not exist for its owner, so "the end" is the end of the
// ranges. It commits no offsets. Threads as RecordSource.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "core/result.h"
#include "kafka/record_source.h"

namespace kafka_iceberg::engine {

struct SourceBounds {
  // By partition; what is not named is not read.
  std::map<TopicPartition, OffsetRange> ranges;
  // Records to leave out, in order and apart from each other; their offsets count as read.
  std::map<TopicPartition, std::vector<OffsetRange>> left_out;
  // Whether a record is wanted; an error: it cannot be told now, the partition waits. Empty: all
  // are.
  std::function<Result<bool>(const std::string& topic, const Record& record)> wants;
};

std::unique_ptr<kafka::RecordSource> BoundSource(std::unique_ptr<kafka::RecordSource> source,
                                                 SourceBounds bounds, Clock& clock);

}  // namespace kafka_iceberg::engine
