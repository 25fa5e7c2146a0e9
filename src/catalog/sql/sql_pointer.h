// SPDX-License-Identifier: Apache-2.0
//
// SqlPointer: a table's row in the SQL catalog as the pointer to its current metadata, moved by one
// UPDATE that names the version it replaces. Safe for concurrent use; its catalog outlives it.
#pragma once

#include "catalog/catalog_context.h"
#include "catalog/pointer_swap.h"
#include "catalog/sql/catalog_rows.h"

namespace kafka_iceberg::catalog {

class SqlPointer final : public MetadataPointer {
 public:
  SqlPointer(CatalogRows& rows, const CatalogContext& context, TableIdentifier identifier)
      : rows_(rows), context_(context), identifier_(std::move(identifier)) {}

  Result<TableVersion> Load(const TableVersion& known) override;
  Status CheckAllowed(const iceberg::TableMetadata& base,
                      const iceberg::TableMetadata& next) override;
  SwapResult TrySwap(const Swap& swap) override;

 private:
  CommitReply Move(const std::string& base, const std::string& next);
  CommitReply LookAfter(const std::string& base, const std::string& next, const std::string& why);

  CatalogRows& rows_;
  const CatalogContext context_;
  const TableIdentifier identifier_;
};

}  // namespace kafka_iceberg::catalog
