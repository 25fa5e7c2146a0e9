// SPDX-License-Identifier: Apache-2.0
//
// GluePointer: a Glue table as the pointer to its current metadata, moved by UpdateTable with the
// VersionId it was read with: Glue refuses it when anybody changed the table in between. Safe for
// concurrent use; its catalog outlives it.
#pragma once

#include <string>

#include "catalog/catalog_context.h"
#include "catalog/glue/glue_client.h"
#include "catalog/glue/glue_table.h"
#include "catalog/pointer_swap.h"

namespace kafka_iceberg::catalog {

// The Iceberg table of that name; kNotFound, and kInvalid when it is another kind of table.
Result<GlueTable> GetIcebergTable(GlueClient& client, const TableIdentifier& identifier);

class GluePointer final : public MetadataPointer {
 public:
  GluePointer(GlueClient& client, const CatalogContext& context, TableIdentifier identifier,
              bool skip_archive)
      : client_(client),
        context_(context),
        identifier_(std::move(identifier)),
        skip_archive_(skip_archive) {}

  Result<TableVersion> Load(const TableVersion& known) override;
  Status CheckAllowed(const iceberg::TableMetadata& base,
                      const iceberg::TableMetadata& next) override;
  SwapResult TrySwap(const Swap& swap) override;

 private:
  CommitReply Move(const GlueTable& table, const iceberg::TableMetadata& metadata,
                   const std::string& next);
  CommitReply LookAfter(const std::string& base, const std::string& next, const Error& why);

  GlueClient& client_;
  const CatalogContext context_;
  const TableIdentifier identifier_;
  const bool skip_archive_;
};

}  // namespace kafka_iceberg::catalog
