// SPDX-License-Identifier: Apache-2.0
//
// ManagedBranches: the branches of a managed catalog, through the manager's guard. Owned by the
// catalog manager; safe for concurrent use.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/manager/guarded_calls.h"

namespace kafka_iceberg::catalog {

class ManagedBranches final : public BranchOperations {
 public:
  explicit ManagedBranches(GuardedCalls& calls) : calls_(calls) {}

  // kUnsupported when the catalog has no branches.
  Result<std::vector<Branch>> List() override;
  Result<Branch> Create(const std::string& name, const std::string& from) override;
  Result<Branch> Merge(const std::string& from, const std::string& into) override;

 private:
  GuardedCalls& calls_;
};

}  // namespace kafka_iceberg::catalog
