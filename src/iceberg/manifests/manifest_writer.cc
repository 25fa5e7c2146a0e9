// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifests/manifest_writer.h"

#include <fmt/format.h>

#include <utility>

#include "iceberg/encoding/avro_type.h"
#include "iceberg/manifests/manifest_schema.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::iceberg {
namespace {

// Readers of version 1 ignore it, but it must be there (spec "Manifests", field 105).
constexpr int64_t kVersion1BlockSize = 64LL << 20;

std::map<std::string, std::string> HeaderOf(const ManifestLayout& layout) {
  std::map<std::string, std::string> header = {
      {"schema", SchemaToJson(layout.schema)},
      {"schema-id", std::to_string(layout.schema.schema_id)},
      {"partition-spec", PartitionFieldsToJson(layout.spec)},
      {"partition-spec-id", std::to_string(layout.spec.spec_id)},
      {"format-version", std::to_string(layout.format_version)},
  };
  if (layout.format_version >= 2) {
    header["content"] = layout.content == ManifestContent::kData ? "data" : "deletes";
  }
  return header;
}

// Writes the optional array or map that follows, or null when there is nothing in it.
template <typename Container, typename WriteItem>
void PutItems(AvroWriter& writer, const Container& items, WriteItem write_item) {
  if (items.empty()) {
    writer.WriteNull();
    return;
  }
  writer.WriteNotNull();
  writer.WriteBlockCount(items.size());
  for (const auto& item : items) write_item(item);
  writer.WriteBlockEnd();
}

void PutCounts(AvroWriter& writer, const std::map<int32_t, int64_t>& counts) {
  PutItems(writer, counts, [&](const auto& item) {
    writer.WriteLong(item.first);
    writer.WriteLong(item.second);
  });
}

void PutBounds(AvroWriter& writer, const std::map<int32_t, std::string>& bounds) {
  PutItems(writer, bounds, [&](const auto& item) {
    writer.WriteLong(item.first);
    writer.WriteBytes(item.second);
  });
}

Status PutPartition(AvroWriter& writer, const AvroSchema& record, const PartitionTuple& partition) {
  for (size_t i = 0; i < partition.size(); ++i)
    TRY(PutValue(writer, record.fields[i], partition[i]));
  return {};
}

Status PutFileField(AvroWriter& writer, const AvroField& field, const DataFile& file,
                    const PartitionTuple& partition) {
  switch (field.field_id.value_or(-1)) {
    case file_field::kContent: return PutLong(writer, field, static_cast<int64_t>(file.content));
    case file_field::kFilePath: return PutBytes(writer, field, file.file_path);
    case file_field::kFileFormat: return PutBytes(writer, field, file.file_format);
    case file_field::kPartition: return PutPartition(writer, field.schema, partition);
    case file_field::kRecordCount: return PutLong(writer, field, file.record_count);
    case file_field::kFileSize: return PutLong(writer, field, file.file_size_in_bytes);
    case file_field::kBlockSize: return PutLong(writer, field, kVersion1BlockSize);
    case file_field::kColumnSizes: PutCounts(writer, file.column_sizes); return {};
    case file_field::kValueCounts: PutCounts(writer, file.value_counts); return {};
    case file_field::kNullValueCounts: PutCounts(writer, file.null_value_counts); return {};
    case file_field::kNanValueCounts: PutCounts(writer, file.nan_value_counts); return {};
    case file_field::kLowerBounds: PutBounds(writer, file.lower_bounds); return {};
    case file_field::kUpperBounds: PutBounds(writer, file.upper_bounds); return {};
    case file_field::kKeyMetadata: return PutBytes(writer, field, file.key_metadata);
    case file_field::kSplitOffsets:
      PutItems(writer, file.split_offsets, [&](int64_t offset) { writer.WriteLong(offset); });
      return {};
    case file_field::kEqualityIds:
      PutItems(writer, file.equality_ids, [&](int32_t id) { writer.WriteLong(id); });
      return {};
    case file_field::kSortOrderId: return PutLong(writer, field, file.sort_order_id);
    case file_field::kFirstRowId: return PutLong(writer, field, file.first_row_id);
    case file_field::kReferencedDataFile: return PutBytes(writer, field, file.referenced_data_file);
    case file_field::kContentOffset: return PutLong(writer, field, file.content_offset);
    case file_field::kContentSize: return PutLong(writer, field, file.content_size_in_bytes);
    default: return Error::Invalid("manifest has no field {}", field.name);
  }
}

// Only added files inherit; others say who they are (spec "Sequence Number Inheritance").
Status CheckExplicit(const ManifestEntry& entry, int32_t format_version) {
  if (entry.status == EntryStatus::kAdded) return {};
  if (!entry.snapshot_id) return Error::Invalid("an existing or deleted file needs a snapshot id");
  if (format_version >= 2 && !(entry.sequence_number && entry.file_sequence_number)) {
    return Error::Invalid("an existing or deleted file needs explicit sequence numbers");
  }
  return {};
}

// What the version has no column for must not be dropped silently.
Status CheckVersion(const DataFile& file, int32_t format_version, ManifestContent content) {
  if ((file.content == FileContent::kData) != (content == ManifestContent::kData)) {
    return Error::Invalid("data and delete files need manifests of their own");
  }
  if (format_version < 2 && (file.content != FileContent::kData || !file.equality_ids.empty())) {
    return Error::Invalid("format version 1 has no delete files");
  }
  if (format_version < 3 &&
      (file.first_row_id || file.content_offset || file.content_size_in_bytes)) {
    return Error::Invalid("row ids and deletion vectors need format version 3");
  }
  if (file.record_count < 0 || file.file_size_in_bytes < 0)
    return Error::Invalid("negative size or record count");
  return {};
}

}  // namespace

