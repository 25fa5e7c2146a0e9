// SPDX-License-Identifier: Apache-2.0
#include "write/column_metrics.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "decode/arrow_schema.h"
#include "write/arrow_status.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using iceberg::Value;

template <typename T>
int64_t CountNansIn(const arrow::Array& column) {
  const T* values = column.data()->GetValues<T>(1);
  int64_t count = 0;
  for (int64_t row = 0; row < column.length(); ++row) count += std::isnan(values[row]) ? 1 : 0;
  if (count == 0 || column.null_count() == 0) return count;
  count = 0;  // what lies under a null does not count
  for (int64_t row = 0; row < column.length(); ++row) {
    count += column.IsValid(row) && std::isnan(values[row]) ? 1 : 0;
  }
  return count;
}

Status CountNansOf(const arrow::Field& field, const std::shared_ptr<arrow::Array>& column,
                   NanCounts& counts) {
  if (field.type()->id() == arrow::Type::STRUCT) {
    const auto& parent = static_cast<const arrow::StructArray&>(*column);
    for (int i = 0; i < field.type()->num_fields(); ++i) {
      TRY(CountNansOf(*field.type()->field(i), TRY(FromArrow(parent.GetFlattenedField(i))),
                      counts));
    }
    return {};
  }
  const auto id = decode::FieldId(field);
  if (!id) return {};
  if (field.type()->id() == arrow::Type::FLOAT) counts[*id] += CountNansIn<float>(*column);
  if (field.type()->id() == arrow::Type::DOUBLE) counts[*id] += CountNansIn<double>(*column);
  return {};
}

template <typename T>
std::optional<T> ReadLittleEndian(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

Value DecimalFromBigEndian(std::string_view bytes) {
  iceberg::Int128 unscaled =
      !bytes.empty() && (static_cast<uint8_t>(bytes[0]) & 0x80U) != 0 ? -1 : 0;
  for (const char byte : bytes) {
    __extension__ using Unsigned = unsigned __int128;
    unscaled = static_cast<iceberg::Int128>(static_cast<Unsigned>(unscaled) << 8U |
                                            static_cast<uint8_t>(byte));
  }
  return iceberg::DecimalValue{unscaled};
}

template <typename T>
Value Or(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

Value DecimalFrom(std::string_view bytes, ::parquet::Type::type physical) {
  if (physical == ::parquet::Type::INT32) {
    const auto unscaled = ReadLittleEndian<int32_t>(bytes);
    return unscaled ? Value(iceberg::DecimalValue{*unscaled}) : Value();
  }
  if (physical == ::parquet::Type::INT64) {
    const auto unscaled = ReadLittleEndian<int64_t>(bytes);
    return unscaled ? Value(iceberg::DecimalValue{*unscaled}) : Value();
  }
  return bytes.size() <= 16 ? DecimalFromBigEndian(bytes) : Value();
}

// A minimum or maximum as the footer has it (plain encoding); null when it cannot be one.
Value FromStatistics(std::string_view bytes, ::parquet::Type::type physical, const Type& type) {
  if (type.id == TypeId::kDecimal) return DecimalFrom(bytes, physical);
  switch (physical) {
    case ::parquet::Type::BOOLEAN: return bytes.size() == 1 ? Value(bytes[0] != 0) : Value();
    case ::parquet::Type::INT32: return Or(ReadLittleEndian<int32_t>(bytes));
    case ::parquet::Type::INT64: return Or(ReadLittleEndian<int64_t>(bytes));
    case ::parquet::Type::FLOAT: return Or(ReadLittleEndian<float>(bytes));
    case ::parquet::Type::DOUBLE: return Or(ReadLittleEndian<double>(bytes));
    case ::parquet::Type::BYTE_ARRAY:
    case ::parquet::Type::FIXED_LEN_BYTE_ARRAY: return std::string(bytes);
    default: return {};
  }
}

bool IsNan(const Value& value) {
  if (const auto* real = std::get_if<float>(&value)) return std::isnan(*real);
  if (const auto* real = std::get_if<double>(&value)) return std::isnan(*real);
  return false;
}

// The zero with the wanted sign: -0.0 sorts below 0.0, and a file may hold both under one minimum.
Value WithZeroSign(Value value, bool negative) {
  if (auto* real = std::get_if<float>(&value); real != nullptr && *real == 0) {
    *real = negative ? -0.0F : 0.0F;
  }
  if (auto* real = std::get_if<double>(&value); real != nullptr && *real == 0) {
    *real = negative ? -0.0 : 0.0;
  }
  return value;
}

// One leaf column over all row groups of a file.
struct Leaf {
  int64_t size = 0;
  int64_t values = 0;
  int64_t nulls = 0;
  bool null_counts_known = true;
  bool bounds_known = true;
  Value lower;
  Value upper;
};

void AddBounds(const ::parquet::Statistics& statistics, ::parquet::Type::type physical,
               const Type& type, Leaf& leaf) {
  const Value lower = FromStatistics(statistics.EncodeMin(), physical, type);
  const Value upper = FromStatistics(statistics.EncodeMax(), physical, type);
  if (IsNull(lower) || IsNull(upper) || IsNan(lower) || IsNan(upper)) {
    leaf.bounds_known = false;
    return;
  }
  if (IsNull(leaf.lower) || iceberg::Compare(lower, leaf.lower) < 0) leaf.lower = lower;
  if (IsNull(leaf.upper) || iceberg::Compare(upper, leaf.upper) > 0) leaf.upper = upper;
}

void AddChunk(const ::parquet::ColumnChunkMetaData& chunk, const Type& type, Leaf& leaf) {
  leaf.size += chunk.total_compressed_size();
  leaf.values += chunk.num_values();
  const auto statistics = chunk.is_stats_set() ? chunk.statistics() : nullptr;
  if (statistics == nullptr) {
    leaf.null_counts_known = leaf.bounds_known = false;
    return;
  }
  if (statistics->HasNullCount()) {
    leaf.nulls += statistics->null_count();
    if (statistics->null_count() == chunk.num_values()) return;  // nothing to bound here
  } else {
    leaf.null_counts_known = false;
  }
  if (statistics->HasMinMax()) {
    AddBounds(*statistics, chunk.type(), type, leaf);
  } else {
    leaf.bounds_known = false;
  }
}

void SetBounds(int32_t id, const Leaf& leaf, const Type& type, MetricsMode mode,
               iceberg::DataFile& file) {
  if (!mode.has_bounds() || !leaf.bounds_known || IsNull(leaf.lower)) return;
  const bool cut = mode.kind == MetricsMode::Kind::kTruncate &&
                   (type.id == TypeId::kString || type.id == TypeId::kBinary);
  if (!cut) {
    file.lower_bounds[id] = ToBytes(WithZeroSign(leaf.lower, true), type);
    file.upper_bounds[id] = ToBytes(WithZeroSign(leaf.upper, false), type);
    return;
  }
  const auto width = static_cast<size_t>(mode.width);
  file.lower_bounds[id] = iceberg::TruncateLower(std::get<std::string>(leaf.lower), type.id, width);
  auto upper = iceberg::TruncateUpper(std::get<std::string>(leaf.upper), type.id, width);
  if (upper) file.upper_bounds[id] = *std::move(upper);
}

Leaf ReadLeaf(const ::parquet::FileMetaData& footer, int column, const Type& type) {
  Leaf leaf;
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    AddChunk(*footer.RowGroup(group)->ColumnChunk(column), type, leaf);
  }
  return leaf;
}

}  // namespace

