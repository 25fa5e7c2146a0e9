// SPDX-License-Identifier: Apache-2.0
#include "kafka/partition_positions.h"

namespace kafka_iceberg::kafka {

void PartitionPositions::Add(const TopicPartition& partition, int64_t offset) {
  auto position = std::make_unique<PartitionPosition>();
  position->RestartAt(offset);
  const MutexLock lock(mutex_);
  topics_[partition.topic][partition.partition] = std::move(position);
}

void PartitionPositions::Remove(const TopicPartition& partition) {
  const MutexLock lock(mutex_);
  const auto topic = topics_.find(partition.topic);
  if (topic == topics_.end()) return;
  topic->second.erase(partition.partition);
  if (topic->second.empty()) topics_.erase(topic);
}

PartitionPosition* PartitionPositions::Find(std::string_view topic, int32_t partition) {
  const MutexLock lock(mutex_);
  const auto partitions = topics_.find(topic);
  if (partitions == topics_.end()) return nullptr;
  const auto found = partitions->second.find(partition);
  return found == partitions->second.end() ? nullptr : found->second.get();
}

std::map<TopicPartition, int64_t> PartitionPositions::Snapshot() const {
  std::map<TopicPartition, int64_t> snapshot;
  const MutexLock lock(mutex_);
  for (const auto& [topic, partitions] : topics_) {
    for (const auto& [partition, position] : partitions) {
      snapshot[{topic, partition}] = position->next();
    }
  }
  return snapshot;
}

}  // namespace kafka_iceberg::kafka
