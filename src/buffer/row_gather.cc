// SPDX-License-Identifier: Apache-2.0
#include "buffer/row_gather.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "buffer/arrow_status.h"
#include "core/check.h"

namespace kafka_iceberg::buffer {
namespace {

using arrow::ArrayData;
using ArrayDataPtr = std::shared_ptr<ArrayData>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;
using Runs = std::span<const RowRun>;
// The same column of every source batch, indexed by RowRun::source; null where no run refers to the
// source.
using Sources = std::vector<const ArrayData*>;
template <typename T>
using Gathered = ::kafka_iceberg::Result<T>;

Gathered<ArrayDataPtr> GatherColumn(const std::shared_ptr<arrow::DataType>& type,
                                    const Sources& sources, Runs runs);

Gathered<BufferPtr> Allocate(int64_t bytes) {
  auto buffer = FromArrow(arrow::AllocateBuffer(bytes));
  if (!buffer.ok()) return std::move(buffer).error();
  return BufferPtr(std::move(buffer).value());
}

struct Validity {
  BufferPtr bitmap;  // null: every row is valid
  int64_t null_count = 0;
};

Gathered<Validity> GatherValidity(const Sources& sources, Runs runs, int64_t length) {
  bool any_nulls = false;
  for (const ArrayData* source : sources) {
    any_nulls =
        any_nulls || (source != nullptr && source->MayHaveNulls() && source->GetNullCount() > 0);
  }
  if (!any_nulls) return Validity{};
  auto bitmap = TRY(Allocate(arrow::bit_util::BytesForBits(length)));
  uint8_t* bits = bitmap->mutable_data();
  std::memset(bits, 0, static_cast<size_t>(bitmap->size()));
  int64_t at = 0;
  int64_t valid = 0;
  for (const RowRun& run : runs) {
    const ArrayData& source = *sources[run.source];
    const uint8_t* from = source.MayHaveNulls() ? source.buffers[0]->data() : nullptr;
    const int64_t first = source.offset + run.start;
    for (int64_t i = 0; i < run.length; ++i, ++at) {
      if (from == nullptr || arrow::bit_util::GetBit(from, first + i)) {
        arrow::bit_util::SetBit(bits, at);
        ++valid;
      }
    }
  }
  return Validity{std::move(bitmap), length - valid};
}

template <int32_t kWidth>
void CopyFixed(const Sources& sources, Runs runs, int32_t width_if_dynamic, uint8_t* to) {
  const int64_t width = kWidth > 0 ? kWidth : width_if_dynamic;
  for (const RowRun& run : runs) {
    const ArrayData& source = *sources[run.source];
    const uint8_t* from = source.buffers[1]->data() + (source.offset + run.start) * width;
    if (kWidth > 0 && run.length == 1) {
      std::memcpy(to, from, static_cast<size_t>(kWidth));  // one move instruction
    } else {
      std::memcpy(to, from, static_cast<size_t>(run.length * width));
    }
    to += run.length * width;
  }
}

Gathered<BufferPtr> GatherFixed(int32_t width, const Sources& sources, Runs runs, int64_t length) {
  auto values = TRY(Allocate(length * width));
  uint8_t* to = values->mutable_data();
  switch (width) {
    case 1: CopyFixed<1>(sources, runs, width, to); break;
    case 4: CopyFixed<4>(sources, runs, width, to); break;
    case 8: CopyFixed<8>(sources, runs, width, to); break;
    case 16: CopyFixed<16>(sources, runs, width, to); break;
    default: CopyFixed<0>(sources, runs, width, to); break;
  }
  return values;
}

Gathered<BufferPtr> GatherBits(const Sources& sources, Runs runs, int64_t length) {
  auto values = TRY(Allocate(arrow::bit_util::BytesForBits(length)));
  uint8_t* to = values->mutable_data();
  std::memset(to, 0, static_cast<size_t>(values->size()));
  int64_t at = 0;
  for (const RowRun& run : runs) {
    const ArrayData& source = *sources[run.source];
    const uint8_t* from = source.buffers[1]->data();
    for (int64_t i = 0; i < run.length; ++i, ++at) {
      arrow::bit_util::SetBitTo(to, at,
                                arrow::bit_util::GetBit(from, source.offset + run.start + i));
    }
  }
  return values;
}

struct Offsets {
  BufferPtr buffer;
  int64_t total = 0;
};

// Offsets of the output of a string, binary, list or map column; the lengths are taken from the
// sources' offsets.
Gathered<Offsets> GatherOffsets(const Sources& sources, Runs runs, int64_t length) {
  auto buffer = TRY(Allocate((length + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* to = reinterpret_cast<int32_t*>(buffer->mutable_data());
  int64_t total = 0;
  *to++ = 0;
  for (const RowRun& run : runs) {
    const auto* from = sources[run.source]->GetValues<int32_t>(1) + run.start;
    const int64_t base = total - from[0];
    total += from[run.length] - from[0];
    if (total > std::numeric_limits<int32_t>::max()) {
      return Error::Unavailable("more than 2 GiB in one column of a batch");
    }
    for (int32_t i = 1; i <= run.length; ++i) *to++ = static_cast<int32_t>(base + from[i]);
  }
  return Offsets{std::move(buffer), total};
}

Gathered<BufferPtr> GatherBytes(const Sources& sources, Runs runs, int64_t total) {
  auto buffer = TRY(Allocate(total));
  uint8_t* to = buffer->mutable_data();
  for (const RowRun& run : runs) {
    const ArrayData& source = *sources[run.source];
    const auto* offsets = source.GetValues<int32_t>(1) + run.start;
    const auto bytes = static_cast<size_t>(offsets[run.length] - offsets[0]);
    if (bytes == 0) continue;  // also: an all-empty column may have no data buffer
    std::memcpy(to, source.buffers[2]->data() + offsets[0], bytes);
    to += bytes;
  }
  return buffer;
}

Sources Children(const Sources& sources, size_t child) {
  Sources children(sources.size(), nullptr);
  for (size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] != nullptr) children[i] = sources[i]->child_data[child].get();
  }
  return children;
}

// A struct's children are as long as the struct's storage: its own offset applies to them too.
Gathered<std::vector<ArrayDataPtr>> GatherStructChildren(const arrow::DataType& type,
                                                         const Sources& sources, Runs runs) {
  std::vector<RowRun> child_runs(runs.begin(), runs.end());
  for (RowRun& run : child_runs) {
    run.start += static_cast<int32_t>(sources[run.source]->offset);
  }
  std::vector<ArrayDataPtr> children;
  for (int i = 0; i < type.num_fields(); ++i) {
    const Sources child = Children(sources, static_cast<size_t>(i));
    children.push_back(TRY(GatherColumn(type.field(i)->type(), child, child_runs)));
  }
  return children;
}

Gathered<ArrayDataPtr> GatherListChild(const arrow::DataType& type, const Sources& sources,
                                       Runs runs) {
  std::vector<RowRun> child_runs;
  child_runs.reserve(runs.size());
  for (const RowRun& run : runs) {
    const auto* offsets = sources[run.source]->GetValues<int32_t>(1) + run.start;
    const int32_t length = offsets[run.length] - offsets[0];
    if (length > 0) child_runs.push_back({run.source, offsets[0], length});
  }
  return GatherColumn(type.field(0)->type(), Children(sources, 0), child_runs);
}

Gathered<ArrayDataPtr> GatherColumn(const std::shared_ptr<arrow::DataType>& type,
                                    const Sources& sources, Runs runs) {
  // An extension array is laid out as its storage.
  const arrow::DataType& layout =
      type->id() == arrow::Type::EXTENSION
          ? *static_cast<const arrow::ExtensionType&>(*type).storage_type()
          : *type;
  const int64_t length = RowCount(runs);
  if (layout.id() == arrow::Type::NA) return ArrayData::Make(type, length, {nullptr}, length);
  auto [bitmap, null_count] = TRY(GatherValidity(sources, runs, length));
  auto result = ArrayData::Make(type, length, {std::move(bitmap)}, null_count);
  switch (layout.id()) {
    case arrow::Type::BOOL:
      result->buffers.push_back(TRY(GatherBits(sources, runs, length)));
      return result;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      auto [offsets, total] = TRY(GatherOffsets(sources, runs, length));
      result->buffers.push_back(std::move(offsets));
      result->buffers.push_back(TRY(GatherBytes(sources, runs, total)));
      return result;
    }
    case arrow::Type::STRUCT:
      result->child_data = TRY(GatherStructChildren(layout, sources, runs));
      return result;
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      result->buffers.push_back(TRY(GatherOffsets(sources, runs, length)).buffer);
      result->child_data.push_back(TRY(GatherListChild(layout, sources, runs)));
      return result;
    default: break;
  }
  if (!arrow::is_fixed_width(layout.id()) || layout.id() == arrow::Type::DICTIONARY) {
    return Error::Unsupported("rows of type {} cannot be copied", type->ToString());
  }
  result->buffers.push_back(TRY(GatherFixed(layout.byte_width(), sources, runs, length)));
  return result;
}

}  // namespace

void AddRow(std::vector<RowRun>& runs, uint32_t source, int32_t row) {
  if (!runs.empty() && runs.back().source == source &&
      runs.back().start + runs.back().length == row) {
    ++runs.back().length;
  } else {
    runs.push_back({source, row, 1});
  }
}

int64_t RowCount(Runs runs) {
  int64_t rows = 0;
  for (const RowRun& run : runs) rows += run.length;
  return rows;
}

Gathered<std::shared_ptr<arrow::RecordBatch>> GatherRows(
    const std::shared_ptr<arrow::Schema>& schema,
    std::span<const std::shared_ptr<arrow::RecordBatch>> sources, Runs runs) {
  // Which sources are used decides about nulls, and unused ones may be empty slots.
  std::vector<bool> used(sources.size(), false);
  for (const RowRun& run : runs) used[run.source] = true;
  std::vector<ArrayDataPtr> columns;
  columns.reserve(static_cast<size_t>(schema->num_fields()));
  for (int i = 0; i < schema->num_fields(); ++i) {
    Sources column(sources.size(), nullptr);
    for (size_t s = 0; s < sources.size(); ++s) {
      if (!used[s]) continue;
      CHECK(sources[s] != nullptr && sources[s]->num_columns() == schema->num_fields());
      column[s] = sources[s]->column_data(i).get();
    }
    auto gathered = GatherColumn(schema->field(i)->type(), column, runs);
    if (!gathered.ok()) return gathered.error().WithContext("column " + schema->field(i)->name());
    columns.push_back(std::move(gathered).value());
  }
  return arrow::RecordBatch::Make(schema, RowCount(runs), std::move(columns));
}

}  // namespace kafka_iceberg::buffer
