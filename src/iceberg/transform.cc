// SPDX-License-Identifier: Apache-2.0
#include "iceberg/transform.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "core/check.h"
#include "iceberg/text/calendar.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr int64_t kHoursPerDay = 24;
constexpr int64_t kNanosPerMicro = 1'000;

constexpr std::array<std::pair<std::string_view, TransformKind>, 6> kPlainNames = {{
    {"identity", TransformKind::kIdentity},
    {"year", TransformKind::kYear},
    {"month", TransformKind::kMonth},
    {"day", TransformKind::kDay},
    {"hour", TransformKind::kHour},
    {"void", TransformKind::kVoid},
}};

// N of "name[N]", when it is positive and fits.
int32_t BracketedNumber(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || !text.ends_with(']')) return 0;
  text = text.substr(name.size(), text.size() - name.size() - 1);
  if (!text.starts_with('[')) return 0;
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

bool IsTimestamp(TypeId id) {
  return id == TypeId::kTimestamp || id == TypeId::kTimestamptz || id == TypeId::kTimestampNs ||
         id == TypeId::kTimestamptzNs;
}

bool IsNanos(TypeId id) { return id == TypeId::kTimestampNs || id == TypeId::kTimestamptzNs; }

bool CanBucket(TypeId id) {
  switch (id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary: return true;
    default: return IsTimestamp(id);
  }
}

bool CanTruncate(TypeId id) {
  return id == TypeId::kInt || id == TypeId::kLong || id == TypeId::kDecimal ||
         id == TypeId::kString || id == TypeId::kBinary;
}

bool CanBeIdentity(const Type& type) {
  return type.is_primitive() && type.id != TypeId::kGeometry && type.id != TypeId::kGeography &&
         type.id != TypeId::kVariant;
}

bool IsLegal(TransformKind kind, const Type& source) {
  switch (kind) {
    case TransformKind::kIdentity: return CanBeIdentity(source);
    case TransformKind::kBucket: return CanBucket(source.id);
    case TransformKind::kTruncate: return CanTruncate(source.id);
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay: return source.id == TypeId::kDate || IsTimestamp(source.id);
    case TransformKind::kHour: return IsTimestamp(source.id);
    case TransformKind::kVoid: return true;
    case TransformKind::kUnknown: return false;
  }
  return false;
}

// `value` less its remainder, which is never negative. Near the smallest value the result wraps, as
// it does in every other engine: a partition value must be the same whoever computes it.
template <typename Number>
Number TruncateNumber(Number value, int32_t width) {
  using Unsigned = std::make_unsigned_t<Number>;
  Number remainder = value % width;
  if (remainder < 0) remainder += width;
  return static_cast<Number>(static_cast<Unsigned>(value) - static_cast<Unsigned>(remainder));
}

DecimalValue TruncateDecimal(const DecimalValue& value, int32_t width) {
  __extension__ using Unsigned = unsigned __int128;
  Int128 remainder = value.unscaled % width;
  if (remainder < 0) remainder += width;
  return {static_cast<Int128>(static_cast<Unsigned>(value.unscaled) -
                              static_cast<Unsigned>(remainder))};
}

Value Truncate(const Value& value, const Type& source, int32_t width) {
  if (const auto* number = std::get_if<int32_t>(&value)) return TruncateNumber(*number, width);
  if (const auto* number = std::get_if<int64_t>(&value)) return TruncateNumber(*number, width);
  if (const auto* number = std::get_if<DecimalValue>(&value))
    return TruncateDecimal(*number, width);
  return TruncateLower(std::get<std::string>(value), source.id, static_cast<size_t>(width));
}

// Days, months, years or hours since 1970-01-01, rounded down.
int32_t TimeUnits(TransformKind kind, const Value& value, const Type& source) {
  int64_t days = 0;
  int64_t hours = 0;
  if (const auto* date = std::get_if<int32_t>(&value)) {
    days = *date;
    hours = days * kHoursPerDay;
  } else {
    const int64_t units = std::get<int64_t>(value);
    const int64_t per_second = IsNanos(source.id) ? kNanosPerSecond : kMicrosPerSecond;
    days = FloorDiv(units, per_second * kSecondsPerDay);
    hours = FloorDiv(units, per_second * 3'600);
  }
  const CivilDate date = CivilFromDays(days);
  const int64_t years = date.year - 1970;
  switch (kind) {
    case TransformKind::kYear: return static_cast<int32_t>(years);
    case TransformKind::kMonth: return static_cast<int32_t>(years * 12 + date.month - 1);
    case TransformKind::kDay: return static_cast<int32_t>(days);
    default: return static_cast<int32_t>(hours);
  }
}

int32_t HashLong(int64_t number) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  return Murmur3({bytes, sizeof(bytes)});
}

