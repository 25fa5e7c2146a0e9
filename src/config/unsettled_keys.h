// SPDX-License-Identifier: Apache-2.0
//
// UnsettledKeys: what of a configuration is not known because reading it met a problem. Whatever is
// found after reading and may come of that problem is left out: a complaint about a key that was
// only misspelt would mislead. Private to config/.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace kafka_iceberg::config {

class UnsettledKeys {
 public:
  // This key, or this section with all that is in it.
  void Add(std::string key) { keys_.insert(std::move(key)); }
  // A key of a section that may decide what others must be, e.g. a type.
  void AddChoice(std::string key) { choices_.insert(std::move(key)); }

  bool MayExplain(std::string_view key, std::string_view message) const;

 private:
  std::set<std::string, std::less<>> keys_;
  std::set<std::string> choices_;
};

// "iceberg" of "iceberg.catalog_type", "routes" of "routes[0]"; empty: it is at the top.
std::string_view SectionOf(std::string_view key);

}  // namespace kafka_iceberg::config
