// SPDX-License-Identifier: Apache-2.0
//
// TableWriter: Arrow batches of one flush epoch into Parquet data files of one table, split by
// Iceberg partition.
//
// Row groups are encoded and uploaded as they fill, so that an epoch's end costs little; until then
// rows are referred to, not copied. Memory and open files are bounded whatever the number of
// partitions. Owned by one writer thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "core/result.h"
#include "iceberg/manifest.h"
#include "iceberg/table_metadata.h"
#include "storage/object_store.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::write {

enum class Compression : uint8_t { kSnappy, kZstd, kNone };

struct WriteOptions {
  Compression compression = Compression::kSnappy;
  int32_t zstd_level = 1;                   // 1 to 22
  int64_t target_file_bytes = 512LL << 20;  // a file is closed when it has about this size
  int64_t row_group_bytes = 64LL << 20;     // of Arrow memory
  int64_t page_bytes = 1LL << 20;
  int32_t open_files_max = 64;
  int64_t open_bytes_max = 128LL << 20;  // Arrow memory kept for rows that are not encoded yet
  bool page_checksums = true;
};

// A file that exists in the store and is not (known to be) in the table.
struct StagedFile {
  iceberg::DataFile file;
  std::string sha256;
  friend bool operator==(const StagedFile&, const StagedFile&) = default;
};

class TableWriter {
 public:
  // `metadata` fixes schema, default spec, locations and metrics modes for the files written;
  // `columns` is the layout of the batches (field ids in their metadata). `store` and `random`
  // outlive the writer. kInvalid: options out of range, or a partition source that `columns` lacks;
  // kUnsupported: an unknown transform.
  static Result<std::unique_ptr<TableWriter>> Open(WriteOptions options,
                                                   iceberg::TableMetadataPtr metadata,
                                                   std::shared_ptr<arrow::Schema> columns,
                                                   storage::ObjectStore& store, Random& random);
  virtual ~TableWriter() = default;

  // The batch's memory is referred to until its rows are encoded. After an error (the store's;
  // kUnavailable when memory ran out) the epoch is lost: Abandon() is the only call allowed.
  virtual Status Append(const arrow::RecordBatch& rows) = 0;
  // Closes all files of the epoch. The writer can be used for the next epoch afterwards.
  virtual Result<std::vector<StagedFile>> Finish() = 0;
  // Drops what is open; files closed so far in this epoch are returned so that the caller can
  // delete them (they were never offered to a commit).
  virtual std::vector<StagedFile> Abandon() = 0;
  // Memory held for rows that are not encoded yet: the batches referred to (usually the hot
  // buffer's own) and what is kept for each partition.
  virtual int64_t open_bytes() const = 0;
  // Files closed in this epoch so far. Each costs a manifest entry: a caller may end the epoch.
  virtual int64_t files_closed() const = 0;
};

}  // namespace kafka_iceberg::write
