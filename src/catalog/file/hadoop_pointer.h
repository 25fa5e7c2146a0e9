// SPDX-License-Identifier: Apache-2.0
//
// HadoopPointer: the swap of the file catalog. Version N becomes N+1 by creating
// v<N+1>.metadata.json where there is none; of all writers one succeeds. What a bare create cannot
// tell is found out afterwards: a writer that slept while the table moved on far (its N+1 came and
// was deleted again), or was dropped, must not believe it has committed. Owned by one
// PointerSwapTable; safe for concurrent use.
#pragma once

#include <string>

#include "catalog/catalog_context.h"
#include "catalog/file/hadoop_layout.h"
#include "catalog/pointer_swap.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

// What a dropped table's next version holds until all of its versions are gone: it keeps others
// from committing.
inline constexpr std::string_view kDroppedMarker = "{\"kafka-iceberg-dropped\": true}";

// The rules of the layout for a table's metadata: no compressed metadata, no write.metadata.path.
// kInvalid.
Status CheckHadoopProperties(const iceberg::TableMetadata& metadata);

class HadoopPointer final : public MetadataPointer {
 public:
  HadoopPointer(const CatalogContext& context, const std::string& table_location)
      : context_(context), layout_(context.store, table_location) {}

  Result<TableVersion> Load(const TableVersion& known) override;
  Status CheckAllowed(const iceberg::TableMetadata& base,
                      const iceberg::TableMetadata& next) override;
  SwapResult TrySwap(const Swap& swap) override;

  // Creates version 1. kAlreadyExists when there is one that is not this very file.
  Result<std::string> CreateFirst(const iceberg::TableMetadata& metadata);

 private:
  // The beginning of a version's file, long enough to hold the table's uuid: tells whether the file
  // is still the same.
  struct Fingerprint {
    std::string location;
    std::string head;
  };
  enum class WriteOutcome : uint8_t { kOurs, kTaken, kUnknown, kRefused };
  struct WriteResult {
    WriteOutcome outcome = WriteOutcome::kUnknown;
    std::string detail;
  };

  void Remember(const std::string& location, std::string_view bytes, const std::string& table_uuid);
  Result<bool> IsUnchanged(const TableVersion& base);
  Result<bool> IsSameFile(const TableVersion& base);
  CommitReply CheckBeforeWrite(const Swap& swap, int64_t next_number);
  WriteResult WriteVersion(const std::string& location, std::string_view bytes,
                           bool is_unmistakable);
  // After our file was created: whether it really is the table's newest, or an ancestor of it.
  CommitReply ConfirmCurrent(const Swap& swap, const MetadataVersion& ours);
  CommitReply ExamineHistory(const Swap& swap, const MetadataVersion& ours, bool base_is_unchanged);
  CommitReply Withdraw(const MetadataVersion& ours, CommitReply reply);

  const CatalogContext context_;
  const HadoopLayout layout_;
  Mutex mutex_;
  Fingerprint known_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
