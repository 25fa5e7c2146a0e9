// SPDX-License-Identifier: Apache-2.0
//
// What a manifest says about the columns of one data file: sizes, counts and bounds, from the
// file's own footer and the NaN counts taken while writing (Parquet has none). Pure functions; for
// .cc files that know Parquet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/result.h"
#include "iceberg/manifest.h"
#include "write/metrics_config.h"

namespace arrow {
class RecordBatch;
}  // namespace arrow
namespace parquet {
class FileMetaData;
}  // namespace parquet

namespace kafka_iceberg::write {

using NanCounts = std::map<int32_t, int64_t>;

// Adds the NaNs of every float and double column outside lists and maps (an entry for each, also
// when 0).
Status CountNans(const arrow::RecordBatch& rows, NanCounts& counts);

// Fills sizes, counts, bounds and split offsets. Columns inside lists and maps get a size only. A
// column that lacks statistics in one row group gets no bounds; neither does one that is all null
// or all NaN.
Status FillColumnMetrics(const parquet::FileMetaData& footer, const iceberg::Schema& schema,
                         const MetricsConfig& config, const NanCounts& nan_counts,
                         iceberg::DataFile& file);

}  // namespace kafka_iceberg::write
