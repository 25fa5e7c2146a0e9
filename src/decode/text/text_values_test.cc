// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>

#include "core/hashing.h"
#include "core/random.h"
#include "decode/json/json_index.h"
#include "decode/json/json_text.h"
#include "decode/json/key_table.h"
#include "decode/text/byte_text.h"
#include "decode/text/temporal_text.h"

namespace kafka_iceberg::decode {
namespace {

TEST(TemporalText, DatesAgreeWithTheCalendarForTenThousandYears) {
  const auto first = std::chrono::sys_days(
      std::chrono::year_month_day(std::chrono::year(0), std::chrono::January, std::chrono::day(1)));
  const auto last = std::chrono::sys_days(std::chrono::year_month_day(
      std::chrono::year(9999), std::chrono::December, std::chrono::day(31)));
  for (auto day = first; day <= last; day += std::chrono::days(1)) {
    const std::chrono::year_month_day date(day);
    const std::string text =
        fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    int32_t days = 0;
    ASSERT_EQ(ParseDate(text, days), TextError::kNone) << text;
    ASSERT_EQ(days, day.time_since_epoch().count()) << text;
  }
}

TEST(TemporalText, RefusesDatesThatDoNotExist) {
  int32_t days = 0;
  for (const char* text : {"2025-02-29", "1900-02-29", "2026-04-31", "2026-00-10", "2026-13-01",
                           "2026-01-00", "2026-01-32"}) {
    EXPECT_EQ(ParseDate(text, days), TextError::kOutOfRange) << text;
  }
  for (const char* text : {"", "2026-01-0", "2026-01-011", "2026/01/01", "20260101", "2026-1-001",
                           "+026-01-01", "2026-0a-01", "202 -01-01"}) {
    EXPECT_EQ(ParseDate(text, days), TextError::kMalformed) << text;
  }
  EXPECT_EQ(ParseDate("2000-02-29", days), TextError::kNone);
}

TEST(TemporalText, OffsetsAreSubtracted) {
  int64_t micros = 0;
  ASSERT_EQ(ParseTimestamp("1970-01-01T00:00:00+00:01", Offset::kRequired, 6, micros),
            TextError::kNone);
  EXPECT_EQ(micros, -60'000'000);
  ASSERT_EQ(ParseTimestamp("1970-01-01T00:00:00.000001-23:59", Offset::kRequired, 6, micros),
            TextError::kNone);
  EXPECT_EQ(micros, (23 * 3600 + 59 * 60) * 1'000'000LL + 1);
  for (const char* text :
       {"1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+00:60", "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z", "1970-01-01T23:59:60Z"}) {
    EXPECT_EQ(ParseTimestamp(text, Offset::kRequired, 6, micros), TextError::kOutOfRange) << text;
  }
  for (const char* text :
       {"1970-01-01T00:00:00+0100", "1970-01-01T00:00:00+01", "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00,5Z", "1970-01-01T00:00:00ZZ", "1970-01-01X00:00:00Z",
        "1970-01-01T00:00Z", "1970-01-01T00:00:00 Z", ""}) {
    EXPECT_EQ(ParseTimestamp(text, Offset::kRequired, 6, micros), TextError::kMalformed) << text;
  }
}

TEST(TemporalText, FractionsOfAnyLength) {
  int64_t units = 0;
  const std::string base = "1970-01-01T00:00:01.";
  const std::string digits = "123456789123456789";
  for (size_t length = 1; length <= digits.size(); ++length) {
    ASSERT_EQ(ParseTimestamp(base + digits.substr(0, length), Offset::kForbidden, 6, units),
              TextError::kNone);
    const std::string padded = digits.substr(0, length) + "000000";
    EXPECT_EQ(units, 1'000'000 + std::stoll(padded.substr(0, 6))) << length;
  }
}

TEST(TemporalText, NanosecondsReachBothEndsOfTheirRange) {
  int64_t nanos = 0;
  ASSERT_EQ(ParseTimestamp("2262-04-11T23:47:16.854775807", Offset::kForbidden, 9, nanos),
            TextError::kNone);
  EXPECT_EQ(nanos, INT64_MAX);
  EXPECT_EQ(ParseTimestamp("2262-04-11T23:47:16.854775808", Offset::kForbidden, 9, nanos),
            TextError::kOutOfRange);
  ASSERT_EQ(ParseTimestamp("1677-09-21T00:12:43.145224192", Offset::kForbidden, 9, nanos),
            TextError::kNone);
  EXPECT_EQ(nanos, INT64_MIN);
  EXPECT_EQ(ParseTimestamp("1677-09-21T00:12:43.145224191", Offset::kForbidden, 9, nanos),
            TextError::kOutOfRange);
}

TEST(TemporalText, Times) {
  int64_t micros = 0;
  ASSERT_EQ(ParseTime("23:59:59.999999", micros), TextError::kNone);
  EXPECT_EQ(micros, 86'399'999'999);
  for (const char* text :
       {"", "12:00", "12:00:00Z", "12:00:00.", "1:00:00", "12-00-00", "12:00:00.5x"}) {
    EXPECT_EQ(ParseTime(text, micros), TextError::kMalformed) << text;
  }
}

TEST(ByteText, Base64AgreesWithTheEncoder) {
  SeededRandom random(5);
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(random.Below(256));
    const std::string text = Base64Encode(bytes);
    std::string out(static_cast<size_t>(Base64BytesMax(text)), '\0');
    int64_t written = 0;
    ASSERT_EQ(ParseBase64(text, reinterpret_cast<uint8_t*>(out.data()), written), TextError::kNone);
    ASSERT_EQ(out.substr(0, static_cast<size_t>(written)), bytes);
  }
  uint8_t out[64];
  int64_t written = 0;
  for (const char* text : {"A", "AA", "AAA", "====", "A===", "AA=A", "AB==", "AAB=", "AA-_", "AA A",
                           "AAAA====", "AA==AAAA"}) {
    EXPECT_EQ(ParseBase64(text, out, written), TextError::kMalformed) << text;
  }
}

TEST(JsonText, CopyFindsABackslashOnlyInsideTheString) {
  for (size_t size = 0; size < 150; ++size) {
    for (size_t at = 0; at < size + 60; ++at) {
      std::string text(size + 128, 'x');
      text[at] = '\\';
      std::string out(size + 128, '?');
      const bool clean =
          CopyUnlessEscaped(text.data(), size, reinterpret_cast<uint8_t*>(out.data()));
      ASSERT_EQ(clean, at >= size) << size << " " << at;
      if (!clean) continue;
      ASSERT_EQ(out.substr(0, size), text.substr(0, size));
    }
  }
}

TEST(KeyTable, FindsEveryNameAndNoOther) {
  std::vector<std::string> names;
  for (int i = 0; i < 2000; ++i)
    names.push_back(std::string(static_cast<size_t>(i % 40), 'k') + std::to_string(i));
  names.push_back("");
  const KeyTable table(names);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto member = static_cast<int32_t>(i);
    EXPECT_EQ(table.Find(names[i]), member);
    EXPECT_EQ(table.Find(names[i] + "x"), KeyTable::kUnknown);
    const std::string text = names[i] + "\":" + std::string(64, ' ');
    EXPECT_TRUE(table.Matches(member, text.data(), names[i].size() + 1));
    std::string other = text;
    other[names[i].size() / 2] ^= 1;
    EXPECT_FALSE(table.Matches(member, other.data(), names[i].size() + 1)) << names[i];
  }
}

TEST(KeyTable, ANameThatNeedsEscapesNeverMatchesRaw) {
  const KeyTable table({"a\"b", "c\\n"});
  const std::string text = "c\\n\":" + std::string(64, ' ');
  EXPECT_FALSE(table.Matches(1, text.data(), 4));
  EXPECT_EQ(table.Find("c\\n"), 1);
}

TEST(KeyTable, LearnsWhatFollowsWhat) {
  KeyTable table({"a", "b", "c"});
  EXPECT_EQ(table.Predicted(KeyTable::kUnknown), 0);
  EXPECT_EQ(table.Predicted(0), 1);
  EXPECT_EQ(table.Predicted(2), 0);
  table.Learn(KeyTable::kUnknown, 2);
  table.Learn(2, 1);
  EXPECT_EQ(table.Predicted(KeyTable::kUnknown), 2);
  EXPECT_EQ(table.Predicted(2), 1);
  EXPECT_EQ(KeyTable({}).Predicted(KeyTable::kUnknown), KeyTable::kUnknown);
}

// What JsonArena relies on: broken documents cannot hide behind each other.
TEST(JsonIndex, RefusesSeveralDocumentsWhenItWouldRefuseOneOfThem) {
  const std::vector<std::string> broken = {"{\"a\":\"x",     "\"",     "\"\\",
                                           "{\"a\":\"\\\"}", "\xc3",   "\xa9",
                                           "\xf0\x9f\x98",   "\"\t\"", "\xed\xa0\x80"};
  JsonIndex index;
  const auto build = [&index](std::string text) {
    const size_t size = text.size();
    text.append(JsonIndex::kPadding, '\n');
    return index.Build(text.data(), size);
  };
  for (const std::string& first : broken) {
    EXPECT_NE(build(first), JsonIndex::Verdict::kOk) << first;
    for (const std::string& second : broken) {
      EXPECT_NE(build(first + "\n" + second + "\n"), JsonIndex::Verdict::kOk)
          << first << " " << second;
      EXPECT_NE(build("{}\n" + first + "\n{}\n" + second + "\n{}\n"), JsonIndex::Verdict::kOk)
          << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
