// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifests/manifest_reader.h"

#include <charconv>
#include <utility>

#include "iceberg/encoding/avro_type.h"
#include "iceberg/manifests/manifest_schema.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr size_t kColumnsMax = 1'000'000;  // entries of one column map
constexpr size_t kListItemsMax = 10'000'000;
constexpr size_t kPartitionFieldsMax = 1'000;

Result<int32_t> ToInt(std::string_view text, std::string_view name) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return Error::Corrupt("{} is not a number", name);
  return value;
}

template <typename T>
Result<T> Need(Result<std::optional<T>> value, const AvroField& field) {
  auto optional = TRY(std::move(value));
  if (!optional)
    return Error::Corrupt("required field {} ({}) is null", *field.field_id, field.name);
  return *optional;
}

Result<int64_t> NeedCount(AvroReader& reader, const AvroField& field) {
  const int64_t count = TRY(Need(GetLong(reader, field), field));
  if (count < 0) return Error::Corrupt("field {} is negative", field.name);
  return count;
}

std::optional<std::string> ToOwned(std::optional<std::string_view> view) {
  if (!view) return std::nullopt;
  return std::string(*view);
}

Error WrongShape(const AvroField& field) {
  return Error::Corrupt("field {} ({}) has an unexpected type", field.field_id.value_or(-1),
                        field.name);
}

// Calls `read_item` for every item of the array that follows; null counts as empty.
template <typename ReadItem>
Status ReadItems(AvroReader& reader, const AvroField& field, size_t items_max, ReadItem read_item) {
  const AvroSchema* array = TRY(reader.ReadBranch(field.schema));
  if (array == nullptr) return {};
  if (array->kind != AvroKind::kArray) return WrongShape(field);
  size_t items = 0;
  while (int64_t count = TRY(reader.ReadBlockCount())) {
    items += static_cast<size_t>(count);
    if (items > items_max)
      return Error::Corrupt("field {} has more than {} items", field.name, items_max);
    for (; count > 0; --count) TRY(read_item(array->children.front()));
  }
  return {};
}

AvroField ItemField(const AvroField& list, const AvroSchema& item) {
  return {list.name, list.field_id, item, ""};
}

Status ReadLongs(AvroReader& reader, const AvroField& field, std::vector<int64_t>& values) {
  std::optional<AvroField> item_field;
  return ReadItems(reader, field, kListItemsMax, [&](const AvroSchema& item) -> Status {
    if (!item_field) item_field = ItemField(field, item);
    values.push_back(TRY(Need(GetLong(reader, *item_field), *item_field)));
    return {};
  });
}

Status ReadInts(AvroReader& reader, const AvroField& field, std::vector<int32_t>& values) {
  std::optional<AvroField> item_field;
  return ReadItems(reader, field, kListItemsMax, [&](const AvroSchema& item) -> Status {
    if (!item_field) item_field = ItemField(field, item);
    values.push_back(TRY(Need(GetInt(reader, *item_field), *item_field)));
    return {};
  });
}

// A map from column ids: an array of records of a key and a value.
template <typename T, typename ReadValue>
Status ReadColumnMap(AvroReader& reader, const AvroField& field, int32_t key_id,
                     std::map<int32_t, T>& map, ReadValue read_value) {
  return ReadItems(reader, field, kColumnsMax, [&](const AvroSchema& pair) -> Status {
    std::optional<int32_t> key;
    std::optional<T> value;  // null is as good as no entry
    for (const AvroField& part : pair.fields) {
      if (part.field_id == key_id) {
        key = TRY(GetInt(reader, part));
      } else if (part.field_id ==
                 key_id + 1) {  // in all maps of a manifest the value's id follows the key's
        if (auto stored = TRY(read_value(part))) value = T(*stored);
      } else {
        TRY(reader.Skip(part.schema));
      }
    }
    if (!key) return WrongShape(field);
    if (value) map.insert_or_assign(*key, *std::move(value));
    return {};
  });
}

Status ReadCounts(AvroReader& reader, const AvroField& field, int32_t key_id,
                  std::map<int32_t, int64_t>& map) {
  return ReadColumnMap(reader, field, key_id, map,
                       [&](const AvroField& value) { return GetLong(reader, value); });
}

Status ReadBounds(AvroReader& reader, const AvroField& field, int32_t key_id,
                  std::map<int32_t, std::string>& map) {
  return ReadColumnMap(reader, field, key_id, map,
                       [&](const AvroField& value) { return GetBytes(reader, value); });
}

Result<EntryStatus> ReadStatus(AvroReader& reader, const AvroField& field) {
  const int32_t status = TRY(Need(GetInt(reader, field), field));
  if (status < 0 || status > 2) return Error::Corrupt("entry has the unknown status {}", status);
  return static_cast<EntryStatus>(status);
}

Result<FileContent> ReadContent(AvroReader& reader, const AvroField& field) {
  const int32_t content = TRY(GetInt(reader, field)).value_or(0);
  if (content < 0 || content > 2) return Error::Corrupt("file has the unknown content {}", content);
  return static_cast<FileContent>(content);
}

