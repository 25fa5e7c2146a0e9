// SPDX-License-Identifier: Apache-2.0
//
// Every row is reduced to a cheap key such that rows with equal keys have equal partition values:
// the number of the day, the bucket, the raw bytes. The exact value is then computed by
// iceberg::Apply() from one row per key, so the semantics live in one place; keys that turn out to
// have the same value (days of one month) are joined at the end.
#include "write/partition_values.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "iceberg/unicode.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::Transform;
using iceberg::TransformKind;
using iceberg::Type;
using iceberg::Value;

constexpr int64_t kHourSeconds = 3600;
constexpr int64_t kDaySeconds = 86400;

int64_t FloorDiv(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return quotient - (value % divisor < 0 ? 1 : 0);
}

const arrow::Array& Storage(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::EXTENSION) return column;
  return *static_cast<const arrow::ExtensionArray&>(column).storage();
}

bool IsNanos(const arrow::Array& column) {
  return column.type_id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(*column.type()).unit() == arrow::TimeUnit::NANO;
}

Value ValueAt(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return {};
  switch (column.type_id()) {
    case arrow::Type::BOOL: return static_cast<const arrow::BooleanArray&>(column).Value(row);
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return column.data()->GetValues<int32_t>(1)[row];
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: return column.data()->GetValues<int64_t>(1)[row];
    case arrow::Type::FLOAT: return column.data()->GetValues<float>(1)[row];
    case arrow::Type::DOUBLE: return column.data()->GetValues<double>(1)[row];
    case arrow::Type::DECIMAL128: {
      iceberg::DecimalValue value;
      std::memcpy(&value.unscaled,
                  static_cast<const arrow::FixedSizeBinaryArray&>(column).GetValue(row), 16);
      return value;
    }
    case arrow::Type::FIXED_SIZE_BINARY:
      return std::string(static_cast<const arrow::FixedSizeBinaryArray&>(column).GetView(row));
    default: return std::string(static_cast<const arrow::BinaryArray&>(column).GetView(row));
  }
}

// Row -> code, and for every code the first row that had it.
struct Interned {
  std::vector<uint32_t> codes;
  std::vector<int64_t> rows;
};

template <typename Key>
class KeyTable {
 public:
  uint32_t CodeOf(const Key& key, int64_t row, Interned& result) {
    if (has_last_ && key == last_key_) return last_code_;  // neighbours are often alike
    const auto [found, added] = codes_.try_emplace(key, static_cast<uint32_t>(result.rows.size()));
    if (added) result.rows.push_back(row);
    has_last_ = true;
    last_key_ = key;
    last_code_ = found->second;
    return last_code_;
  }

 private:
  std::unordered_map<Key, uint32_t> codes_;
  bool has_last_ = false;
  Key last_key_{};
  uint32_t last_code_ = 0;
};

template <typename KeyAt>
Interned Intern(const arrow::Array& column, KeyAt key_at) {
  using Key = decltype(key_at(0));
  constexpr auto kNone = std::numeric_limits<uint32_t>::max();
  Interned result;
  result.codes.reserve(static_cast<size_t>(column.length()));
  KeyTable<Key> table;
  uint32_t null_code = kNone;
  const bool nulls = column.null_count() > 0;
  for (int64_t row = 0; row < column.length(); ++row) {
    if (nulls && column.IsNull(row)) {
      if (null_code == kNone) {
        null_code = static_cast<uint32_t>(result.rows.size());
        result.rows.push_back(row);
      }
      result.codes.push_back(null_code);
    } else {
      result.codes.push_back(table.CodeOf(key_at(row), row, result));
    }
  }
  return result;
}

Interned AllAlike() { return {{}, {0}}; }

// Keys that grow with the value: when those of the smallest and largest value agree, so do all.
template <typename T, typename KeyOf>
Interned InternOrdered(const arrow::Array& column, const T* values, KeyOf key_of) {
  if (column.null_count() == 0 && column.length() > 0) {
    T least = values[0];
    T greatest = values[0];
    for (int64_t row = 1; row < column.length(); ++row) {
      least = std::min(least, values[row]);
      greatest = std::max(greatest, values[row]);
    }
    if (key_of(least) == key_of(greatest)) return AllAlike();
  }
  return Intern(column, [=](int64_t row) { return key_of(values[row]); });
}

