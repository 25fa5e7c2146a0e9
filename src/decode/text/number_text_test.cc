// SPDX-License-Identifier: Apache-2.0
#include "decode/text/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/random.h"

namespace kafka_iceberg::decode {
namespace {

// The fast paths read past the end of the number.
std::string Padded(const std::string& text) { return text + std::string(16, ','); }

TEST(NumberText, ScansWhatJsonCallsANumber) {
  for (const char* text : {"0", "-0", "10", "1.5", "0.5", "1e5", "1E+5", "1.25e-7", "-12.0e1"}) {
    const auto number = ScanNumber(text);
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(number->text, text);
  }
  for (const char* text :
       {"", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "x", "Infinity"}) {
    EXPECT_FALSE(ScanNumber(text)) << text;
  }
  EXPECT_EQ(ScanNumber("1.5.5")->text, "1.5");
  EXPECT_EQ(ScanNumber("12abc")->text, "12");
}

TEST(NumberText, ShortIntegersAreReadDigitByDigitOrNotAtAll) {
  SeededRandom random(1);
  for (int digits = 1; digits <= 18; ++digits) {
    for (int i = 0; i < 200; ++i) {
      std::string text = i % 2 == 0 ? "" : "-";
      text += static_cast<char>('1' + random.Below(9));
      for (int d = 1; d < digits; ++d) text += static_cast<char>('0' + random.Below(10));
      for (const char* end : {",", "}", " ", ".5", "e1", "x", "/", ":", "\"", "\xc3"}) {
        const std::string padded = Padded(text + end);
        int64_t value = 0;
        ASSERT_EQ(ParseShortInteger(padded.data(), value), padded.data() + text.size()) << padded;
        ASSERT_EQ(value, std::strtoll(text.c_str(), nullptr, 10)) << padded;
      }
    }
  }
  int64_t value = 0;
  for (const char* text : {"", "-", "01", "-01", "00", "x1", "+1", "\"1\""}) {
    EXPECT_EQ(ParseShortInteger(Padded(text).data(), value), nullptr) << text;
  }
}

TEST(NumberText, ShortDoublesAreTheNearest) {
  SeededRandom random(2);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text = std::to_string(random.Next() >> (random.Below(60) + 4));
    if (random.Below(4) != 0) text += '.' + std::to_string(random.Next() >> (random.Below(60) + 4));
    if (random.Below(2) == 0) text = '-' + text;
    const std::string padded = Padded(text);
    double value = 0;
    const char* end = ParseShortDouble(padded.data(), value);
    if (end == nullptr) continue;
    if (end != padded.data() + text.size())
      continue;  // more than 18 digits: left to the other path
    ++taken;
    ASSERT_EQ(value, std::strtod(text.c_str(), nullptr)) << text;
  }
  EXPECT_GT(taken, 40'000);
}

TEST(NumberText, LongNotationsAreTheNearestToo) {
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = fmt::format("{}.{}e{}", random.Next() >> random.Below(64),
                                         random.Next(), static_cast<int>(random.Below(600)) - 300);
    const auto number = ScanNumber(text);
    ASSERT_TRUE(number) << text;
    const double expected = std::strtod(text.c_str(), nullptr);
    double value = 0;
    const TextError error = ToDouble(*number, value);
    if (std::isinf(expected)) {
      ASSERT_EQ(error, TextError::kOutOfRange) << text;
    } else {
      ASSERT_EQ(error, TextError::kNone) << text;
      ASSERT_EQ(value, expected) << text;
    }
  }
}

std::string Unscaled(const std::string& text, int32_t scale, bool floor = false) {
  iceberg::Int128 value = 0;
  const TextError error = ToUnscaled(*ScanNumber(text), scale, floor, value);
  if (error == TextError::kOutOfRange) return "range";
  if (error == TextError::kInexact) return "inexact";
  const bool negative = value < 0;
  std::string digits;
  for (iceberg::Int128 rest = negative ? -value : value; rest > 0; rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return (negative ? "-" : "") + (digits.empty() ? "0" : digits);
}

TEST(NumberText, UnscaledIsExact) {
  EXPECT_EQ(Unscaled("12.5", 2), "1250");
  EXPECT_EQ(Unscaled("-0.01", 2), "-1");
  EXPECT_EQ(Unscaled("0.010", 2), "1");
  EXPECT_EQ(Unscaled("0.001", 2), "inexact");
  EXPECT_EQ(Unscaled("1e2", 0), "100");
  EXPECT_EQ(Unscaled("1e37", 0), "1" + std::string(37, '0'));
  EXPECT_EQ(Unscaled("1e38", 0), "range");
  EXPECT_EQ(Unscaled("1e37", 1), "range");
  EXPECT_EQ(Unscaled("0.0e999999999999999999", 38), "0");
  EXPECT_EQ(Unscaled("1" + std::string(60, '0') + "e-60", 0), "1");
  EXPECT_EQ(Unscaled("0." + std::string(60, '0') + "1e61", 0), "1");
  EXPECT_EQ(Unscaled("1e-999999999999999999", 2), "inexact");
  EXPECT_EQ(Unscaled("1e999999999999999999", 2), "range");
}

TEST(NumberText, FloorGoesDown) {
  EXPECT_EQ(Unscaled("1.99", 0, true), "1");
  EXPECT_EQ(Unscaled("-1.01", 0, true), "-2");
  EXPECT_EQ(Unscaled("-1.00", 0, true), "-1");
  EXPECT_EQ(Unscaled("0.9", 0, true), "0");
  EXPECT_EQ(Unscaled("-0.1", 0, true), "-1");
  EXPECT_EQ(Unscaled("12345", -3, true), "12");
}

TEST(NumberText, PrecisionCountsDigits) {
  EXPECT_TRUE(FitsPrecision(999, 3));
  EXPECT_TRUE(FitsPrecision(-999, 3));
  EXPECT_FALSE(FitsPrecision(1000, 3));
  EXPECT_FALSE(FitsPrecision(-1000, 3));
}

}  // namespace
}  // namespace kafka_iceberg::decode
