// SPDX-License-Identifier: Apache-2.0
//
// Names data files and describes finished ones for the manifest. No name is ever given twice, by
// any writer of any process: each has a uuid of its own. Owned by one writer thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/random.h"
#include "iceberg/table_metadata.h"
#include "write/metrics_config.h"
#include "write/parquet_file.h"

namespace kafka_iceberg::write {

class DataFileFactory {
 public:
  DataFileFactory(iceberg::TableMetadataPtr metadata, Random& random);

  // "<data location>/<partition path>/00042-<writer>-<uuid>.parquet"
  std::string NextLocation(const iceberg::PartitionTuple& tuple);
  Result<StagedFile> Describe(const FinishedParquetFile& finished,
                              const iceberg::PartitionTuple& tuple) const;

 private:
  const iceberg::TableMetadataPtr metadata_;
  const MetricsConfig metrics_;
  Random& random_;
  const std::string writer_;  // eight hex digits that tell the files of one writer from another's
  int64_t next_number_ = 0;
};

}  // namespace kafka_iceberg::write
