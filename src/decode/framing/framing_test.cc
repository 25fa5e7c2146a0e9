// SPDX-License-Identifier: Apache-2.0
#include "decode/framing/framing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "core/random.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kUuid[] = "89791762-2336-4186-9674-299b90a802e2";
constexpr std::string_view kUuidBytes(
    "\x89\x79\x17\x62\x23\x36\x41\x86\x96\x74\x29\x9b\x90\xa8\x02\xe2", 16);

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

std::string Zlib(const std::string& text) {
  std::string packed(compressBound(text.size()), '\0');
  uLongf size = packed.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  packed.resize(size);
  return packed;
}

std::string Glue(int compression, const std::string& body) {
  return Bytes({3, compression}) + std::string(kUuidBytes) + body;
}

struct Parsed {
  std::shared_ptr<const std::string> value;  // what the payload's body points into
  Status status;
  FramedPayload payload;

  std::string id() const { return payload.schema_id ? ToString(*payload.schema_id) : "none"; }
};

Parsed Parse(Framing framing, const std::string& value, FramingOptions options = {}) {
  Parsed parsed;
  parsed.value = std::make_shared<const std::string>(value);
  Record record;
  record.value = *parsed.value;
  options.framing = framing;
  parsed.status = ParseFraming(record, options, parsed.payload);
  return parsed;
}

Parsed ParseWithHeader(Framing framing, const std::string& value, const std::string& header,
                       bool has_message_path = false) {
  const Header headers[] = {{"other", "x", false}, {"__value_schema_id", header, false}};
  Parsed parsed;
  parsed.value = std::make_shared<const std::string>(value);
  Record record;
  record.value = *parsed.value;
  record.headers = std::span<const Header>(headers);
  parsed.status = ParseFraming(record, {.framing = framing, .has_message_path = has_message_path},
                               parsed.payload);
  return parsed;
}

TEST(Framing, NoneTakesThePayloadAsItIs) {
  const Parsed parsed = Parse(Framing::kNone, Bytes({0, 0, 0, 0, 1, 2}));
  ASSERT_TRUE(parsed.status.ok());
  EXPECT_EQ(parsed.id(), "none");
  EXPECT_EQ(parsed.payload.body.size(), 6U);
}

TEST(Framing, ConfluentHasAnIdOfFourBytes) {
  const Parsed parsed = Parse(Framing::kConfluent, Bytes({0, 1, 2, 3, 4, 'x'}));
  ASSERT_TRUE(parsed.status.ok());
  EXPECT_EQ(parsed.id(), "16909060");
  EXPECT_EQ(parsed.payload.body, "x");
  EXPECT_EQ(parsed.payload.body.data(), parsed.value->data() + 5);
  EXPECT_EQ(Parse(Framing::kConfluent, Bytes({0, 255, 255, 255, 255})).id(), "4294967295");
}

TEST(Framing, ConfluentRefusesOtherBytes) {
  for (const std::string& value : {std::string(), Bytes({0}), Bytes({0, 0, 0, 1}),
                                   Bytes({1, 0, 0, 0, 1, 5}), std::string("{\"a\":1}")}) {
    const Parsed parsed = Parse(Framing::kConfluent, value);
    EXPECT_THAT(parsed.status, IsError(ErrorCode::kInvalid));
    EXPECT_EQ(parsed.id(), "none");
  }
}

std::string PathOf(std::initializer_list<int> bytes, bool plain = false) {
  const std::string value = Bytes({0, 0, 0, 0, 1}) + Bytes(bytes);
  const Parsed parsed =
      Parse(Framing::kConfluent, value, {.has_message_path = true, .plain_message_path = plain});
  if (!parsed.status.ok()) return "refused";
  return fmt::format("{} {}", fmt::join(parsed.payload.message_path, "."), parsed.payload.body);
}

TEST(Framing, TheFirstMessageTypeHasThreeForms) {
  EXPECT_EQ(PathOf({0, 'x'}), " x");
  EXPECT_EQ(PathOf({1, 0, 'x'}), " x");
  EXPECT_EQ(PathOf({2, 0, 'x'}), " x");
  EXPECT_EQ(PathOf({0}), " ");
}

TEST(Framing, MessagePathsAreZigZagUnlessTold) {
  EXPECT_EQ(PathOf({2, 2, 'x'}), "1 x");
  EXPECT_EQ(PathOf({4, 2, 6, 'x'}), "1.3 x");
  EXPECT_EQ(PathOf({4, 0, 0, 'x'}), "0.0 x");
  EXPECT_EQ(PathOf({2, 0x80, 0x02, 'x'}), "128 x");
  EXPECT_EQ(PathOf({1, 1, 'x'}, /*plain=*/true), "1 x");
  EXPECT_EQ(PathOf({2, 1, 3, 'x'}, /*plain=*/true), "1.3 x");
  EXPECT_EQ(PathOf({0, 'x'}, /*plain=*/true), " x");
}

