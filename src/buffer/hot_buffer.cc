// SPDX-License-Identifier: Apache-2.0
#include "buffer/hot_buffer.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "buffer/arrow_status.h"
#include "buffer/conform.h"
#include "buffer/key_index.h"
#include "buffer/memory_account.h"
#include "core/check.h"
#include "core/mutex.h"

namespace kafka_iceberg::buffer {
namespace {

// Every index costs eight bytes a row; a reader may not ask for one on each column of a wide table.
constexpr size_t kIndexedColumnsMax = 4;
// A result that refers to most of a batch shares its memory; a smaller one is copied so as not to
// keep all of it alive.
constexpr int64_t kSharePercent = 50;

using Runs = std::vector<RowRun>;

// A batch with what only the buffer needs to know about it.
class Entry : public HotBatch {
 public:
  SteadyTime appended_at{};

  // Finds rows through the index on the column, which is built when it is missing.
  Runs Find(int column, const Literal& literal, const std::shared_ptr<MemoryAccount>& account) const
      EXCLUDES(index_mutex_) {
    const auto index = IndexOn(column, account);
    Runs runs;
    for (const int32_t row : index->index.Find(*rows->column(column), literal))
      AddRow(runs, 0, row);
    return runs;
  }

  void BuildIndex(int column, const std::shared_ptr<MemoryAccount>& account) const {
    IndexOn(column, account);
  }

 private:
  struct ChargedIndex {
    KeyIndex index;
    MemoryCharge charge;
  };

  std::shared_ptr<const ChargedIndex> IndexOn(int column,
                                              const std::shared_ptr<MemoryAccount>& account) const {
    // Built under the lock: two readers that miss at once must not pay twice. Writers never come
    // here later.
    MutexLock lock(index_mutex_);
    auto& index = indexes_[column];
    if (index == nullptr) {
      KeyIndex built = KeyIndex::Build(*rows->column(column));
      const int64_t size = built.bytes();
      index.reset(new ChargedIndex{std::move(built), MemoryCharge(account, size)});
    }
    return index;
  }

  mutable Mutex index_mutex_;
  mutable std::map<int, std::shared_ptr<const ChargedIndex>> indexes_ GUARDED_BY(index_mutex_);
};

using EntryPtr = std::shared_ptr<const Entry>;
using TablePtr = std::shared_ptr<arrow::Table>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Columns of the buffer's schema by name; all of them when no name is given.
Result<std::vector<int>> ResolveColumns(const arrow::Schema& schema,
                                        const std::vector<std::string>& names) {
  std::vector<int> columns;
  if (names.empty()) {
    for (int i = 0; i < schema.num_fields(); ++i) columns.push_back(i);
  }
  std::set<int> seen;
  for (const std::string& name : names) {
    const int index = schema.GetFieldIndex(name);
    if (index < 0) return Error::Invalid("no column {}", name);
    if (!seen.insert(index).second) return Error::Invalid("column {} is asked for twice", name);
    columns.push_back(index);
  }
  return columns;
}

BatchPtr Project(const BatchPtr& rows, const std::vector<int>& columns) {
  auto projected = rows->SelectColumns(columns);
  CHECK(projected.ok());  // indexes come from ResolveColumns()
  return std::move(projected).MoveValueUnsafe();
}

// Appends the chosen rows to the result's batches.
Status Collect(const BatchPtr& rows, const Runs& runs, std::vector<BatchPtr>& result) {
  const int64_t count = RowCount(runs);
  if (count == 0) return {};
  if (runs.size() == 1 && count * 100 >= rows->num_rows() * kSharePercent) {
    result.push_back(rows->Slice(runs[0].start, runs[0].length));
    return {};
  }
  result.push_back(TRY(GatherRows(rows->schema(), {&rows, 1}, runs)));
  return {};
}

bool HasSchema(const HotBatch& batch, const arrow::Schema& schema) {
  return batch.rows->schema().get() == &schema ||
         batch.rows->schema()->Equals(schema, /*check_metadata=*/true);
}

Result<BatchPtr> RowsWith(const HotBatch& batch, const std::shared_ptr<arrow::Schema>& schema) {
  if (HasSchema(batch, *schema)) return batch.rows;
  return Conform(batch.rows, schema);
}

Result<TablePtr> ToTable(const std::shared_ptr<arrow::Schema>& schema, std::vector<BatchPtr> rows) {
  return FromArrow(arrow::Table::FromRecordBatches(schema, rows));
}

}  // namespace

struct HotBuffer::State {
  State(HotBufferOptions buffer_options, std::shared_ptr<arrow::Schema> buffer_schema,
        const Clock& buffer_clock)
      : options(std::move(buffer_options)),
        clock(buffer_clock),
        account(options.account ? options.account : std::make_shared<MemoryAccount>(0)),
        schema(std::move(buffer_schema)) {}

