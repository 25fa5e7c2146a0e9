// SPDX-License-Identifier: Apache-2.0
//
// HadoopLayout: which file of <table>/metadata is the current one, in the layout that Spark's
// Hadoop catalog and DuckDB also read: v1.metadata.json, v2.metadata.json ... and
// version-hint.text. The highest version is the current one; the hint is only where to start
// looking: it may lag, lead, be missing or be garbage. Safe for concurrent use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/object_store.h"

namespace kafka_iceberg::catalog {

struct MetadataVersion {
  int64_t number = 0;
  std::string location;
};

// The number in "v12.metadata.json", "v12.gz.metadata.json" or "v12.metadata.json.gz"; nothing for
// other names.
std::optional<int64_t> ParseVersionFileName(std::string_view name);

class HadoopLayout {
 public:
  HadoopLayout(storage::ObjectStore& store, const std::string& table_location);

  const std::string& metadata_folder() const { return metadata_folder_; }
  // "<table>/metadata/v12.metadata.json"
  std::string VersionLocation(int64_t number) const;

  // The current version; `known` is one seen before (0: none). kNotFound: there is no version, so
  // no table.
  Result<MetadataVersion> FindCurrent(int64_t known) const;
  // The highest version by listing the folder: slower, and right whatever the hint says.
  Result<MetadataVersion> FindHighest() const;
  // That version under any of its names; kNotFound.
  Result<MetadataVersion> FindVersion(int64_t number) const;
  // Whether a compressed file of that version exists: the same version under another name.
  Result<bool> HasCompressedVersion(int64_t number) const;

  // Nothing when there is none that can be read.
  std::optional<int64_t> ReadHint() const;
  // Best effort.
  void WriteHint(int64_t number) const;
  Status DeleteHint() const;

 private:
  // `start` exists; the highest version reached from it without a gap.
  Result<MetadataVersion> ProbeUpwards(MetadataVersion start) const;

  storage::ObjectStore& store_;
  const std::string metadata_folder_;
};

}  // namespace kafka_iceberg::catalog
