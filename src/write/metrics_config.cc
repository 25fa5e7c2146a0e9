// SPDX-License-Identifier: Apache-2.0
#include "write/metrics_config.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace kafka_iceberg::write {
namespace {

using Kind = MetricsMode::Kind;

constexpr std::string_view kDefaultMode = "write.metadata.metrics.default";
constexpr std::string_view kMaxInferred = "write.metadata.metrics.max-inferred-column-defaults";
constexpr std::string_view kColumnPrefix = "write.metadata.metrics.column.";
constexpr int64_t kMaxInferredDefault = 100;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Primitive fields in the order in which they get the inferred default: those of a level before
// what lies deeper.
void CollectPrimitives(const std::vector<iceberg::Field>& fields, std::vector<int32_t>& ids) {
  for (const iceberg::Field& field : fields) {
    if (field.type.is_primitive()) ids.push_back(field.id);
  }
  for (const iceberg::Field& field : fields) {
    if (!field.type.is_primitive()) CollectPrimitives(field.type.fields, ids);
  }
}

}  // namespace

MetricsMode ParseMetricsMode(std::string_view text, MetricsMode fallback) {
  const std::string lower = Lower(text);
  if (lower == "none") return {Kind::kNone, 0};
  if (lower == "counts") return {Kind::kCounts, 0};
  if (lower == "full") return {Kind::kFull, 0};
  constexpr std::string_view kOpen = "truncate(";
  if (!lower.starts_with(kOpen) || !lower.ends_with(')')) return fallback;
  const char* begin = lower.data() + kOpen.size();
  const char* end = lower.data() + lower.size() - 1;
  int32_t width = 0;
  const auto [stop, error] = std::from_chars(begin, end, width);
  if (error != std::errc() || stop != end || width <= 0) return fallback;
  return {Kind::kTruncate, width};
}

MetricsConfig MetricsConfig::Make(const iceberg::TableMetadata& metadata) {
  MetricsConfig config;
  std::vector<int32_t> ids;
  CollectPrimitives(metadata.schema().fields, ids);
  const std::string chosen = metadata.Property(kDefaultMode, "");
  const MetricsMode standard;
  const MetricsMode mode = chosen.empty() ? standard : ParseMetricsMode(chosen, standard);
  size_t inferred = ids.size();
  if (chosen.empty()) {
    const int64_t most =
        std::max<int64_t>(0, metadata.IntProperty(kMaxInferred, kMaxInferredDefault));
    inferred = std::min(ids.size(), static_cast<size_t>(most));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    config.modes_[ids[i]] = i < inferred ? mode : MetricsMode{Kind::kNone, 0};
  }
  for (const iceberg::SortField& field : metadata.sort_order().fields) {
    const auto found = config.modes_.find(field.source_id);
    if (found != config.modes_.end() && !found->second.has_bounds()) found->second = standard;
  }
  for (const auto& [name, value] : metadata.properties) {
    if (!name.starts_with(kColumnPrefix)) continue;
    const iceberg::Field* field =
        metadata.schema().FindField(std::string_view(name).substr(kColumnPrefix.size()));
    if (field != nullptr) config.modes_[field->id] = ParseMetricsMode(value, mode);
  }
  return config;
}

MetricsMode MetricsConfig::ModeOf(int32_t field_id) const {
  const auto found = modes_.find(field_id);
  return found == modes_.end() ? MetricsMode{Kind::kNone, 0} : found->second;
}

}  // namespace kafka_iceberg::write
