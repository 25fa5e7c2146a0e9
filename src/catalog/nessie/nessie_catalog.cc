// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/nessie_catalog.h"

#include <algorithm>

#include "catalog/name_rules.h"
#include "catalog/nessie/nessie_create.h"

namespace kafka_iceberg::catalog {
namespace {

// Nessie's addresses carry the branch, and the warehouse behind a bar.
RestCatalogOptions RestOptionsFor(const NessieCatalogOptions& options) {
  RestCatalogOptions rest = options.rest;
  rest.catalog_type = "nessie";
  rest.uri = NessieApi::ServerUri(options.rest.uri) + "/iceberg/" + net::PercentEncode(options.ref);
  if (!rest.warehouse.empty()) rest.uri += "%7C" + net::PercentEncode(rest.warehouse);
  rest.warehouse.clear();
  return rest;
}

Status CheckOptions(const NessieCatalogOptions& options) {
  if (options.ref.empty()) return Error::Invalid("ref names no branch");
  const auto origin = net::OriginOf(options.rest.uri);
  if (!origin.ok()) return origin.error().WithContext("uri of the catalog");
  return {};
}

}  // namespace

Result<std::unique_ptr<BranchOperations>> OpenNessieBranches(const NessieCatalogOptions& options,
                                                             const RestCatalogContext& context) {
  TRY(CheckOptions(options));
  return std::make_unique<NessieBranches>(std::make_shared<NessieApi>(options.rest, context));
}

Result<std::unique_ptr<NessieCatalog>> NessieCatalog::Open(const NessieCatalogOptions& options,
                                                           const RestCatalogContext& context) {
  TRY(CheckOptions(options));
  auto api = std::make_shared<NessieApi>(options.rest, context);
  NessieReference reference = TRY(api->GetReference(options.ref));
  auto rest = TRY(RestCatalog::Open(RestOptionsFor(options), context));
  if (rest->session()->config().Property("nessie.is-nessie-catalog") != "true") {
    return rest->session()->Named(
        Error::Unsupported("it is not a Nessie server; use catalog_type = \"rest\""));
  }
  return std::unique_ptr<NessieCatalog>(
      new NessieCatalog(std::move(rest), std::move(api), std::move(reference)));
}

std::vector<Capability> NessieCatalog::Capabilities() {
  auto capabilities = rest_->Capabilities();
  for (Capability& capability : capabilities) {
    if (capability.name == "branches of the catalog") {
      capability = {capability.name, true, "made and merged by command"};
    }
  }
  capabilities.push_back(
      {"snapshots before the current one", false, "a table's history is the branch's commit log"});
  return capabilities;
}

Status NessieCatalog::CreateNamespace(const Namespace& name) {
  TRY(CheckWritable(ref_.reference));
  return rest_->CreateNamespace(name);
}

Result<std::vector<Namespace>> NessieCatalog::ListNamespaces(const Namespace& parent) {
  return rest_->ListNamespaces(parent);
}

Status NessieCatalog::DropNamespace(const Namespace& name) {
  TRY(CheckWritable(ref_.reference));
  return rest_->DropNamespace(name);
}

Result<std::vector<TableIdentifier>> NessieCatalog::ListTables(const Namespace& name) {
  return rest_->ListTables(name);
}

Result<std::unique_ptr<TableOperations>> NessieCatalog::CreateTable(const TableCreation& creation) {
  return ref_.session->metrics().Timed(
      "create_table", [&]() -> Result<std::unique_ptr<TableOperations>> {
        TRY(ValidateIdentifier(creation.identifier));
        TRY(CheckWritable(ref_.reference));
        return NessieTable::Open(ref_, TRY(CreateNessieTable(ref_.session, creation)));
      });
}

Result<std::unique_ptr<TableOperations>> NessieCatalog::LoadTable(
    const TableIdentifier& identifier) {
  return NessieTable::Open(ref_, TRY(rest_->LoadTable(identifier)));
}

Status NessieCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  TRY(CheckWritable(ref_.reference));
  return rest_->DropTable(identifier, purge);
}

Status NessieCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  TRY(CheckWritable(ref_.reference));
  return rest_->RenameTable(from, to);
}

Status NessieCatalog::RegisterTable(const TableIdentifier& identifier,
                                    std::string_view metadata_location) {
  TRY(CheckWritable(ref_.reference));
  return rest_->RegisterTable(identifier, metadata_location);
}

}  // namespace kafka_iceberg::catalog
