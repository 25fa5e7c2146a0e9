// SPDX-License-Identifier: Apache-2.0
#include "write/dictionary_choice.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace kafka_iceberg::write {
namespace {

// Values looked at per column, spread over all rows, so that a column that only repeats locally (a
// clock) is not mistaken for one with few values.
constexpr int64_t kSampleValues = 4096;
// With fewer the share of distinct values says nothing.
constexpr size_t kSampleValuesMin = 256;
// Above this share of distinct values plain pages are as small and cheaper to write (measured with
// Snappy).
constexpr size_t kDistinctPercentMax = 40;

using Hashes = std::map<std::string, std::vector<size_t>>;

std::string_view BytesAt(const arrow::Array& column, int64_t row) {
  if (arrow::is_base_binary_like(column.type_id())) {
    return static_cast<const arrow::BinaryArray&>(column).GetView(row);
  }
  const auto width = static_cast<size_t>(column.type()->byte_width());
  const auto* bytes = reinterpret_cast<const char*>(column.data()->buffers[1]->data());
  return {bytes + static_cast<size_t>(column.offset() + row) * width, width};
}

void SampleLeaf(const arrow::Array& column, int64_t step, std::vector<size_t>& hashes) {
  for (int64_t row = 0; row < column.length(); row += step) {
    if (column.IsValid(row)) hashes.push_back(std::hash<std::string_view>()(BytesAt(column, row)));
  }
}

// As deep as the schema; the names are those Parquet gives to lists and maps.
void SampleColumn(const std::string& path, const arrow::Array& column, int64_t step,
                  Hashes& hashes) {
  switch (column.type_id()) {
    case arrow::Type::EXTENSION:
      return SampleColumn(path, *static_cast<const arrow::ExtensionArray&>(column).storage(), step,
                          hashes);
    case arrow::Type::STRUCT: {
      const auto& typed = static_cast<const arrow::StructArray&>(column);
      for (int i = 0; i < typed.num_fields(); ++i) {
        SampleColumn(path + "." + column.type()->field(i)->name(), *typed.field(i), step, hashes);
      }
      return;
    }
    case arrow::Type::LIST:
      return SampleColumn(path + ".list.element",
                          *static_cast<const arrow::ListArray&>(column).values(), step, hashes);
    case arrow::Type::MAP: {
      const auto& typed = static_cast<const arrow::MapArray&>(column);
      SampleColumn(path + ".key_value.key", *typed.keys(), step, hashes);
      SampleColumn(path + ".key_value.value", *typed.items(), step, hashes);
      return;
    }
    case arrow::Type::BOOL:
    case arrow::Type::NA: return;  // never have a dictionary
    default: SampleLeaf(column, step, hashes[path]);
  }
}

bool Pays(std::vector<size_t>& hashes) {
  std::ranges::sort(hashes);
  const auto doubles = std::ranges::unique(hashes);
  const size_t distinct = hashes.size() - doubles.size();
  return distinct * 100 <= hashes.size() * kDistinctPercentMax;
}

}  // namespace

void DictionaryChoice::Sample(std::span<const std::shared_ptr<arrow::RecordBatch>> rows) {
  int64_t total = 0;
  for (const auto& batch : rows) total += batch->num_rows();
  const int64_t step = std::max<int64_t>(1, total / kSampleValues);
  Hashes hashes;
  for (const auto& batch : rows) {
    for (int i = 0; i < batch->num_columns(); ++i) {
      const std::string& name = batch->schema()->field(i)->name();
      // A column is decided as a whole; a nested one is looked at again while one of its leaves is
      // open.
      if (decisions_.contains(name)) continue;
      SampleColumn(name, *batch->column(i), step, hashes);
    }
  }
  for (auto& [path, values] : hashes) {
    if (values.size() >= kSampleValuesMin) decisions_.try_emplace(path, Pays(values));
  }
}

void DictionaryChoice::Learn(const ::parquet::FileMetaData& footer) {
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto row_group = footer.RowGroup(group);
    for (int column = 0; column < row_group->num_columns(); ++column) {
      const auto chunk = row_group->ColumnChunk(column);
      if (!chunk->has_dictionary_page()) continue;
      const auto& pages = chunk->encoding_stats();
      const bool gave_up = std::ranges::any_of(pages, [](const ::parquet::PageEncodingStats& page) {
        return page.page_type != ::parquet::PageType::DICTIONARY_PAGE &&
               page.encoding == ::parquet::Encoding::PLAIN;
      });
      if (gave_up) decisions_[chunk->path_in_schema()->ToDotString()] = false;
    }
  }
}

}  // namespace kafka_iceberg::write