Result<std::unique_ptr<ManifestWriter>> ManifestWriter::Open(const ManifestLayout& layout) {
  if (layout.format_version < 1 || layout.format_version > 3) {
    return Error::Unsupported("cannot write manifests of format version {}", layout.format_version);
  }
  if (layout.format_version == 1 && layout.content != ManifestContent::kData) {
    return Error::Invalid("format version 1 has no delete manifests");
  }
  Type partition_type = TRY(PartitionType(layout.spec, layout.schema));
  AvroSchema schema = TRY(
      AvroRecordOf("manifest_entry", ManifestEntryFields(layout.format_version, partition_type)));
  return std::unique_ptr<ManifestWriter>(
      new ManifestWriter(layout, std::move(partition_type), std::move(schema)));
}

ManifestWriter::ManifestWriter(const ManifestLayout& layout, Type partition_type, AvroSchema schema)
    : format_version_(layout.format_version),
      content_(layout.content),
      spec_id_(layout.spec.spec_id),
      partition_type_(std::move(partition_type)),
      schema_(std::move(schema)),
      file_(schema_, HeaderOf(layout)),
      summary_(partition_type_) {}

Status ManifestWriter::Append(const ManifestEntry& entry) {
  const std::string_view path = entry.file.file_path;
  if (path.empty()) return Error::Invalid("a data file has no path");
  for (const Status& status : {CheckExplicit(entry, format_version_),
                               CheckVersion(entry.file, format_version_, content_)}) {
    if (!status.ok()) return status.error().WithContext(path);
  }
  if (entry.file.partition.size() != partition_type_.fields.size()) {
    return Error::Invalid("{}: {} partition values, but spec {} has {} fields", path,
                          entry.file.partition.size(), spec_id_, partition_type_.fields.size());
  }
  PartitionTuple partition;
  for (size_t i = 0; i < partition_type_.fields.size(); ++i) {
    auto value = PromoteValue(entry.file.partition[i], partition_type_.fields[i].type);
    if (!value.ok()) {
      return value.error().WithContext(
          fmt::format("{}: partition {}", path, partition_type_.fields[i].name));
    }
    partition.push_back(std::move(*value));
  }
  if (const Status status = WriteEntry(entry, partition); !status.ok())
    return status.error().WithContext(path);
  summary_.Add(partition);
  return Count(entry);
}

Status ManifestWriter::WriteEntry(const ManifestEntry& entry, const PartitionTuple& partition) {
  record_.Clear();
  for (const AvroField& field : schema_.fields) {
    switch (field.field_id.value_or(-1)) {
      case entry_field::kStatus:
        TRY(PutLong(record_, field, static_cast<int64_t>(entry.status)));
        break;
      case entry_field::kSnapshotId: TRY(PutLong(record_, field, entry.snapshot_id)); break;
      case entry_field::kSequenceNumber: TRY(PutLong(record_, field, entry.sequence_number)); break;
      case entry_field::kFileSequenceNumber:
        TRY(PutLong(record_, field, entry.file_sequence_number));
        break;
      default:
        for (const AvroField& member : field.schema.fields) {
          TRY(PutFileField(record_, member, entry.file, partition));
        }
    }
  }
  return file_.Append(record_.bytes());
}

Status ManifestWriter::Count(const ManifestEntry& entry) {
  Counts& counts = entry.status == EntryStatus::kAdded      ? added_
                   : entry.status == EntryStatus::kExisting ? existing_
                                                            : deleted_;
  ++counts.files;
  if (__builtin_add_overflow(counts.rows, entry.file.record_count, &counts.rows)) {
    return Error::Invalid("record counts of a manifest add up to more than 64 bits");
  }
  if (entry.status != EntryStatus::kDeleted && entry.sequence_number) {
    min_sequence_number_ =
        std::min(min_sequence_number_.value_or(INT64_MAX), *entry.sequence_number);
  }
  return {};
}

Result<EncodedManifest> ManifestWriter::Finish() {
  EncodedManifest manifest;
  manifest.bytes = TRY(file_.Finish());
  manifest.min_sequence_number = min_sequence_number_;
  ManifestFile& file = manifest.file;
  file.manifest_length = static_cast<int64_t>(manifest.bytes.size());
  file.partition_spec_id = spec_id_;
  file.content = content_;
  file.added_files_count = static_cast<int32_t>(added_.files);
  file.existing_files_count = static_cast<int32_t>(existing_.files);
  file.deleted_files_count = static_cast<int32_t>(deleted_.files);
  file.added_rows_count = added_.rows;
  file.existing_rows_count = existing_.rows;
  file.deleted_rows_count = deleted_.rows;
  file.partitions = summary_.Summaries();
  return manifest;
}

}  // namespace kafka_iceberg::iceberg
