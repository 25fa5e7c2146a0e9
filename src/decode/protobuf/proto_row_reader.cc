// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_row_reader.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "decode/json/json_index.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::TypeId;

constexpr uint32_t kNumberShift = 3;
constexpr uint32_t kWireMask = 7;
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kNanosPerMicro = 1000;
// Encodings that must be put in order first are legal, and nothing that writers do in earnest.
constexpr int64_t kRepairsMax = 1000;
constexpr int64_t kRepairBytesPerByte = 4;

WireAt Begin(std::string_view bytes) { return reinterpret_cast<WireAt>(bytes.data()); }
WireAt End(std::string_view bytes) { return Begin(bytes) + bytes.size(); }

// Copies text and tells whether all of it is ASCII. Whole blocks, which may be read up to `end` and
// written up to Column::kSlack bytes past the text: most strings are short, and a loop or a call
// for each costs more than the copy.
#if defined(__SSE2__)
constexpr size_t kBlockBytes = 16;

inline uint32_t CopyBlock(const char* from, uint8_t* to) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
  return static_cast<uint32_t>(_mm_movemask_epi8(block));
}

inline bool CopyAscii(std::string_view text, WireAt end, uint8_t* to) {
  const size_t size = text.size();
  if (size > kBlockBytes) {
    const size_t last = size - kBlockBytes;
    uint32_t seen = 0;
    for (size_t at = 0; at < last; at += kBlockBytes) seen |= CopyBlock(text.data() + at, to + at);
    return (seen | CopyBlock(text.data() + last, to + last)) == 0;
  }
  if (end - Begin(text) >= static_cast<int64_t>(kBlockBytes)) [[likely]]
    return (CopyBlock(text.data(), to) & ((1U << size) - 1)) == 0;
  uint8_t seen = 0;
  for (size_t at = 0; at < size; ++at) {
    to[at] = static_cast<uint8_t>(text[at]);
    seen |= to[at];
  }
  return seen < 0x80;
}
#else
inline bool CopyAscii(std::string_view text, WireAt, uint8_t* to) {
  uint8_t seen = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    to[at] = static_cast<uint8_t>(text[at]);
    seen |= to[at];
  }
  return seen < 0x80;
}
#endif

// Fields 1 and 2, as writers put them; false when there is anything else.
inline bool ReadTwoVarints(std::string_view body, int64_t (&parts)[2]) {
  WireAt at = Begin(body);
  const WireAt end = End(body);
  for (uint8_t number = 1; number <= 2; ++number) {
    if (at == end || *at != number << kNumberShift) continue;
    uint64_t value = 0;
    at = ReadVarint(at + 1, end, value);
    if (at == nullptr) return false;
    parts[number - 1] = static_cast<int64_t>(value);
  }
  return at == end;
}

}  // namespace

ProtoRowReader::ProtoRowReader(EpochUnit epoch_unit, int64_t cells_max, Rescue* rescue)
    : epoch_unit_(epoch_unit),
      cells_max_(cells_max),
      rescue_(rescue != nullptr && rescue->scope() == RescueScope::kValues ? rescue : nullptr) {}

bool ProtoRowReader::Read(ProtoNode& root, std::string_view record, int64_t row) {
  cells_left_ = cells_max_;
  repairs_left_ = kRepairsMax;
  repair_bytes_left_ = static_cast<int64_t>(record.size()) * kRepairBytesPerByte;
  ignored_fields_ = 0;
  schema_ = root.schema;
  return ReadMessage(root, record, row);
}

bool ProtoRowReader::ReadMessage(ProtoNode& node, std::string_view message, int64_t row) {
  const int64_t ignored_before = ignored_fields_;
  int32_t filled = 0;
  if (!ReadFields(node, message, row, filled)) [[unlikely]] {
    if (filled != kInPieces) return false;
    ignored_fields_ = ignored_before;
    return ReadInOnePiece(node, message, row);
  }
  for (const int32_t index : node.repeated) {
    ProtoSlot& slot = node.slots[static_cast<size_t>(index)];
    if (slot.op == ProtoOp::kMapEntry && !MapKeysDiffer(*slot.column)) [[unlikely]] {
      if (!KeepLastEntries(slot, message)) return false;
    }
    slot.column->AppendList();
  }
  for (const ProtoFill& fill : node.fills) {
    if (fill.value) {
      fill.column->AppendValue(*fill.value);
    } else {
      fill.column->AppendNull();
    }
  }
  return filled == node.single_count || FillAbsent(node, row);
}

