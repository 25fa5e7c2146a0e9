// SPDX-License-Identifier: Apache-2.0
//
// The codec of manifest lists (spec "Manifest Lists").
#include <utility>

#include "iceberg/encoding/avro_file.h"
#include "iceberg/encoding/avro_type.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/manifests/manifest_schema.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr size_t kManifestsMax = 1'000'000;
constexpr size_t kPartitionFieldsMax = 1'000;

// ---- writing

std::map<std::string, std::string> HeaderOf(const ManifestListHeader& header) {
  std::map<std::string, std::string> pairs = {
      {"format-version", std::to_string(header.format_version)},
      {"snapshot-id", std::to_string(header.snapshot_id)},
      {"parent-snapshot-id",
       header.parent_snapshot_id ? std::to_string(*header.parent_snapshot_id) : "null"},
  };
  if (header.format_version >= 2) pairs["sequence-number"] = std::to_string(header.sequence_number);
  if (header.format_version >= 3)
    pairs["first-row-id"] = std::to_string(header.first_row_id.value_or(0));
  return pairs;
}

Status PutSummaries(AvroWriter& writer, const AvroField& field,
                    const std::vector<PartitionFieldSummary>& summaries) {
  // None is null and not an empty list: a list carried over from others may lack them for a
  // partitioned manifest.
  if (summaries.empty()) {
    writer.WriteNull();
    return {};
  }
  const AvroSchema& record = field.schema.children.at(1).children.at(0);
  writer.WriteNotNull();
  writer.WriteBlockCount(summaries.size());
  for (const PartitionFieldSummary& summary : summaries) {
    for (const AvroField& member : record.fields) {
      switch (member.field_id.value_or(-1)) {
        case list_field::kContainsNull:
          TRY(PutBoolean(writer, member, summary.contains_null));
          break;
        case list_field::kContainsNan: TRY(PutBoolean(writer, member, summary.contains_nan)); break;
        case list_field::kLowerBound: TRY(PutBytes(writer, member, summary.lower_bound)); break;
        default: TRY(PutBytes(writer, member, summary.upper_bound));
      }
    }
  }
  writer.WriteBlockEnd();
  return {};
}

Status PutField(AvroWriter& writer, const AvroField& field, const ManifestFile& manifest) {
  switch (field.field_id.value_or(-1)) {
    case list_field::kManifestPath: return PutBytes(writer, field, manifest.manifest_path);
    case list_field::kManifestLength: return PutLong(writer, field, manifest.manifest_length);
    case list_field::kPartitionSpecId: return PutLong(writer, field, manifest.partition_spec_id);
    case list_field::kContent:
      return PutLong(writer, field, static_cast<int64_t>(manifest.content));
    case list_field::kSequenceNumber: return PutLong(writer, field, manifest.sequence_number);
    case list_field::kMinSequenceNumber:
      return PutLong(writer, field, manifest.min_sequence_number);
    case list_field::kAddedSnapshotId: return PutLong(writer, field, manifest.added_snapshot_id);
    case list_field::kAddedFilesCount: return PutLong(writer, field, manifest.added_files_count);
    case list_field::kExistingFilesCount:
      return PutLong(writer, field, manifest.existing_files_count);
    case list_field::kDeletedFilesCount:
      return PutLong(writer, field, manifest.deleted_files_count);
    case list_field::kAddedRowsCount: return PutLong(writer, field, manifest.added_rows_count);
    case list_field::kExistingRowsCount:
      return PutLong(writer, field, manifest.existing_rows_count);
    case list_field::kDeletedRowsCount: return PutLong(writer, field, manifest.deleted_rows_count);
    case list_field::kPartitions: return PutSummaries(writer, field, manifest.partitions);
    case list_field::kKeyMetadata: return PutBytes(writer, field, manifest.key_metadata);
    case list_field::kFirstRowId: return PutLong(writer, field, manifest.first_row_id);
    default: return Error::Invalid("manifest list has no field {}", field.name);
  }
}

Status CheckVersion(const ManifestFile& manifest, int32_t format_version) {
  if (format_version == 1 && manifest.content != ManifestContent::kData) {
    return Error::Invalid("format version 1 has no delete manifests");
  }
  if (format_version < 3 && manifest.first_row_id)
    return Error::Invalid("row ids need format version 3");
  return {};
}

// ---- reading

std::optional<std::string> ToOwned(std::optional<std::string_view> view) {
  if (!view) return std::nullopt;
  return std::string(*view);
}

Status ReadSummary(AvroReader& reader, const AvroSchema& record, PartitionFieldSummary& summary) {
  for (const AvroField& field : record.fields) {
    switch (field.field_id.value_or(-1)) {
      case list_field::kContainsNull:
        summary.contains_null = TRY(GetBoolean(reader, field)).value_or(true);
        break;
      case list_field::kContainsNan: summary.contains_nan = TRY(GetBoolean(reader, field)); break;
      case list_field::kLowerBound:
        summary.lower_bound = ToOwned(TRY(GetBytes(reader, field)));
        break;
      case list_field::kUpperBound:
        summary.upper_bound = ToOwned(TRY(GetBytes(reader, field)));
        break;
      default: TRY(reader.Skip(field.schema));
    }
  }
  return {};
}

