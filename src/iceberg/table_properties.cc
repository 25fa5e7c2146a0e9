// SPDX-License-Identifier: Apache-2.0
#include "iceberg/table_properties.h"

#include <algorithm>
#include <array>

namespace kafka_iceberg::iceberg {
namespace {

constexpr std::array<std::string_view, 9> kReserved = {
    kFormatVersionProperty, "uuid",
    "snapshot-count",       "current-snapshot-summary",
    "current-snapshot-id",  "current-snapshot-timestamp-ms",
    "current-schema",       "default-partition-spec",
    "default-sort-order",
};

}  // namespace

bool IsReservedProperty(std::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

Result<int32_t> ParseFormatVersion(std::string_view text) {
  if (text.size() != 1 || text[0] < '1' || text[0] > '9') {
    return Error::Invalid("format-version '{}' is not a version", text.substr(0, 20));
  }
  const int32_t version = text[0] - '0';
  if (version > 3) return Error::Unsupported("format-version {} is not supported", version);
  return version;
}

Status ValidateMetricsProperties(const std::map<std::string, std::string>& properties,
                                 const Schema& schema) {
  for (auto entry = properties.lower_bound(std::string(kColumnMetricsPrefix));
       entry != properties.end() && entry->first.starts_with(kColumnMetricsPrefix); ++entry) {
    const std::string column = entry->first.substr(kColumnMetricsPrefix.size());
    if (schema.FindField(column) == nullptr) {
      return Error::Invalid("property '{}' names a column that does not exist", entry->first);
    }
  }
  return {};
}

}  // namespace kafka_iceberg::iceberg