  const HotBufferOptions options;
  const Clock& clock;
  const std::shared_ptr<MemoryAccount> account;

  mutable Mutex mutex;
  std::shared_ptr<arrow::Schema> schema GUARDED_BY(mutex);
  uint64_t schema_version GUARDED_BY(mutex) = 0;
  std::vector<EntryPtr> batches GUARDED_BY(mutex);  // by sequence
  std::optional<int64_t> snapshot_id GUARDED_BY(mutex);
  uint64_t next_sequence GUARDED_BY(mutex) = 0;
  int64_t row_count GUARDED_BY(mutex) = 0;
  int64_t held_bytes GUARDED_BY(mutex) = 0;
  mutable std::set<std::string> indexed_columns GUARDED_BY(mutex);

  // What a reader works on, taken at one moment.
  struct Contents {
    std::shared_ptr<arrow::Schema> schema;
    std::optional<int64_t> snapshot_id;
    std::vector<EntryPtr> batches;
  };
  Contents Take() const EXCLUDES(mutex) {
    MutexLock lock(mutex);
    return {schema, snapshot_id, batches};
  }

  // Takes the batches out; the caller lets go of them after the lock: freeing many takes a while.
  template <typename Gone>
  std::vector<EntryPtr> TakeIf(Gone gone) REQUIRES(mutex) {
    const auto kept = std::stable_partition(batches.begin(), batches.end(),
                                            [&](const EntryPtr& batch) { return !gone(*batch); });
    std::vector<EntryPtr> taken(kept, batches.end());
    batches.erase(kept, batches.end());
    for (const EntryPtr& batch : taken) {
      row_count -= batch->rows->num_rows();
      held_bytes -= batch->bytes;
    }
    return taken;
  }

  // False: the column may not have an index any more, the limit is reached.
  bool AllowIndex(const std::string& column) const EXCLUDES(mutex) {
    MutexLock lock(mutex);
    if (indexed_columns.contains(column)) return true;
    if (indexed_columns.size() >= kIndexedColumnsMax) return false;
    indexed_columns.insert(column);
    return true;
  }
};

HotBuffer::HotBuffer(HotBufferOptions options, std::shared_ptr<arrow::Schema> schema,
                     const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), std::move(schema), clock)) {}

HotBuffer::~HotBuffer() = default;

void HotBuffer::Append(uint64_t epoch, const std::shared_ptr<arrow::RecordBatch>& rows) {
  CHECK(rows != nullptr);
  CHECK(rows->num_rows() <= std::numeric_limits<int32_t>::max());
  auto [charged, bytes] = Charge(*rows, state_->account);
  auto entry = std::make_shared<Entry>();
  entry->epoch = epoch;
  entry->bytes = bytes;
  entry->rows = std::move(charged);
  entry->appended_at = state_->clock.Steady();
  const int key = rows->schema()->GetFieldIndex(state_->options.key_column);
  if (key >= 0 && state_->AllowIndex(state_->options.key_column))
    entry->BuildIndex(key, state_->account);

  MutexLock lock(state_->mutex);
  entry->sequence = state_->next_sequence++;
  state_->row_count += entry->rows->num_rows();
  state_->held_bytes += entry->bytes;
  state_->batches.push_back(std::move(entry));
}

void HotBuffer::SetSchema(uint64_t version, std::shared_ptr<arrow::Schema> schema) {
  MutexLock lock(state_->mutex);
  if (version <= state_->schema_version) return;
  state_->schema_version = version;
  state_->schema = std::move(schema);
}