Status ReadFileField(AvroReader& reader, const AvroField& field, DataFile& file) {
  switch (field.field_id.value_or(-1)) {
    case file_field::kContent: file.content = TRY(ReadContent(reader, field)); return {};
    case file_field::kFilePath:
      file.file_path = TRY(Need(GetBytes(reader, field), field));
      return {};
    case file_field::kFileFormat:
      file.file_format = TRY(Need(GetBytes(reader, field), field));
      return {};
    case file_field::kRecordCount: file.record_count = TRY(NeedCount(reader, field)); return {};
    case file_field::kFileSize: file.file_size_in_bytes = TRY(NeedCount(reader, field)); return {};
    case file_field::kColumnSizes:
      return ReadCounts(reader, field, file_field::kColumnSizesKey, file.column_sizes);
    case file_field::kValueCounts:
      return ReadCounts(reader, field, file_field::kValueCountsKey, file.value_counts);
    case file_field::kNullValueCounts:
      return ReadCounts(reader, field, file_field::kNullValueCountsKey, file.null_value_counts);
    case file_field::kNanValueCounts:
      return ReadCounts(reader, field, file_field::kNanValueCountsKey, file.nan_value_counts);
    case file_field::kLowerBounds:
      return ReadBounds(reader, field, file_field::kLowerBoundsKey, file.lower_bounds);
    case file_field::kUpperBounds:
      return ReadBounds(reader, field, file_field::kUpperBoundsKey, file.upper_bounds);
    case file_field::kKeyMetadata:
      file.key_metadata = ToOwned(TRY(GetBytes(reader, field)));
      return {};
    case file_field::kSplitOffsets: return ReadLongs(reader, field, file.split_offsets);
    case file_field::kEqualityIds: return ReadInts(reader, field, file.equality_ids);
    case file_field::kSortOrderId: file.sort_order_id = TRY(GetInt(reader, field)); return {};
    case file_field::kFirstRowId: file.first_row_id = TRY(GetLong(reader, field)); return {};
    case file_field::kReferencedDataFile:
      file.referenced_data_file = ToOwned(TRY(GetBytes(reader, field)));
      return {};
    case file_field::kContentOffset: file.content_offset = TRY(GetLong(reader, field)); return {};
    case file_field::kContentSize:
      file.content_size_in_bytes = TRY(GetLong(reader, field));
      return {};
    default: return reader.Skip(field.schema);
  }
}

const AvroField* FindField(const AvroSchema& record, int32_t id) {
  for (const AvroField& field : record.fields) {
    if (field.field_id == id) return &field;
  }
  return nullptr;
}

