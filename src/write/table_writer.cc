// SPDX-License-Identifier: Apache-2.0
//
// The fan-out. Rows wait, by partition, as references into the batches they came in; a partition
// costs no more than that until its first row group is due, so thousands of partitions are cheap.
// Two limits, two victims:
//   - bytes waiting: the partitions with the most waiting rows are written out first, which frees
//   the most memory with
//     the fewest and largest row groups; a file so begun stays open for more;
//   - files open: the one not written to for the longest time is closed. It is the one least likely
//   to be needed again,
//     whereas closing the largest would cut the busiest partition into pieces.
#include "write/table_writer.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/check.h"
#include "iceberg/table_metadata_json.h"
#include "write/arrow_status.h"
#include "write/data_file_factory.h"
#include "write/dictionary_choice.h"
#include "write/parquet_file.h"
#include "write/partition_splitter.h"
#include "write/row_store.h"

namespace kafka_iceberg::write {
namespace {

using buffer::RowRun;
using iceberg::PartitionTuple;

// The map node, tuple and vectors of one partition that has rows waiting.
constexpr int64_t kPartitionBytes = 512;

struct TupleLess {
  bool operator()(const PartitionTuple& a, const PartitionTuple& b) const {
    return std::ranges::lexicographical_compare(
        a, b, [](const auto& x, const auto& y) { return iceberg::Compare(x, y) < 0; });
  }
};

struct Partition {
  std::vector<RowRun> runs;  // waiting rows
  int64_t rows = 0;
  int64_t bytes = 0;  // Arrow memory of the waiting rows
  std::unique_ptr<ParquetFile> file;
  uint64_t last_write = 0;
};
using Partitions = std::map<PartitionTuple, Partition, TupleLess>;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

// Removes the first `rows` rows from the runs.
std::vector<RowRun> TakeRows(std::vector<RowRun>& runs, int64_t rows) {
  std::vector<RowRun> taken;
  size_t next = 0;
  for (; next < runs.size() && rows > 0; ++next) {
    RowRun& run = runs[next];
    if (run.length > rows) {
      taken.push_back({run.source, run.start, static_cast<int32_t>(rows)});
      run.start += static_cast<int32_t>(rows);
      run.length -= static_cast<int32_t>(rows);
      break;
    }
    rows -= run.length;
    taken.push_back(run);
  }
  runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(next));
  return taken;
}

class FanoutWriter final : public TableWriter {
 public:
  FanoutWriter(ParquetSettings settings, std::vector<int> kept_columns, PartitionSplitter splitter,
               DataFileFactory files, storage::ObjectStore& store)
      : settings_(std::move(settings)),
        kept_columns_(std::move(kept_columns)),
        splitter_(std::move(splitter)),
        files_(std::move(files)),
        store_(store),
        rows_(settings_.columns) {}

  Status Append(const arrow::RecordBatch& rows) override {
    if (rows.num_rows() == 0) return {};
    auto groups = TRY(splitter_.Split(rows));
    auto kept = TRY(FromArrow(rows.SelectColumns(kept_columns_)));
    const int64_t bytes = TRY(FromArrow(arrow::util::ReferencedBufferSize(*kept)));
    const double row_bytes = static_cast<double>(bytes) / static_cast<double>(rows.num_rows());
    const uint32_t source = rows_.Add(std::move(kept), bytes);
    for (PartitionGroup& group : groups) {
      for (RowRun& run : group.runs) run.source = source;
      const auto entry = partitions_.try_emplace(std::move(group.tuple)).first;
      AddWaiting(group.runs, row_bytes, entry->second);
      if (IsDue(entry->second)) TRY(WriteRowGroups(*entry, /*all=*/false));
    }
    if (open_bytes() > settings_.options.open_bytes_max) TRY(FreeMemory());
    ForgetIdle();
    return {};
  }

  Result<std::vector<StagedFile>> Finish() override {
    for (auto& entry : partitions_) TRY(CloseEarly(entry));
    ForgetIdle();
    CHECK(partitions_.empty() && open_.empty() && rows_.bytes() == 0);
    return std::exchange(staged_, {});
  }

  std::vector<StagedFile> Abandon() override {
    open_.clear();
    partitions_.clear();
    rows_.Clear();
    runs_waiting_ = 0;
    return std::exchange(staged_, {});
  }

  int64_t open_bytes() const override {
    return rows_.bytes() + runs_waiting_ * static_cast<int64_t>(sizeof(RowRun)) +
           static_cast<int64_t>(partitions_.size()) * kPartitionBytes;
  }
  int64_t files_closed() const override { return static_cast<int64_t>(staged_.size()); }

