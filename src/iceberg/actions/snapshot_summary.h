// SPDX-License-Identifier: Apache-2.0
//
// The summary of a snapshot that adds data files: counters of what it adds, totals of the table
// after it (spec Appendix F). Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "iceberg/manifest.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::iceberg {

// What some data files hold together.
struct FileTotals {
  int64_t files = 0;
  int64_t records = 0;
  int64_t bytes = 0;

  void Add(const DataFile& file) {
    ++files;
    records += file.record_count;
    bytes += file.file_size_in_bytes;
  }
};

// `head` is the head of the branch that the snapshot goes on top of, null for the first one. Totals
// continue those of the head; one that the head lacks stays away, for nobody could trust a number
// made up half-way. Partitions are listed one by one up to write.summary.partition-limit. Specs of
// all files must be in `base`.
std::map<std::string, std::string> SummarizeAppend(const TableMetadata& base, const Snapshot* head,
                                                   const std::vector<DataFile>& files);

// Of a snapshot on top of `head` that puts some data files in the place of others; totals as above.
std::map<std::string, std::string> SummarizeReplace(const Snapshot& head, const FileTotals& added,
                                                    const FileTotals& removed);

}  // namespace kafka_iceberg::iceberg
