// SPDX-License-Identifier: Apache-2.0
#include "engine/start_position.h"

namespace kafka_iceberg::engine {
namespace {

std::string Name(const StartQuestion& question) {
  return fmt::format("{}[{}]", question.topic.topic, question.partition);
}

StartDecision At(int64_t offset) { return {.covered_to = offset, .fetch_from = offset}; }

Result<StartDecision> StartAtLedger(const StartQuestion& question, int64_t next) {
  if (next < question.low_watermark) {
    if (question.accept_offset_gap) {
      return StartDecision{.covered_to = next, .fetch_from = question.low_watermark};
    }
    return Error::Invalid(
        "{}: the table's ledger wants offset {}, but the oldest record Kafka still has is {}: {} "
        "offsets were removed "
        "by retention before they were ingested. To accept the loss and go on from the oldest "
        "record, run "
        "`kafka-iceberg run --accept-offset-gap`; to keep every record, restore them into Kafka "
        "first",
        Name(question), next, question.low_watermark, question.low_watermark - next);
  }
  if (next > question.high_watermark) {
    return Error::Invalid(
        "{}: the table's ledger wants offset {}, but the partition ends at {}: the topic was "
        "truncated, restored or "
        "recreated. Going on would mix two histories under the same offsets. Point the "
        "configuration at the original "
        "cluster, or use another table for the new topic",
        Name(question), next, question.high_watermark);
  }
  return At(next);
}

Result<StartDecision> StartWithoutLedger(const StartQuestion& question) {
  switch (question.reset) {
    case OffsetReset::kEarliest: return At(question.low_watermark);
    case OffsetReset::kLatest: return At(question.high_watermark);
    case OffsetReset::kEarliestIfNew:
      if (!question.table_has_snapshots) return At(question.low_watermark);
      break;
    case OffsetReset::kError: break;
  }
  return Error::Invalid(
      "{}: the table has no ledger entry for this topic{}, so it is not known where to start. Set "
      "kafka.auto_offset_reset "
      "to \"earliest\" (everything Kafka has) or \"latest\" (only new records)",
      Name(question), question.table_has_snapshots ? " and already holds data" : "");
}

}  // namespace

Result<StartDecision> DecideStart(const commit::Ledger& ledger, const StartQuestion& question) {
  if (const auto next = ledger.NextOffset(question.topic, question.partition)) {
    return StartAtLedger(question, *next);
  }
  const auto other = ledger.OtherIncarnation(question.topic);
  if (other && question.accept_new_topic) return At(question.low_watermark);
  if (other) {
    return Error::Invalid(
        "topic {} was recreated: the table was fed from topic id {} (cluster {}), the broker now "
        "has topic id {} "
        "(cluster {}). Going on would give new records the offsets of old ones. Use another table "
        "for the new topic, "
        "or run `kafka-iceberg run --accept-new-topic` to append the new topic to this table",
        question.topic.topic, other->topic_id.empty() ? "unknown" : other->topic_id,
        other->cluster_id, question.topic.topic_id.empty() ? "unknown" : question.topic.topic_id,
        question.topic.cluster_id);
  }
  // A partition that was added to a topic the table already takes: nothing of it can be in the
  // table.
  if (ledger.Identify(question.topic)) return At(question.low_watermark);
  if (ledger.next_offsets.empty() && question.table_has_our_commits) {
    return Error::Invalid(
        "{}: the table holds rows committed by this program, but its property {} is gone, so it is "
        "not known which "
        "records are in it. Restore the property (the newest snapshot's summary shows the last "
        "ranges), or use "
        "another table",
        Name(question), commit::kLedgerProperty);
  }
  return StartWithoutLedger(question);
}

}  // namespace kafka_iceberg::engine
