// SPDX-License-Identifier: Apache-2.0
#include "kafka/owned_settings.h"

#include <algorithm>
#include <array>

namespace kafka_iceberg::kafka {
namespace {

struct OwnedSetting {
  std::string_view key;
  std::string_view reason;
};

constexpr std::string_view kOffsets =
    "offsets are committed by the engine, after the table has the rows";
constexpr std::string_view kExactlyOnce = "dead letters are written to their topic exactly once";
constexpr std::string_view kMemory = "it is derived from the engine's memory limits";
constexpr std::string_view kCallbacks = "callbacks belong to the engine";
constexpr std::string_view kOffsetFile = "offsets live in the table, not in local files";

constexpr auto kOwned = std::to_array<OwnedSetting>({
    {"acks", kExactlyOnce},
    {"allow.auto.create.topics", "reading must not create topics"},
    {"auto.commit.enable", kOffsets},
    {"auto.commit.interval.ms", kOffsets},
    {"auto.offset.reset", "set kafka.auto_offset_reset"},
    {"background_event_cb", kCallbacks},
    {"batch.size", kExactlyOnce},
    {"bootstrap.servers", "set kafka.bootstrap_servers"},
    {"check.crcs", "checksums are always checked"},
    {"client.id", "it names the engine in the broker's logs and quotas"},
    {"consume.callback.max.messages", kCallbacks},
    {"default_topic_conf", kCallbacks},
    {"delivery.timeout.ms", kExactlyOnce},
    {"dr_cb", kCallbacks},
    {"dr_msg_cb", kCallbacks},
    {"enable.auto.commit", kOffsets},
    {"enable.auto.offset.store", kOffsets},
    {"enable.gapless.guarantee", kExactlyOnce},
    {"enable.idempotence", kExactlyOnce},
    {"enable.partition.eof", "the engine needs to know when it has caught up"},
    {"enabled_events", kCallbacks},
    {"group.id", "set kafka.consumer_group"},
    {"group.instance.id", "the engine names its members"},
    {"group.protocol", "set kafka.group_protocol"},
    {"group.protocol.type", "set kafka.group_protocol"},
    {"group.remote.assignor", "partitions must move one by one, which the default assignor does"},
    {"isolation.level", "set kafka.isolation_level"},
    {"log.queue", kCallbacks},
    {"log.thread.name", kCallbacks},
    {"max.in.flight", kExactlyOnce},
    {"max.in.flight.requests.per.connection", kExactlyOnce},
    {"message.send.max.retries", kExactlyOnce},
    {"message.timeout.ms", kExactlyOnce},
    {"metadata.broker.list", "set kafka.bootstrap_servers"},
    {"offset.store.method", kOffsetFile},
    {"offset.store.path", kOffsetFile},
    {"offset.store.sync.interval.ms", kOffsetFile},
    {"opaque", kCallbacks},
    {"partition.assignment.strategy",
     "partitions must move one by one: the engine uses cooperative-sticky"},
    {"partitioner", kExactlyOnce},
    {"plugin.library.paths", "code is not loaded into the engine by configuration"},
    {"queue.buffering.max.kbytes", kMemory},
    {"queue.buffering.max.messages", kMemory},
    {"queued.max.messages.kbytes", kMemory},
    {"queued.min.messages", kMemory},
    {"request.required.acks", kExactlyOnce},
    {"retries", kExactlyOnce},
    {"statistics.interval.ms", "the engine reads the client's statistics itself"},
    {"test.mock.broker.rtt", "it is for tests of the client"},
    {"test.mock.num.brokers", "it is for tests of the client"},
    {"transaction.timeout.ms", kExactlyOnce},
    {"transactional.id", kExactlyOnce},
});
static_assert(std::is_sorted(kOwned.begin(), kOwned.end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; }));

}  // namespace

std::optional<std::string_view> WhyOwned(std::string_view key) {
  const auto found =
      std::lower_bound(kOwned.begin(), kOwned.end(), key,
                       [](const auto& owned, auto wanted) { return owned.key < wanted; });
  if (found == kOwned.end() || found->key != key) return std::nullopt;
  return found->reason;
}

}  // namespace kafka_iceberg::kafka
