// SPDX-License-Identifier: Apache-2.0
#include "decode/text/byte_text.h"

#include <array>

namespace kafka_iceberg::decode {
namespace {

constexpr uint8_t kNoDigit = 0xff;
using DigitTable = std::array<uint8_t, 256>;

constexpr DigitTable MakeTable(std::string_view alphabet) {
  DigitTable table{};
  table.fill(kNoDigit);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  return table;
}

constexpr DigitTable MakeHexTable() {
  DigitTable table = MakeTable("0123456789abcdef");
  for (unsigned i = 0; i < 6; ++i) table['A' + i] = static_cast<uint8_t>(10 + i);
  return table;
}

constexpr DigitTable kHex = MakeHexTable();
constexpr DigitTable kBase64 =
    MakeTable("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

uint8_t Digit(const DigitTable& table, char c) { return table[static_cast<unsigned char>(c)]; }

}  // namespace

TextError ParseUuid(std::string_view text, uint8_t* out) {
  if (text.size() != 36) return TextError::kMalformed;
  unsigned bad = 0;
  size_t at = 0;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) bad |= static_cast<unsigned>(text[at++] != '-');
    const uint8_t high = Digit(kHex, text[at]);
    const uint8_t low = Digit(kHex, text[at + 1]);
    bad |= (high | low) & 0xf0U;
    out[i] = static_cast<uint8_t>(high << 4 | (low & 0xf));
    at += 2;
  }
  return bad == 0 ? TextError::kNone : TextError::kMalformed;
}

TextError ParseBase64(std::string_view text, uint8_t* out, int64_t& size) {
  size = 0;
  if (text.size() % 4 != 0) return TextError::kMalformed;
  for (size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const int padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] == '=' ? 2 : 1;
    uint32_t group = 0;
    for (size_t i = 0; i < 4; ++i) {
      const bool padded = i >= 4 - static_cast<size_t>(padding);
      const uint8_t digit = padded ? 0 : Digit(kBase64, text[at + i]);
      if (digit == kNoDigit) return TextError::kMalformed;
      group = group << 6 | digit;
    }
    // Bits that stand for no byte must be zero: one text, one value.
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) {
      return TextError::kMalformed;
    }
    const uint8_t bytes[] = {static_cast<uint8_t>(group >> 16), static_cast<uint8_t>(group >> 8),
                             static_cast<uint8_t>(group)};
    for (int i = 0; i < 3 - padding; ++i) out[size++] = bytes[i];
  }
  return TextError::kNone;
}

}  // namespace kafka_iceberg::decode
