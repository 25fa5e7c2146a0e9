// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/managed_branches.h"

namespace kafka_iceberg::catalog {
namespace {

Result<BranchOperations*> BranchesOf(Catalog& catalog) {
  BranchOperations* branches = catalog.branches();
  if (branches == nullptr) return Error::Unsupported("catalog {} has no branches", catalog.type());
  return branches;
}

}  // namespace

Result<std::vector<Branch>> ManagedBranches::List() {
  return calls_.Read([](const std::shared_ptr<Catalog>& catalog) -> Result<std::vector<Branch>> {
    return TRY(BranchesOf(*catalog))->List();
  });
}

Result<Branch> ManagedBranches::Create(const std::string& name, const std::string& from) {
  return calls_.Once([&](const std::shared_ptr<Catalog>& catalog) -> Result<Branch> {
    return TRY(BranchesOf(*catalog))->Create(name, from);
  });
}

Result<Branch> ManagedBranches::Merge(const std::string& from, const std::string& into) {
  return calls_.Once([&](const std::shared_ptr<Catalog>& catalog) -> Result<Branch> {
    return TRY(BranchesOf(*catalog))->Merge(from, into);
  });
}

}  // namespace kafka_iceberg::catalog
