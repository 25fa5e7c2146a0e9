// SPDX-License-Identifier: Apache-2.0
//
// Records of another Avro implementation (testdata/make_avro_cases.py): what columns their schemas
// become, and what rows their bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "decode/avro/fake_avro_rows.h"

namespace kafka_iceberg::decode {
namespace {

using nlohmann::json;

std::vector<json> Cases() {
  std::ifstream file(TESTDATA_DIR "/avro_cases.json");
  const json cases = json::parse(file, nullptr, /*allow_exceptions=*/false);
  return cases.is_array() ? std::vector<json>(cases.begin(), cases.end()) : std::vector<json>();
}

iceberg::Schema TableOf(const json& test) {
  if (!test.contains("table")) return MappedAvro(test["schema"].dump());
  std::vector<DeclaredField> fields;
  for (const json& column : test["table"]) {
    fields.push_back(
        {column[0].get<std::string>(), column[1].get<std::string>(), column[2].get<bool>(), ""});
  }
  auto schema = DeclaredSchema(fields, {});
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return std::move(schema).value();
}

TEST(AvroGolden, SchemasBecomeColumns) {
  int mapped = 0;
  for (const json& test : Cases()) {
    if (!test.contains("columns")) continue;
    SCOPED_TRACE(test["name"]);
    const iceberg::Schema schema = TableOf(test);
    EXPECT_TRUE(iceberg::ValidateSchema(schema, 3).ok());
    json columns = json::array();
    for (const iceberg::Field& field : schema.fields) {
      columns.push_back({field.name, TypeWithRequired(field.type), field.required});
    }
    EXPECT_EQ(columns.dump(1), test["columns"].dump(1));
    ++mapped;
  }
  EXPECT_GE(mapped, 6);
}

TEST(AvroGolden, BytesBecomeRows) {
  int64_t compared = 0;
  for (const json& test : Cases()) {
    SCOPED_TRACE(test["name"]);
    std::vector<std::string> payloads;
    for (const json& row : test["rows"]) payloads.push_back(FromHex(row["hex"].get<std::string>()));
    const AvroRows rows = DecodeAvro(TableOf(test), test["schema"].dump(), payloads);
    ASSERT_EQ(rows.stats.rows, static_cast<int64_t>(payloads.size())) << rows.Row();
    for (size_t i = 0; i < payloads.size(); ++i) {
      EXPECT_EQ(json::parse(rows.Row(static_cast<int64_t>(i))), test["rows"][i]["row"]);
      ++compared;
    }
    EXPECT_EQ(rows.stats.ignored_fields, test.value("ignored_fields", 0));
  }
  EXPECT_GE(compared, 45);
}

// A payload longer than what the reader copies is read where it is.
TEST(AvroGolden, LongPayloadsAreReadLikeShortOnes) {
  for (const json& test : Cases()) {
    if (test.contains("table") || !test["schema"].is_object()) continue;
    SCOPED_TRACE(test["name"]);
    json schema = test["schema"];
    schema["fields"].push_back({{"name", "padding"}, {"type", "string"}});
    const std::string padding = std::string("\xd0\x0f") + std::string(1000, 'p');
    for (const json& row : test["rows"]) {
      const std::string payload = FromHex(row["hex"].get<std::string>()) + padding;
      const AvroRows rows = DecodeAvro(TableOf(test), schema.dump(), {payload});
      EXPECT_EQ(json::parse(rows.Row(), nullptr, false), row["row"]) << rows.Row();
    }
  }
}

TEST(AvroGolden, EveryBeginningOfARecordIsRefused) {
  for (const json& test : Cases()) {
    SCOPED_TRACE(test["name"]);
    std::vector<std::string> payloads;
    for (const json& row : test["rows"]) {
      const std::string payload = FromHex(row["hex"].get<std::string>());
      // In its own memory, so that a checker of memory sees the slightest step too far.
      for (size_t size = 0; size < payload.size(); ++size) {
        payloads.push_back(payload.substr(0, size));
        payloads.back().shrink_to_fit();
      }
    }
    const AvroRows rows = DecodeAvro(TableOf(test), test["schema"].dump(), payloads);
    EXPECT_EQ(rows.stats.rows, 0);
    for (const DeadLetter& letter : rows.letters) {
      // A text that is cut off is longer than what is left of it.
      ASSERT_EQ(letter.code, "bad_avro") << letter.reason;
    }
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