int32_t HashReal(double number) {
  if (number == 0.0) number = 0.0;  // -0.0 hashes as 0.0
  if (std::isnan(number)) number = std::numeric_limits<double>::quiet_NaN();
  return HashLong(std::bit_cast<int64_t>(number));
}

uint32_t MixBlock(uint32_t block) {
  block *= 0xcc9e2d51U;
  return std::rotl(block, 15) * 0x1b873593U;
}

uint32_t Finalize(uint32_t hash) {
  hash ^= hash >> 16U;
  hash *= 0x85ebca6bU;
  hash ^= hash >> 13U;
  hash *= 0xc2b2ae35U;
  return hash ^ (hash >> 16U);
}

}  // namespace

Transform ParseTransform(std::string_view text) {
  for (const auto& [name, kind] : kPlainNames) {
    if (text == name) return {kind, 0, {}};
  }
  if (const int32_t count = BracketedNumber(text, "bucket"); count > 0) {
    return {TransformKind::kBucket, count, {}};
  }
  if (const int32_t width = BracketedNumber(text, "truncate"); width > 0) {
    return {TransformKind::kTruncate, width, {}};
  }
  return {TransformKind::kUnknown, 0, std::string(text)};
}

std::string ToString(const Transform& transform) {
  switch (transform.kind) {
    case TransformKind::kBucket: return fmt::format("bucket[{}]", transform.parameter);
    case TransformKind::kTruncate: return fmt::format("truncate[{}]", transform.parameter);
    case TransformKind::kUnknown: return transform.text;
    default: break;
  }
  for (const auto& [name, kind] : kPlainNames) {
    if (kind == transform.kind) return std::string(name);
  }
  return transform.text;
}

Result<Type> ResultType(const Transform& transform, const Type& source) {
  if (!IsLegal(transform.kind, source)) {
    return Error::Invalid("transform {} cannot be applied to type {}", ToString(transform),
                          ToString(source));
  }
  switch (transform.kind) {
    case TransformKind::kBucket:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kHour: return Type::Primitive(TypeId::kInt);
    case TransformKind::kDay: return Type::Primitive(TypeId::kDate);
    default: return source;
  }
}

Value Apply(const Transform& transform, const Type& source, const Value& value) {
  if (IsNull(value) || transform.kind == TransformKind::kVoid) return {};
  switch (transform.kind) {
    case TransformKind::kIdentity: return value;
    case TransformKind::kBucket:
      CHECK(transform.parameter > 0);
      return (BucketHash(value, source) & std::numeric_limits<int32_t>::max()) %
             transform.parameter;
    case TransformKind::kTruncate:
      CHECK(transform.parameter > 0);
      return Truncate(value, source, transform.parameter);
    default: break;
  }
  CHECK(transform.kind != TransformKind::kUnknown);
  return TimeUnits(transform.kind, value, source);
}

int32_t Murmur3(std::string_view bytes) {
  uint32_t hash = 0;
  const size_t tail_start = bytes.size() / 4 * 4;
  for (size_t i = 0; i < tail_start; i += 4) {
    uint32_t block = 0;
    std::memcpy(&block, bytes.data() + i, sizeof(block));
    hash = std::rotl(hash ^ MixBlock(block), 13) * 5 + 0xe6546b64U;
  }
  if (tail_start < bytes.size()) {
    uint32_t tail = 0;
    for (size_t i = bytes.size(); i > tail_start; --i) {
      tail = (tail << 8U) | static_cast<uint8_t>(bytes[i - 1]);
    }
    hash ^= MixBlock(tail);
  }
  return static_cast<int32_t>(Finalize(hash ^ static_cast<uint32_t>(bytes.size())));
}

int32_t BucketHash(const Value& value, const Type& type) {
  if (const auto* boolean = std::get_if<bool>(&value)) return HashLong(*boolean ? 1 : 0);
  // Dates too hash as 8 bytes: only that gives the published vector.
  if (const auto* number = std::get_if<int32_t>(&value)) return HashLong(*number);
  if (const auto* number = std::get_if<int64_t>(&value)) {
    // Nanoseconds hash as microseconds, so that promotion of a timestamp keeps its bucket.
    return HashLong(IsNanos(type.id) ? FloorDiv(*number, kNanosPerMicro) : *number);
  }
  if (const auto* number = std::get_if<float>(&value)) return HashReal(*number);
  if (const auto* number = std::get_if<double>(&value)) return HashReal(*number);
  return Murmur3(ToBytes(value, type));
}

}  // namespace kafka_iceberg::iceberg
