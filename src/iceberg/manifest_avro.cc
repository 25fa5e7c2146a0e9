// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest_avro.h"

#include "iceberg/manifests/manifest_reader.h"
#include "iceberg/manifests/manifest_writer.h"

namespace kafka_iceberg::iceberg {

Result<std::string> EncodeManifest(const Manifest& manifest) {
  const auto writer = TRY(ManifestWriter::Open(
      {manifest.format_version, manifest.content, manifest.schema, manifest.spec}));
  for (const ManifestEntry& entry : manifest.entries) TRY(writer->Append(entry));
  return TRY(writer->Finish()).bytes;
}

Result<Manifest> DecodeManifest(std::string_view bytes, std::string_view location) {
  const auto reader = TRY(ManifestReader::Open(bytes, location));
  Manifest manifest;
  manifest.schema = reader->schema();
  manifest.spec = reader->spec();
  manifest.format_version = reader->format_version();
  manifest.content = reader->content();
  ManifestEntry entry;
  while (TRY(reader->Next(entry))) manifest.entries.push_back(std::move(entry));
  return manifest;
}

void InheritFrom(const ManifestFile& file, std::vector<ManifestEntry>& entries) {
  EntryInheritance inheritance(file);
  for (ManifestEntry& entry : entries) inheritance.Apply(entry);
}

}  // namespace kafka_iceberg::iceberg
