// SPDX-License-Identifier: Apache-2.0
//
// SharedBatch: the records of one SourceBatch as several, which together keep its memory alive. The
// records stay where they are; only the views are copied. Used on the poll thread; what it gives
// out may go to any thread.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/record.h"

namespace kafka_iceberg::engine {

class SharedBatch {
 public:
  explicit SharedBatch(SourceBatch batch)
      : batch_(std::move(batch)),
        header_bytes_each_(batch_.header_bytes / std::max<size_t>(1, batch_.records.size())),
        owner_(std::move(batch_.owner)) {}

  SourceBatch All() const {
    SourceBatch all = Make(batch_.records);
    all.bytes = batch_.bytes;
    all.header_bytes = batch_.header_bytes;
    return all;
  }

  // These, by their place in the batch.
  SourceBatch Some(std::span<const uint32_t> places) const {
    SourceBatch some = Make({});
    some.records.reserve(places.size());
    for (const uint32_t place : places) Add(some, batch_.records[place]);
    return some;
  }

  // `part_of` gives each record the number of its part.
  template <typename PartOf>
  std::vector<SourceBatch> Split(size_t count, const PartOf& part_of) const {
    std::vector<SourceBatch> parts;
    for (size_t i = 0; i < count; ++i) {
      parts.push_back(Make({}));
      parts.back().records.reserve(batch_.records.size());
    }
    for (const Record& record : batch_.records) Add(parts[part_of(record)], record);
    return parts;
  }

  const SourceBatch& batch() const { return batch_; }

 private:
  class Share final : public BatchOwner {
   public:
    explicit Share(std::shared_ptr<BatchOwner> owner) : owner_(std::move(owner)) {}

   private:
    const std::shared_ptr<BatchOwner> owner_;
  };

  SourceBatch Make(std::vector<Record> records) const {
    return {.topic = batch_.topic,
            .records = std::move(records),
            .owner = std::make_unique<Share>(owner_)};
  }
  void Add(SourceBatch& part, const Record& record) const {
    part.bytes += record.key.size() + record.value.size() + header_bytes_each_;
    part.header_bytes += header_bytes_each_;
    part.records.push_back(record);
  }

  SourceBatch batch_;
  const size_t header_bytes_each_;
  const std::shared_ptr<BatchOwner> owner_;
};

}  // namespace kafka_iceberg::engine
