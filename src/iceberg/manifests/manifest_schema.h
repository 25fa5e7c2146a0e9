// SPDX-License-Identifier: Apache-2.0
//
// The columns of manifests and manifest lists for each format version (spec "Manifests", "Manifest
// Lists"): the field ids by which they are found, and the Iceberg structs they form. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "iceberg/type.h"

namespace kafka_iceberg::iceberg {

namespace entry_field {
inline constexpr int32_t kStatus = 0;
inline constexpr int32_t kSnapshotId = 1;
inline constexpr int32_t kDataFile = 2;
inline constexpr int32_t kSequenceNumber = 3;
inline constexpr int32_t kFileSequenceNumber = 4;
}  // namespace entry_field

namespace file_field {
inline constexpr int32_t kFilePath = 100;
inline constexpr int32_t kFileFormat = 101;
inline constexpr int32_t kPartition = 102;
inline constexpr int32_t kRecordCount = 103;
inline constexpr int32_t kFileSize = 104;
inline constexpr int32_t kBlockSize = 105;  // version 1 only
inline constexpr int32_t kColumnSizes = 108;
inline constexpr int32_t kValueCounts = 109;
inline constexpr int32_t kNullValueCounts = 110;
inline constexpr int32_t kLowerBounds = 125;
inline constexpr int32_t kUpperBounds = 128;
inline constexpr int32_t kKeyMetadata = 131;
inline constexpr int32_t kSplitOffsets = 132;
inline constexpr int32_t kContent = 134;
inline constexpr int32_t kEqualityIds = 135;
inline constexpr int32_t kNanValueCounts = 137;
inline constexpr int32_t kSortOrderId = 140;
inline constexpr int32_t kFirstRowId = 142;
inline constexpr int32_t kReferencedDataFile = 143;
inline constexpr int32_t kContentOffset = 144;
inline constexpr int32_t kContentSize = 145;
// The keys of the column maps; the id of the value is always the next one.
inline constexpr int32_t kColumnSizesKey = 117;
inline constexpr int32_t kValueCountsKey = 119;
inline constexpr int32_t kNullValueCountsKey = 121;
inline constexpr int32_t kLowerBoundsKey = 126;
inline constexpr int32_t kUpperBoundsKey = 129;
inline constexpr int32_t kNanValueCountsKey = 138;
}  // namespace file_field

namespace list_field {
inline constexpr int32_t kManifestPath = 500;
inline constexpr int32_t kManifestLength = 501;
inline constexpr int32_t kPartitionSpecId = 502;
inline constexpr int32_t kAddedSnapshotId = 503;
inline constexpr int32_t kAddedFilesCount = 504;
inline constexpr int32_t kExistingFilesCount = 505;
inline constexpr int32_t kDeletedFilesCount = 506;
inline constexpr int32_t kPartitions = 507;
inline constexpr int32_t kContainsNull = 509;
inline constexpr int32_t kLowerBound = 510;
inline constexpr int32_t kUpperBound = 511;
inline constexpr int32_t kAddedRowsCount = 512;
inline constexpr int32_t kExistingRowsCount = 513;
inline constexpr int32_t kDeletedRowsCount = 514;
inline constexpr int32_t kSequenceNumber = 515;
inline constexpr int32_t kMinSequenceNumber = 516;
inline constexpr int32_t kContent = 517;
inline constexpr int32_t kContainsNan = 518;
inline constexpr int32_t kKeyMetadata = 519;
inline constexpr int32_t kFirstRowId = 520;
}  // namespace list_field

// The columns of a manifest, in the order they are written. `partition_type` is PartitionType() of
// its spec.
std::vector<Field> ManifestEntryFields(int32_t format_version, const Type& partition_type);
// The columns of a manifest list.
std::vector<Field> ManifestListFields(int32_t format_version);

}  // namespace kafka_iceberg::iceberg
