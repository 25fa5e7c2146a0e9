// SPDX-License-Identifier: Apache-2.0
#include "decode/framed_json_decoder.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "decode/decoder_conformance.h"
#include "decode/protobuf/fake_proto_records.h"

namespace kafka_iceberg::decode {
namespace {

const std::string kFrame("\0\0\0\0\7", 5);

struct FramedJsonFormat final : DecoderFormat {
  std::unique_ptr<Decoder> Make() override {
    auto decoder = MakeFramedJsonDecoder(
        SchemaOf({{"id", "long", true}, {"name", "string"}, {"tags", "list<string>"}},
                 {"_kafka_topic", "_kafka_partition", "_kafka_offset", "_kafka_timestamp",
                  "_kafka_key"}),
        {.framing = Framing::kConfluent});
    return std::move(decoder).value();
  }
  std::string Encode(int64_t id, std::optional<std::string> name,
                     std::vector<std::string> tags) override {
    std::string json = fmt::format("{{\"id\":{}", id);
    if (name) json += fmt::format(R"(,"name":"{}")", *name);
    json += ",\"tags\":[";
    for (size_t i = 0; i < tags.size(); ++i)
      json += fmt::format(R"({}"{}")", i == 0 ? "" : ",", tags[i]);
    return kFrame + json + "]}";
  }
  std::string Garbage() override { return "not framed"; }
  std::string LateGarbage() override { return kFrame + R"({"id":1,"name":null,"tags":["a",5]})"; }
};

INSTANTIATE_TEST_SUITE_P(FramedJson, DecoderConformance,
                         testing::Values([]() -> std::unique_ptr<DecoderFormat> {
                           return std::make_unique<FramedJsonFormat>();
                         }));

// Glue's framing around a compressed payload.
std::string Packed(const std::string& body) {
  std::string packed(::compressBound(body.size()), '\0');
  uLongf size = packed.size();
  ::compress(reinterpret_cast<Bytef*>(packed.data()), &size,
             reinterpret_cast<const Bytef*>(body.data()), body.size());
  return "\3\5" + std::string(16, '\7') + packed.substr(0, size);
}

DecodedRows Decode(Framing framing, const std::vector<std::string>& payloads) {
  auto decoder = MakeFramedJsonDecoder(SchemaOf({{"v", "long"}}), {.framing = framing});
  return DecodeWith(**decoder, payloads);
}

TEST(FramedJson, ReadsCompressedPayloads) {
  const DecodedRows rows =
      Decode(Framing::kGlue, {Packed(R"({"v":1})"), Packed(R"({"v":2})"), Packed(R"({"v":3})")});
  ASSERT_EQ(rows.stats.rows, 3);
  EXPECT_EQ(rows.Cell("v", 0), "1");
  EXPECT_EQ(rows.Cell("v", 2), "3");
}

TEST(FramedJson, ADeadLetterHoldsTheRecordAsItCame) {
  const std::string bad = kFrame + R"({"v":"x"})";
  const DecodedRows rows = Decode(
      Framing::kConfluent, {kFrame + R"({"v":1})", bad, "no frame", kFrame + R"({"v":2})", bad});
  ASSERT_EQ(rows.stats.rows, 2);
  ASSERT_EQ(rows.letters.size(), 3U);
  EXPECT_EQ(rows.letters[0].code, "wrong_type");
  EXPECT_EQ(rows.letters[0].value, bad);
  EXPECT_EQ(rows.letters[1].code, "bad_framing");
  EXPECT_EQ(rows.letters[1].value, "no frame");
  EXPECT_EQ(rows.letters[2].value, bad);
}

TEST(FramedJson, TakesJsonWithoutAFrameWhereAnyIsLegal) {
  EXPECT_EQ(Decode(Framing::kAuto, {R"({"v":1})", kFrame + R"({"v":2})"}).stats.rows, 2);
}

}  // namespace
}  // namespace kafka_iceberg::decode
