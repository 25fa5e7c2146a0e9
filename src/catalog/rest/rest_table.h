// SPDX-License-Identifier: Apache-2.0
//
// RestTable: the TableOperations of a REST catalog. The server applies updates and writes metadata;
// we send what must still hold. Beyond the caller's requirements each commit asserts everything of
// its base that the protocol can name (uuid, refs, ids), because "base is still current" cannot be
// said in it. What remains is a change of properties alone by somebody else: the commit then lands
// on top of that change, and the answer shows both. Safe for concurrent use.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/rest/idempotency_key.h"
#include "catalog/rest/rest_session.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

// The caller's requirements, then those that pin `base`.
std::vector<iceberg::TableRequirement> PinnedTo(
    const iceberg::TableMetadata& base, std::span<const iceberg::TableRequirement> requirements);

// `base` with the updates applied, as a check before anything is sent. kConflict when a requirement
// does not hold for `base`; otherwise the change is illegal.
Result<iceberg::TableMetadata> CheckChange(const TableVersion& base,
                                           std::span<const iceberg::MetadataUpdate> updates,
                                           std::span<const iceberg::TableRequirement> requirements,
                                           int64_t now_ms);

class RestTable final : public TableOperations {
 public:
  // Makes the table's store; its errors.
  static Result<std::unique_ptr<RestTable>> Open(std::shared_ptr<RestSession> session,
                                                 const TableIdentifier& identifier,
                                                 LoadedTable loaded);

  const TableIdentifier& identifier() const override { return identifier_; }
  TableVersion Current() const override;
  Result<TableVersion> Refresh() override;
  CommitReply Commit(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                     std::span<const iceberg::TableRequirement> requirements) override;
  Result<bool> Reconcile(int64_t snapshot_id) override;
  storage::ObjectStore& store() override { return *store_; }

 private:
  RestTable(std::shared_ptr<RestSession> session, const TableIdentifier& identifier,
            TableVersion loaded, std::unique_ptr<storage::ObjectStore> store);
  Result<TableVersion> RefreshNow();
  CommitReply CommitNow(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                        std::span<const iceberg::TableRequirement> requirements);
  CommitReply Send(const std::string& body, std::span<const iceberg::MetadataUpdate> updates);
  Result<TableVersion> Verify(std::string_view body,
                              std::span<const iceberg::MetadataUpdate> updates) const;

  const std::shared_ptr<RestSession> session_;
  const TableIdentifier identifier_;
  const std::string table_uuid_;
  const std::unique_ptr<storage::ObjectStore> store_;
  CommitKeys keys_;
  mutable Mutex mutex_;
  TableVersion current_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
