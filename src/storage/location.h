// SPDX-License-Identifier: Apache-2.0
//
// Locations: the one way to name an object or a folder, a full URI ("file:///warehouse/db",
// "s3://bucket/key"). Nothing in a location is percent-decoded: '%' is part of the name, as every
// other Iceberg reader takes it. Pure functions on text; nothing here touches a disk.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::storage {

struct LocationParts {
  std::string_view scheme;     // "file"
  std::string_view authority;  // the bucket; empty for files
  std::string_view path;       // begins with "/", or is empty
};

// From a URI, an absolute path or one relative to the working directory: "file:///data", without
// doubled or trailing slashes and without ".". kInvalid for "..", control characters, an empty
// text, and file URIs of another host.
Result<std::string> NormalizeLocation(std::string_view text);

// Splits what NormalizeLocation gave; also takes the forms other writers leave in metadata:
// "file:/data", "/data". kInvalid as above.
Result<LocationParts> SplitLocation(std::string_view location);

// The path on the local disk; kUnsupported when the location is not on it.
Result<std::string> LocalPath(std::string_view location);

// One slash between the two; `name` may have several levels.
std::string JoinLocation(std::string_view folder, std::string_view name);
// The folder of an object or folder; the root's parent is the root ("s3://bucket").
std::string_view ParentLocation(std::string_view location);
// The last level: "x.parquet".
std::string_view FileName(std::string_view location);
// Whether `location` lies below `folder`, at any depth; a folder is not below itself.
bool IsBelow(std::string_view location, std::string_view folder);

}  // namespace kafka_iceberg::storage
