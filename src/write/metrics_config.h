// SPDX-License-Identifier: Apache-2.0
//
// How much each column tells the manifest (table properties write.metadata.metrics.*, as the
// reference implementation reads them). A value; fixed for one writer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "iceberg/table_metadata.h"

namespace kafka_iceberg::write {

struct MetricsMode {
  enum class Kind : uint8_t { kNone, kCounts, kTruncate, kFull };
  Kind kind = Kind::kTruncate;
  int32_t width = 16;  // of kTruncate: code points or bytes

  bool has_counts() const { return kind != Kind::kNone; }
  bool has_bounds() const { return kind == Kind::kTruncate || kind == Kind::kFull; }
  friend bool operator==(const MetricsMode&, const MetricsMode&) = default;
};

// "none", "counts", "full", "truncate(16)", in any case; anything else gives the fallback, as
// elsewhere.
MetricsMode ParseMetricsMode(std::string_view text, MetricsMode fallback);

class MetricsConfig {
 public:
  // In rising precedence: the default mode (only for the first 100 columns when it is not set by
  // hand), at least truncate(16) for sort columns, the mode set for the column by name.
  static MetricsConfig Make(const iceberg::TableMetadata& metadata);

  MetricsMode ModeOf(int32_t field_id) const;

 private:
  std::map<int32_t, MetricsMode> modes_;
};

}  // namespace kafka_iceberg::write
