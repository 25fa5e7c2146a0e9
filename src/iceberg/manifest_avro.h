// SPDX-License-Identifier: Apache-2.0
//
// Manifests and manifest lists as Avro object container files, with every field id of the spec.
// Writing is for format versions 1 to 3; reading resolves fields by id, so files of any writer and
// any column order are understood. Hostile bytes are answered with kCorrupt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/manifest.h"

namespace kafka_iceberg::iceberg {

struct Manifest {
  Schema schema;
  PartitionSpec spec;
  int32_t format_version = 2;
  ManifestContent content = ManifestContent::kData;
  std::vector<ManifestEntry> entries;
};

// The bytes of a manifest file (deflate).
Result<std::string> EncodeManifest(const Manifest& manifest);
// Entries exactly as stored (nothing inherited yet). `location` names the file in errors.
Result<Manifest> DecodeManifest(std::string_view bytes, std::string_view location);
// Fills in what entries inherit from the manifest list's line (snapshot id, sequence numbers, first
// row ids).
void InheritFrom(const ManifestFile& file, std::vector<ManifestEntry>& entries);

struct ManifestListHeader {
  int32_t format_version = 2;
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  std::optional<int64_t> first_row_id;  // format version 3
};

Result<std::string> EncodeManifestList(const ManifestListHeader& header,
                                       const std::vector<ManifestFile>& manifests);
Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes,
                                                     std::string_view location);

}  // namespace kafka_iceberg::iceberg