void HotBuffer::Commit(uint64_t epoch, std::optional<int64_t> snapshot_id) {
  std::vector<EntryPtr> gone;  // outlives the lock
  MutexLock lock(state_->mutex);
  gone = state_->TakeIf([&](const HotBatch& batch) { return batch.epoch <= epoch; });
  if (snapshot_id.has_value()) state_->snapshot_id = snapshot_id;
}

void HotBuffer::DiscardFrom(uint64_t epoch) {
  std::vector<EntryPtr> gone;  // outlives the lock
  MutexLock lock(state_->mutex);
  gone = state_->TakeIf([&](const HotBatch& batch) { return batch.epoch >= epoch; });
}

Result<ReadView> HotBuffer::View() const {
  State::Contents contents = state_->Take();
  ReadView view{.snapshot_id = contents.snapshot_id, .schema = contents.schema};
  for (EntryPtr& batch : contents.batches) {
    if (HasSchema(*batch, *contents.schema)) {
      view.batches.push_back(std::move(batch));
      continue;
    }
    auto conformed = std::make_shared<HotBatch>(*batch);
    conformed->rows = TRY(Conform(batch->rows, contents.schema));
    view.batches.push_back(std::move(conformed));
  }
  return view;
}

Result<TablePtr> HotBuffer::Query(const Filter& filter, const std::vector<std::string>& columns,
                                  int64_t limit) const {
  const State::Contents contents = state_->Take();
  const arrow::Schema& schema = *contents.schema;
  const CompiledFilter compiled = TRY(CompiledFilter::Compile(filter, schema));
  const std::vector<int> selected = TRY(ResolveColumns(schema, columns));
  int64_t left = limit < 0 ? std::numeric_limits<int64_t>::max() : limit;
  std::vector<BatchPtr> result;
  for (const EntryPtr& batch : contents.batches) {
    if (left == 0) break;
    const BatchPtr rows = TRY(RowsWith(*batch, contents.schema));
    const Runs runs = compiled.Select(*rows, left);
    TRY(Collect(Project(rows, selected), runs, result));
    left -= RowCount(runs);
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const int column : selected) fields.push_back(schema.field(column));
  return ToTable(arrow::schema(std::move(fields), schema.metadata()), std::move(result));
}

Result<TablePtr> HotBuffer::Lookup(const std::string& column, const std::string& literal) const {
  const State::Contents contents = state_->Take();
  const arrow::Schema& schema = *contents.schema;
  // Also checks the column and the literal, and answers by scanning where no index may be built.
  const Filter filter = {{column, Predicate::Op::kEq, literal}};
  const CompiledFilter compiled = TRY(CompiledFilter::Compile(filter, schema));
  if (!state_->AllowIndex(column)) return Query(filter, {}, -1);
  const int index = schema.GetFieldIndex(column);
  const Literal value = TRY(ParseLiteral(literal, *schema.field(index)->type()));
  std::vector<BatchPtr> result;
  for (const EntryPtr& batch : contents.batches) {
    if (HasSchema(*batch, schema)) {
      TRY(Collect(batch->rows, batch->Find(index, value, state_->account), result));
      continue;
    }
    const BatchPtr rows = TRY(Conform(batch->rows, contents.schema));
    TRY(Collect(rows, compiled.Select(*rows, std::numeric_limits<int64_t>::max()), result));
  }
  return ToTable(contents.schema, std::move(result));
}

int64_t HotBuffer::rows() const {
  MutexLock lock(state_->mutex);
  return state_->row_count;
}

int64_t HotBuffer::bytes() const { return state_->account->load(std::memory_order_relaxed); }

int64_t HotBuffer::held_bytes() const {
  MutexLock lock(state_->mutex);
  return state_->held_bytes;
}

bool HotBuffer::full() const { return bytes() >= state_->options.bytes_max; }

std::optional<SteadyTime> HotBuffer::oldest_append() const {
  MutexLock lock(state_->mutex);
  if (state_->batches.empty()) return std::nullopt;
  return state_->batches.front()->appended_at;
}

}  // namespace kafka_iceberg::buffer
