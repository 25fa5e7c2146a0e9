// SPDX-License-Identifier: Apache-2.0
//
// Listing below a prefix: pages of ListObjectsV2, one after the other, each checked before anybody
// sees it. Internal to storage/s3.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/s3/s3_client.h"

namespace kafka_iceberg::storage {

struct S3ListedObject {
  std::string key;
  int64_t size_bytes = 0;
  Timestamp modified_at;
};

struct S3ListPage {
  std::vector<S3ListedObject> objects;
  std::vector<std::string> folders;  // common prefixes, with the slash at their end
  std::string next_token;            // empty: the last page
};

// kCorrupt: not such an answer, a key outside `prefix`, a size or time that cannot be read.
Result<S3ListPage> ParseListPage(std::string_view body, std::string_view prefix);

// Calls `visit` for each page of `bucket` below `prefix` ("" or ending in a slash); with
// `folders_only` the pages hold what is directly below.
Status ListPages(S3Client& client, const S3Address& bucket, const std::string& prefix,
                 bool folders_only, const std::function<void(const S3ListPage&)>& visit);

// S3 has no folders, but some stores keep them, and some tools mark them with an empty object
// "folder/": removes those at and below `prefix` that hold nothing else. Those beyond a limit stay.
Status DeleteFolderMarkers(S3Client& client, const S3Address& bucket, const std::string& prefix);

}  // namespace kafka_iceberg::storage