template <typename T>
Interned InternNumbers(const Transform& transform, const arrow::Array& column) {
  const T* values = column.data()->GetValues<T>(1);
  const int64_t width = transform.parameter;
  switch (transform.kind) {
    case TransformKind::kBucket: {
      const int64_t unit = IsNanos(column) ? 1000 : 1;
      return Intern(column, [=](int64_t row) {
        const int64_t number = FloorDiv(values[row], unit);
        const int32_t hash =
            iceberg::Murmur3({reinterpret_cast<const char*>(&number), sizeof(number)});
        return (hash & std::numeric_limits<int32_t>::max()) % transform.parameter;
      });
    }
    case TransformKind::kTruncate:
      return InternOrdered(column, values, [=](T value) { return FloorDiv(value, width); });
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour: {
      if (column.type_id() == arrow::Type::DATE32) break;  // the value is the day
      const int64_t seconds = transform.kind == TransformKind::kHour ? kHourSeconds : kDaySeconds;
      const int64_t unit = seconds * (IsNanos(column) ? 1'000'000'000 : 1'000'000);
      return InternOrdered(column, values, [=](T value) { return FloorDiv(value, unit); });
    }
    default: break;
  }
  return InternOrdered(column, values, [](T value) { return value; });
}

template <typename ArrayType>
Interned InternBytes(const Transform& transform, const Type& source, const arrow::Array& column) {
  const auto& typed = static_cast<const ArrayType&>(column);
  const auto width = static_cast<size_t>(transform.parameter);
  switch (transform.kind) {
    case TransformKind::kBucket:
      // Decimals hash in their shortest form: leave those to Apply().
      if (column.type_id() == arrow::Type::DECIMAL128) break;
      return Intern(column, [&](int64_t row) {
        const int32_t hash = iceberg::Murmur3(typed.GetView(row));
        return (hash & std::numeric_limits<int32_t>::max()) % transform.parameter;
      });
    case TransformKind::kTruncate:
      if (source.id == iceberg::TypeId::kString) {
        return Intern(column, [&](int64_t row) {
          const std::string_view text = typed.GetView(row);
          return text.substr(0, iceberg::PrefixBytes(text, width));
        });
      }
      if (source.id != iceberg::TypeId::kBinary) break;
      return Intern(column, [&](int64_t row) {
        return std::string_view(typed.GetView(row)).substr(0, width);
      });
    default: break;
  }
  return Intern(column, [&](int64_t row) { return std::string_view(typed.GetView(row)); });
}

Interned InternRows(const Transform& transform, const Type& source, const arrow::Array& column) {
  if (column.length() == 0 || column.null_count() == column.length()) return AllAlike();
  switch (column.type_id()) {
    case arrow::Type::BOOL: {
      const auto& typed = static_cast<const arrow::BooleanArray&>(column);
      return Intern(column, [&](int64_t row) { return typed.Value(row); });
    }
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return InternNumbers<int32_t>(transform, column);
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: return InternNumbers<int64_t>(transform, column);
    case arrow::Type::FLOAT: {
      const auto* values = column.data()->GetValues<float>(1);
      return Intern(column, [=](int64_t row) { return std::bit_cast<int32_t>(values[row]); });
    }
    case arrow::Type::DOUBLE: {
      const auto* values = column.data()->GetValues<double>(1);
      return Intern(column, [=](int64_t row) { return std::bit_cast<int64_t>(values[row]); });
    }
    case arrow::Type::DECIMAL128:
    case arrow::Type::FIXED_SIZE_BINARY:
      return InternBytes<arrow::FixedSizeBinaryArray>(transform, source, column);
    default: return InternBytes<arrow::BinaryArray>(transform, source, column);
  }
}

struct ValueLess {
  bool operator()(const Value& a, const Value& b) const { return iceberg::Compare(a, b) < 0; }
};

}  // namespace

Result<PartitionValues> ComputePartitionValues(const Transform& transform, const Type& source,
                                               const arrow::Array& any_column) {
  if (transform.kind == TransformKind::kUnknown) {
    return Error::Unsupported("transform {} is not known and cannot be written with",
                              ToString(transform));
  }
  const arrow::Array& column = Storage(any_column);
  if (column.length() == 0 || transform.kind == TransformKind::kVoid ||
      column.type_id() == arrow::Type::NA) {
    return PartitionValues{.values = {Value{}}, .codes = {}};
  }
  Interned interned = InternRows(transform, source, column);
  PartitionValues result;
  std::map<Value, uint32_t, ValueLess> distinct;
  std::vector<uint32_t> joined;
  for (const int64_t row : interned.rows) {
    Value value = iceberg::Apply(transform, source, ValueAt(column, row));
    const auto [found, added] =
        distinct.try_emplace(value, static_cast<uint32_t>(result.values.size()));
    if (added) result.values.push_back(std::move(value));
    joined.push_back(found->second);
  }
  if (result.values.size() == 1) return result;
  for (uint32_t& code : interned.codes) code = joined[code];
  result.codes = std::move(interned.codes);
  return result;
}

}  // namespace kafka_iceberg::write
