// SPDX-License-Identifier: Apache-2.0
//
// The branches of a Nessie catalog, by the server's own API; shares that with the catalog. Safe for
// concurrent use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/nessie/nessie_api.h"

namespace kafka_iceberg::catalog {

class NessieBranches final : public BranchOperations {
 public:
  explicit NessieBranches(std::shared_ptr<NessieApi> api) : api_(std::move(api)) {}

  Result<std::vector<Branch>> List() override;
  // From a branch or a tag. kAlreadyExists.
  Result<Branch> Create(const std::string& name, const std::string& from) override;
  Result<Branch> Merge(const std::string& from, const std::string& into) override;

 private:
  const std::shared_ptr<NessieApi> api_;
};

}  // namespace kafka_iceberg::catalog
