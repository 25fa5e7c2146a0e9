// SPDX-License-Identifier: Apache-2.0
#include "decode/letters/dead_letter_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/random.h"
#include "decode/letters/dead_letter_line.h"
#include "decode/letters/fake_durable_files.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kFolder[] = "state/dead_letters";

DeadLetter Letter(int64_t offset) {
  DeadLetter letter;
  letter.topic = "orders";
  letter.partition = 3;
  letter.offset = offset;
  letter.code = "not_json";
  letter.reason = "the record is not a json object";
  letter.value = "{oops";
  return letter;
}

std::vector<int64_t> OffsetsIn(const std::string& content) {
  std::vector<int64_t> offsets;
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    const auto source = SourceOfJsonLine(line);
    offsets.push_back(source ? source->second : -1);
  }
  return offsets;
}

// Offsets of all published letters, in the order of the file names; fails on any other file.
std::vector<int64_t> Published(const FakeDurableFiles& files) {
  std::vector<int64_t> offsets;
  for (const auto& [name, content] : files.Contents()) {
    EXPECT_TRUE(name.ends_with(".jsonl")) << name;
    for (const int64_t offset : OffsetsIn(content)) offsets.push_back(offset);
  }
  return offsets;
}

IsCovered CoveredIn(const std::set<int64_t>& offsets) {
  return [&offsets](const TopicPartition& source, int64_t offset) {
    EXPECT_EQ(source, (TopicPartition{"orders", 3}));
    return offsets.contains(offset);
  };
}

std::unique_ptr<DeadLetterStore> Open(FakeDurableFiles& files, const std::set<int64_t>& covered,
                                      DeadLetterFileOptions options = {}) {
  auto store = OpenDeadLetterFiles(kFolder, CoveredIn(covered), files, options);
  EXPECT_TRUE(store.ok()) << store.error().message();
  return std::move(store).value();
}

TEST(DeadLetterLine, HoldsEverythingInOrder) {
  DeadLetter letter = Letter(42);
  letter.timestamp_ms = 1767882600000;
  letter.field_path = "user.id";
  letter.key = "k";
  letter.key_is_null = false;
  letter.headers = {{.key = "trace", .value = "\x01\x02"}, {.key = "trace", .value_is_null = true}};
  letter.schema_id = "17";
  letter.version = "0.2.0";
  letter.written_ms = 1767882601000;
  EXPECT_EQ(ToJsonLine(letter),
            "{\"topic\":\"orders\",\"partition\":3,\"offset\":42,\"timestamp\":1767882600000,"
            "\"code\":\"not_json\","
            "\"field\":\"user.id\",\"reason\":\"the record is not a json object\",\"key\":\"aw==\","
            "\"value\":\"e29vcHM=\",\"headers\":[[\"trace\",\"AQI=\"],[\"trace\",null]],"
            "\"schema_id\":\"17\",\"version\":\"0.2.0\",\"written_at\":1767882601000}\n");
}

TEST(DeadLetterLine, ReadsBackWhatItWrote) {
  DeadLetter letter = Letter(42);
  EXPECT_EQ(FromJsonLine(ToJsonLine(letter)).value(), letter);
  letter.timestamp_ms = 5;
  letter.field_path = "a.b";
  letter.key = std::string("\0\xff", 2);
  letter.key_is_null = false;
  letter.value.clear();
  letter.value_is_null = true;
  letter.headers = {{.key = "b", .value = "2"}, {.key = "a"}, {.key = "b", .value_is_null = true}};
  letter.schema_id = "9d5b";
  letter.version = "1.0";
  letter.written_ms = 6;
  EXPECT_EQ(FromJsonLine(ToJsonLine(letter)).value(), letter);
}

TEST(DeadLetterLine, ReadsLinesOfEarlierVersions) {
  const auto letter = FromJsonLine(
      R"({"topic":"t","partition":1,"offset":2,"timestamp":null,"code":"c","field":"","reason":"r","key":null,"value":"e30="})");
  ASSERT_TRUE(letter.ok());
  EXPECT_EQ(letter->value, "{}");
  EXPECT_TRUE(letter->headers.empty());
  EXPECT_EQ(letter->written_ms, -1);
}

TEST(DeadLetterLine, GarbageIsCorrupt) {
  for (
      const char* line :
      {"", "{", "[]", R"({"topic":"t","partition":1,"offset":2})",
       R"({"topic":"t","partition":1,"offset":2,"code":"c","field":"","reason":"r","key":1,"value":null})",
       R"({"topic":"t","partition":1,"offset":2,"code":"c","field":"","reason":"r","key":null,"value":"%"})",
       R"({"topic":"t","partition":1,"offset":2,"code":"c","field":"","reason":"r","key":null,"value":null,"headers":[["a"]]})"}) {
    EXPECT_EQ(FromJsonLine(line).error().code(), ErrorCode::kCorrupt) << line;
  }
}

