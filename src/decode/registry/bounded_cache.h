// SPDX-License-Identifier: Apache-2.0
//
// BoundedCache: values by text key, at most so many bytes of them; those not used for the longest
// time go first. A value type without a lock: its owner guards it.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace kafka_iceberg::decode {

template <typename Value>
class BoundedCache {
 public:
  explicit BoundedCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Null when it is not there.
  std::shared_ptr<const Value> Find(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  // `bytes`: of the value; keys and the cache's own needs are added.
  void Put(const std::string& key, std::shared_ptr<const Value> value, size_t bytes) {
    Erase(key);
    entries_.push_front({key, std::move(value), bytes + 2 * key.size() + kOverheadBytes});
    places_[key] = entries_.begin();
    bytes_ += entries_.front().bytes;
    while (bytes_ > bytes_max_) Erase(std::string(entries_.back().key));
  }

  void Erase(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    bytes_ -= found->second->bytes;
    entries_.erase(found->second);
    places_.erase(found);
  }

  size_t size() const { return entries_.size(); }

 private:
  static constexpr size_t kOverheadBytes = 256;

  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    size_t bytes;
  };

  const size_t bytes_max_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;  // the last used at the front
  std::unordered_map<std::string, typename std::list<Entry>::iterator> places_;
};

}  // namespace kafka_iceberg::decode
