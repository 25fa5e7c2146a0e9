// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::engine {
namespace {

decode::DeadLetter Letter() {
  decode::DeadLetter letter;
  letter.topic = "orders";
  letter.partition = 3;
  letter.offset = 42;
  letter.timestamp_ms = 1000;
  letter.code = "wrong_type";
  letter.field_path = "user.id";
  letter.reason = "a text is no number";
  letter.key = std::string("k\0k", 3);
  letter.key_is_null = false;
  letter.value = "{";
  letter.headers = {{"h", "1", false}, {"h", "", true}, {"h", "", false}};
  letter.schema_id = "7";
  letter.version = "1.0";
  letter.written_ms = 2000;
  return letter;
}

const LetterStamp kStamp{.table = "raw.events",
                         .table_uuid = "table",
                         .delivery = "epoch",
                         .number = 2,
                         .total = 5,
                         .kept_at = ""};

// As a reader of the topic gets it.
Record Received(const kafka::OutgoingRecord& sent) {
  return {.value = sent.value,
          .key = sent.key,
          .value_is_null = sent.value_is_null,
          .key_is_null = sent.key_is_null,
          .headers = sent.headers};
}

TEST(LetterRecord, ComesBackAsItWas) {
  const decode::DeadLetter letter = Letter();
  const LetterRecord record(letter, kStamp);
  const auto sent = record.record();
  const auto read = LetterOfRecord(Received(sent));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->letter, letter);
  EXPECT_EQ(read->stamp, kStamp);
}

TEST(LetterRecord, WhatIsNotKnownComesBackAsNotKnown) {
  decode::DeadLetter letter;
  letter.topic = "t";
  letter.code = "not_json";
  letter.value_is_null = true;
  const LetterRecord record(letter, kStamp);
  const auto sent = record.record();
  EXPECT_EQ(LetterOfRecord(Received(sent))->letter, letter);
}

TEST(LetterRecord, HasTheHeadersOfConnectAfterTheRecordsOwn) {
  const decode::DeadLetter letter = Letter();
  const LetterRecord record(letter, kStamp);
  const auto sent = record.record();
  ASSERT_GT(sent.headers.size(), 13U);
  EXPECT_EQ(sent.headers[1].key, "h");
  EXPECT_TRUE(sent.headers[1].value_is_null);
  EXPECT_EQ(sent.headers[3].key, "__connect.errors.topic");
  EXPECT_EQ(sent.headers[3].value, "orders");
  EXPECT_EQ(sent.headers[4].value, "3");
  EXPECT_EQ(sent.headers[5].value, "42");
  EXPECT_EQ(sent.headers[8].value, "VALUE_CONVERTER");
  EXPECT_EQ(sent.headers[10].value, "wrong_type");
  EXPECT_EQ(sent.headers[11].value, "a text is no number");
}

TEST(LetterRecord, ALetterOfALetterKeepsBothBlocks) {
  const decode::DeadLetter letter = Letter();
  const LetterRecord first(letter, kStamp);
  const auto sent = first.record();
  decode::DeadLetter outer = Letter();
  outer.topic = "raw.events.dlq";
  outer.headers.clear();
  for (const Header& header : sent.headers)
    outer.headers.push_back(
        {std::string(header.key), std::string(header.value), header.value_is_null});
  const LetterRecord second(
      outer,
      {.table = "b", .table_uuid = "b", .delivery = "b", .number = 1, .total = 1, .kept_at = ""});
  const auto resent = second.record();
  const auto read = LetterOfRecord(Received(resent));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->letter, outer);
  EXPECT_EQ(read->stamp.table_uuid, "b");
}

TEST(LetterRecord, ABlockOfALaterVersionIsRead) {
  const decode::DeadLetter letter = Letter();
  const LetterRecord record(letter, kStamp);
  auto sent = record.record();
  sent.headers.push_back({"kafka_iceberg.errors.more", "x"});
  const auto read = LetterOfRecord(Received(sent));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->letter, letter);
}

TEST(LetterRecord, WhatIsKeptElsewhereIsSmall) {
  decode::DeadLetter letter = Letter();
  letter.value = std::string(1 << 20, 'x');
  letter.reason = std::string(1 << 20, 'y');
  LetterStamp stamp = kStamp;
  EXPECT_GT(LetterRecord(letter, stamp).bytes(), 2 << 20);
  stamp.kept_at = "s3://b/letter";
  const LetterRecord record(letter, stamp);
  EXPECT_LT(record.bytes(), 4096);
  const auto sent = record.record();
  EXPECT_TRUE(sent.value_is_null);
  EXPECT_EQ(LetterOfRecord(Received(sent))->stamp.kept_at, "s3://b/letter");
}

TEST(LetterRecord, OtherPeoplesRecordsAreNone) {
  EXPECT_FALSE(LetterOfRecord({}));
  const decode::DeadLetter letter = Letter();
  const LetterRecord record(letter, kStamp);
  for (size_t left_out = 3; left_out < record.record().headers.size(); ++left_out) {
    auto sent = record.record();
    sent.headers.erase(sent.headers.begin() + static_cast<std::ptrdiff_t>(left_out));
    EXPECT_FALSE(LetterOfRecord(Received(sent))) << left_out;
  }
  for (const std::string_view number : {"", "1", "0/5", "6/5", "-1/5", "2/5x", "x/5"}) {
    auto sent = record.record();
    sent.headers[sent.headers.size() - 2].value = number;
    EXPECT_FALSE(StampOfRecord(Received(sent))) << number;
  }
  auto sent = record.record();
  sent.headers[4].value = "99999999999";
  EXPECT_FALSE(LetterOfRecord(Received(sent)));
}

}  // namespace
}  // namespace kafka_iceberg::engine