TEST(DeadLetterLine, NullsAreNull) {
  DeadLetter letter = Letter(1);
  letter.value_is_null = true;
  EXPECT_THAT(ToJsonLine(letter), HasSubstr("\"timestamp\":null"));
  EXPECT_THAT(ToJsonLine(letter), HasSubstr("\"key\":null,\"value\":null,\"headers\":[]"));
}

TEST(DeadLetterLine, BrokenUtf8InAReasonIsReplaced) {
  DeadLetter letter = Letter(1);
  letter.reason = "got \xff";
  EXPECT_THAT(ToJsonLine(letter), HasSubstr("got \xef\xbf\xbd"));
}

TEST(DeadLetterLine, GarbageHasNoSource) {
  for (const char* line :
       {"", "{", "[]", "{}", R"({"topic":1,"partition":1,"offset":1})",
        R"({"topic":"a","partition":-1,"offset":1})",
        R"({"topic":"a","partition":4294967296,"offset":1})",
        R"({"topic":"a","partition":1.5,"offset":1})", R"({"topic":"a","partition":1})"}) {
    EXPECT_FALSE(SourceOfJsonLine(line)) << line;
  }
}

TEST(DeadLetterFiles, PublishesWhatWasStaged) {
  FakeDurableFiles files;
  auto store = Open(files, {});
  ASSERT_TRUE(store->Stage({.uuid = "aa-1"}, {Letter(5), Letter(6)}).ok());
  EXPECT_TRUE(files.Contents().contains("000000000001-aa-1.jsonl.staged"));
  ASSERT_TRUE(store->Publish("aa-1").ok());
  EXPECT_THAT(Published(files), ElementsAre(5, 6));
}

TEST(DeadLetterFiles, DiscardLeavesNothing) {
  FakeDurableFiles files;
  auto store = Open(files, {});
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, {Letter(5)}).ok());
  ASSERT_TRUE(store->Discard("aa").ok());
  EXPECT_THAT(files.Contents(), IsEmpty());
  EXPECT_TRUE(store->Publish("aa").ok());
}

TEST(DeadLetterFiles, AnEpochWithoutLettersMakesNoFile) {
  FakeDurableFiles files;
  auto store = Open(files, {});
  const int64_t changes = files.changes();
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, {}).ok());
  ASSERT_TRUE(store->Publish("aa").ok());
  ASSERT_TRUE(store->Discard("bb").ok());
  EXPECT_EQ(files.changes(), changes);
}

TEST(DeadLetterFiles, AnEpochMayBeStagedInParts) {
  FakeDurableFiles files;
  auto store = Open(files, {});
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, {Letter(1)}).ok());
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, {Letter(2)}).ok());
  ASSERT_TRUE(store->Publish("aa").ok());
  EXPECT_THAT(Published(files), ElementsAre(1, 2));
}

TEST(DeadLetterFiles, NamesSortByAgeAcrossRestarts) {
  FakeDurableFiles files;
  for (int64_t offset = 1; offset <= 3; ++offset) {
    auto store = Open(files, {});
    // Later epochs have names that sort first.
    const std::string epoch(1, static_cast<char>('z' - offset));
    ASSERT_TRUE(store->Stage({.uuid = epoch}, {Letter(offset)}).ok());
    ASSERT_TRUE(store->Publish(epoch).ok());
  }
  EXPECT_THAT(Published(files), ElementsAre(1, 2, 3));
}

TEST(DeadLetterFiles, LargeEpochsAreSplit) {
  FakeDurableFiles files;
  auto store = Open(files, {}, {.file_bytes_max = 400});
  std::vector<DeadLetter> letters;
  for (int64_t offset = 0; offset < 20; ++offset) letters.push_back(Letter(offset));
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, letters).ok());
  EXPECT_GT(files.Contents().size(), 5U);
  for (const auto& [name, content] : files.Contents()) EXPECT_LT(content.size(), 700U);
  ASSERT_TRUE(store->Publish("aa").ok());
  EXPECT_EQ(Published(files).size(), 20U);
}

