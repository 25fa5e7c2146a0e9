// SPDX-License-Identifier: Apache-2.0
//
// Builds one manifest in memory, entry by entry, and what a manifest list has to say about it. Used
// by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "iceberg/encoding/avro_file.h"
#include "iceberg/manifest.h"
#include "iceberg/manifests/partition_summary.h"

namespace kafka_iceberg::iceberg {

struct ManifestLayout {
  int32_t format_version = 2;
  ManifestContent content = ManifestContent::kData;
  Schema schema;
  PartitionSpec spec;
};

struct EncodedManifest {
  std::string bytes;
  // Without path, snapshot id, sequence numbers and first row id: those are known when the list is
  // written.
  ManifestFile file;
  // The smallest explicit data sequence number of live entries; absent when all inherit the
  // commit's.
  std::optional<int64_t> min_sequence_number;
};

class ManifestWriter {
 public:
  static Result<std::unique_ptr<ManifestWriter>> Open(const ManifestLayout& layout);

  // kInvalid when the entry does not fit the layout (content, partition values, members the version
  // lacks or needs).
  Status Append(const ManifestEntry& entry);
  // About the bytes of the manifest so far.
  size_t size() const { return file_.size(); }
  // The writer may not be used afterwards.
  Result<EncodedManifest> Finish();

 private:
  ManifestWriter(const ManifestLayout& layout, Type partition_type, AvroSchema schema);
  Status WriteEntry(const ManifestEntry& entry, const PartitionTuple& partition);
  Status Count(const ManifestEntry& entry);

  const int32_t format_version_;
  const ManifestContent content_;
  const int32_t spec_id_;
  const Type partition_type_;
  const AvroSchema schema_;
  AvroFileWriter file_;
  AvroWriter record_;
  PartitionSummary summary_;
  struct Counts {
    int64_t files = 0;
    int64_t rows = 0;
  };
  Counts added_;
  Counts existing_;
  Counts deleted_;
  std::optional<int64_t> min_sequence_number_;
};

}  // namespace kafka_iceberg::iceberg