// Fails unless the record is one and has the fields.
Status CheckFields(const AvroSchema* record, std::initializer_list<int32_t> required) {
  if (record == nullptr || record->kind != AvroKind::kRecord)
    return Error::Corrupt("manifest entry is not a record");
  for (const int32_t id : required) {
    if (FindField(*record, id) == nullptr)
      return Error::Corrupt("required field {} is missing", id);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ManifestReader>> ManifestReader::Open(std::string_view bytes,
                                                             std::string_view location) {
  const std::string context = fmt::format("cannot read manifest {}", location);
  auto file = AvroFileReader::Open(bytes);
  if (!file.ok()) return file.error().WithContext(context);
  std::unique_ptr<ManifestReader> reader(new ManifestReader(std::move(*file), location));
  if (const Status status = reader->ReadHeader(); !status.ok())
    return status.error().WithContext(context);
  return reader;
}

Status ManifestReader::ReadHeader() {
  format_version_ = TRY(ToInt(file_->Header("format-version").value_or("1"), "format-version"));
  if (format_version_ > 3) return Error::Unsupported("format version {}", format_version_);
  if (format_version_ < 1) return Error::Corrupt("format version {}", format_version_);
  const std::string_view content = file_->Header("content").value_or("data");
  if (content != "data" && content != "deletes") return Error::Corrupt("unknown content");
  content_ = content == "data" ? ManifestContent::kData : ManifestContent::kDeletes;
  const auto schema_json = file_->Header("schema");
  const auto spec_json = file_->Header("partition-spec");
  if (!schema_json || !spec_json)
    return Error::Corrupt("header has no schema or no partition spec");
  auto schema = SchemaFromJson(*schema_json);
  if (!schema.ok()) return Error::Corrupt("header schema: {}", schema.error().message());
  schema_ = std::move(*schema);
  const int32_t spec_id =
      TRY(ToInt(file_->Header("partition-spec-id").value_or("0"), "partition-spec-id"));
  auto spec = PartitionFieldsFromJson(*spec_json, spec_id);
  if (!spec.ok()) return Error::Corrupt("header partition spec: {}", spec.error().message());
  spec_ = std::move(*spec);
  return BindPartition();
}

// Finds out which field of the spec each field of the partition record is.
Status ManifestReader::BindPartition() {
  if (spec_.fields.size() > kPartitionFieldsMax)
    return Error::Corrupt("more than {} partition fields", kPartitionFieldsMax);
  auto type = PartitionType(spec_, schema_);
  if (!type.ok()) return Error::Corrupt("header partition spec: {}", type.error().message());
  partition_type_ = std::move(*type);
  TRY(CheckFields(&file_->schema(), {entry_field::kStatus, entry_field::kDataFile}));
  const AvroSchema& data_file = FindField(file_->schema(), entry_field::kDataFile)->schema;
  TRY(CheckFields(&data_file,
                  {file_field::kFilePath, file_field::kFileFormat, file_field::kPartition,
                   file_field::kRecordCount, file_field::kFileSize}));
  const AvroSchema& partition = FindField(data_file, file_field::kPartition)->schema;
  TRY(CheckFields(&partition, {}));
  for (const AvroField& field : partition.fields) {
    const auto found = std::find_if(
        spec_.fields.begin(), spec_.fields.end(),
        [&](const PartitionField& candidate) { return candidate.field_id == field.field_id; });
    partition_positions_.push_back(static_cast<size_t>(found - spec_.fields.begin()));
  }
  return {};
}

Result<bool> ManifestReader::Next(ManifestEntry& entry) {
  auto result = ReadNext(entry);
  if (!result.ok())
    return result.error().WithContext(fmt::format("cannot read manifest {}", location_));
  return result;
}

Result<bool> ManifestReader::ReadNext(ManifestEntry& entry) {
  AvroReader* reader = TRY(file_->NextRecord());
  if (reader == nullptr) return false;
  entry = ManifestEntry();
  entry.file.spec_id = spec_.spec_id;
  for (const AvroField& field : file_->schema().fields) {
    switch (field.field_id.value_or(-1)) {
      case entry_field::kStatus: entry.status = TRY(ReadStatus(*reader, field)); break;
      case entry_field::kSnapshotId: entry.snapshot_id = TRY(GetLong(*reader, field)); break;
      case entry_field::kSequenceNumber:
        entry.sequence_number = TRY(GetLong(*reader, field));
        break;
      case entry_field::kFileSequenceNumber:
        entry.file_sequence_number = TRY(GetLong(*reader, field));
        break;
      case entry_field::kDataFile: TRY(ReadDataFile(field.schema, *reader, entry.file)); break;
      default: TRY(reader->Skip(field.schema));
    }
  }
  return true;
}

Status ManifestReader::ReadDataFile(const AvroSchema& record, AvroReader& reader, DataFile& file) {
  file.partition.assign(spec_.fields.size(), Value());
  for (const AvroField& field : record.fields) {
    if (field.field_id == file_field::kPartition) {
      TRY(ReadPartition(field.schema, reader, file.partition));
    } else {
      TRY(ReadFileField(reader, field, file));
    }
  }
  return {};
}

Status ManifestReader::ReadPartition(const AvroSchema& record, AvroReader& reader,
                                     PartitionTuple& partition) {
  if (record.fields.size() != partition_positions_.size())
    return Error::Corrupt("two partition records");
  for (size_t i = 0; i < record.fields.size(); ++i) {
    const AvroField& field = record.fields[i];
    const size_t position = partition_positions_[i];
    if (position == partition.size()) {
      TRY(reader.Skip(field.schema));
      continue;
    }
    auto value = PromoteValue(TRY(GetValue(reader, field)), partition_type_.fields[position].type);
    if (!value.ok()) return Error::Corrupt("partition {}: {}", field.name, value.error().message());
    partition[position] = std::move(*value);
  }
  return {};
}

EntryInheritance::EntryInheritance(const ManifestFile& file)
    : snapshot_id_(file.added_snapshot_id),
      sequence_number_(file.sequence_number),
      spec_id_(file.partition_spec_id),
      data_(file.content == ManifestContent::kData),
      next_row_id_(file.first_row_id) {}

void EntryInheritance::Apply(ManifestEntry& entry) {
  entry.file.spec_id = spec_id_;
  if (!entry.snapshot_id) entry.snapshot_id = snapshot_id_;
  if (entry.status == EntryStatus::kAdded || sequence_number_ == 0) {
    if (!entry.sequence_number) entry.sequence_number = sequence_number_;
    if (!entry.file_sequence_number) entry.file_sequence_number = sequence_number_;
  }
  if (!data_) return;
  if (!next_row_id_) {
    entry.file.first_row_id.reset();
  } else if (entry.status != EntryStatus::kDeleted && !entry.file.first_row_id) {
    entry.file.first_row_id = next_row_id_;
    // Wraps instead of overflowing: the counts come from a file.
    next_row_id_ = static_cast<int64_t>(static_cast<uint64_t>(*next_row_id_) +
                                        static_cast<uint64_t>(entry.file.record_count));
  }
}

}  // namespace kafka_iceberg::iceberg
