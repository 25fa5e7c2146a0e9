// SPDX-License-Identifier: Apache-2.0
//
// Reads chosen columns of a data file, row group by row group, through range reads: for `verify`
// and for tests. Page checksums are verified. Files may come from any writer and may be damaged.
// Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "storage/object_store.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow
namespace parquet {
class FileMetaData;
}  // namespace parquet

namespace kafka_iceberg::write {

class ParquetReader {
 public:
  // `size_bytes` as the manifest has it; 0 asks the store. kCorrupt: not a Parquet file of that
  // size.
  static Result<std::unique_ptr<ParquetReader>> Open(storage::ObjectStore& store,
                                                     const std::string& location,
                                                     int64_t size_bytes = 0);
  ~ParquetReader();
  ParquetReader(const ParquetReader&) = delete;
  ParquetReader& operator=(const ParquetReader&) = delete;

  const arrow::Schema& schema() const;  // of the whole file
  const parquet::FileMetaData& footer() const;

  using Visit = std::function<Status(const arrow::RecordBatch&)>;
  // Batches of at most 65536 rows with the top-level columns that have these field ids, in this
  // order. A column that the file lacks is null throughout (type null), as a table column added
  // later is.
  Status Read(const std::vector<int32_t>& field_ids, const Visit& visit);
  Status ReadAll(const Visit& visit);

 private:
  struct State;
  explicit ParquetReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kafka_iceberg::write
