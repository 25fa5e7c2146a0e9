// SPDX-License-Identifier: Apache-2.0
#include "commit/fake_table_server.h"

#include <utility>

namespace kafka_iceberg::commit {

class FakeTableServer::Client final : public catalog::TableOperations {
 public:
  explicit Client(FakeTableServer& server) : server_(server), known_(server.Load()) {}

  const catalog::TableIdentifier& identifier() const override { return server_.identifier_; }
  storage::ObjectStore& store() override { return server_.store_; }
  catalog::TableVersion Current() const override {
    MutexLock lock(mutex_);
    return known_;
  }
  Result<catalog::TableVersion> Refresh() override {
    MutexLock lock(mutex_);
    known_ = server_.Load();
    return known_;
  }
  catalog::CommitReply Commit(const catalog::TableVersion&,
                              std::span<const iceberg::MetadataUpdate> updates,
                              std::span<const iceberg::TableRequirement> requirements) override {
    catalog::CommitReply reply = server_.Apply(updates, requirements);
    MutexLock lock(mutex_);
    if (reply.outcome == catalog::CommitOutcome::kCommitted) known_ = server_.Load();
    return reply;
  }
  Result<bool> Reconcile(int64_t snapshot_id) override {
    const catalog::TableVersion version = TRY(Refresh());
    return version.metadata->FindSnapshot(snapshot_id) != nullptr;
  }

 private:
  FakeTableServer& server_;
  mutable Mutex mutex_;
  catalog::TableVersion known_ GUARDED_BY(mutex_);
};

FakeTableServer::FakeTableServer(catalog::TableIdentifier identifier,
                                 iceberg::TableMetadata metadata, storage::ObjectStore& store,
                                 Clock& clock)
    : identifier_(std::move(identifier)),
      store_(store),
      clock_(clock),
      current_{std::make_shared<const iceberg::TableMetadata>(std::move(metadata)),
               "memory://server/0"} {}

std::unique_ptr<catalog::TableOperations> FakeTableServer::Open() {
  return std::make_unique<Client>(*this);
}

catalog::TableVersion FakeTableServer::Load() const {
  MutexLock lock(mutex_);
  return current_;
}

catalog::CommitReply FakeTableServer::Apply(
    std::span<const iceberg::MetadataUpdate> updates,
    std::span<const iceberg::TableRequirement> requirements) {
  MutexLock lock(mutex_);
  if (const Status status = iceberg::CheckRequirements(current_.metadata.get(), requirements);
      !status.ok()) {
    return {catalog::CommitOutcome::kConflict, status.error().message()};
  }
  Result<iceberg::TableMetadata> next = iceberg::ApplyUpdates(
      *current_.metadata, updates, current_.metadata_location, ToMillis(clock_.Now()));
  if (!next.ok()) {
    const bool is_outdated = next.error().code() == ErrorCode::kConflict;
    return {is_outdated ? catalog::CommitOutcome::kConflict : catalog::CommitOutcome::kRejected,
            next.error().message()};
  }
  current_ = {std::make_shared<const iceberg::TableMetadata>(std::move(next).value()),
              fmt::format("memory://server/{}", ++version_)};
  return {catalog::CommitOutcome::kCommitted, ""};
}

}  // namespace kafka_iceberg::commit
