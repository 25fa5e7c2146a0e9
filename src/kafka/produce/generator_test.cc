// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace kafka_iceberg::kafka {
namespace {

using Json = nlohmann::ordered_json;

class GeneratorTest : public testing::TestWithParam<Profile> {};

Json Parse(const std::string& text) { return Json::parse(text, nullptr, false); }

std::string Render(RecordGenerator& generator, int64_t sequence) {
  std::string text;
  const size_t size = generator.Append(sequence, text);
  EXPECT_EQ(size, text.size());
  return text;
}

bool Fits(const Json& value, const std::string& type) {
  if (type == "long" || type == "int") return value.is_number_integer();
  if (type == "double") return value.is_number_float();
  if (type == "boolean") return value.is_boolean();
  if (type.starts_with("decimal")) return value.is_number_float();
  if (type == "timestamptz") return value.is_string() && value.get<std::string>().size() == 24;
  return type == "string" && value.is_string();
}

TEST_P(GeneratorTest, RecordsFitTheSchema) {
  RecordGenerator generator({.profile = GetParam()});
  const auto schema = ProfileSchema(GetParam());
  for (int64_t i = 0; i < 2000; ++i) {
    const auto text = Render(generator, i);
    const auto record = Parse(text);
    ASSERT_TRUE(record.is_object()) << text;
    ASSERT_EQ(record.size(), schema.size()) << text;
    size_t column = 0;
    for (const auto& [name, value] : record.items()) {
      ASSERT_EQ(name, schema[column].name);
      ASSERT_TRUE(Fits(value, schema[column].type)) << name << " " << value;
      ++column;
    }
  }
}

TEST_P(GeneratorTest, TheSameSeedGivesTheSameRecords) {
  RecordGenerator a({.profile = GetParam(), .seed = 7});
  RecordGenerator b({.profile = GetParam(), .seed = 7});
  RecordGenerator c({.profile = GetParam(), .seed = 8});
  int differ = 0;
  (void)Render(b, 500);  // order does not matter
  for (int64_t i = 0; i < 100; ++i) {
    const auto text = Render(a, i);
    EXPECT_EQ(text, Render(b, i));
    if (text != Render(c, i)) ++differ;
  }
  EXPECT_GT(differ, 90);
}

TEST_P(GeneratorTest, RecordsAreNumbered) {
  RecordGenerator generator({.profile = GetParam()});
  const auto number = [&](int64_t i) { return Parse(Render(generator, i)).front().get<int64_t>(); };
  EXPECT_EQ(number(1) - number(0), 1);
  EXPECT_EQ(number(123'456) - number(0), 123'456);
}

INSTANTIATE_TEST_SUITE_P(Profiles, GeneratorTest,
                         testing::Values(Profile::kSmall, Profile::kBig, Profile::kDemo));

TEST(Generator, HasTheProfilesSizes) {
  const auto average = [](Profile profile) {
    RecordGenerator generator({.profile = profile});
    std::string text;
    for (int64_t i = 0; i < 1000; ++i) generator.Append(i, text);
    return text.size() / 1000;
  };
  EXPECT_EQ(ProfileSchema(Profile::kSmall).size(), 9U);
  EXPECT_EQ(ProfileSchema(Profile::kBig).size(), 24U);
  EXPECT_NEAR(static_cast<double>(average(Profile::kSmall)), 200, 20);
  EXPECT_NEAR(static_cast<double>(average(Profile::kBig)), 930, 100);
}

TEST(Generator, ColumnsHaveTheirCardinality) {
  RecordGenerator generator({.profile = Profile::kSmall});
  std::map<std::string, std::set<std::string>> values;
  for (int64_t i = 0; i < 5000; ++i) {
    const auto record = Parse(Render(generator, i));
    for (const auto& [name, value] : record.items()) values[name].insert(value.dump());
  }
  EXPECT_THAT(values["event_type"].size(), testing::AllOf(testing::Ge(4U), testing::Le(8U)));
  EXPECT_THAT(values["country"].size(), testing::AllOf(testing::Ge(5U), testing::Le(11U)));
  EXPECT_EQ(values["is_mobile"].size(), 2U);
  EXPECT_EQ(values["event_id"].size(), 5000U);
  EXPECT_GT(values["session_id"].size(), 4990U);
  EXPECT_GT(values["amount"].size(), 3000U);
}

TEST(Generator, TimesGrowByAMillisecond) {
  RecordGenerator generator({.profile = Profile::kSmall});
  const auto time = [&](int64_t i) {
    return Parse(Render(generator, i))["created_at"].get<std::string>();
  };
  EXPECT_EQ(time(0), "2026-01-08T14:30:00.000Z");
  EXPECT_EQ(time(1), "2026-01-08T14:30:00.001Z");
  EXPECT_EQ(time(61'999), "2026-01-08T14:31:01.999Z");
  EXPECT_EQ(time(0), "2026-01-08T14:30:00.000Z");
}

TEST(Generator, MakesBadRecordsOnRequest) {
  RecordGenerator generator({.profile = Profile::kDemo, .bad_every = 10});
  const auto schema = ProfileSchema(Profile::kDemo);
  std::set<std::string> reasons;
  for (int64_t i = 0; i < 1000; ++i) {
    const auto record = Parse(Render(generator, i));
    const bool good = record.is_object() && record.size() == schema.size();
    ASSERT_EQ(good, i % 10 != 9) << i;
    if (!good) reasons.insert(record.type_name());
  }
  EXPECT_EQ(reasons.size(), 3U);  // unreadable, an array, an object of wrong types
}

TEST(Generator, KnowsProfilesByName) {
  EXPECT_EQ(*ParseProfile("big"), Profile::kBig);
  EXPECT_EQ(ParseProfile("huge").error().code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace kafka_iceberg::kafka