bool ProtoRowReader::ReadFields(ProtoNode& node, std::string_view message, int64_t row,
                                int32_t& filled) {
  WireAt at = Begin(message);
  const WireAt end = End(message);
  ProtoSlot* const slots = node.slots.data();
  int32_t count = 0;
  while (at != end) {
    uint32_t tag = 0;
    at = ReadTag(at, end, tag);
    if (at == nullptr) [[unlikely]]
      return FailBytes(nullptr) != nullptr;
    const int32_t index = node.Find(tag >> kNumberShift);
    if (index == ProtoNode::kUnknown) {
      at = Skip(tag, at, end);
    } else {
      ProtoSlot& slot = slots[index];
      if (slot.oneof >= 0) ReplaceBranch(node, index, row, count);
      if (slot.repeated) {
        at = ReadElements(slot, tag & kWireMask, at, end);
      } else if ((tag & kWireMask) != slot.wire_type) [[unlikely]] {
        return FailBytes(&slot) != nullptr;
      } else if (slot.column == nullptr) {
        at = Skip(tag, at, end);
      } else {
        if (slot.column->size() == row) [[likely]] {
          ++count;
        } else if (slot.merges) {
          filled = kInPieces;
          return false;
        } else {
          slot.column->TruncateTo(row);
          ForgetRescued(*slot.column);
        }
        at = ReadValue(slot, at, end);
      }
    }
    if (at == nullptr) [[unlikely]]
      return false;
  }
  filled = count;
  return true;
}

void ProtoRowReader::ReplaceBranch(ProtoNode& node, int32_t member, int64_t row, int32_t& filled) {
  int32_t& last = node.oneofs[static_cast<size_t>(node.slots[static_cast<size_t>(member)].oneof)];
  if (last != member && last != ProtoNode::kUnknown) {
    // It may have been read into another row: then its column has no cell in this one.
    Column* column = node.slots[static_cast<size_t>(last)].column;
    if (column != nullptr && column->size() != row) {
      column->TruncateTo(row);
      ForgetRescued(*column);
      --filled;
    }
  }
  last = member;
}

bool ProtoRowReader::FillAbsent(ProtoNode& node, int64_t row) {
  for (ProtoSlot& slot : node.slots) {
    if (slot.repeated || slot.column == nullptr || slot.column->size() != row) continue;
    if (slot.absent_value) {
      if (ReadValue(slot, Begin(*slot.absent_value), End(*slot.absent_value)) == nullptr)
        return false;
    } else if (slot.required) {
      return Fail("missing_field", slot.column, "is missing, and required");
    } else {
      slot.column->AppendNull();
    }
  }
  return true;
}

WireAt ProtoRowReader::ReadElements(ProtoSlot& slot, uint32_t wire_type, WireAt at, WireAt end) {
  if (wire_type == slot.wire_type) {
    cells_left_ -= slot.cells;
    if (cells_left_ < 0) [[unlikely]] {
      Fail("too_big", slot.column, "has too many elements");
      return nullptr;
    }
    return ReadValue(slot, at, end);
  }
  std::string_view packed;
  const bool is_packed = wire_type == kWireBytes && IsPackable(slot.type);
  at = is_packed ? ReadBytes(at, end, packed) : nullptr;
  if (at == nullptr) [[unlikely]]
    return FailBytes(&slot);
  const WireAt packed_end = End(packed);
  for (WireAt element = Begin(packed); element != packed_end;) {
    element = ReadElements(slot, slot.wire_type, element, packed_end);
    if (element == nullptr) return nullptr;
  }
  return at;
}

WireAt ProtoRowReader::ReadValue(ProtoSlot& slot, WireAt at, WireAt end) {
  Column& column = *slot.target;
  uint64_t varint = 0;
  uint64_t eight_bytes = 0;
  uint32_t four_bytes = 0;
  std::string_view bytes;
  switch (slot.op) {
    case ProtoOp::kBool:
      at = ReadVarint(at, end, varint);
      if (at != nullptr) column.AppendBool(varint != 0);
      break;
    case ProtoOp::kInt32:
      at = ReadVarint(at, end, varint);
      if (at != nullptr) column.AppendFixed(static_cast<int32_t>(varint));
      break;
    case ProtoOp::kInt64:
      at = ReadVarint(at, end, varint);
      if (at != nullptr) column.AppendFixed(static_cast<int64_t>(varint));
      break;
    case ProtoOp::kSint32:
      at = ReadVarint(at, end, varint);
      if (at != nullptr)
        column.AppendFixed(static_cast<int32_t>(ZigZagDecode(static_cast<uint32_t>(varint))));
      break;
    case ProtoOp::kSint64:
      at = ReadVarint(at, end, varint);
      if (at != nullptr) column.AppendFixed(ZigZagDecode(varint));
      break;
    case ProtoOp::kFixed32:
      at = ReadFixed(at, end, four_bytes);
      if (at != nullptr) column.AppendFixed(four_bytes);
      break;
    case ProtoOp::kFixed64:
      at = ReadFixed(at, end, eight_bytes);
      if (at != nullptr) column.AppendFixed(eight_bytes);
      break;
    case ProtoOp::kString: return ReadString(slot, at, end);
    case ProtoOp::kBytes:
      at = ReadBody(slot, at, end, bytes);
      if (at != nullptr) column.AppendString(bytes);
      break;
    case ProtoOp::kEnumName: return ReadEnumName(slot, at, end);
    case ProtoOp::kMessage:
    case ProtoOp::kMapEntry:
    case ProtoOp::kWrapper: return ReadNested(slot, at, end);
    case ProtoOp::kTimestamp: return ReadTimestamp(slot, at, end);
    default: return ReadOther(slot, at, end);
  }
  return at != nullptr ? at : FailBytes(&slot);
}

