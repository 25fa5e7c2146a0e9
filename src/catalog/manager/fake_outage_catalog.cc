// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/fake_outage_catalog.h"

namespace kafka_iceberg::catalog {

void Outage::Begin(Error error) {
  MutexLock lock(mutex_);
  error_ = std::move(error);
}

void Outage::End() {
  MutexLock lock(mutex_);
  error_.reset();
}

void Outage::OnCall(std::function<void(std::string_view)> hook) {
  MutexLock lock(mutex_);
  hook_ = std::move(hook);
}

int Outage::calls() const {
  MutexLock lock(mutex_);
  return calls_;
}

int Outage::clients() const {
  MutexLock lock(mutex_);
  return clients_;
}

std::optional<Error> Outage::Call(std::string_view operation) {
  std::function<void(std::string_view)> hook;
  {
    MutexLock lock(mutex_);
    ++calls_;
    hook = hook_;
  }
  if (hook) hook(operation);
  MutexLock lock(mutex_);
  return error_;
}

class FakeOutageTable final : public TableOperations {
 public:
  FakeOutageTable(std::unique_ptr<TableOperations> inner, Outage& outage)
      : inner_(std::move(inner)), outage_(outage) {}

  const TableIdentifier& identifier() const override { return inner_->identifier(); }
  TableVersion Current() const override { return inner_->Current(); }
  Result<TableVersion> Refresh() override {
    if (auto error = outage_.Call("refresh")) return *std::move(error);
    return inner_->Refresh();
  }
  CommitReply Commit(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                     std::span<const iceberg::TableRequirement> requirements) override {
    if (const auto error = outage_.Call("commit"))
      return {CommitOutcome::kUnknown, error->message()};
    return inner_->Commit(base, updates, requirements);
  }
  Result<bool> Reconcile(int64_t snapshot_id) override {
    if (auto error = outage_.Call("reconcile")) return *std::move(error);
    return inner_->Reconcile(snapshot_id);
  }
  storage::ObjectStore& store() override { return inner_->store(); }

 private:
  const std::unique_ptr<TableOperations> inner_;
  Outage& outage_;
};

FakeOutageCatalog::FakeOutageCatalog(Catalog& inner, Outage& outage)
    : inner_(inner), outage_(outage) {
  MutexLock lock(outage.mutex_);
  ++outage.clients_;
}

Status FakeOutageCatalog::CheckHealth() {
  if (auto error = outage_.Call("check_health")) return *std::move(error);
  return inner_.CheckHealth();
}

Status FakeOutageCatalog::CreateNamespace(const Namespace& name) {
  if (auto error = outage_.Call("create_namespace")) return *std::move(error);
  return inner_.CreateNamespace(name);
}

Result<std::vector<Namespace>> FakeOutageCatalog::ListNamespaces(const Namespace& parent) {
  if (auto error = outage_.Call("list_namespaces")) return *std::move(error);
  return inner_.ListNamespaces(parent);
}

Status FakeOutageCatalog::DropNamespace(const Namespace& name) {
  if (auto error = outage_.Call("drop_namespace")) return *std::move(error);
  return inner_.DropNamespace(name);
}

Result<std::vector<TableIdentifier>> FakeOutageCatalog::ListTables(const Namespace& name) {
  if (auto error = outage_.Call("list_tables")) return *std::move(error);
  return inner_.ListTables(name);
}

Result<std::unique_ptr<TableOperations>> FakeOutageCatalog::CreateTable(
    const TableCreation& creation) {
  if (auto error = outage_.Call("create_table")) return *std::move(error);
  return std::make_unique<FakeOutageTable>(TRY(inner_.CreateTable(creation)), outage_);
}

Result<std::unique_ptr<TableOperations>> FakeOutageCatalog::LoadTable(
    const TableIdentifier& identifier) {
  if (auto error = outage_.Call("load_table")) return *std::move(error);
  return std::make_unique<FakeOutageTable>(TRY(inner_.LoadTable(identifier)), outage_);
}

Status FakeOutageCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  if (auto error = outage_.Call("drop_table")) return *std::move(error);
  return inner_.DropTable(identifier, purge);
}

Status FakeOutageCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  if (auto error = outage_.Call("rename_table")) return *std::move(error);
  return inner_.RenameTable(from, to);
}

Status FakeOutageCatalog::RegisterTable(const TableIdentifier& identifier,
                                        std::string_view metadata_location) {
  if (auto error = outage_.Call("register_table")) return *std::move(error);
  return inner_.RegisterTable(identifier, metadata_location);
}

}  // namespace kafka_iceberg::catalog
