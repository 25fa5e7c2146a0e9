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

// `head` is the head of the branch that the snapshot goes on top of, null for the first one. Totals
// continue those of the head; one that the head lacks stays away, for nobody could trust a number
// made up half-way. Partitions are listed one by one up to write.summary.partition-limit. Specs of
// all files must be in `base`.
std::map<std::string, std::string> SummarizeAppend(const TableMetadata& base, const Snapshot* head,
                                                   const std::vector<DataFile>& files);

}  // namespace kafka_iceberg::iceberg