 private:
  using Entry = Partitions::value_type;

  void AddWaiting(const std::vector<RowRun>& runs, double row_bytes, Partition& partition) {
    const int64_t rows = buffer::RowCount(runs);
    partition.runs.insert(partition.runs.end(), runs.begin(), runs.end());
    partition.rows += rows;
    partition.bytes += static_cast<int64_t>(static_cast<double>(rows) * row_bytes);
    runs_waiting_ += static_cast<int64_t>(runs.size());
  }

  // What the waiting rows will take in the file, judged by what was written so far.
  int64_t EncodedBytes(int64_t arrow_bytes) const {
    if (arrow_bytes_written_ == 0) return arrow_bytes / 2;
    return static_cast<int64_t>(static_cast<double>(arrow_bytes) *
                                static_cast<double>(encoded_bytes_written_) /
                                static_cast<double>(arrow_bytes_written_));
  }

  bool ReachesTarget(const Partition& partition, int64_t more_arrow_bytes) const {
    const int64_t written = partition.file == nullptr ? 0 : partition.file->bytes_written();
    return written + EncodedBytes(more_arrow_bytes) >= settings_.options.target_file_bytes;
  }

  bool IsDue(const Partition& partition) const {
    return partition.bytes >= settings_.options.row_group_bytes ||
           ReachesTarget(partition, partition.bytes);
  }

  // Rows of the next row group: no more than a row group's bytes, nor than what the file still
  // lacks.
  int64_t NextRows(const Partition& partition) const {
    const int64_t written = partition.file == nullptr ? 0 : partition.file->bytes_written();
    const auto encoded = static_cast<double>(std::max<int64_t>(1, EncodedBytes(partition.bytes)));
    const double by_target =
        static_cast<double>(settings_.options.target_file_bytes - written) / encoded;
    const double by_group = static_cast<double>(settings_.options.row_group_bytes) /
                            static_cast<double>(std::max<int64_t>(1, partition.bytes));
    const double share = std::min({by_target, by_group, 1.0});
    return std::clamp<int64_t>(static_cast<int64_t>(share * static_cast<double>(partition.rows)), 1,
                               partition.rows);
  }

  // Writes what is due, or everything that waits.
  Status WriteRowGroups(Entry& entry, bool all) {
    Partition& partition = entry.second;
    while (partition.rows > 0 && (all || IsDue(partition))) {
      const int64_t rows = NextRows(partition);
      const int64_t bytes = partition.bytes * rows / partition.rows;
      const size_t runs_before = partition.runs.size();
      const std::vector<RowRun> runs = TakeRows(partition.runs, rows);
      runs_waiting_ -= static_cast<int64_t>(runs_before - partition.runs.size());
      partition.rows -= rows;
      partition.bytes -= bytes;
      const Batches batches = TRY(rows_.Read(runs));
      if (partition.file == nullptr) TRY(OpenFile(batches, entry));
      const int64_t written_before = partition.file->bytes_written();
      TRY(partition.file->WriteRowGroup(batches));
      rows_.Release(runs);
      MarkWritten(entry);
      encoded_bytes_written_ += partition.file->bytes_written() - written_before;
      arrow_bytes_written_ += bytes;
      // Half a row group short of the target is nearer to it than half a row group beyond.
      if (ReachesTarget(partition, settings_.options.row_group_bytes / 2)) TRY(CloseFile(entry));
    }
    return {};
  }

  void MarkWritten(Entry& entry) {
    open_.erase(entry.second.last_write);
    entry.second.last_write = ++writes_;
    open_[entry.second.last_write] = &entry;
  }

  Status OpenFile(const Batches& first_rows, Entry& entry) {
    if (open_.size() >= static_cast<size_t>(settings_.options.open_files_max)) {
      TRY(CloseEarly(*open_.begin()->second));
    }
    dictionaries_.Sample(first_rows);
    entry.second.file =
        TRY(ParquetFile::Open(settings_, dictionaries_.decisions(),
                              TRY(store_.OpenWriter(files_.NextLocation(entry.first)))));
    MarkWritten(entry);
    return {};
  }

  Status CloseFile(Entry& entry) {
    const FinishedParquetFile finished = TRY(entry.second.file->Finish());
    entry.second.file.reset();
    open_.erase(entry.second.last_write);
    dictionaries_.Learn(*finished.footer);
    staged_.push_back(TRY(files_.Describe(finished, entry.first)));
    return {};
  }

  Status CloseEarly(Entry& entry) {
    TRY(WriteRowGroups(entry, /*all=*/true));
    if (entry.second.file != nullptr) TRY(CloseFile(entry));
    return {};
  }

