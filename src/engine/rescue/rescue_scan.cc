// SPDX-License-Identifier: Apache-2.0
#include "engine/rescue/rescue_scan.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <queue>

#include "decode/rescue/rescued_text.h"
#include "iceberg/table_scan.h"
#include "write/parquet_reader.h"

namespace kafka_iceberg::engine {
namespace {

constexpr size_t kNearbyMax = 5;
// Reading stops between files and batches, not within a batch.
const Error& Enough() {
  static const Error enough = Error::Cancelled("enough was read");
  return enough;
}

struct Candidate {
  int64_t sequence_number = 0;
  int64_t position = 0;  // in the manifests: files of one commit keep their order
  std::string path;
  int64_t bytes = 0;

  bool IsNewerThan(const Candidate& other) const {
    if (sequence_number != other.sequence_number) return sequence_number > other.sequence_number;
    return position < other.position;
  }
};

bool IsAllNull(const iceberg::DataFile& file, int32_t column) {
  const auto nulls = file.null_value_counts.find(column);
  return nulls != file.null_value_counts.end() && nulls->second == file.record_count;
}

class Scan {
 public:
  Scan(catalog::TableOperations& table, const RescueScanOptions& options,
       const std::stop_token& stop)
      : table_(table), options_(options), stop_(stop) {}

  Result<RescueScan> Run() {
    const iceberg::TableMetadataPtr metadata = table_.Current().metadata;
    const auto& fields = metadata->schema().fields;
    const auto column = std::ranges::find(fields, options_.column, &iceberg::Field::name);
    if (column == fields.end()) {
      return Error::NotFound("table {} has no column {}, which schema.rescue_column names",
                             table_.identifier().ToString(), options_.column);
    }
    column_ = column->id;
    if (const iceberg::Snapshot* snapshot = metadata->current_snapshot()) {
      TRY(FindFiles(*snapshot));
      for (const Candidate& file : newest_) {
        if (IsFull()) break;
        TRY(ReadFile(file));
      }
    }
    return std::move(scan_);
  }

 private:
  // The newest ones of those that may hold something, newest first.
  Status FindFiles(const iceberg::Snapshot& snapshot) {
    const auto oldest_on_top = [](const Candidate& a, const Candidate& b) {
      return a.IsNewerThan(b);
    };
    std::priority_queue<Candidate, std::vector<Candidate>, decltype(oldest_on_top)> kept(
        oldest_on_top);
    int64_t position = 0;
    TRY(iceberg::VisitLiveEntries(
        snapshot, table_.store(),
        [&](const iceberg::ManifestFile&, const iceberg::ManifestEntry& entry) -> Status {
          if (stop_.stop_requested()) return Error::Cancelled("stopped");
          if (entry.file.content != iceberg::FileContent::kData) return {};
          ++scan_.files;
          if (IsAllNull(entry.file, column_)) return {};
          kept.push({entry.sequence_number.value_or(0), position++, entry.file.file_path,
                     entry.file.file_size_in_bytes});
          if (static_cast<int64_t>(kept.size()) > options_.files_max) {
            kept.pop();
            scan_.is_complete = false;
          }
          return {};
        }));
    for (; !kept.empty(); kept.pop()) newest_.push_back(kept.top());
    std::ranges::reverse(newest_);
    return {};
  }

  bool IsFull() {
    const bool full = static_cast<int64_t>(scan_.values.size()) >= options_.values_max ||
                      value_bytes_ >= options_.value_bytes_max;
    if (full) scan_.is_complete = false;
    return full;
  }

  Status ReadFile(const Candidate& file) {
    ++scan_.files_read;
    const auto reader = TRY(write::ParquetReader::Open(table_.store(), file.path, file.bytes));
    const Status read = reader->Read({column_}, [&](const arrow::RecordBatch& batch) -> Status {
      if (stop_.stop_requested()) return Error::Cancelled("stopped");
      if (IsFull()) return Enough();
      AddRows(batch);
      return {};
    });
    const bool is_enough = !read.ok() && !stop_.stop_requested() && IsFull();
    return is_enough ? Status() : read;
  }

  // Files of other writers may hold the column as another type.
  void AddRows(const arrow::RecordBatch& batch) {
    scan_.rows += batch.num_rows();
    if (batch.column(0)->type_id() != arrow::Type::STRING) return;
    const auto& texts = static_cast<const arrow::StringArray&>(*batch.column(0));
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) continue;
      ++scan_.rescued_rows;
      decode::VisitRescuedText(texts.GetView(row),
                               [&](const std::string& path, std::string_view json) {
                                 if (path == options_.path) {
                                   if (!IsFull()) AddValue(json);
                                 } else if (scan_.nearby.size() < kNearbyMax && IsNearby(path)) {
                                   scan_.nearby.insert(path);
                                 }
                               });
    }
  }

  void AddValue(std::string_view json) {
    value_bytes_ += static_cast<int64_t>(json.size());
    scan_.values.emplace_back(json);
  }

  bool IsNearby(const std::string& path) const {
    return path.starts_with(options_.path + ".") || path.starts_with(options_.path + "[") ||
           options_.path.starts_with(path + ".");
  }

  catalog::TableOperations& table_;
  const RescueScanOptions& options_;
  const std::stop_token& stop_;
  int32_t column_ = 0;
  int64_t value_bytes_ = 0;
  std::vector<Candidate> newest_;
  RescueScan scan_;
};

}  // namespace

Result<RescueScan> ScanRescued(catalog::TableOperations& table, const RescueScanOptions& options,
                               const std::stop_token& stop) {
  return Scan(table, options, stop).Run();
}

}  // namespace kafka_iceberg::engine