Status CountNans(const arrow::RecordBatch& rows, NanCounts& counts) {
  for (int i = 0; i < rows.num_columns(); ++i) {
    TRY(CountNansOf(*rows.schema()->field(i), rows.column(i), counts));
  }
  return {};
}

Status FillColumnMetrics(const ::parquet::FileMetaData& footer, const iceberg::Schema& schema,
                         const MetricsConfig& config, const NanCounts& nan_counts,
                         iceberg::DataFile& file) {
  return Fenced([&]() -> Status {
    for (int column = 0; column < footer.num_columns(); ++column) {
      const ::parquet::ColumnDescriptor& descriptor = *footer.schema()->Column(column);
      const int32_t id = descriptor.schema_node()->field_id();
      const iceberg::Field* field = schema.FindField(id);
      const MetricsMode mode = config.ModeOf(id);
      if (field == nullptr || !mode.has_counts()) continue;
      const Leaf leaf = ReadLeaf(footer, column, field->type);
      file.column_sizes[id] = leaf.size;
      if (descriptor.max_repetition_level() > 0) continue;
      file.value_counts[id] = leaf.values;
      if (leaf.null_counts_known) file.null_value_counts[id] = leaf.nulls;
      const auto nans = nan_counts.find(id);
      if (nans != nan_counts.end()) file.nan_value_counts[id] = nans->second;
      SetBounds(id, leaf, field->type, mode, file);
    }
    for (int group = 0; group < footer.num_row_groups(); ++group) {
      const auto first = footer.RowGroup(group)->ColumnChunk(0);
      // A dictionary page, where there is one, precedes the data.
      file.split_offsets.push_back(first->has_dictionary_page() ? first->dictionary_page_offset()
                                                                : first->data_page_offset());
    }
    return {};
  });
}

}  // namespace kafka_iceberg::write
