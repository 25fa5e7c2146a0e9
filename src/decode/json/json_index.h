// SPDX-License-Identifier: Apache-2.0
//
// JsonIndex: where the tokens of a text are, found with SIMD by simdjson's first stage, which also
// checks the encoding and the strings. What the tokens mean is ours to read (JsonRowReader).
//
// The text may hold several documents, if they are separated by line feeds: an unclosed string of
// one then runs into a raw control character and the whole text is refused, so what is accepted is
// what each document alone would be. Owned by one decoder; keeps its memory between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace kafka_iceberg::decode {

class JsonIndex {
 public:
  enum class Verdict : uint8_t {
    kOk,
    kEmpty,
    kBadUtf8,
    kUnclosedString,
    kControlCharacter,
    kTooBig
  };
  // Bytes that must be readable behind the text.
  static constexpr size_t kPadding = 64;

  JsonIndex();
  ~JsonIndex();
  JsonIndex(const JsonIndex&) = delete;
  JsonIndex& operator=(const JsonIndex&) = delete;

  Verdict Build(const char* text, size_t size);
  // Offsets of {, }, [, ], comma, colon and of the first byte of every string, number and literal,
  // in order. After the last one come two more entries, both the size of the text.
  const uint32_t* positions() const { return positions_; }
  // Gives memory back after an unusually large text.
  void ShrinkTo(size_t size);

 private:
  struct State;
  std::unique_ptr<State> state_;
  const uint32_t* positions_ = nullptr;
};

bool IsUtf8(std::string_view text);

}  // namespace kafka_iceberg::decode