TEST(Framing, MessagePathsAreBounded) {
  EXPECT_EQ(PathOf({}), "refused");
  EXPECT_EQ(PathOf({2}), "refused");
  EXPECT_EQ(PathOf({4, 2}), "refused");
  EXPECT_EQ(PathOf({2, 1}), "refused");                             // -1
  EXPECT_EQ(PathOf({3, 0, 0}), "refused");                          // -2 of them
  EXPECT_EQ(PathOf({0x82, 0x01, 0}), "refused");                    // 65 of them
  EXPECT_EQ(PathOf({2, 0xff, 0xff, 0xff, 0xff, 0x7f}), "refused");  // 35 bits
  EXPECT_EQ(PathOf({2, 0x80, 0x80, 0x80, 0x80, 0x80, 0}), "refused");
  EXPECT_EQ(PathOf({1, 0xff, 0xff, 0xff, 0xff, 0x0f}, /*plain=*/true), "refused");  // 2^32 - 1
  EXPECT_EQ(PathOf({2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 'x'}), "2147483647 x");
}

TEST(Framing, ApicurioHasAnIdOfEightBytes) {
  const Parsed parsed = Parse(Framing::kApicurio8, Bytes({0, 0, 0, 0, 1, 0, 0, 0, 2, 'x'}));
  ASSERT_TRUE(parsed.status.ok());
  EXPECT_EQ(parsed.id(), "4294967298");
  EXPECT_EQ(parsed.payload.body, "x");
  EXPECT_THAT(Parse(Framing::kApicurio8, Bytes({0, 0, 0, 0, 0, 0, 0, 2})).status,
              IsError(ErrorCode::kInvalid));
}

TEST(Framing, GlueHasAUuid) {
  const Parsed parsed = Parse(Framing::kGlue, Glue(0, "body"));
  ASSERT_TRUE(parsed.status.ok());
  EXPECT_EQ(parsed.id(), kUuid);
  EXPECT_EQ(parsed.payload.body, "body");
  EXPECT_EQ(Parse(Framing::kGlue, Glue(0, "")).payload.body, "");
}