WireAt ProtoRowReader::ReadString(ProtoSlot& slot, WireAt at, WireAt end) {
  std::string_view text;
  at = ReadBytes(at, end, text);
  if (at == nullptr) [[unlikely]]
    return FailBytes(&slot);
  const auto size = static_cast<int64_t>(text.size());
  if (!CopyAscii(text, end, slot.target->ReserveBytes(size)) && !IsUtf8(text)) [[unlikely]] {
    Fail("bad_utf8", slot.target, "is not valid UTF-8");
    return nullptr;
  }
  slot.target->AppendBytes(size);
  return at;
}

WireAt ProtoRowReader::ReadEnumName(ProtoSlot& slot, WireAt at, WireAt end) {
  const WireAt start = at;
  uint64_t varint = 0;
  at = ReadVarint(at, end, varint);
  if (at == nullptr) [[unlikely]]
    return FailBytes(&slot);
  const auto number = static_cast<int32_t>(varint);
  const std::string* name = slot.values->NameOf(number);
  if (name != nullptr) [[likely]] {
    slot.target->AppendString(*name);
  } else if (slot.values->closed) {
    FailRange(slot,
              fmt::format("{}, which is no value of enum {}", number, slot.values->full_name));
    return RescueValue(slot, start, end);
  } else {
    slot.target->AppendString(std::to_string(number));
  }
  return at;
}

WireAt ProtoRowReader::ReadBody(const ProtoSlot& slot, WireAt at, WireAt end,
                                std::string_view& body) {
  if (slot.wire_type == kWireBytes) [[likely]]
    return ReadBytes(at, end, body);
  return ReadGroup(slot.number, at, end, body);
}

WireAt ProtoRowReader::ReadNested(ProtoSlot& slot, WireAt at, WireAt end) {
  std::string_view body;
  at = ReadBody(slot, at, end, body);
  if (at == nullptr) [[unlikely]]
    return FailBytes(&slot);
  const bool is_map = slot.op == ProtoOp::kMapEntry;
  const int64_t row = is_map ? slot.target->children()[0]->size() : slot.target->size();
  if (!ReadMessage(*slot.node, body, row)) return nullptr;
  if (slot.op == ProtoOp::kMessage) slot.target->AppendStruct();
  return at;
}

WireAt ProtoRowReader::ReadTimestamp(ProtoSlot& slot, WireAt at, WireAt end) {
  const WireAt start = at;
  std::string_view body;
  at = ReadBody(slot, at, end, body);
  int64_t parts[2] = {0, 0};
  if (at == nullptr) [[unlikely]]
    return FailBytes(&slot);
  if (!ReadTwoVarints(body, parts) && !ReadNumbers(slot, body, parts)) [[unlikely]]
    return nullptr;
  const bool keeps_nanos = slot.target->type().id == TypeId::kTimestamptzNs;
  const int64_t nanos = static_cast<int32_t>(parts[1]);
  int64_t value = 0;
  const bool fits =
      nanos >= 0 && nanos < kNanosPerSecond &&
      !__builtin_mul_overflow(parts[0], keeps_nanos ? kNanosPerSecond : kMicrosPerSecond, &value) &&
      !__builtin_add_overflow(value, keeps_nanos ? nanos : nanos / kNanosPerMicro, &value);
  if (!fits) [[unlikely]] {
    FailRange(slot, fmt::format("{} seconds and {} nanoseconds", parts[0], nanos));
    return RescueValue(slot, start, end);
  }
  slot.target->AppendFixed(value);
  return at;
}

WireAt ProtoRowReader::Skip(uint32_t tag, WireAt at, WireAt end) {
  ++ignored_fields_;
  at = SkipField(tag, at, end);
  return at != nullptr ? at : FailBytes(nullptr);
}

}  // namespace kafka_iceberg::decode
