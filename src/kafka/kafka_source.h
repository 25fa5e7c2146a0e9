// SPDX-License-Identifier: Apache-2.0
//
// OpenKafkaSource: a RecordSource that reads Kafka (through librdkafka). Offsets are the owner's
// alone: the client neither stores, commits nor resets any by itself.
//
// Thread contract: see record_source.h. Batches may be destroyed on any thread, also after the
// source.
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/result.h"
#include "kafka/kafka_source_options.h"
#include "kafka/record_source.h"
#include "telemetry/logger.h"

namespace kafka_iceberg::kafka {

// Connects in the background: a broker that is away is a SourceTrouble of Poll(), not an error
// here. kInvalid: the options contradict themselves or the client refuses a setting. `clock` and
// `logger` outlive the source.
Result<std::unique_ptr<RecordSource>> OpenKafkaSource(KafkaSourceOptions options, Clock& clock,
                                                      telemetry::Logger& logger);

}  // namespace kafka_iceberg::kafka
