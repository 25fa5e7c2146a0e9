// SPDX-License-Identifier: Apache-2.0
#include "commit/letters_property.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using ::testing::ElementsAre;

iceberg::TableMetadata With(std::string_view property, const std::string& value) {
  iceberg::TableMetadata metadata;
  metadata.properties[std::string(property)] = value;
  return metadata;
}

// What the property is after the change.
iceberg::TableMetadata Changed(const iceberg::TableMetadata& base, const std::string& added,
                               const std::vector<std::string>& delivered) {
  iceberg::TableMetadata metadata = base;
  const auto updates = ChangePendingLetters(base, added, delivered);
  EXPECT_THAT(updates, IsOk());
  for (const iceberg::MetadataUpdate& update : *updates) {
    if (const auto* set = std::get_if<iceberg::SetProperties>(&update)) {
      for (const auto& [name, value] : set->properties) metadata.properties[name] = value;
    } else {
      for (const auto& name : std::get<iceberg::RemoveProperties>(update).names)
        metadata.properties.erase(name);
    }
  }
  return metadata;
}

TEST(LettersProperty, NamesAndForgetsInOrder) {
  const iceberg::TableMetadata none;
  EXPECT_TRUE(PendingLetters(none)->empty());
  const auto two = Changed(Changed(none, "a", {}), "b", {});
  EXPECT_THAT(*PendingLetters(two), ElementsAre("a", "b"));
  EXPECT_THAT(*PendingLetters(Changed(two, "c", {"a", "unknown"})), ElementsAre("b", "c"));
}

TEST(LettersProperty, IsGoneWhenNothingWaits) {
  const auto one = Changed({}, "a", {});
  EXPECT_TRUE(Changed(one, "", {"a"}).properties.empty());
  EXPECT_TRUE(ChangePendingLetters(one, "", {})->empty());
  EXPECT_TRUE(ChangePendingLetters({}, "", {"a"})->empty());
}

TEST(LettersProperty, GarbageIsCorrupt) {
  for (const char* text :
       {"", "[]", "{}", R"({"version":2,"pending":[]})", R"({"version":1,"pending":[1]})",
        R"({"version":1,"pending":{}})", R"({"version":1,"pending":[],"more":1})"}) {
    EXPECT_THAT(PendingLetters(With(kLettersProperty, text)), IsError(ErrorCode::kCorrupt)) << text;
  }
}

TEST(LettersProperty, NoMoreThanSomeMayWait) {
  iceberg::TableMetadata metadata;
  for (int i = 0; i < 64; ++i) metadata = Changed(metadata, std::to_string(i), {});
  EXPECT_THAT(ChangePendingLetters(metadata, "one more", {}), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(ChangePendingLetters(metadata, "one more", {"0"}), IsOk());
}

TEST(ReplaysProperty, ReadsBackWhatItWrote) {
  const Replays replays = {{"store", {.generation = 3, .uuid = "u", .letters = "there"}}};
  const auto update = SetReplays(replays);
  ASSERT_THAT(update, IsOk());
  const auto& properties = std::get<iceberg::SetProperties>(*update).properties;
  EXPECT_EQ(*ReadReplays(With(kReplaysProperty, properties.at(std::string(kReplaysProperty)))),
            replays);
  EXPECT_TRUE(ReadReplays({})->empty());
  EXPECT_THAT(ReadReplays(With(kReplaysProperty, "{}")), IsError(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace kafka_iceberg::commit