TEST(DeadLetterFiles, AFullFolderIsAnIoErrorUntilSomebodyMakesRoom) {
  FakeDurableFiles files;
  auto store = Open(files, {}, {.directory_bytes_max = 300});
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, {Letter(1)}).ok());
  ASSERT_TRUE(store->Publish("aa").ok());
  const Result<std::string> full = store->Stage({.uuid = "bb"}, {Letter(2)});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code(), ErrorCode::kIo);
  EXPECT_THAT(full.error().message(), HasSubstr("move or delete"));
  EXPECT_THAT(Published(files), ElementsAre(1));
  ASSERT_TRUE(files.Remove(std::string(kFolder) + "/000000000001-aa.jsonl").ok());
  EXPECT_TRUE(store->Stage({.uuid = "bb"}, {Letter(2)}).ok());
}

TEST(DeadLetterFiles, ALeftoverIsSettledLetterByLetter) {
  FakeDurableFiles files;
  ASSERT_TRUE(Open(files, {})->Stage({.uuid = "aa"}, {Letter(1), Letter(2), Letter(3)}).ok());
  ASSERT_TRUE(Open(files, {1, 2, 3})->Publish("none").ok());
  EXPECT_THAT(Published(files), ElementsAre(1, 2, 3));
  ASSERT_TRUE(Open(files, {})->Stage({.uuid = "bb"}, {Letter(11), Letter(12), Letter(13)}).ok());
  Open(files, {11, 13});
  EXPECT_THAT(Published(files), ElementsAre(1, 2, 3, 11, 13));
  ASSERT_TRUE(Open(files, {})->Stage({.uuid = "cc"}, {Letter(21)}).ok());
  Open(files, {});
  EXPECT_THAT(Published(files), ElementsAre(1, 2, 3, 11, 13));
}

TEST(DeadLetterFiles, AFailedStageLeavesNothingAndCanBeRepeated) {
  for (int64_t step = 1; step < 50; ++step) {
    FakeDurableFiles files;
    auto store = Open(files, {}, {.file_bytes_max = 100});
    files.FailOnce(files.changes() + step);
    const Result<std::string> staged = store->Stage({.uuid = "aa"}, {Letter(1), Letter(2)});
    if (staged.ok()) {
      EXPECT_GT(step, 6);
      return;
    }
    EXPECT_EQ(staged.error().code(), ErrorCode::kIo);
    EXPECT_THAT(files.Contents(), IsEmpty()) << step;
    ASSERT_TRUE(store->Stage({.uuid = "bb"}, {Letter(1), Letter(2)}).ok());
    ASSERT_TRUE(store->Publish("bb").ok());
    EXPECT_THAT(Published(files), ElementsAre(1, 2)) << step;
  }
  FAIL() << "never succeeded";
}

TEST(DeadLetterFiles, WhatCouldNotBeDiscardedBlocksTheNextStage) {
  FakeDurableFiles files;
  auto store = Open(files, {});
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, {Letter(1)}).ok());
  files.FailFrom(files.changes() + 1);
  EXPECT_FALSE(store->Discard("aa").ok());
  EXPECT_FALSE(store->Stage({.uuid = "bb"}, {Letter(1)}).ok());
  files.FailFrom(0);
  ASSERT_TRUE(store->Stage({.uuid = "bb"}, {Letter(1)}).ok());
  // The table covers offset 1 through epoch bb: were the first file still there, the letter would
  // be kept twice.
  files.LosePower(FakeDurableFiles::Loss::kUnsynced);
  Open(files, {1});
  EXPECT_THAT(Published(files), ElementsAre(1));
}

// What a committer does: an epoch is committed only when its letters are staged. Returns when a
// step fails.
void RunEpochs(FakeDurableFiles& files, std::set<int64_t>& covered) {
  auto opened = OpenDeadLetterFiles(kFolder, CoveredIn(covered), files, {.file_bytes_max = 100});
  if (!opened.ok()) return;
  DeadLetterStore& store = **opened;
  for (int64_t epoch = 1; epoch <= 4; ++epoch) {
    const std::string name =
        "epoch-" + std::to_string(epoch) + "-" + std::to_string(covered.size());
    const int64_t first = epoch * 10;
    if (covered.contains(first)) continue;
    if (!store.Stage({.uuid = name}, {Letter(first), Letter(first + 1)}).ok()) return;
    if (epoch == 3 && !store.Discard(name).ok()) return;
    if (epoch == 3) continue;
    covered.insert({first, first + 1});
    if (!store.Publish(name).ok()) return;
  }
}