Status ReadSummaries(AvroReader& reader, const AvroField& field,
                     std::vector<PartitionFieldSummary>& summaries) {
  const AvroSchema* array = TRY(reader.ReadBranch(field.schema));
  if (array == nullptr) return {};
  if (array->kind != AvroKind::kArray || array->children.front().kind != AvroKind::kRecord) {
    return Error::Corrupt("partitions is not a list of records");
  }
  while (int64_t count = TRY(reader.ReadBlockCount())) {
    for (; count > 0; --count) {
      if (summaries.size() == kPartitionFieldsMax) {
        return Error::Corrupt("more than {} partition fields", kPartitionFieldsMax);
      }
      TRY(ReadSummary(reader, array->children.front(), summaries.emplace_back()));
    }
  }
  return {};
}

Status NoNegative(std::optional<int64_t> value, const AvroField& field) {
  if (value && *value < 0) return Error::Corrupt("field {} is negative", field.name);
  return {};
}

Status ReadLongInto(AvroReader& reader, const AvroField& field, std::optional<int64_t>& value) {
  value = TRY(GetLong(reader, field));
  return NoNegative(value, field);
}

Status ReadIntInto(AvroReader& reader, const AvroField& field, std::optional<int32_t>& value) {
  value = TRY(GetInt(reader, field));
  return NoNegative(value, field);
}

Status ReadContent(AvroReader& reader, const AvroField& field, ManifestContent& content) {
  const int32_t value = TRY(GetInt(reader, field)).value_or(0);
  if (value != 0 && value != 1) return Error::Corrupt("manifest has the unknown content {}", value);
  content = static_cast<ManifestContent>(value);
  return {};
}

// What version 1 lacks keeps its default: data, sequence numbers 0.
Status ReadField(AvroReader& reader, const AvroField& field, ManifestFile& manifest) {
  switch (field.field_id.value_or(-1)) {
    case list_field::kManifestPath:
      manifest.manifest_path = TRY(GetBytes(reader, field)).value_or(std::string_view());
      return {};
    case list_field::kManifestLength:
      manifest.manifest_length = TRY(GetLong(reader, field)).value_or(0);
      return {};
    case list_field::kPartitionSpecId:
      manifest.partition_spec_id = TRY(GetInt(reader, field)).value_or(0);
      return {};
    case list_field::kContent: return ReadContent(reader, field, manifest.content);
    case list_field::kSequenceNumber:
      manifest.sequence_number = TRY(GetLong(reader, field)).value_or(0);
      return {};
    case list_field::kMinSequenceNumber:
      manifest.min_sequence_number = TRY(GetLong(reader, field)).value_or(0);
      return {};
    case list_field::kAddedSnapshotId:
      manifest.added_snapshot_id = TRY(GetLong(reader, field)).value_or(0);
      return {};
    case list_field::kAddedFilesCount:
      return ReadIntInto(reader, field, manifest.added_files_count);
    case list_field::kExistingFilesCount:
      return ReadIntInto(reader, field, manifest.existing_files_count);
    case list_field::kDeletedFilesCount:
      return ReadIntInto(reader, field, manifest.deleted_files_count);
    case list_field::kAddedRowsCount: return ReadLongInto(reader, field, manifest.added_rows_count);
    case list_field::kExistingRowsCount:
      return ReadLongInto(reader, field, manifest.existing_rows_count);
    case list_field::kDeletedRowsCount:
      return ReadLongInto(reader, field, manifest.deleted_rows_count);
    case list_field::kPartitions: return ReadSummaries(reader, field, manifest.partitions);
    case list_field::kKeyMetadata:
      manifest.key_metadata = ToOwned(TRY(GetBytes(reader, field)));
      return {};
    case list_field::kFirstRowId: return ReadLongInto(reader, field, manifest.first_row_id);
    default: return reader.Skip(field.schema);
  }
}

Result<std::vector<ManifestFile>> Decode(std::string_view bytes) {
  const auto file = TRY(AvroFileReader::Open(bytes));
  std::vector<ManifestFile> manifests;
  while (AvroReader* reader = TRY(file->NextRecord())) {
    if (manifests.size() == kManifestsMax)
      return Error::Corrupt("more than {} manifests", kManifestsMax);
    ManifestFile& manifest = manifests.emplace_back();
    for (const AvroField& field : file->schema().fields) TRY(ReadField(*reader, field, manifest));
    if (manifest.manifest_path.empty()) return Error::Corrupt("manifest without a path");
    if (manifest.manifest_length < 0)
      return Error::Corrupt("{} has a negative length", manifest.manifest_path);
  }
  return manifests;
}

}  // namespace

Result<std::string> EncodeManifestList(const ManifestListHeader& header,
                                       const std::vector<ManifestFile>& manifests) {
  if (header.format_version < 1 || header.format_version > 3) {
    return Error::Unsupported("cannot write manifest lists of format version {}",
                              header.format_version);
  }
  const AvroSchema schema =
      TRY(AvroRecordOf("manifest_file", ManifestListFields(header.format_version)));
  AvroFileWriter file(schema, HeaderOf(header));
  AvroWriter record;
  for (const ManifestFile& manifest : manifests) {
    TRY(CheckVersion(manifest, header.format_version));
    record.Clear();
    for (const AvroField& field : schema.fields) {
      if (const Status status = PutField(record, field, manifest); !status.ok()) {
        return status.error().WithContext(manifest.manifest_path);
      }
    }
    TRY(file.Append(record.bytes()));
  }
  return file.Finish();
}

Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes,
                                                     std::string_view location) {
  auto manifests = Decode(bytes);
  if (!manifests.ok())
    return manifests.error().WithContext(fmt::format("cannot read manifest list {}", location));
  return manifests;
}

}  // namespace kafka_iceberg::iceberg
