// SPDX-License-Identifier: Apache-2.0
//
// Which columns are written with a dictionary. Trying one on every column costs a fifth of all
// encoding, and most of it is thrown away: so a sample of the first rows decides, and what a
// finished file shows corrects it. Owned by one writer, which carries it from file to file. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace arrow {
class RecordBatch;
}  // namespace arrow
namespace parquet {
class FileMetaData;
}  // namespace parquet

namespace kafka_iceberg::write {

class DictionaryChoice {
 public:
  // Decides about the leaf columns that are still open; `rows` all have one schema.
  void Sample(std::span<const std::shared_ptr<arrow::RecordBatch>> rows);
  // A column whose dictionary grew too large and was given up does without one from now on.
  void Learn(const parquet::FileMetaData& footer);

  // By Parquet path ("tags.list.element"). A column with too few values so far has no entry: it
  // gets a dictionary, which is the harmless mistake.
  const std::map<std::string, bool>& decisions() const { return decisions_; }

 private:
  std::map<std::string, bool> decisions_;
};

}  // namespace kafka_iceberg::write