TEST(DeadLetterFiles, KeepsEveryCommittedLetterOnceWhenPowerIsLostAtAnyStep) {
  using Loss = FakeDurableFiles::Loss;
  const std::vector<int64_t> expected = {10, 11, 20, 21, 40, 41};
  for (const Loss loss : {Loss::kNothing, Loss::kUnsyncedHalf, Loss::kUnsynced}) {
    for (int64_t first = 1; first < 70; ++first) {
      for (int64_t second = 1; second < 12; ++second) {
        FakeDurableFiles files;
        std::set<int64_t> covered;
        files.FailFrom(first);
        RunEpochs(files, covered);
        files.LosePower(loss);
        files.FailFrom(second);  // and once more, while it recovers
        RunEpochs(files, covered);
        files.LosePower(loss);
        RunEpochs(files, covered);
        ASSERT_THAT(Published(files), ::testing::UnorderedElementsAreArray(expected))
            << "loss " << static_cast<int>(loss) << ", steps " << first << " and " << second;
      }
    }
  }
}

TEST(DeadLetterFiles, ALeftoverIsSettledOnceWhenPowerIsLostMeanwhile) {
  using Loss = FakeDurableFiles::Loss;
  const std::set<int64_t> covered = {11, 13};
  for (const Loss loss : {Loss::kNothing, Loss::kUnsyncedHalf, Loss::kUnsynced}) {
    for (int64_t step = 1; step < 12; ++step) {
      FakeDurableFiles files;
      ASSERT_TRUE(
          Open(files, {})->Stage({.uuid = "aa"}, {Letter(11), Letter(12), Letter(13)}).ok());
      files.FailFrom(files.changes() + step);
      (void)OpenDeadLetterFiles(kFolder, CoveredIn(covered), files, {});
      files.LosePower(loss);
      Open(files, covered);
      ASSERT_THAT(Published(files), ElementsAre(11, 13)) << static_cast<int>(loss) << " " << step;
    }
  }
}

// The records may be decoded again by another process, with a store of its own.
TEST(DeadLetterFiles, WhatWasDiscardedStaysSoWithoutPower) {
  FakeDurableFiles files;
  auto store = Open(files, {});
  ASSERT_TRUE(store->Stage({.uuid = "aa"}, {Letter(1)}).ok());
  ASSERT_TRUE(store->Discard("aa").ok());
  files.LosePower(FakeDurableFiles::Loss::kUnsynced);
  Open(files, {1});
  EXPECT_THAT(files.Contents(), IsEmpty());
}

TEST(DeadLetterFiles, ATornLineIsDropped) {
  FakeDurableFiles files;
  auto file = files.Create(std::string(kFolder) + "/000000000007-aa.jsonl.staged");
  ASSERT_TRUE(file.ok());
  const std::string torn = ToJsonLine(Letter(2));
  ASSERT_TRUE(
      (*file)->Append(ToJsonLine(Letter(1)) + "garbage\n" + torn.substr(0, torn.size() - 1)).ok());
  Open(files, {1, 2});
  EXPECT_THAT(Published(files), ElementsAre(1));
}

TEST(PosixDurableFiles, ServeAWholeStore) {
  SystemRandom random;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("dead_letters_" + NewUuid(random));
  std::set<int64_t> covered;
  {
    auto store = OpenFileDeadLetterStore(folder / "deep" / "er", CoveredIn(covered));
    ASSERT_TRUE(store.ok()) << store.error().message();
    ASSERT_TRUE((*store)->Stage({.uuid = "aa"}, {Letter(1)}).ok());
    ASSERT_TRUE((*store)->Publish("aa").ok());
    ASSERT_TRUE((*store)->Stage({.uuid = "bb"}, {Letter(2), Letter(3)}).ok());
    ASSERT_TRUE((*store)->Stage({.uuid = "cc"}, {Letter(4)}).ok());
    ASSERT_TRUE((*store)->Discard("cc").ok());
  }
  covered = {1, 2};
  ASSERT_TRUE(OpenFileDeadLetterStore(folder / "deep" / "er", CoveredIn(covered)).ok());
  std::vector<int64_t> offsets;
  std::set<std::filesystem::path> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "deep" / "er"))
    names.insert(entry.path());
  for (const auto& name : names) {
    std::ostringstream content;
    content << std::ifstream(name).rdbuf();
    for (const int64_t offset : OffsetsIn(content.str())) offsets.push_back(offset);
    EXPECT_EQ(std::filesystem::status(name).permissions() & std::filesystem::perms::others_all,
              std::filesystem::perms::none);
  }
  EXPECT_THAT(offsets, ElementsAre(1, 2));
  std::filesystem::remove_all(folder);
}

TEST(PosixDurableFiles, ErrorsNameThePath) {
  auto store = OpenFileDeadLetterStore("/dev/null/letters",
                                       [](const TopicPartition&, int64_t) { return true; });
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code(), ErrorCode::kIo);
  EXPECT_THAT(store.error().message(), HasSubstr("/dev/null/letters"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