  // Down to half of the limit, so that the work is done in large pieces and not for every batch.
  Status FreeMemory() {
    std::vector<Entry*> largest;
    int64_t waiting = 0;
    for (Entry& entry : partitions_) {
      if (entry.second.rows == 0) continue;
      largest.push_back(&entry);
      waiting += entry.second.bytes + kPartitionBytes;
    }
    std::ranges::stable_sort(largest, std::greater<>(),
                             [](const Entry* entry) { return entry->second.bytes; });
    for (Entry* entry : largest) {
      if (waiting <= settings_.options.open_bytes_max / 2) break;
      waiting -= entry->second.bytes + kPartitionBytes;
      TRY(WriteRowGroups(*entry, /*all=*/true));
    }
    ForgetIdle();
    if (open_bytes() <= settings_.options.open_bytes_max) return {};
    return CopyWaitingRows();
  }

  // A few waiting rows of many partitions can hold on to every batch they came in: copied into one
  // batch of their own, they need only what they are.
  Status CopyWaitingRows() {
    std::vector<RowRun> runs;
    for (const Entry& entry : partitions_) {
      runs.insert(runs.end(), entry.second.runs.begin(), entry.second.runs.end());
    }
    if (runs.empty()) return {};
    auto copy = TRY(rows_.Gather(runs));
    const int64_t bytes = TRY(FromArrow(arrow::util::ReferencedBufferSize(*copy)));
    rows_.Release(runs);
    const uint32_t source = rows_.Add(std::move(copy), bytes);
    int32_t start = 0;
    runs_waiting_ = 0;
    for (auto& [tuple, partition] : partitions_) {
      if (partition.rows == 0) continue;
      partition.runs.assign(1, {source, start, static_cast<int32_t>(partition.rows)});
      partition.runs.shrink_to_fit();
      start += static_cast<int32_t>(partition.rows);
      ++runs_waiting_;
    }
    return {};
  }

  void ForgetIdle() {
    std::erase_if(partitions_, [](const Entry& entry) {
      return entry.second.rows == 0 && entry.second.file == nullptr;
    });
  }

  const ParquetSettings settings_;
  const std::vector<int> kept_columns_;
  const PartitionSplitter splitter_;
  DataFileFactory files_;
  storage::ObjectStore& store_;
  DictionaryChoice dictionaries_;
  RowStore rows_;
  Partitions partitions_;
  std::vector<StagedFile> staged_;
  int64_t runs_waiting_ = 0;
  std::map<uint64_t, Entry*> open_;  // partitions with an open file, stalest first
  uint64_t writes_ = 0;
  int64_t arrow_bytes_written_ = 0;
  int64_t encoded_bytes_written_ = 0;
};

Status ValidateOptions(const WriteOptions& options) {
  constexpr int64_t kOpenBytesMax =
      1LL << 30;  // rows are numbered, and strings addressed, with 31 bits
  if (options.target_file_bytes < 1 || options.row_group_bytes < 1 || options.page_bytes < 1 ||
      options.open_files_max < 1 || options.open_bytes_max < 1) {
    return Error::Invalid("sizes and limits of data files must be positive");
  }
  if (options.open_bytes_max > kOpenBytesMax) {
    return Error::Invalid("more than 1 GiB for rows that are not encoded yet is not supported");
  }
  if (options.zstd_level < 1 || options.zstd_level > 22) {
    return Error::Invalid("zstd level {} is not between 1 and 22", options.zstd_level);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<TableWriter>> TableWriter::Open(WriteOptions options,
                                                       iceberg::TableMetadataPtr metadata,
                                                       std::shared_ptr<arrow::Schema> columns,
                                                       storage::ObjectStore& store,
                                                       Random& random) {
  TRY(ValidateOptions(options));
  auto splitter = TRY(PartitionSplitter::Make(metadata->spec(), metadata->schema(), *columns));
  std::vector<int> kept;
  arrow::FieldVector fields;
  for (int i = 0; i < columns->num_fields(); ++i) {
    // A column of unknown type is all null and has no place in a file (spec Appendix A).
    if (columns->field(i)->type()->id() == arrow::Type::NA) continue;
    kept.push_back(i);
    fields.push_back(columns->field(i));
  }
  ParquetSettings settings{.options = options,
                           .columns = arrow::schema(std::move(fields)),
                           .schema_json = iceberg::SchemaToJson(metadata->schema())};
  return std::make_unique<FanoutWriter>(std::move(settings), std::move(kept), std::move(splitter),
                                        DataFileFactory(std::move(metadata), random), store);
}

}  // namespace kafka_iceberg::write
