// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_index.h"

#include <simdjson.h>

#include "core/check.h"

namespace kafka_iceberg::decode {
namespace {

constexpr size_t kFirstCapacity = 64 << 10;
// Positions are 32 bits wide.
constexpr size_t kSizeMax = 0xffff'0000;

}  // namespace

// The first stage alone, chosen for this processor at run time. On-Demand, simdjson's own second
// stage, took longer for bare values than our reader does with columns, checks and metadata.
struct JsonIndex::State {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

JsonIndex::JsonIndex() : state_(std::make_unique<State>()) {
  CHECK(simdjson::get_active_implementation()->create_dom_parser_implementation(
            kFirstCapacity, /*max_depth=*/1, state_->stage) == simdjson::SUCCESS);
}

JsonIndex::~JsonIndex() = default;

JsonIndex::Verdict JsonIndex::Build(const char* text, size_t size) {
  if (size > kSizeMax) return Verdict::kTooBig;
  if (size > state_->stage->capacity()) {
    CHECK(state_->stage->set_capacity(size) == simdjson::SUCCESS);
  }
  const auto error = state_->stage->stage1(reinterpret_cast<const uint8_t*>(text), size,
                                           simdjson::stage1_mode::regular);
  positions_ = state_->stage->structural_indexes.get();
  switch (error) {
    case simdjson::SUCCESS: return Verdict::kOk;
    case simdjson::EMPTY: return Verdict::kEmpty;
    case simdjson::UTF8_ERROR: return Verdict::kBadUtf8;
    case simdjson::UNCLOSED_STRING: return Verdict::kUnclosedString;
    default: return Verdict::kControlCharacter;
  }
}

void JsonIndex::ShrinkTo(size_t size) {
  if (state_->stage->capacity() <= size) return;
  CHECK(state_->stage->set_capacity(size) == simdjson::SUCCESS);
  positions_ = state_->stage->structural_indexes.get();
}

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace kafka_iceberg::decode
