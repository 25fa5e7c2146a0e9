// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/nessie_branches.h"

#include <algorithm>

namespace kafka_iceberg::catalog {
namespace {

Branch ToBranch(const NessieReference& reference) { return {reference.name, reference.hash}; }

Status CheckName(const std::string& name) {
  if (name.empty()) return Error::Invalid("a branch needs a name");
  return {};
}

}  // namespace

Result<std::vector<Branch>> NessieBranches::List() {
  std::vector<Branch> branches;
  for (const NessieReference& reference : TRY(api_->ListReferences())) {
    if (reference.is_branch) branches.push_back(ToBranch(reference));
  }
  std::ranges::sort(branches, {}, &Branch::name);
  return branches;
}

Result<Branch> NessieBranches::Create(const std::string& name, const std::string& from) {
  TRY(CheckName(name));
  TRY(CheckName(from));
  auto created = api_->CreateBranch(name, TRY(api_->GetReference(from)));
  if (!created.ok()) {
    return created.error().WithContext(
        fmt::format("cannot create branch '{}' from '{}'", name, from));
  }
  return ToBranch(*created);
}

Result<Branch> NessieBranches::Merge(const std::string& from, const std::string& into) {
  TRY(CheckName(from));
  TRY(CheckName(into));
  const NessieReference source = TRY(api_->GetReference(from));
  const NessieReference target = TRY(api_->GetReference(into));
  if (!target.is_branch) {
    return Error::Unsupported("cannot merge into '{}': it is a tag, and tags are read-only", into);
  }
  auto merged = api_->Merge(source, target);
  if (!merged.ok()) {
    return merged.error().WithContext(fmt::format("cannot merge '{}' into '{}'", from, into));
  }
  return ToBranch(*merged);
}

}  // namespace kafka_iceberg::catalog
