// SPDX-License-Identifier: Apache-2.0
//
// The dead letter store in files of JSON lines (see dead_letter_line.h), one or more per flush
// epoch:
//
//   000000000042-<epoch uuid>.jsonl.staged   durable, its epoch may or may not be committed
//   000000000042-<epoch uuid>.jsonl          published: kept until somebody removes it
//   000000000042-<epoch uuid>.jsonl.partial  being written; worthless after a crash
//
// The numbers grow, so the names sort by age. Used by the committer thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "decode/dead_letter.h"
#include "decode/letters/durable_files.h"

namespace kafka_iceberg::decode {

struct DeadLetterFileOptions {
  int64_t file_bytes_max = 64LL << 20;  // a larger epoch takes several files
  int64_t directory_bytes_max = 4LL
                                << 30;  // Stage() fails with kIo when the folder would grow beyond
};

using IsCovered = std::function<bool(const TopicPartition&, int64_t offset)>;

// Settles what an earlier process left staged: letters whose offset the table covers are published,
// all others are dropped, because their records will be decoded again. `files` must outlive the
// store.
Result<std::unique_ptr<DeadLetterStore>> OpenDeadLetterFiles(const std::string& directory,
                                                             const IsCovered& is_covered,
                                                             DurableFiles& files,
                                                             DeadLetterFileOptions options);

}  // namespace kafka_iceberg::decode
