// SPDX-License-Identifier: Apache-2.0
#include "write/data_file_factory.h"

#include <fmt/format.h>

#include <utility>

namespace kafka_iceberg::write {

DataFileFactory::DataFileFactory(iceberg::TableMetadataPtr metadata, Random& random)
    : metadata_(std::move(metadata)),
      metrics_(MetricsConfig::Make(*metadata_)),
      random_(random),
      writer_(fmt::format("{:08x}", static_cast<uint32_t>(random.Next()))) {}

std::string DataFileFactory::NextLocation(const iceberg::PartitionTuple& tuple) {
  const std::string path = PartitionPath(metadata_->spec(), metadata_->schema(), tuple);
  return fmt::format("{}/{}{}{:05}-{}-{}.parquet", metadata_->DataLocation(), path,
                     path.empty() ? "" : "/", next_number_++, writer_, NewUuid(random_));
}

Result<StagedFile> DataFileFactory::Describe(const FinishedParquetFile& finished,
                                             const iceberg::PartitionTuple& tuple) const {
  StagedFile staged;
  staged.sha256 = finished.object.sha256;
  iceberg::DataFile& file = staged.file;
  file.file_path = finished.object.location;
  file.file_size_in_bytes = finished.object.size_bytes;
  file.record_count = finished.rows;
  file.spec_id = metadata_->default_spec_id;
  file.partition = tuple;
  file.sort_order_id =
      0;  // rows are in the order of their offsets, whatever order the table wishes for
  TRY(FillColumnMetrics(*finished.footer, metadata_->schema(), metrics_, finished.nan_counts,
                        file));
  return staged;
}

}  // namespace kafka_iceberg::write
