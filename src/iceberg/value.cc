// SPDX-License-Identifier: Apache-2.0
#include "iceberg/value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/check.h"
#include "iceberg/text/calendar.h"
#include "iceberg/unicode.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr size_t kDecimalBytesMax = 16;

template <typename Number>
std::string LittleEndian(Number number) {
  static_assert(std::endian::native == std::endian::little,
                "big-endian hosts need a byte swap here");
  std::string bytes(sizeof(number), '\0');
  std::memcpy(bytes.data(), &number, sizeof(number));
  return bytes;
}

template <typename Number>
Number FromLittleEndian(std::string_view bytes) {
  Number number;
  CHECK(bytes.size() == sizeof(number));
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

// Two's complement, big-endian, without superfluous sign bytes.
std::string DecimalBytes(Int128 unscaled) {
  std::string bytes;
  Int128 rest = unscaled;
  while (true) {
    const auto low = static_cast<uint8_t>(rest & 0xFF);
    bytes += static_cast<char>(low);
    rest >>= 8;
    const bool sign_is_clear = (low & 0x80U) == 0;
    if ((rest == 0 && sign_is_clear) || (rest == -1 && !sign_is_clear)) break;
  }
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

Error WrongLength(std::string_view bytes, const Type& type) {
  return Error::Corrupt("{} bytes cannot be a value of type {}", bytes.size(), ToString(type));
}

// A 4-byte date in a timestamp column: the column was promoted after the file was written.
Result<Value> TimestampFromDate(std::string_view bytes, const Type& type) {
  const bool nanos = type.id == TypeId::kTimestampNs;
  const int64_t units_per_day = kSecondsPerDay * (nanos ? kNanosPerSecond : kMicrosPerSecond);
  int64_t units = 0;
  if (__builtin_mul_overflow(int64_t{FromLittleEndian<int32_t>(bytes)}, units_per_day, &units)) {
    return Error::Corrupt("a date stored in a column of type {} is out of its range",
                          ToString(type));
  }
  return Value(units);
}

Result<Value> LongFromBytes(std::string_view bytes, const Type& type) {
  if (bytes.size() == 8) return Value(FromLittleEndian<int64_t>(bytes));
  if (bytes.size() == 4 && type.id == TypeId::kLong) {
    return Value(int64_t{FromLittleEndian<int32_t>(bytes)});
  }
  if (bytes.size() == 4 && (type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampNs)) {
    return TimestampFromDate(bytes, type);
  }
  return WrongLength(bytes, type);
}

Result<Value> DecimalFromBytes(std::string_view bytes, const Type& type) {
  if (bytes.empty() || bytes.size() > kDecimalBytesMax) return WrongLength(bytes, type);
  // The first byte has the sign. NOLINTNEXTLINE(bugprone-signed-char-misuse)
  Int128 unscaled = static_cast<int8_t>(bytes.front());
  for (const char byte : bytes.substr(1)) unscaled = unscaled * 256 + static_cast<uint8_t>(byte);
  return Value(DecimalValue{unscaled});
}

template <typename Real>
std::strong_ordering CompareReals(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) <=> std::isnan(b);
  if (a < b) return std::strong_ordering::less;
  if (a > b) return std::strong_ordering::greater;
  // Equal by value, so only the zeros can still differ: -0.0 comes first.
  return std::signbit(b) <=> std::signbit(a);
}

struct Comparator {
  std::strong_ordering operator()(std::monostate, std::monostate) const {
    return std::strong_ordering::equal;
  }
  std::strong_ordering operator()(float a, float b) const { return CompareReals(a, b); }
  std::strong_ordering operator()(double a, double b) const { return CompareReals(a, b); }
  std::strong_ordering operator()(const DecimalValue& a, const DecimalValue& b) const {
    if (a.unscaled == b.unscaled) return std::strong_ordering::equal;
    return a.unscaled < b.unscaled ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  // char_traits<char> compares as unsigned bytes.
  std::strong_ordering operator()(const std::string& a, const std::string& b) const {
    return a.compare(b) <=> 0;
  }
  template <typename T>
  std::strong_ordering operator()(const T& a, const T& b) const {
    return a <=> b;
  }
  template <typename A, typename B>
  std::strong_ordering operator()(const A&, const B&) const {
    CHECK(!"the caller compares values of the same alternative");
    return std::strong_ordering::equal;
  }
};

// The next code point that may stand in a string; surrogates may not.
uint32_t NextCodePoint(uint32_t code_point) {
  return code_point == 0xD7FF ? 0xE000 : code_point + 1;
}

std::optional<std::string> IncrementedString(std::string_view prefix) {
  std::vector<std::pair<size_t, CodePoint>> code_points;
  for (size_t position = 0; position < prefix.size();) {
    const CodePoint code_point = DecodeCodePoint(prefix, position);
    code_points.emplace_back(position, code_point);
    position += code_point.length;
  }
  while (!code_points.empty()) {
    const auto& [position, code_point] = code_points.back();
    if (code_point.valid && code_point.value < kCodePointMax) {
      std::string bound(prefix.substr(0, position));
      AppendCodePoint(NextCodePoint(code_point.value), bound);
      return bound;
    }
    code_points.pop_back();
  }
  return std::nullopt;
}

std::optional<std::string> IncrementedBytes(std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.remove_suffix(1);
  if (prefix.empty()) return std::nullopt;
  std::string bound(prefix);
  bound.back() = static_cast<char>(static_cast<uint8_t>(bound.back()) + 1);
  return bound;
}

}  // namespace

std::string ToBytes(const Value& value, const Type& type) {
  CHECK(!IsNull(value) && type.is_primitive());
  if (const auto* boolean = std::get_if<bool>(&value)) return {*boolean ? '\x01' : '\0'};
  if (const auto* number = std::get_if<int32_t>(&value)) return LittleEndian(*number);
  if (const auto* number = std::get_if<int64_t>(&value)) return LittleEndian(*number);
  if (const auto* number = std::get_if<float>(&value)) return LittleEndian(*number);
  if (const auto* number = std::get_if<double>(&value)) return LittleEndian(*number);
  if (const auto* decimal = std::get_if<DecimalValue>(&value))
    return DecimalBytes(decimal->unscaled);
  return std::get<std::string>(value);
}

Result<Value> FromBytes(std::string_view bytes, const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      if (bytes.size() != 1) return WrongLength(bytes, type);
      return Value(bytes.front() != '\0');
    case TypeId::kInt:
    case TypeId::kDate:
      if (bytes.size() != 4) return WrongLength(bytes, type);
      return Value(FromLittleEndian<int32_t>(bytes));
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: return LongFromBytes(bytes, type);
    case TypeId::kFloat:
      if (bytes.size() != 4) return WrongLength(bytes, type);
      return Value(FromLittleEndian<float>(bytes));
    case TypeId::kDouble:
      if (bytes.size() == 4) return Value(double{FromLittleEndian<float>(bytes)});
      if (bytes.size() != 8) return WrongLength(bytes, type);
      return Value(FromLittleEndian<double>(bytes));
    case TypeId::kDecimal: return DecimalFromBytes(bytes, type);
    case TypeId::kUuid:
      if (bytes.size() != 16) return WrongLength(bytes, type);
      return Value(std::string(bytes));
    case TypeId::kFixed:
      // Other writers truncate bounds of fixed columns, so shorter is legal.
      if (bytes.size() > static_cast<size_t>(type.length)) return WrongLength(bytes, type);
      return Value(std::string(bytes));
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography: return Value(std::string(bytes));
    default: break;
  }
  return Error::Corrupt("type {} has no binary values", ToString(type));
}

std::strong_ordering Compare(const Value& a, const Value& b) {
  if (a.index() != b.index()) return a.index() <=> b.index();
  return std::visit(Comparator{}, a, b);
}

std::string TruncateLower(std::string_view value, TypeId type, size_t width) {
  if (type == TypeId::kString) return std::string(value.substr(0, PrefixBytes(value, width)));
  if (type == TypeId::kBinary) return std::string(value.substr(0, width));
  return std::string(value);
}

std::optional<std::string> TruncateUpper(std::string_view value, TypeId type, size_t width) {
  const std::string prefix = TruncateLower(value, type, width);
  if (prefix.size() == value.size()) return prefix;
  return type == TypeId::kString ? IncrementedString(prefix) : IncrementedBytes(prefix);
}

}  // namespace kafka_iceberg::iceberg
