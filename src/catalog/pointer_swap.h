// SPDX-License-Identifier: Apache-2.0
//
// PointerSwapTable: the TableOperations of every catalog that only keeps a pointer to the current
// metadata.json (file, SQL, Glue, Hive, ...). It checks requirements, applies updates and keeps
// what was seen; a MetadataPointer adds where the pointer is and how it is moved. Safe for
// concurrent use, as is every MetadataPointer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/catalog_context.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

// A change that is ready to become current.
struct Swap {
  const TableVersion& base;
  const iceberg::TableMetadata& next;
  std::string_view bytes;  // of the new metadata file
  // Whether nobody else can have made the same bytes (they hold a new snapshot): then finding them
  // proves success.
  bool is_unmistakable = false;
};

struct SwapResult {
  CommitReply reply;
  std::string metadata_location;  // when committed
};

class MetadataPointer {
 public:
  virtual ~MetadataPointer() = default;

  // The current version; `known` again (not read anew) when it still is current. `known` may be
  // empty. kNotFound: no such table (any more).
  virtual Result<TableVersion> Load(const TableVersion& known) = 0;
  // What this kind of catalog does not allow a commit to do; kInvalid or kUnsupported.
  virtual Status CheckAllowed(const iceberg::TableMetadata& base,
                              const iceberg::TableMetadata& next) = 0;
  // Writes the file and moves the pointer, if it still points to the base.
  virtual SwapResult TrySwap(const Swap& swap) = 0;
};

class PointerSwapTable final : public TableOperations {
 public:
  // Loads the table; errors as MetadataPointer::Load.
  static Result<std::unique_ptr<TableOperations>> Open(TableIdentifier identifier,
                                                       const CatalogContext& context,
                                                       std::string_view catalog_type,
                                                       std::unique_ptr<MetadataPointer> pointer);

  const TableIdentifier& identifier() const override { return identifier_; }
  TableVersion Current() const override;
  Result<TableVersion> Refresh() override;
  CommitReply Commit(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                     std::span<const iceberg::TableRequirement> requirements) override;
  Result<bool> Reconcile(int64_t snapshot_id) override;
  storage::ObjectStore& store() override { return context_.store; }

 private:
  PointerSwapTable(TableIdentifier identifier, const CatalogContext& context,
                   std::string_view catalog_type, std::unique_ptr<MetadataPointer> pointer,
                   TableVersion loaded);
  Result<TableVersion> RefreshNow();
  CommitReply CommitNow(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                        std::span<const iceberg::TableRequirement> requirements);
  Result<iceberg::TableMetadata> NextMetadata(
      const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
      std::span<const iceberg::TableRequirement> requirements);

  const TableIdentifier identifier_;
  const CatalogContext context_;
  CatalogMetrics metrics_;
  const std::unique_ptr<MetadataPointer> pointer_;
  const std::string table_uuid_;
  mutable Mutex mutex_;
  TableVersion current_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
