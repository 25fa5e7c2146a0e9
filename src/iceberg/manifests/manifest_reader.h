// SPDX-License-Identifier: Apache-2.0
//
// Reads one manifest entry by entry, so that a big one needs no more memory than its bytes. Used by
// one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/encoding/avro_file.h"
#include "iceberg/manifest.h"

namespace kafka_iceberg::iceberg {

class ManifestReader {
 public:
  // `bytes` must outlive the reader; `location` names the file in errors. kCorrupt for bytes that
  // are no manifest, kUnsupported for a format version above 3.
  static Result<std::unique_ptr<ManifestReader>> Open(std::string_view bytes,
                                                      std::string_view location);

  const Schema& schema() const { return schema_; }
  const PartitionSpec& spec() const { return spec_; }
  int32_t format_version() const { return format_version_; }
  ManifestContent content() const { return content_; }

  // The next entry exactly as stored (nothing inherited); false at the end.
  Result<bool> Next(ManifestEntry& entry);

 private:
  ManifestReader(std::unique_ptr<AvroFileReader> file, std::string_view location)
      : file_(std::move(file)), location_(location) {}
  Status ReadHeader();
  Status BindPartition();
  Result<bool> ReadNext(ManifestEntry& entry);
  Status ReadDataFile(const AvroSchema& record, AvroReader& reader, DataFile& file);
  Status ReadPartition(const AvroSchema& record, AvroReader& reader, PartitionTuple& partition);

  std::unique_ptr<AvroFileReader> file_;
  const std::string location_;
  Schema schema_;
  PartitionSpec spec_;
  int32_t format_version_ = 1;
  ManifestContent content_ = ManifestContent::kData;
  Type partition_type_;
  std::vector<size_t>
      partition_positions_;  // of the partition record's fields in the spec; its size: not in it
};

// Fills in, entry by entry in the order of the manifest, what entries inherit from its line in the
// manifest list (spec "Sequence Number Inheritance", "Row ID Inheritance").
class EntryInheritance {
 public:
  explicit EntryInheritance(const ManifestFile& file);
  void Apply(ManifestEntry& entry);

 private:
  const int64_t snapshot_id_;
  const int64_t sequence_number_;
  const int32_t spec_id_;
  const bool data_;
  std::optional<int64_t> next_row_id_;
};

}  // namespace kafka_iceberg::iceberg
