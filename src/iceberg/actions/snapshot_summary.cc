// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/snapshot_summary.h"

#include <fmt/format.h>

#include <charconv>
#include <compare>
#include <utility>

namespace kafka_iceberg::iceberg {
namespace {

struct PartitionKey {
  int32_t spec_id = 0;
  PartitionTuple tuple;
};

struct PartitionKeyLess {
  bool operator()(const PartitionKey& a, const PartitionKey& b) const {
    if (a.spec_id != b.spec_id) return a.spec_id < b.spec_id;
    return std::lexicographical_compare(
        a.tuple.begin(), a.tuple.end(), b.tuple.begin(), b.tuple.end(),
        [](const Value& x, const Value& y) { return Compare(x, y) < 0; });
  }
};

using PartitionCounts = std::map<PartitionKey, FileTotals, PartitionKeyLess>;

// The head's total with the change; absent when there is nothing to continue, or nothing sensible
// comes out.
std::optional<int64_t> NewTotal(const Snapshot* head, const std::string& name, int64_t change) {
  int64_t total = 0;
  if (head != nullptr) {
    const auto previous = head->summary.find(name);
    if (previous == head->summary.end()) return std::nullopt;
    const std::string& text = previous->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), total);
    if (error != std::errc() || end != text.data() + text.size() || total < 0) return std::nullopt;
  }
  if (__builtin_add_overflow(total, change, &total) || total < 0) return std::nullopt;
  return total;
}

void AddTotals(const Snapshot* head, const FileTotals& added, const FileTotals& removed,
               std::map<std::string, std::string>& summary) {
  const std::pair<const char*, int64_t> totals[] = {
      {"total-records", added.records - removed.records},
      {"total-files-size", added.bytes - removed.bytes},
      {"total-data-files", added.files - removed.files},
      {"total-delete-files", 0},
      {"total-position-deletes", 0},
      {"total-equality-deletes", 0},
  };
  for (const auto& [name, change] : totals) {
    if (const auto total = NewTotal(head, name, change)) summary[name] = std::to_string(*total);
  }
}

void AddCounter(const char* name, int64_t value, std::map<std::string, std::string>& summary) {
  if (value > 0) summary[name] = std::to_string(value);
}

void AddAdded(const FileTotals& added, std::map<std::string, std::string>& summary) {
  AddCounter("added-data-files", added.files, summary);
  AddCounter("added-records", added.records, summary);
  AddCounter("added-files-size", added.bytes, summary);
}

void AddPartitions(const TableMetadata& base, const PartitionCounts& partitions,
                   std::map<std::string, std::string>& summary) {
  summary["changed-partition-count"] = std::to_string(partitions.size());
  const int64_t limit = base.IntProperty("write.summary.partition-limit", 0);
  if (limit < 0 || partitions.size() > static_cast<uint64_t>(limit)) return;
  summary["partition-summaries-included"] = "true";
  for (const auto& [key, added] : partitions) {
    const std::string path = PartitionPath(*base.FindSpec(key.spec_id), base.schema(), key.tuple);
    summary["partitions." + path] =
        fmt::format("added-files-size={},added-data-files={},added-records={}", added.bytes,
                    added.files, added.records);
  }
}

}  // namespace

std::map<std::string, std::string> SummarizeAppend(const TableMetadata& base, const Snapshot* head,
                                                   const std::vector<DataFile>& files) {
  FileTotals added;
  PartitionCounts partitions;
  for (const DataFile& file : files) {
    added.Add(file);
    partitions[{file.spec_id, file.partition}].Add(file);
  }
  std::map<std::string, std::string> summary = {{"operation", "append"}};
  AddAdded(added, summary);
  AddPartitions(base, partitions, summary);
  AddTotals(head, added, {}, summary);
  return summary;
}

std::map<std::string, std::string> SummarizeReplace(const Snapshot& head, const FileTotals& added,
                                                    const FileTotals& removed) {
  std::map<std::string, std::string> summary = {{"operation", "overwrite"}};
  AddAdded(added, summary);
  AddCounter("deleted-data-files", removed.files, summary);
  AddCounter("deleted-records", removed.records, summary);
  AddCounter("removed-files-size", removed.bytes, summary);
  AddTotals(&head, added, removed, summary);
  return summary;
}

}  // namespace kafka_iceberg::iceberg
