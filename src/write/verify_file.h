// SPDX-License-Identifier: Apache-2.0
//
// Reads a staged file back and compares it with what was written: before every commit, and before a
// restart adopts a file that an earlier run uploaded. Any thread.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"
#include "write/table_writer.h"

namespace kafka_iceberg::write {

// kNotFound: the file is gone; kCorrupt: its size or SHA-256 is another; else the store's error.
// Reads in pieces; only the size where the store itself compared the SHA-256 of the upload.
Status VerifyFile(const StagedFile& staged, storage::ObjectStore& store);

}  // namespace kafka_iceberg::write
