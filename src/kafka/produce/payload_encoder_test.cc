// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/payload_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::kafka {
namespace {

using testing::HasSubstr;

constexpr const char* kOrder =
    R"({"order_id":300,"customer":"Ada","country":"DE","product":"lamp","quantity":2,)"
    R"("unit_price":12.50,"currency":"EUR","paid":true,"ordered_at":"2026-01-08T14:30:00.123Z"})";

std::string Encoded(PayloadEncoding encoding, const std::string& json) {
  PayloadEncoder encoder(encoding, Profile::kDemo);
  std::string out;
  encoder.Append(json, out);
  return out;
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out += static_cast<char>(byte);
  return out;
}

TEST(PayloadEncoder, LeavesJsonAsItIs) {
  EXPECT_EQ(Encoded(PayloadEncoding::kJson, kOrder), kOrder);
}

TEST(PayloadEncoder, WritesAvroInConfluentsFraming) {
  // 300, texts with their lengths, 2, 1250 in two bytes, true, microseconds.
  const std::string expected = Bytes({0, 0, 0, 0, 1, 0xd8, 0x04, 6}) + "Ada" + Bytes({4}) + "DE" +
                               Bytes({8}) + "lamp" + Bytes({4, 4, 0x04, 0xe2, 6}) + "EUR" +
                               Bytes({1, 0xf0, 0xa9, 0x94, 0xe6, 0xa7, 0xf8, 0xa3, 0x06});
  EXPECT_EQ(testing::PrintToString(Encoded(PayloadEncoding::kAvro, kOrder)),
            testing::PrintToString(expected));
}

TEST(PayloadEncoder, WritesProtobufInConfluentsFraming) {
  const std::string expected =
      Bytes({0, 0, 0, 0, 1, 0, 0x08, 0xac, 0x02, 0x12, 3}) + "Ada" + Bytes({0x1a, 2}) + "DE" +
      Bytes({0x22, 4}) + "lamp" + Bytes({0x28, 2, 0x32, 5}) + "12.50" + Bytes({0x3a, 3}) + "EUR" +
      Bytes({0x40, 1, 0x4a, 11, 0x08, 0xe8, 0xfe, 0xfe, 0xca, 0x06, 0x10, 0xc0, 0xa9, 0xd3, 0x3a});
  EXPECT_EQ(testing::PrintToString(Encoded(PayloadEncoding::kProtobuf, kOrder)),
            testing::PrintToString(expected));
}

TEST(PayloadEncoder, LeavesARecordAsItIsThatDoesNotFit) {
  for (const char* json :
       {"not json", "{}", R"({"order_id":"none"})", R"({"order_id":300,"x":1})"}) {
    EXPECT_EQ(Encoded(PayloadEncoding::kAvro, json), json);
  }
}

TEST(PayloadEncoder, TakesAllThatTheGeneratorMakes) {
  for (const Profile profile : {Profile::kSmall, Profile::kBig, Profile::kDemo}) {
    RecordGenerator generator({.profile = profile});
    PayloadEncoder encoder(PayloadEncoding::kAvro, profile);
    for (int64_t i = 0; i < 500; ++i) {
      std::string json;
      std::string out;
      generator.Append(i, json);
      encoder.Append(json, out);
      ASSERT_EQ(out[0], '\0') << json;
      ASSERT_LT(out.size(), json.size());
    }
  }
}

TEST(PayloadEncoder, HasASchemaForEachEncoding) {
  EXPECT_EQ(PayloadSchemaText(PayloadEncoding::kJson, Profile::kDemo), "");
  EXPECT_THAT(PayloadSchemaText(PayloadEncoding::kAvro, Profile::kDemo),
              HasSubstr(R"({"name":"unit_price","type":{"type":"bytes","logicalType":"decimal",)"
                        R"("precision":9,"scale":2}})"));
  EXPECT_THAT(PayloadSchemaText(PayloadEncoding::kProtobuf, Profile::kDemo),
              HasSubstr("  google.protobuf.Timestamp ordered_at = 9;\n"));
}

}  // namespace
}  // namespace kafka_iceberg::kafka
