// SPDX-License-Identifier: Apache-2.0
//
// What stands in front of payloads, and what a schema registry answers.
#include <array>

#include "core/check.h"
#include "decode/framing/framing.h"
#include "decode/registry/reference_resolver.h"
#include "decode/registry/registry_answer.h"
#include "fuzz_target.h"

namespace kafka_iceberg::fuzz {
namespace {

bool IsPartOf(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Input: the framing, flags, a byte that says whether there is a header; header and value.
void FuzzFraming(std::string_view input) {
  constexpr std::array kFramings = {decode::Framing::kNone,      decode::Framing::kConfluent,
                                    decode::Framing::kApicurio8, decode::Framing::kGlue,
                                    decode::Framing::kHeader,    decode::Framing::kAuto};
  constexpr int64_t kBytesMax = 1 << 16;
  const uint8_t flags = CutByte(input);
  const decode::FramingOptions options{
      .framing = kFramings[static_cast<size_t>(CutByte(input)) % kFramings.size()],
      .has_message_path = (flags & 1) != 0,
      .plain_message_path = (flags & 2) != 0,
      .decompressed_bytes_max = kBytesMax};
  Record record;
  const Header header{.key = "__value_schema_id",
                      .value = input.substr(0, std::min<size_t>(input.size(), (flags >> 4) + 1))};
  if ((flags & 4) != 0) {
    record.headers = std::span(&header, 1);
    input.remove_prefix(header.value.size());
  }
  record.value = input;
  decode::FramedPayload framed;
  for (int round = 0; round < 2; ++round) {  // it may be used again
    if (!decode::ParseFraming(record, options, framed).ok()) continue;
    CHECK(IsPartOf(framed.body, record.value) || IsPartOf(framed.body, framed.decompressed));
    CHECK(framed.decompressed.size() <= kBytesMax);
    if (framed.schema_id) CHECK(!decode::ToString(*framed.schema_id).empty());
  }
}

// Input: the status, a byte that says what was asked for, then the body. All references are
// answered with the same body.
void FuzzRegistry(std::string_view input) {
  constexpr std::array kStatus = {200, 200, 200, 404, 401, 301, 503};
  const int status = kStatus[static_cast<size_t>(CutByte(input)) % kStatus.size()];
  decode::AskedFor asked;
  const uint8_t flags = CutByte(input);
  if ((flags & 1) != 0) asked.id = 7;
  if ((flags & 2) != 0) asked.version = 3;
  if ((flags & 4) != 0) asked.guid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const net::HttpResponse response{.status = status, .headers = {}, .body = std::string(input)};
  const decode::RegistryAnswer answer = decode::ReadRegistryAnswer(response, asked);
  if (!answer.schema.ok()) return;
  int rounds = 0;
  const auto resolved = decode::ResolveReferences(
      *answer.schema,
      [&](const decode::RegistryReference&)
          -> Result<std::shared_ptr<const decode::RegistrySchema>> {
        CHECK(++rounds <= 10'000);
        return std::make_shared<const decode::RegistrySchema>(*answer.schema);
      });
  if (resolved.ok()) CHECK(resolved->references.size() <= decode::kRegistryReferencesMax);
}

const Registration framing("framing", &FuzzFraming);
const Registration registry("registry", &FuzzRegistry);

}  // namespace
}  // namespace kafka_iceberg::fuzz
