// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/manifest_merge.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace kafka_iceberg::iceberg {
namespace {

using Bin = std::vector<size_t>;

bool IsTrue(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return text == "true";
}

// Bins of at most `target` bytes, filled from the end of `members`; only the last opened bin takes
// more.
std::vector<Bin> PackFromEnd(const std::vector<ManifestFile>& manifests, const Bin& members,
                             int64_t target) {
  std::vector<Bin> bins;
  int64_t room = 0;
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    const int64_t length = manifests[*member].manifest_length;
    if (bins.empty() || length > room) {
      bins.emplace_back();
      room = target;
    }
    bins.back().push_back(*member);
    room -= std::min(length, room);
  }
  for (Bin& bin : bins) std::reverse(bin.begin(), bin.end());
  std::reverse(bins.begin(), bins.end());
  return bins;
}

}  // namespace

MergeRule MergeRule::Of(const TableMetadata& metadata) {
  MergeRule rule;
  rule.enabled = IsTrue(metadata.Property("commit.manifest-merge.enabled", "true"));
  rule.target_bytes = metadata.IntProperty("commit.manifest.target-size-bytes", rule.target_bytes);
  rule.min_count = metadata.IntProperty("commit.manifest.min-count-to-merge", rule.min_count);
  return rule;
}

std::vector<MergeGroup> PlanMerge(const std::vector<ManifestFile>& manifests, const MergeRule& rule,
                                  const std::vector<bool>& may_merge) {
  std::vector<MergeGroup> groups;
  std::map<int32_t, Bin, std::greater<>> by_spec;  // newest spec first
  for (size_t i = 0; i < manifests.size(); ++i) {
    const int32_t spec_id = manifests[i].partition_spec_id;
    if (rule.enabled && may_merge[i]) {
      by_spec[spec_id].push_back(i);
    } else {
      groups.push_back({spec_id, {i}});
    }
  }
  for (const auto& [spec_id, members] : by_spec) {
    for (Bin& bin : PackFromEnd(manifests, members, rule.target_bytes)) {
      const bool has_newest = bin.front() == 0;
      if (!has_newest || static_cast<int64_t>(bin.size()) >= rule.min_count) {
        groups.push_back({spec_id, std::move(bin)});
        continue;
      }
      for (const size_t member : bin) groups.push_back({spec_id, {member}});
    }
  }
  return groups;
}

}  // namespace kafka_iceberg::iceberg