TEST(Framing, GlueMayBeCompressed) {
  const std::string body(100'000, 'z');
  const Parsed parsed = Parse(Framing::kGlue, Glue(5, Zlib(body)));
  ASSERT_TRUE(parsed.status.ok()) << parsed.status.error().message();
  EXPECT_EQ(parsed.payload.body, body);
  EXPECT_EQ(Parse(Framing::kGlue, Glue(5, Zlib(""))).payload.body, "");
}

TEST(Framing, GlueRefusesOtherBytes) {
  const std::string packed = Zlib("some text that is long enough to be packed, packed, packed");
  for (const std::string& value :
       {std::string(), Glue(0, "").substr(0, 17), Glue(4, "body"), "\x04" + Glue(0, "x").substr(1),
        Glue(5, ""), Glue(5, "not zlib"), Glue(5, packed.substr(0, packed.size() - 1)),
        Glue(5, packed + "x")}) {
    EXPECT_THAT(Parse(Framing::kGlue, value).status, IsError(ErrorCode::kInvalid));
  }
}

TEST(Framing, ABombIsNotUnpacked) {
  const std::string bomb = Glue(5, Zlib(std::string(8 << 20, '\0')));
  const Parsed parsed = Parse(Framing::kGlue, bomb, {.decompressed_bytes_max = 1 << 20});
  EXPECT_THAT(parsed.status, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(parsed.status.error().message(), HasSubstr("more than 1048576 bytes"));
  EXPECT_LE(parsed.payload.decompressed.capacity(), size_t{3} << 20);
}

TEST(Framing, TheLimitItselfIsUnpacked) {
  const std::string packed = Glue(5, Zlib(std::string(1000, 'x')));
  EXPECT_TRUE(Parse(Framing::kGlue, packed, {.decompressed_bytes_max = 1000}).status.ok());
  EXPECT_THAT(Parse(Framing::kGlue, packed, {.decompressed_bytes_max = 999}).status,
              IsError(ErrorCode::kUnsupported));
}

TEST(Framing, GlueNumbersMessageTypesByTheirSortedNames) {
  const FramingOptions protobuf = {.has_message_path = true};
  const Parsed parsed = Parse(Framing::kGlue, Glue(0, Bytes({0x81, 0x01, 'x'})), protobuf);
  ASSERT_TRUE(parsed.status.ok());
  EXPECT_EQ(parsed.payload.sorted_message_index, 129);
  EXPECT_EQ(parsed.payload.body, "x");
  EXPECT_EQ(Parse(Framing::kGlue, Glue(5, Zlib(Bytes({3, 'y'}))), protobuf).payload.body, "y");
  EXPECT_THAT(Parse(Framing::kGlue, Glue(0, ""), protobuf).status, IsError(ErrorCode::kInvalid));
}

TEST(Framing, HeadersHoldAnIdOrAUuid) {
  const Parsed number = ParseWithHeader(Framing::kHeader, "body", Bytes({0, 0, 0, 1, 0}));
  ASSERT_TRUE(number.status.ok());
  EXPECT_EQ(number.id(), "256");
  EXPECT_EQ(number.payload.body, "body");
  const Parsed uuid = ParseWithHeader(Framing::kHeader, "body", "\x01" + std::string(kUuidBytes));
  EXPECT_EQ(uuid.id(), kUuid);
  EXPECT_EQ(uuid.payload.body, "body");
}

TEST(Framing, HeadersHoldTheMessagePathToo) {
  const std::string header = "\x01" + std::string(kUuidBytes);
  const auto path = [&](const std::string& bytes) {
    return ParseWithHeader(Framing::kHeader, "body", header + bytes, true).payload.message_path;
  };
  EXPECT_THAT(path(Bytes({4, 2, 6})), ElementsAre(1, 3));
  EXPECT_THAT(path(Bytes({0})), IsEmpty());
  EXPECT_THAT(path(""), IsEmpty());
}

TEST(Framing, HeadersWithOtherBytesAreRefused) {
  for (const std::string& header :
       {std::string(), Bytes({0, 0, 0, 1}), Bytes({2, 0, 0, 0, 1}), Bytes({0, 0, 0, 0, 1, 5}),
        "\x01" + std::string(kUuidBytes.substr(1))}) {
    EXPECT_THAT(ParseWithHeader(Framing::kHeader, "body", header).status,
                IsError(ErrorCode::kInvalid));
    EXPECT_THAT(ParseWithHeader(Framing::kAuto, "body", header).status,
                IsError(ErrorCode::kInvalid));
  }
  EXPECT_THAT(Parse(Framing::kHeader, "body").status, IsError(ErrorCode::kInvalid));
}

TEST(Framing, AutoTakesWhatIsThere) {
  EXPECT_EQ(Parse(Framing::kAuto, Bytes({0, 0, 0, 0, 7, 'x'})).id(), "7");
  EXPECT_EQ(Parse(Framing::kAuto, Glue(0, "body")).id(), kUuid);
  EXPECT_EQ(Parse(Framing::kAuto, "plain").id(), "none");
  EXPECT_EQ(Parse(Framing::kAuto, "plain").payload.body, "plain");
  EXPECT_EQ(Parse(Framing::kAuto, Bytes({0, 0, 0, 7})).id(), "none");
  const Parsed header =
      ParseWithHeader(Framing::kAuto, Bytes({0, 0, 0, 0, 7, 'x'}), Bytes({0, 0, 0, 0, 9}));
  EXPECT_EQ(header.id(), "9");
  EXPECT_EQ(header.payload.body.size(), 6U);
}

TEST(Framing, ResultsAreUsedAgain) {
  FramedPayload payload;
  const std::string values[] = {Glue(0, "a"), Bytes({0, 0, 0, 0, 7, 4, 2, 6, 'b'}),
                                Glue(0, Bytes({5, 'c'})), std::string("d")};
  const FramingOptions options = {.has_message_path = true};
  Record record;
  for (const std::string& value : values) {
    record.value = value;
    ASSERT_TRUE(ParseFraming(record, options, payload).ok() || value == values[0]);
  }
  EXPECT_FALSE(payload.schema_id.has_value());
  EXPECT_FALSE(payload.sorted_message_index.has_value());
  EXPECT_THAT(payload.message_path, IsEmpty());
  EXPECT_EQ(payload.body, "d");
}

TEST(Framing, NoBytesDoHarm) {
  SeededRandom random(20261123);
  FramedPayload payload;
  const std::string good = Glue(5, Zlib("text text text"));
  for (int round = 0; round < 50'000; ++round) {
    std::string value = good;
    value.resize(random.Below(value.size() + 1));
    for (int i = 0; i < 3 && !value.empty(); ++i) {
      value[random.Below(std::min<size_t>(value.size(), 24))] =
          static_cast<char>(random.Below(round % 2 == 0 ? 8 : 256));
    }
    const auto framing = static_cast<Framing>(random.Below(6));
    Record record;
    record.value = value;
    const Status status =
        ParseFraming(record, {framing, round % 3 == 0, round % 6 == 0, 1000}, payload);
    ASSERT_TRUE(!status.ok() || payload.body.size() <= 1000);
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
