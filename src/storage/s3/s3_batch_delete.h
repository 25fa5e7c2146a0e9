// SPDX-License-Identifier: Apache-2.0
//
// Deleting many objects with few requests; a store that does not offer that is asked once for each.
// Internal to storage/s3.
#pragma once

#include <span>
#include <string>

#include "storage/s3/s3_client.h"

namespace kafka_iceberg::storage {

// Tries all; the error names the first object that was refused. Objects that do not exist count as
// deleted.
Status DeleteInBatches(S3Client& client, std::span<const std::string> locations);

// One object; success when there is none.
Status DeleteOne(S3Client& client, const S3Address& address);

}  // namespace kafka_iceberg::storage
