// SPDX-License-Identifier: Apache-2.0
//
// HotBuffer: the rows of one table that are not committed yet, as immutable Arrow batches.
//
// Batches belong to flush epochs (numbered 1, 2, ...). Committing an epoch removes its batches and
// moves the view's snapshot id in one step, so a reader that combines a ReadView with the table at
// `snapshot_id` sees every row once. Thread-safe: writers append, the committer commits or
// discards, readers take views. Readers never block writers; a view keeps its batches alive, and
// their bytes are accounted until it is destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buffer/filter.h"
#include "buffer/memory_account.h"
#include "core/clock.h"
#include "core/result.h"

namespace arrow {
class RecordBatch;
class Schema;
class Table;
}  // namespace arrow

namespace kafka_iceberg::buffer {

struct HotBufferOptions {
  int64_t bytes_max = 256LL << 20;  // [hot_buffer] max_size_mb
  std::string key_column;           // empty: no index until Lookup() asks for one
  // Of several buffers that share `bytes_max`; null: one of its own.
  std::shared_ptr<MemoryAccount> account;
};

struct HotBatch {
  uint64_t epoch = 0;
  uint64_t sequence = 0;  // grows with every append, across epochs
  int64_t bytes = 0;
  std::shared_ptr<arrow::RecordBatch> rows;
};

// What a reader sees, nothing twice: the table at `snapshot_id` (absent: no commit yet) and these.
struct ReadView {
  std::optional<int64_t> snapshot_id;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::shared_ptr<const HotBatch>> batches;  // oldest first, all with that schema
};

class HotBuffer {
 public:
  HotBuffer(HotBufferOptions options, std::shared_ptr<arrow::Schema> schema, const Clock& clock);
  ~HotBuffer();
  HotBuffer(const HotBuffer&) = delete;
  HotBuffer& operator=(const HotBuffer&) = delete;

  // From here on readers see all rows with this schema of the table (see conform.h). A version
  // below the last one changes nothing.
  void SetSchema(uint64_t version, std::shared_ptr<arrow::Schema> schema);
  // The rows have the buffer's schema, an earlier one or a later one that follows, and are visible
  // when it returns.
  void Append(uint64_t epoch, const std::shared_ptr<arrow::RecordBatch>& rows);
  // The epochs up to and including `epoch` are in the table as of `snapshot_id` (absent: they held
  // no rows and no snapshot was made).
  void Commit(uint64_t epoch, std::optional<int64_t> snapshot_id);
  // Every batch of epochs >= `epoch` is forgotten: its records will be read again.
  void DiscardFrom(uint64_t epoch);

  // kUnavailable: memory ran out (for what a newer schema adds to older rows).
  Result<ReadView> View() const;
  // Rows that satisfy the filter, newest batches last; `columns` empty means all, `limit` < 0 means
  // no limit. kInvalid: an unknown or nested column in the filter, a literal that is not of the
  // column's type.
  Result<std::shared_ptr<arrow::Table>> Query(const Filter& filter,
                                              const std::vector<std::string>& columns,
                                              int64_t limit) const;
  // Point look-up through the hash index on one column (built on first use, dropped with its
  // batch). At most four columns get an index; further ones are scanned.
  Result<std::shared_ptr<arrow::Table>> Lookup(const std::string& column,
                                               const std::string& literal) const;

  int64_t rows() const;
  // Of all batches alive, those only held by views included, of every buffer of the account.
  int64_t bytes() const;
  // Of the batches of this buffer that are not committed.
  int64_t held_bytes() const;
  bool full() const;  // bytes() >= bytes_max: the poll thread pauses
  // When the oldest uncommitted batch was appended.
  std::optional<SteadyTime> oldest_append() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kafka_iceberg::buffer
