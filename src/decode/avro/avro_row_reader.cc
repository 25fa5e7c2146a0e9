// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_row_reader.h"

#include <algorithm>
#include <limits>

#include "decode/json/json_index.h"
#include "decode/text/byte_text.h"
#include "decode/text/number_text.h"

namespace kafka_iceberg::decode {
namespace {

// What most records are made of; a call would cost as much as the work.
#define AVRO_HOT [[gnu::always_inline]] inline

// Items that take no bytes cost work all the same: a record has this many of them at most, and one
// per byte of its own.
constexpr int64_t kEmptyItemsMax = 1024;
constexpr int64_t kMicrosPerMilli = 1'000;
constexpr int64_t kMicrosPerDay = 86'400'000'000;

template <typename T>
T Load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

// Big-endian two's complement of any length; false when it does not fit.
bool ReadUnscaled(const uint8_t* at, int64_t size, iceberg::Int128& value) {
  constexpr int64_t kBytes = sizeof(iceberg::Int128);
  const bool negative = (at[0] & 0x80) != 0;
  // What is in front of the sixteen bytes may only repeat the sign.
  for (; size > kBytes; --size, ++at) {
    const bool is_sign = at[0] == (negative ? 0xff : 0x00) && (at[1] & 0x80) == (at[0] & 0x80);
    if (!is_sign) return false;
  }
  __extension__ typedef unsigned __int128 Unsigned;
  Unsigned bits = negative ? ~Unsigned{0} : Unsigned{0};
  for (int64_t i = 0; i < size; ++i) bits = bits << 8 | at[i];
  value = static_cast<iceberg::Int128>(bits);
  return true;
}

}  // namespace

bool AvroRowReader::Read(const AvroProgram& program, std::string_view payload, int64_t row) {
  program_ = &program;
  row_ = row;
  ignored_fields_ = 0;
  empty_items_left_ = kEmptyItemsMax + static_cast<int64_t>(payload.size());
  const auto* at = reinterpret_cast<const uint8_t*>(payload.data());
  input_ = {at + payload.size(), at + payload.size()};
  if (payload.size() <= kCopyBytesMax) {
    if (!payload.empty()) std::memcpy(copy_.data(), at, payload.size());
    at = copy_.data();
    input_ = {at + payload.size(), at + payload.size() + kPadding};
  }
  at = Run(program.ops.data(), program.ops.data() + program.ops.size(), at);
  if (at == nullptr) [[unlikely]]
    return false;
  if (at != input_.end) [[unlikely]] {
    failure_ = {
        "bad_avro", "",
        fmt::format("the record goes on for {} bytes behind its last field", input_.end - at)};
    return false;
  }
  return true;
}

// Sets `skipped` to the instructions of the value when there is none.
AVRO_HOT AvroRowReader::Next AvroRowReader::ReadOptional(const AvroOp& op, Next at,
                                                         uint32_t& skipped) {
  // Both branches have numbers of one byte; who writes them longer than that is read, slowly.
  if (at >= input_.end) [[unlikely]]
    return FailEnd(op);
  uint64_t branch = *at;
  if (branch < 0x80) [[likely]] {
    ++at;
  } else {
    at = ReadVarint(at, input_, branch);
    if (at == nullptr) return FailNumber(op);
  }
  const auto null_branch = static_cast<uint64_t>(op.argument);
  if (branch != null_branch) {
    if (branch + null_branch == 2) [[likely]]
      return at;
    return FailBytes(op, "has a union branch that is not there");
  }
  skipped = op.length;
  if (op.column != nullptr) {
    if (op.column->required()) [[unlikely]]
      return Fail(op, "missing_field", "is null, and the column is required");
    op.column->AppendNull();
  }
  return at;
}

AvroRowReader::Next AvroRowReader::RunUnion(const AvroOp& op, Next at) {
  int64_t index = 0;
  at = ReadLong(at, input_, index);
  if (at == nullptr) return FailNumber(op);
  const auto& branches = program_->unions[static_cast<size_t>(op.argument)];
  if (index < 0 || static_cast<size_t>(index) >= branches.size()) {
    return FailBytes(op, "has a union branch that is not there");
  }
  const AvroProgram::Branch& branch = branches[static_cast<size_t>(index)];
  return Run(program_->ops.data() + branch.begin, program_->ops.data() + branch.end, at);
}

AvroRowReader::Next AvroRowReader::ReadBlockHeader(const AvroOp& op, Next at, int64_t& count,
                                                   int64_t& bytes) {
  at = ReadLong(at, input_, count);
  if (at == nullptr) return FailNumber(op);
  bytes = -1;
  if (count >= 0) return at;
  at = ReadLong(at, input_, bytes);
  if (at == nullptr) return FailNumber(op);
  if (bytes < 0 || bytes > input_.end - at || count == std::numeric_limits<int64_t>::min()) {
    return FailBytes(op, "has a block of items that is larger than the record");
  }
  count = -count;
  return at;
}

AvroRowReader::Next AvroRowReader::RunItems(const AvroOp& op, Next at) {
  while (true) {
    int64_t count = 0;
    int64_t bytes = 0;
    at = ReadBlockHeader(op, at, count, bytes);
    if (at == nullptr) return nullptr;
    if (count == 0) break;
    const bool skipped_whole = op.column == nullptr && bytes >= 0;
    at = skipped_whole ? at + bytes : RunBlock(op, count, at);
    if (at == nullptr) return nullptr;
  }
  if (op.column == nullptr) return at;
  if (op.code == AvroCode::kMap && !MapKeysDiffer(*op.column)) {
    return Fail(op, "bad_value", "holds the same key twice");
  }
  op.column->AppendList();
  return at;
}

AvroRowReader::Next AvroRowReader::RunBlock(const AvroOp& op, int64_t count, Next at) {
  const bool fits =
      op.argument > 0 ? count <= (input_.end - at) / op.argument : count <= empty_items_left_;
  if (!fits) return FailBytes(op, "has more items than the record has room for");
  if (op.argument == 0) empty_items_left_ -= count;
  const AvroOp* const item = &op + 1;
  const bool is_map = op.code == AvroCode::kMap;
  for (; count > 0; --count) {
    if (is_map) {
      at = op.column == nullptr ? SkipBytes(op, at) : ReadText(op, *op.column->children()[0], at);
      if (at == nullptr) return nullptr;
    }
    at = Run(item, item + op.length, at);
    if (at == nullptr) return nullptr;
  }
  return at;
}

AVRO_HOT AvroRowReader::Next AvroRowReader::ReadBoolean(const AvroOp& op, Next at) {
  if (at >= input_.end) return FailEnd(op);
  if (*at > 1) return FailBytes(op, "has a boolean that is neither 0 nor 1");
  op.column->AppendBool(*at == 1);
  return at + 1;
}

AVRO_HOT AvroRowReader::Next AvroRowReader::ReadInt(const AvroOp& op, Next at, int64_t& value) {
  at = ReadLong(at, input_, value);
  if (at == nullptr) [[unlikely]]
    return FailNumber(op);
  if (value != static_cast<int32_t>(value)) [[unlikely]]
    return FailBytes(op, "has an int of more than 32 bits");
  return at;
}

template <typename T>
AVRO_HOT AvroRowReader::Next AvroRowReader::ReadIntInto(const AvroOp& op, Next at) {
  int64_t value = 0;
  at = ReadInt(op, at, value);
  if (at != nullptr) [[likely]]
    op.column->AppendFixed(static_cast<T>(value));
  return at;
}

template <typename T>
AvroRowReader::Next AvroRowReader::ReadIntegerExactly(const AvroOp& op, Next at) {
  const Next start = at;
  int64_t value = 0;
  at = op.code == AvroCode::kIntToFloat ? ReadInt(op, at, value) : ReadLong(at, input_, value);
  if (at == nullptr) return op.code == AvroCode::kIntToFloat ? nullptr : FailNumber(op);
  const auto rounded = static_cast<T>(value);
  // 2^63 is a value of T but not a long: compared first, because converting it back is undefined.
  constexpr auto kBeyond = static_cast<T>(9223372036854775808.0);
  if (rounded >= kBeyond || static_cast<int64_t>(rounded) != value) {
    return FailValue(op, start, "out_of_range",
                     fmt::format("got {}, which the type cannot hold exactly", value));
  }
  op.column->AppendFixed(rounded);
  return at;
}

template <typename From, typename To>
AVRO_HOT AvroRowReader::Next AvroRowReader::ReadFloating(const AvroOp& op, Next at) {
  if (input_.end - at < static_cast<int64_t>(sizeof(From))) [[unlikely]]
    return FailEnd(op);
  op.column->AppendFixed(static_cast<To>(Load<From>(at)));
  return at + sizeof(From);
}

AVRO_HOT AvroRowReader::Next AvroRowReader::ReadLongInto(const AvroOp& op, Next at) {
  int64_t value = 0;
  at = ReadLong(at, input_, value);
  if (at == nullptr) [[unlikely]]
    return FailNumber(op);
  op.column->AppendFixed(value);
  return at;
}

AVRO_HOT AvroRowReader::Next AvroRowReader::ReadSize(const AvroOp& op, Next at, int64_t& size) {
  at = ReadLong(at, input_, size);
  if (at == nullptr) [[unlikely]]
    return FailNumber(op);
  if (size < 0 || size > input_.end - at) [[unlikely]]
    return FailBytes(op, "has a value that is longer than the record");
  return at;
}

AVRO_HOT AvroRowReader::Next AvroRowReader::ReadText(const AvroOp& op, Column& column, Next at) {
  int64_t size = 0;
  at = ReadSize(op, at, size);
  if (at == nullptr) [[unlikely]]
    return nullptr;
  const bool ascii = CopyText(at, size, input_.readable - at, column.ReserveBytes(size));
  if (!ascii && !IsUtf8({reinterpret_cast<const char*>(at), static_cast<size_t>(size)}))
      [[unlikely]] {
    return Fail(op, "bad_utf8", "has a string that is not valid UTF-8");
  }
  column.AppendBytes(size);
  return at + size;
}

AvroRowReader::Next AvroRowReader::ReadBytes(const AvroOp& op, Next at) {
  int64_t size = 0;
  at = ReadSize(op, at, size);
  if (at == nullptr) return nullptr;
  op.column->AppendString({reinterpret_cast<const char*>(at), static_cast<size_t>(size)});
  return at + size;
}

AvroRowReader::Next AvroRowReader::ReadUuid(const AvroOp& op, Next at) {
  const Next start = at;
  int64_t size = 0;
  at = ReadSize(op, at, size);
  if (at == nullptr) return nullptr;
  const std::string_view text(reinterpret_cast<const char*>(at), static_cast<size_t>(size));
  if (ParseUuid(text, op.column->ReserveFixedBytes()) != TextError::kNone) {
    return FailValue(op, start, "bad_value", "has a text that is not a UUID");
  }
  op.column->AppendFixedBytes();
  return at + size;
}

AvroRowReader::Next AvroRowReader::ReadFixed(const AvroOp& op, Next at) {
  if (input_.end - at < op.argument) return FailEnd(op);
  std::memcpy(op.column->ReserveFixedBytes(), at, static_cast<size_t>(op.argument));
  op.column->AppendFixedBytes();
  return at + op.argument;
}

AvroRowReader::Next AvroRowReader::ReadFixedBytes(const AvroOp& op, Next at) {
  if (input_.end - at < op.argument) return FailEnd(op);
  op.column->AppendString({reinterpret_cast<const char*>(at), static_cast<size_t>(op.argument)});
  return at + op.argument;
}

AvroRowReader::Next AvroRowReader::ReadEnum(const AvroOp& op, Next at) {
  int64_t index = 0;
  at = ReadLong(at, input_, index);
  if (at == nullptr) return FailNumber(op);
  const auto& symbols = program_->symbols[static_cast<size_t>(op.argument)];
  if (index < 0 || static_cast<size_t>(index) >= symbols.size()) {
    return FailBytes(op, "has an enum symbol that is not there");
  }
  op.column->AppendString(symbols[static_cast<size_t>(index)]);
  return at;
}

AvroRowReader::Next AvroRowReader::ReadDecimal(const AvroOp& op, Next at) {
  const Next start = at;
  int64_t size = op.argument;
  if (op.code == AvroCode::kDecimalBytes) {
    at = ReadSize(op, at, size);
    if (at == nullptr) return nullptr;
    if (size == 0) return FailBytes(op, "has a decimal without bytes");
  } else if (input_.end - at < size) {
    return FailEnd(op);
  }
  iceberg::Int128 unscaled = 0;
  if (!ReadUnscaled(at, size, unscaled) || !FitsPrecision(unscaled, op.column->type().precision)) {
    return FailValue(op, start, "out_of_range", "has more digits than the type");
  }
  op.column->AppendFixed(unscaled);
  return at + size;
}

AvroRowReader::Next AvroRowReader::ReadTime(const AvroOp& op, int64_t factor, Next at) {
  const Next start = at;
  int64_t value = 0;
  at = op.code == AvroCode::kTimeMillis ? ReadInt(op, at, value) : ReadLong(at, input_, value);
  if (at == nullptr) return op.code == AvroCode::kTimeMillis ? nullptr : FailNumber(op);
  if (value < 0 || value >= kMicrosPerDay / factor) {
    return FailValue(op, start, "out_of_range",
                     fmt::format("got {}, which is not a time of day", value));
  }
  op.column->AppendFixed(value * factor);
  return at;
}

AVRO_HOT AvroRowReader::Next AvroRowReader::ReadTimestamp(const AvroOp& op, Next at) {
  const Next start = at;
  int64_t value = 0;
  at = ReadLong(at, input_, value);
  if (at == nullptr) [[unlikely]]
    return FailNumber(op);
  int64_t scaled = 0;
  if (__builtin_mul_overflow(value, op.argument, &scaled)) [[unlikely]] {
    return FailValue(op, start, "out_of_range",
                     fmt::format("got {}, which is beyond the type's last moment", value));
  }
  op.column->AppendFixed(scaled);
  return at;
}

AvroRowReader::Next AvroRowReader::ReadDuration(const AvroOp& op, Next at) {
  constexpr int64_t kPartBytes = sizeof(uint32_t);
  const auto& parts = op.column->children();
  if (input_.end - at < kPartBytes * static_cast<int64_t>(parts.size())) return FailEnd(op);
  for (const auto& part : parts) {
    part->AppendFixed(static_cast<int64_t>(Load<uint32_t>(at)));
    at += kPartBytes;
  }
  op.column->AppendStruct();
  return at;
}

AvroRowReader::Next AvroRowReader::Skip(const AvroOp& op, int64_t bytes, Next at) {
  return input_.end - at < bytes ? FailEnd(op) : at + bytes;
}

AvroRowReader::Next AvroRowReader::SkipNumber(const AvroOp& op, Next at) {
  uint64_t unused = 0;
  at = ReadVarint(at, input_, unused);
  return at == nullptr ? FailNumber(op) : at;
}

AvroRowReader::Next AvroRowReader::SkipBytes(const AvroOp& op, Next at) {
  int64_t size = 0;
  at = ReadSize(op, at, size);
  return at == nullptr ? nullptr : at + size;
}

void AvroRowReader::FillStruct(const AvroOp& op) {
  if (op.column == nullptr) {
    for (Column* column : columns_) {
      if (column->size() == row_) column->AppendNull();
    }
    return;
  }
  for (const auto& child : op.column->children()) {
    if (child->size() == op.column->size()) child->AppendNull();
  }
  op.column->AppendStruct();
}

void AvroRowReader::AppendDefault(const AvroOp& op) {
  op.column->AppendValue(program_->defaults[static_cast<size_t>(op.argument)]);
}

bool AvroRowReader::MapKeysDiffer(Column& map) {
  const Column& keys = *map.children()[0];
  const int64_t first = map.child_rows();
  if (keys.size() - first < 2) return true;
  keys_scratch_.clear();
  for (int64_t row = first; row < keys.size(); ++row) keys_scratch_.push_back(keys.RawValue(row));
  std::sort(keys_scratch_.begin(), keys_scratch_.end());
  return std::adjacent_find(keys_scratch_.begin(), keys_scratch_.end()) == keys_scratch_.end();
}

AvroRowReader::Next AvroRowReader::Run(const AvroOp* op, const AvroOp* last, Next at) {
  for (; op < last; ++op) {
    switch (op->code) {
      case AvroCode::kBoolean: at = ReadBoolean(*op, at); break;
      case AvroCode::kInt: at = ReadIntInto<int32_t>(*op, at); break;
      case AvroCode::kIntToLong: at = ReadIntInto<int64_t>(*op, at); break;
      case AvroCode::kIntToDouble: at = ReadIntInto<double>(*op, at); break;
      case AvroCode::kIntToFloat:
      case AvroCode::kLongToFloat: at = ReadIntegerExactly<float>(*op, at); break;
      case AvroCode::kLongToDouble: at = ReadIntegerExactly<double>(*op, at); break;
      case AvroCode::kLong: at = ReadLongInto(*op, at); break;
      case AvroCode::kFloat: at = ReadFloating<float, float>(*op, at); break;
      case AvroCode::kFloatToDouble: at = ReadFloating<float, double>(*op, at); break;
      case AvroCode::kDouble: at = ReadFloating<double, double>(*op, at); break;
      case AvroCode::kString: at = ReadText(*op, *op->column, at); break;
      case AvroCode::kBytes: at = ReadBytes(*op, at); break;
      case AvroCode::kStringToUuid: at = ReadUuid(*op, at); break;
      case AvroCode::kFixed: at = ReadFixed(*op, at); break;
      case AvroCode::kFixedToBinary: at = ReadFixedBytes(*op, at); break;
      case AvroCode::kEnum: at = ReadEnum(*op, at); break;
      case AvroCode::kDecimalBytes:
      case AvroCode::kDecimalFixed: at = ReadDecimal(*op, at); break;
      case AvroCode::kTimeMillis: at = ReadTime(*op, kMicrosPerMilli, at); break;
      case AvroCode::kTimeMicros: at = ReadTime(*op, 1, at); break;
      case AvroCode::kTimestamp: at = ReadTimestamp(*op, at); break;
      case AvroCode::kDuration: at = ReadDuration(*op, at); break;
      case AvroCode::kSkipNumber: at = SkipNumber(*op, at); break;
      case AvroCode::kSkipBytes: at = SkipBytes(*op, at); break;
      case AvroCode::kSkipFixed: at = Skip(*op, op->argument, at); break;
      case AvroCode::kOptional: {
        uint32_t skipped = 0;
        at = ReadOptional(*op, at, skipped);
        op += skipped;
        break;
      }
      case AvroCode::kUnion:
        at = RunUnion(*op, at);
        op += op->length;
        break;
      case AvroCode::kArray:
      case AvroCode::kMap:
        at = RunItems(*op, at);
        op += op->length;
        break;
      case AvroCode::kEndStruct: op->column->AppendStruct(); break;
      case AvroCode::kFillStruct: FillStruct(*op); break;
      case AvroCode::kNull: op->column->AppendNull(); break;
      case AvroCode::kDefault: AppendDefault(*op); break;
      case AvroCode::kRescue: at = ReadRescued(*op, at); break;
      case AvroCode::kIgnored: ignored_fields_ += op->argument; break;
      case AvroCode::kFail:
        failure_ = program_->failures[static_cast<size_t>(op->argument)];
        return nullptr;
    }
    if (at == nullptr) [[unlikely]]
      return nullptr;
  }
  return at;
}

AvroRowReader::Next AvroRowReader::Fail(const AvroOp& op, std::string_view code,
                                        std::string_view reason) {
  const std::string path = op.column == nullptr ? "" : op.column->path();
  failure_ = {code, path, fmt::format("{} {}", path.empty() ? "the record" : path, reason)};
  return nullptr;
}

}  // namespace kafka_iceberg::decode
