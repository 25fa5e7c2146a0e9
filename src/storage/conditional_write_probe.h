// SPDX-License-Identifier: Apache-2.0
//
// Some stores that speak S3's protocol ignore If-None-Match and overwrite in silence: a file
// catalog on such a store would lose commits.
#pragma once

#include <string_view>

#include "core/random.h"
#include "storage/object_store.h"

namespace kafka_iceberg::storage {

// Writes a throw-away object below `prefix` twice with WriteIfAbsent and removes it. kUnsupported:
// the second one succeeded; other errors as the store gave them.
Status ProbeConditionalWrites(ObjectStore& store, std::string_view prefix, Random& random);

}  // namespace kafka_iceberg::storage
