// SPDX-License-Identifier: Apache-2.0
//
// The files of a table, as any writer or attacker may have left them.
#include "core/check.h"
#include "fuzz_target.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::fuzz {
namespace {

void FuzzManifest(std::string_view input) {
  auto manifest = iceberg::DecodeManifest(input, "fuzz.avro");
  if (!manifest.ok()) return;
  iceberg::ManifestFile line;
  line.sequence_number = 5;
  line.added_snapshot_id = 7;
  line.first_row_id = 100;
  iceberg::InheritFrom(line, manifest->entries);
  // What was read may be beyond what may be written; it must only be told so.
  const auto written = iceberg::EncodeManifest(*manifest);
  if (written.ok()) CHECK(iceberg::DecodeManifest(*written, "again.avro").ok());
}

void FuzzManifestList(std::string_view input) {
  const auto list = iceberg::DecodeManifestList(input, "fuzz.avro");
  if (!list.ok()) return;
  const auto written = iceberg::EncodeManifestList({.format_version = 2, .snapshot_id = 1}, *list);
  if (written.ok()) CHECK(iceberg::DecodeManifestList(*written, "again.avro").ok());
}

// What was understood is written the same way again and again.
void FuzzMetadata(std::string_view input) {
  const bool is_gzip = input.starts_with("\x1f\x8b");
  const auto metadata = iceberg::TableMetadataFromJson(
      input, is_gzip ? "fuzz.gz.metadata.json" : "fuzz.metadata.json");
  if (!metadata.ok()) return;
  const std::string written = iceberg::TableMetadataToJson(*metadata);
  const auto again = iceberg::TableMetadataFromJson(written, "again.metadata.json");
  CHECK(again.ok());
  CHECK(iceberg::TableMetadataToJson(*again) == written);
}

const Registration manifest("manifest", &FuzzManifest);
const Registration manifest_list("manifest_list", &FuzzManifestList);
const Registration metadata("metadata", &FuzzMetadata);

}  // namespace
}  // namespace kafka_iceberg::fuzz
