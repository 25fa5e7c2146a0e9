// SPDX-License-Identifier: Apache-2.0
//
// Names and rules of the table properties that the format itself gives a meaning. Constants and
// pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "iceberg/type.h"

namespace kafka_iceberg::iceberg {

inline constexpr std::string_view kFormatVersionProperty = "format-version";
inline constexpr std::string_view kParquetCompressionProperty = "write.parquet.compression-codec";
inline constexpr std::string_view kPreviousVersionsMaxProperty =
    "write.metadata.previous-versions-max";
inline constexpr std::string_view kColumnMetricsPrefix = "write.metadata.metrics.column.";

// Names that stand for parts of the metadata and are never stored, "format-version" among them.
bool IsReservedProperty(std::string_view name);

// The value of "format-version": kInvalid when it is no number, kUnsupported above 3.
Result<int32_t> ParseFormatVersion(std::string_view text);

// kInvalid when a per-column metrics property names no column.
Status ValidateMetricsProperties(const std::map<std::string, std::string>& properties,
                                 const Schema& schema);

}  // namespace kafka_iceberg::iceberg
