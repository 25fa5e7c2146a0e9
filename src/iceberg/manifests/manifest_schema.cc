// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifests/manifest_schema.h"

#include <string>
#include <utility>

namespace kafka_iceberg::iceberg {
namespace {

Field Make(int32_t id, std::string name, bool required, Type type) {
  Field field;
  field.id = id;
  field.name = std::move(name);
  field.required = required;
  field.type = std::move(type);
  return field;
}

Field Required(int32_t id, std::string name, Type type) {
  return Make(id, std::move(name), true, std::move(type));
}
Field Required(int32_t id, std::string name, TypeId type) {
  return Required(id, std::move(name), Type::Primitive(type));
}
Field Optional(int32_t id, std::string name, Type type) {
  return Make(id, std::move(name), false, std::move(type));
}
Field Optional(int32_t id, std::string name, TypeId type) {
  return Optional(id, std::move(name), Type::Primitive(type));
}

// From column id to a long or to bytes.
Type ColumnMap(int32_t key_id, TypeId value) {
  return Type::Map(key_id, Type::Primitive(TypeId::kInt), key_id + 1, true, Type::Primitive(value));
}

Type ListOf(int32_t element_id, Type element) {
  return Type::List(element_id, true, std::move(element));
}

void AddColumnMetrics(std::vector<Field>& fields) {
  using namespace file_field;
  fields.push_back(
      Optional(kColumnSizes, "column_sizes", ColumnMap(kColumnSizesKey, TypeId::kLong)));
  fields.push_back(
      Optional(kValueCounts, "value_counts", ColumnMap(kValueCountsKey, TypeId::kLong)));
  fields.push_back(Optional(kNullValueCounts, "null_value_counts",
                            ColumnMap(kNullValueCountsKey, TypeId::kLong)));
  fields.push_back(
      Optional(kNanValueCounts, "nan_value_counts", ColumnMap(kNanValueCountsKey, TypeId::kLong)));
  fields.push_back(
      Optional(kLowerBounds, "lower_bounds", ColumnMap(kLowerBoundsKey, TypeId::kBinary)));
  fields.push_back(
      Optional(kUpperBounds, "upper_bounds", ColumnMap(kUpperBoundsKey, TypeId::kBinary)));
}

std::vector<Field> DataFileFields(int32_t format_version, const Type& partition_type) {
  using namespace file_field;
  std::vector<Field> fields;
  if (format_version >= 2) fields.push_back(Required(kContent, "content", TypeId::kInt));
  fields.push_back(Required(kFilePath, "file_path", TypeId::kString));
  fields.push_back(Required(kFileFormat, "file_format", TypeId::kString));
  fields.push_back(Required(kPartition, "partition", partition_type));
  fields.push_back(Required(kRecordCount, "record_count", TypeId::kLong));
  fields.push_back(Required(kFileSize, "file_size_in_bytes", TypeId::kLong));
  if (format_version == 1)
    fields.push_back(Required(kBlockSize, "block_size_in_bytes", TypeId::kLong));
  AddColumnMetrics(fields);
  fields.push_back(Optional(kKeyMetadata, "key_metadata", TypeId::kBinary));
  fields.push_back(
      Optional(kSplitOffsets, "split_offsets", ListOf(133, Type::Primitive(TypeId::kLong))));
  if (format_version >= 2) {
    fields.push_back(
        Optional(kEqualityIds, "equality_ids", ListOf(136, Type::Primitive(TypeId::kInt))));
  }
  fields.push_back(Optional(kSortOrderId, "sort_order_id", TypeId::kInt));
  if (format_version >= 3) fields.push_back(Optional(kFirstRowId, "first_row_id", TypeId::kLong));
  if (format_version >= 2) {
    fields.push_back(Optional(kReferencedDataFile, "referenced_data_file", TypeId::kString));
  }
  if (format_version >= 3) {
    fields.push_back(Optional(kContentOffset, "content_offset", TypeId::kLong));
    fields.push_back(Optional(kContentSize, "content_size_in_bytes", TypeId::kLong));
  }
  return fields;
}

Type PartitionSummaryType() {
  using namespace list_field;
  return Type::Struct({Required(kContainsNull, "contains_null", TypeId::kBoolean),
                       Optional(kContainsNan, "contains_nan", TypeId::kBoolean),
                       Optional(kLowerBound, "lower_bound", TypeId::kBinary),
                       Optional(kUpperBound, "upper_bound", TypeId::kBinary)});
}

void AddFileCounts(bool required, std::vector<Field>& fields) {
  using namespace list_field;
  fields.push_back(
      Make(kAddedFilesCount, "added_files_count", required, Type::Primitive(TypeId::kInt)));
  fields.push_back(
      Make(kExistingFilesCount, "existing_files_count", required, Type::Primitive(TypeId::kInt)));
  fields.push_back(
      Make(kDeletedFilesCount, "deleted_files_count", required, Type::Primitive(TypeId::kInt)));
}

void AddRowCounts(bool required, std::vector<Field>& fields) {
  using namespace list_field;
  fields.push_back(
      Make(kAddedRowsCount, "added_rows_count", required, Type::Primitive(TypeId::kLong)));
  fields.push_back(
      Make(kExistingRowsCount, "existing_rows_count", required, Type::Primitive(TypeId::kLong)));
  fields.push_back(
      Make(kDeletedRowsCount, "deleted_rows_count", required, Type::Primitive(TypeId::kLong)));
}

}  // namespace

std::vector<Field> ManifestEntryFields(int32_t format_version, const Type& partition_type) {
  using namespace entry_field;
  std::vector<Field> fields = {Required(kStatus, "status", TypeId::kInt)};
  if (format_version == 1) {
    fields.push_back(Required(kSnapshotId, "snapshot_id", TypeId::kLong));
  } else {
    fields.push_back(Optional(kSnapshotId, "snapshot_id", TypeId::kLong));
    fields.push_back(Optional(kSequenceNumber, "sequence_number", TypeId::kLong));
    fields.push_back(Optional(kFileSequenceNumber, "file_sequence_number", TypeId::kLong));
  }
  fields.push_back(Required(kDataFile, "data_file",
                            Type::Struct(DataFileFields(format_version, partition_type))));
  return fields;
}

std::vector<Field> ManifestListFields(int32_t format_version) {
  using namespace list_field;
  std::vector<Field> fields = {Required(kManifestPath, "manifest_path", TypeId::kString),
                               Required(kManifestLength, "manifest_length", TypeId::kLong),
                               Required(kPartitionSpecId, "partition_spec_id", TypeId::kInt)};
  if (format_version >= 2) {
    fields.push_back(Required(kContent, "content", TypeId::kInt));
    fields.push_back(Required(kSequenceNumber, "sequence_number", TypeId::kLong));
    fields.push_back(Required(kMinSequenceNumber, "min_sequence_number", TypeId::kLong));
  }
  fields.push_back(Required(kAddedSnapshotId, "added_snapshot_id", TypeId::kLong));
  AddFileCounts(format_version >= 2, fields);
  if (format_version >= 2) AddRowCounts(true, fields);
  fields.push_back(Optional(kPartitions, "partitions", ListOf(508, PartitionSummaryType())));
  // Version 1 has the row counts behind the partitions.
  if (format_version == 1) AddRowCounts(false, fields);
  fields.push_back(Optional(kKeyMetadata, "key_metadata", TypeId::kBinary));
  if (format_version >= 3) fields.push_back(Optional(kFirstRowId, "first_row_id", TypeId::kLong));
  return fields;
}

}  // namespace kafka_iceberg::iceberg
