// SPDX-License-Identifier: Apache-2.0
//
// Walks folders of the local disk for LocalStore: no symbolic link is followed below the top, depth
// is bounded, names that vanish meanwhile are skipped, temporary files are not reported. Pure of
// state. Internal to storage/.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/object_store.h"

namespace kafka_iceberg::storage {

ObjectInfo InfoOf(std::string location, const struct stat& status);

// Every regular file below `folder`, at any depth, reported as `location` plus its relative path. A
// missing folder is an empty one.
Status ListFiles(const std::string& folder, std::string_view location,
                 const std::function<void(const ObjectInfo&)>& visit);

// The names of the folders directly inside `folder`, sorted.
Result<std::vector<std::string>> FolderNames(const std::string& folder);

// Removes `folder` and the folders below it that hold nothing; others are left without complaint.
Status RemoveEmptyFolders(const std::string& folder);

}  // namespace kafka_iceberg::storage
