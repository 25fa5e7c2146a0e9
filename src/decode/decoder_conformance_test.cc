// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder_conformance.h"

namespace kafka_iceberg::decode {

TEST_P(DecoderConformance, RowsKeepTheirOrder) {
  for (int64_t id = 0; id < 1000; ++id) AddRow(id);
  EXPECT_EQ(DecodeAll().rows, 1000);
  EXPECT_EQ(decoder_->pending_rows(), 1000);
  EXPECT_GT(decoder_->pending_bytes(), 1000 * 8);
  const auto batch = Seal();
  ASSERT_NE(batch, nullptr);
  for (int64_t id = 0; id < 1000; ++id) ASSERT_EQ(Ids(*batch)[static_cast<size_t>(id)], id);
}

TEST_P(DecoderConformance, SealStartsAnew) {
  EXPECT_EQ(Seal(), nullptr);
  EXPECT_EQ(DecodeAll().records, 0);
  EXPECT_EQ(Seal(), nullptr);
  for (int64_t round = 0; round < 3; ++round) {
    AddRow(round);
    DecodeAll();
    const auto batch = Seal();
    ASSERT_NE(batch, nullptr);
    EXPECT_THAT(Ids(*batch), testing::ElementsAre(round));
    EXPECT_EQ(decoder_->pending_rows(), 0);
    EXPECT_EQ(decoder_->pending_bytes(), 0);
    EXPECT_EQ(Seal(), nullptr);
  }
}

TEST_P(DecoderConformance, ASealedBatchNeverChanges) {
  AddRow(1);
  DecodeAll();
  const auto batch = Seal();
  const std::string before = batch->ToString();
  for (int64_t id = 2; id < 500; ++id) AddRow(id);
  DecodeAll();
  EXPECT_EQ(batch->ToString(), before);
}

TEST_P(DecoderConformance, ABadRecordLeavesNoTrace) {
  for (int64_t id = 0; id < 40; ++id) {
    AddRow(id);
    Add(format_->Garbage(), 100 + id);
    Add(format_->LateGarbage(), 200 + id);
  }
  const DecodeStats stats = DecodeAll();
  EXPECT_EQ(stats.rows, 40);
  EXPECT_EQ(stats.dead_letters, 80);
  const auto with_garbage = Seal();
  decoder_ = format_->Make();
  for (int64_t id = 0; id < 40; ++id) AddRow(id);
  DecodeAll();
  EXPECT_TRUE(with_garbage->Equals(*Seal()));
}

TEST_P(DecoderConformance, ADeadLetterTellsEverything) {
  Add(format_->LateGarbage(), 5);
  records_[0].key = "key";
  records_[0].key_is_null = false;
  DecodeAll();
  ASSERT_EQ(letters_.size(), 1U);
  const DeadLetter& letter = letters_[0];
  EXPECT_EQ(letter.topic, "topic");
  EXPECT_EQ(letter.partition, 7);
  EXPECT_EQ(letter.offset, 5);
  EXPECT_EQ(letter.timestamp_ms, 1005);
  EXPECT_FALSE(letter.code.empty());
  EXPECT_FALSE(letter.reason.empty());
  EXPECT_EQ(letter.value, format_->LateGarbage());
  EXPECT_EQ(letter.key, "key");
  EXPECT_FALSE(letter.key_is_null);
  EXPECT_FALSE(letter.value_is_null);
}

TEST_P(DecoderConformance, TombstonesAreCountedAndSkipped) {
  AddRow(1);
  Add("", 2);
  records_.back().value_is_null = true;
  AddRow(3);
  const DecodeStats stats = DecodeAll();
  EXPECT_EQ(stats.tombstones, 1);
  EXPECT_EQ(stats.rows, 2);
  EXPECT_THAT(letters_, testing::IsEmpty());
  EXPECT_THAT(Ids(*Seal()), testing::ElementsAre(1, 3));
}

TEST_P(DecoderConformance, TombstonesAreStoredOnRequest) {
  decoder_->StoreNullValues();
  AddRow(1);
  Add("", 2);
  records_.back().value_is_null = true;
  const DecodeStats stats = DecodeAll();
  // The column "id" of these tables is required.
  EXPECT_EQ(stats.tombstones, 0);
  EXPECT_EQ(stats.rows, 1);
  ASSERT_EQ(letters_.size(), 1U);
  EXPECT_EQ(letters_[0].code, "missing_field");
  EXPECT_EQ(letters_[0].field_path, "id");
  EXPECT_TRUE(letters_[0].value_is_null);
  EXPECT_THAT(Ids(*Seal()), testing::ElementsAre(1));
}

TEST_P(DecoderConformance, AnEmptyValueIsNotATombstone) {
  Add("", 1);
  EXPECT_EQ(DecodeAll().dead_letters, 1);
}

TEST_P(DecoderConformance, MetadataColumnsComeFromTheRecord) {
  AddRow(1);
  AddRow(2);
  records_[0].key = "k1";
  records_[0].key_is_null = false;
  records_[1].timestamp_ms = -1;
  DecodeAll();
  const auto batch = Seal();
  const auto cell = [&](const char* column, int64_t row) {
    return batch->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
  };
  EXPECT_EQ(cell("_kafka_topic", 1), "topic");
  EXPECT_EQ(cell("_kafka_partition", 1), "7");
  EXPECT_EQ(cell("_kafka_offset", 1), "2");
  EXPECT_EQ(cell("_kafka_timestamp", 0), "1970-01-01 00:00:01.001000Z");
  EXPECT_EQ(cell("_kafka_timestamp", 1), "null");
  EXPECT_EQ(cell("_kafka_key", 0), "k1");
  EXPECT_EQ(cell("_kafka_key", 1), "null");
}

TEST_P(DecoderConformance, EveryFieldCarriesItsId) {
  const auto& schema = *decoder_->arrow_schema();
  EXPECT_EQ(FieldId(*schema.GetFieldByName("id")), 1);
  EXPECT_EQ(FieldId(*schema.GetFieldByName("tags")), 3);
  EXPECT_TRUE(FieldId(*schema.GetFieldByName("tags")->type()->field(0)).has_value());
  EXPECT_FALSE(schema.GetFieldByName("id")->nullable());
  EXPECT_TRUE(schema.GetFieldByName("name")->nullable());
}

TEST_P(DecoderConformance, NullsAreKept) {
  Add(format_->Encode(1, std::nullopt, {}), 1);
  AddRow(2);
  DecodeAll();
  const auto batch = Seal();
  EXPECT_TRUE(batch->GetColumnByName("name")->IsNull(0));
  EXPECT_FALSE(batch->GetColumnByName("name")->IsNull(1));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DecoderConformance);

}  // namespace kafka_iceberg::decode
