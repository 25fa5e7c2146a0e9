// SPDX-License-Identifier: Apache-2.0
#include "decode/binary_decoder.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/json/fake_json_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;

// A payload of "null" is a tombstone.
DecodedRows DecodeBinary(const iceberg::Schema& schema, const std::vector<std::string>& payloads,
                         BinaryDecoderOptions options = {}, bool stores_null_values = false) {
  auto decoder = MakeBinaryDecoder(schema, options);
  EXPECT_TRUE(decoder.ok()) << decoder.error().message();
  if (stores_null_values) (*decoder)->StoreNullValues();
  std::vector<Record> records(payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) {
    records[i].value_is_null = payloads[i] == "null";
    if (!records[i].value_is_null) records[i].value = payloads[i];
    records[i].offset = static_cast<int64_t>(i);
  }
  DecodedRows rows;
  rows.stats = (*decoder)->Decode("topic", records, rows.letters);
  EXPECT_EQ(rows.stats.rows, (*decoder)->pending_rows());
  EXPECT_EQ(rows.stats.rows == 0, (*decoder)->pending_bytes() == 0);
  rows.batch = (*decoder)->Seal();
  EXPECT_EQ((*decoder)->Seal(), nullptr);
  EXPECT_EQ(rows.stats.records, rows.stats.rows + rows.stats.dead_letters + rows.stats.tombstones);
  if (rows.batch != nullptr) {
    EXPECT_TRUE(rows.batch->ValidateFull().ok());
  }
  return rows;
}

TEST(BinaryDecoder, KeepsPayloadsAsTheyAre) {
  const auto schema = SchemaOf({{"value", "binary"}}, {"_kafka_offset", "_kafka_key"});
  const auto rows = DecodeBinary(schema, {"abc", "", std::string("\0\xff", 2)});
  EXPECT_EQ(rows.stats.rows, 3);
  EXPECT_EQ(rows.Cell("value", 0), "616263");
  EXPECT_EQ(rows.Cell("value", 1), "");
  EXPECT_EQ(rows.Cell("value", 2), "00ff");
  EXPECT_EQ(rows.Cell("_kafka_offset", 2), "2");
  EXPECT_EQ(rows.Cell("_kafka_key", 2), "null");
}

TEST(BinaryDecoder, TextMustBeUtf8) {
  const auto schema = SchemaOf({{"line", "string"}});
  const auto rows = DecodeBinary(schema, {"é", "\xff", "b"}, {.column = "line"});
  EXPECT_EQ(rows.stats.rows, 2);
  EXPECT_EQ(rows.Cell("line", 0), "é");
  EXPECT_EQ(rows.Cell("line", 1), "b");
  EXPECT_EQ(rows.Letter(), "bad_utf8 line");
}

TEST(BinaryDecoder, TombstonesAreSkippedOrStored) {
  const auto schema = SchemaOf({{"value", "binary"}});
  EXPECT_EQ(DecodeBinary(schema, {"a", "null", "b"}).stats.tombstones, 1);
  const auto stored = DecodeBinary(schema, {"a", "null", "b"}, {}, true);
  EXPECT_EQ(stored.stats.tombstones, 0);
  EXPECT_EQ(stored.stats.null_rows, 1);
  EXPECT_EQ(stored.stats.rows, 3);
  EXPECT_EQ(stored.Cell("value", 1), "null");
  const auto refused =
      DecodeBinary(SchemaOf({{"value", "binary", true}}), {"a", "null", "b"}, {}, true);
  EXPECT_EQ(refused.Letter(), "missing_field value");
  EXPECT_EQ(refused.stats.rows, 2);
}

TEST(BinaryDecoder, LargePayloadsAreDeadLetters) {
  const auto rows =
      DecodeBinary(SchemaOf({{"value", "binary"}}), {"1234", "12345"}, {.record_bytes_max = 4});
  EXPECT_EQ(rows.Letter(), "too_big value");
  EXPECT_EQ(rows.letters[0].value, "12345");
  EXPECT_EQ(rows.stats.rows, 1);
}

TEST(BinaryDecoder, AMetadataColumnThatCannotBeFilledLeavesNoTrace) {
  auto schema = SchemaOf({{"value", "binary"}}, {"_kafka_key"});
  schema.fields[1].required = true;
  const auto rows = DecodeBinary(schema, {"a"});
  EXPECT_EQ(rows.Letter(), "missing_field _kafka_key");
  EXPECT_EQ(rows.batch, nullptr);
}

TEST(BinaryDecoder, OtherColumnsTakeTheirDefaults) {
  auto schema = SchemaOf({{"a", "long"}, {"value", "binary"}, {"b", "struct<x:int>"}});
  schema.fields[0].write_default = "7";
  const auto rows = DecodeBinary(schema, {"v"});
  EXPECT_EQ(rows.Cell("a"), "7");
  EXPECT_EQ(rows.Cell("b"), "null");
}

TEST(BinaryDecoder, RefusesTablesItCannotFill) {
  const auto error = [](const iceberg::Schema& schema) {
    auto decoder = MakeBinaryDecoder(schema);
    return decoder.ok() ? "none" : decoder.error().message();
  };
  EXPECT_THAT(error(SchemaOf({{"v", "binary"}})), HasSubstr("no column value"));
  EXPECT_THAT(error(SchemaOf({{"value", "long"}})), HasSubstr("has type long"));
  EXPECT_THAT(error(SchemaOf({{"value", "binary"}, {"a", "int", true}})),
              HasSubstr("column a is required"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
