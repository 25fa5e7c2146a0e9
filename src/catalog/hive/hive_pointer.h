// SPDX-License-Identifier: Apache-2.0
//
// HivePointer: a Hive table's parameter metadata_location as the pointer to its current metadata,
// moved under the table's lock, by the server's compare-and-set, or both. Safe for concurrent use;
// its catalog outlives it.
#pragma once

#include "catalog/catalog_context.h"
#include "catalog/hive/hive_client.h"
#include "catalog/pointer_swap.h"

namespace kafka_iceberg::catalog {

struct HiveCommitOptions {
  bool takes_lock = true;
  Duration lock_timeout = std::chrono::minutes(3);
  // How long to look for the effect of a change whose answer was lost, before the lock is given
  // back: a change that is applied later than that could overwrite somebody else's.
  Duration settle_time = std::chrono::seconds(15);
};

class HivePointer final : public MetadataPointer {
 public:
  HivePointer(HiveClient& client, const CatalogContext& context, const HiveCommitOptions& options,
              TableIdentifier identifier)
      : client_(client), context_(context), options_(options), identifier_(std::move(identifier)) {}

  Result<TableVersion> Load(const TableVersion& known) override;
  Status CheckAllowed(const iceberg::TableMetadata& base,
                      const iceberg::TableMetadata& next) override;
  SwapResult TrySwap(const Swap& swap) override;

 private:
  const std::string& database() const { return identifier_.name_space[0]; }
  Result<std::string> CurrentLocation();
  CommitReply MovedOn() const;
  CommitReply Move(const Swap& swap, const std::string& next);
  CommitReply Alter(const Swap& swap, const std::string& next);
  CommitReply Settle(const std::string& base, const std::string& next, const std::string& why);

  HiveClient& client_;
  const CatalogContext context_;
  const HiveCommitOptions options_;
  const TableIdentifier identifier_;
};

// A table's metadata location; kInvalid when it is no Iceberg table.
Result<std::string> MetadataLocationOf(const HiveTable& table);

}  // namespace kafka_iceberg::catalog
