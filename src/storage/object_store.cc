// SPDX-License-Identifier: Apache-2.0
#include "storage/object_store.h"

#include <set>

namespace kafka_iceberg::storage {

Result<std::vector<std::string>> ObjectStore::ListFolders(std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  std::set<std::string, std::less<>> names;
  TRY(List(prefix, [&](const ObjectInfo& object) {
    const std::string_view relative = std::string_view(object.location).substr(prefix.size() + 1);
    const size_t slash = relative.find('/');
    if (slash != std::string_view::npos) names.emplace(relative.substr(0, slash));
  }));
  return std::vector<std::string>(names.begin(), names.end());
}

Status ObjectStore::DeleteEmptyFolders(std::string_view) { return {}; }

Status ObjectStore::DeleteMany(std::span<const std::string> locations) {
  Status first;
  for (const std::string& location : locations) {
    auto status = Delete(location);
    if (!status.ok() && first.ok()) first = std::move(status);
  }
  return first;
}

}  // namespace kafka_iceberg::storage
