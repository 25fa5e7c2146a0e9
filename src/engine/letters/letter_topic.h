// SPDX-License-Identifier: Apache-2.0
//
// Dead letters in a Kafka topic: the sink that writes them exactly once, and the shelf that `dlq`
// reads. A delivery is one transaction (a large one several) under the main table's transactional
// id. Whether one that was never answered happened is read from the topic: from the mark that its
// parcel took before it was named by a commit, to the end found after a new session had shut out
// every older one. Used by one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "engine/letters/letter_parcel.h"
#include "engine/letters/letter_shelf.h"
#include "kafka/produce/transactional_topic.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

struct LetterTopicContext {
  // With the rows. Letters that the topic takes no record for are kept beside its metadata.
  catalog::TableOperations& table;
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  // Of a topic that is missing; 0 partitions: it is not made.
  int32_t partitions = 0;
  int32_t replication = 0;  // 0: as the broker does
  // before_letters, letters_written (and not committed), after_letters; may be empty
  std::function<void(std::string_view)> step_hook;
};

// kInvalid: what is written there would not stay.
Status CheckKeepsLetters(kafka::TransactionalTopic& topic,
                         const std::optional<kafka::TopicSettings>& settings);

// Of the table with this uuid.
std::string TransactionalIdOf(const std::string& table_uuid);

// All that `context` refers to outlives the sink.
std::unique_ptr<LetterSink> MakeTopicLetterSink(std::unique_ptr<kafka::TransactionalTopic> topic,
                                                LetterTopicContext context);

// The letters of `table`, which outlives the shelf, that are in the topic and were not replayed. A
// topic takes nothing out, so the list of what was replayed is a file beside the table's metadata,
// named by the commit of the replay itself. kNotFound: there is no such topic.
Result<std::unique_ptr<LetterShelf>> OpenTopicShelf(
    std::unique_ptr<kafka::TransactionalTopic> topic, catalog::TableOperations& table);

}  // namespace kafka_iceberg::engine
