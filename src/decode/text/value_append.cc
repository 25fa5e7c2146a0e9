// SPDX-License-Identifier: Apache-2.0
#include "decode/text/value_append.h"

#include <limits>

#include "decode/text/byte_text.h"
#include "decode/text/temporal_text.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::TypeId;

constexpr int32_t kMicroDigits = 6;
constexpr int32_t kNanoDigits = 9;
constexpr int64_t kMicrosPerDay = 86'400'000'000;

template <typename T>
TextError AppendIfParsed(Column& column, TextError error, const T& value) {
  if (error == TextError::kNone) column.AppendFixed(value);
  return error;
}

TextError AppendTimestampText(Column& column, std::string_view text) {
  const TypeId id = column.type().id;
  const bool zoned = id == TypeId::kTimestamptz || id == TypeId::kTimestamptzNs;
  const bool nanos = id == TypeId::kTimestampNs || id == TypeId::kTimestamptzNs;
  int64_t value = 0;
  const TextError error = ParseTimestamp(text, zoned ? Offset::kRequired : Offset::kForbidden,
                                         nanos ? kNanoDigits : kMicroDigits, value);
  return AppendIfParsed(column, error, value);
}

TextError AppendDecimal(Column& column, const NumberToken& number) {
  iceberg::Int128 unscaled = 0;
  TextError error = ToUnscaled(number, column.type().scale, /*floor=*/false, unscaled);
  if (error == TextError::kNone && !FitsPrecision(unscaled, column.type().precision)) {
    error = TextError::kOutOfRange;
  }
  return AppendIfParsed(column, error, unscaled);
}

TextError AppendDecimalText(Column& column, std::string_view text) {
  const auto number = ScanNumber(text);
  if (!number || number->text.size() != text.size()) return TextError::kMalformed;
  return AppendDecimal(column, *number);
}

template <typename T>
TextError AppendFloatText(Column& column, std::string_view text) {
  using Limits = std::numeric_limits<T>;
  if (text == "NaN") return AppendIfParsed(column, TextError::kNone, Limits::quiet_NaN());
  if (text == "Infinity") return AppendIfParsed(column, TextError::kNone, Limits::infinity());
  if (text == "-Infinity") return AppendIfParsed(column, TextError::kNone, -Limits::infinity());
  return TextError::kMalformed;
}

TextError AppendBase64(Column& column, std::string_view text) {
  int64_t size = 0;
  const TextError error = ParseBase64(text, column.ReserveBytes(Base64BytesMax(text)), size);
  if (error == TextError::kNone) column.AppendBytes(size);
  return error;
}

TextError AppendFixedBase64(Column& column, std::string_view text) {
  const int64_t length = column.type().length;
  // Checked first: the row has room for exactly this many bytes.
  const bool right_length = static_cast<int64_t>(text.size()) == (length + 2) / 3 * 4;
  if (!right_length) return TextError::kWrongLength;
  const size_t padding = text.size() - std::min(text.find('='), text.size());
  if (static_cast<int64_t>(padding) != (3 - length % 3) % 3) return TextError::kWrongLength;
  int64_t size = 0;
  const TextError error = ParseBase64(text, column.ReserveFixedBytes(), size);
  if (error == TextError::kNone) column.AppendFixedBytes();
  return error;
}

TextError AppendUuid(Column& column, std::string_view text) {
  const TextError error = ParseUuid(text, column.ReserveFixedBytes());
  if (error == TextError::kNone) column.AppendFixedBytes();
  return error;
}

TextError AppendInt32(Column& column, const NumberToken& number) {
  int64_t value = 0;
  TextError error = ToInt64(number, 0, /*floor=*/false, value);
  const auto narrow = static_cast<int32_t>(value);
  if (error == TextError::kNone && narrow != value) error = TextError::kOutOfRange;
  return AppendIfParsed(column, error, narrow);
}

TextError AppendEpoch(Column& column, const NumberToken& number, EpochUnit unit) {
  const TypeId id = column.type().id;
  const bool nanos = id == TypeId::kTimestampNs || id == TypeId::kTimestamptzNs;
  const int32_t unit_digits = 3 * static_cast<int32_t>(unit);
  int64_t value = 0;
  const TextError error =
      ToInt64(number, (nanos ? kNanoDigits : kMicroDigits) - unit_digits, /*floor=*/true, value);
  return AppendIfParsed(column, error, value);
}

TextError AppendMicrosOfDay(Column& column, const NumberToken& number) {
  int64_t value = 0;
  TextError error = ToInt64(number, 0, /*floor=*/false, value);
  if (error == TextError::kNone && (value < 0 || value >= kMicrosPerDay))
    error = TextError::kOutOfRange;
  return AppendIfParsed(column, error, value);
}

}  // namespace

bool TakesText(TypeId type) {
  switch (type) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap: return false;
    default: return true;
  }
}

bool TakesNumber(TypeId type) {
  switch (type) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: return true;
    default: return false;
  }
}

TextError AppendText(Column& column, std::string_view text) {
  switch (column.type().id) {
    case TypeId::kString: column.AppendString(text); return TextError::kNone;
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: return AppendTimestampText(column, text);
    case TypeId::kDate: {
      int32_t days = 0;
      const TextError error = ParseDate(text, days);
      return AppendIfParsed(column, error, days);
    }
    case TypeId::kTime: {
      int64_t micros = 0;
      const TextError error = ParseTime(text, micros);
      return AppendIfParsed(column, error, micros);
    }
    case TypeId::kDecimal: return AppendDecimalText(column, text);
    case TypeId::kFloat: return AppendFloatText<float>(column, text);
    case TypeId::kDouble: return AppendFloatText<double>(column, text);
    case TypeId::kUuid: return AppendUuid(column, text);
    case TypeId::kBinary: return AppendBase64(column, text);
    case TypeId::kFixed: return AppendFixedBase64(column, text);
    default: return TextError::kMalformed;
  }
}

TextError AppendNumber(Column& column, const NumberToken& number, EpochUnit epoch_unit) {
  switch (column.type().id) {
    case TypeId::kInt:
    case TypeId::kDate: return AppendInt32(column, number);
    case TypeId::kLong: {
      int64_t value = 0;
      const TextError error = ToInt64(number, 0, /*floor=*/false, value);
      return AppendIfParsed(column, error, value);
    }
    case TypeId::kDouble: {
      double value = 0;
      const TextError error = ToDouble(number, value);
      return AppendIfParsed(column, error, value);
    }
    case TypeId::kFloat: {
      float value = 0;
      const TextError error = ToFloat(number, value);
      return AppendIfParsed(column, error, value);
    }
    case TypeId::kDecimal: return AppendDecimal(column, number);
    case TypeId::kTime: return AppendMicrosOfDay(column, number);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: return AppendEpoch(column, number, epoch_unit);
    default: return TextError::kMalformed;
  }
}

TextError AppendKey(Column& column, std::string_view text, EpochUnit epoch_unit) {
  const TypeId id = column.type().id;
  if (id == TypeId::kBoolean) {
    if (text != "true" && text != "false") return TextError::kMalformed;
    column.AppendBool(text == "true");
    return TextError::kNone;
  }
  if (TakesNumber(id)) {
    const auto number = ScanNumber(text);
    if (number && number->text.size() == text.size())
      return AppendNumber(column, *number, epoch_unit);
  }
  return TakesText(id) ? AppendText(column, text) : TextError::kMalformed;
}

}  // namespace kafka_iceberg::decode
