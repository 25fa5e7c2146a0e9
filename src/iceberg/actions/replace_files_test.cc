// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/replace_files.h"

#include "iceberg/actions/fake_append.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr const char* kOne = "memory://w/t/data/1.parquet";
constexpr const char* kTwo = "memory://w/t/data/2.parquet";
constexpr const char* kNew = "memory://w/t/data/new.parquet";

// A table of two snapshots with a file of ten rows each.
class ReplaceFilesTest : public AppendTest {
 protected:
  Result<PreparedCommit> Replace(const ReplaceOptions& options) {
    return PrepareReplace(table_, options, store_, kNow);
  }
  static ReplaceOptions Instead(std::set<std::string> removed, int64_t rows) {
    ReplaceOptions options{.snapshot_id = 9, .commit_uuid = "nine", .removed = std::move(removed)};
    if (rows > 0) options.added = {FakeFile(kNew, FakePartition("x", 1), rows)};
    return options;
  }

  TableMetadata table_ = WithAppends(FakeTable(), 2);
};

TEST_F(ReplaceFilesTest, PutsAFileInThePlaceOfAnother) {
  const auto commit = Replace(Instead({kOne}, 4));
  ASSERT_THAT(commit, IsOk());
  const TableMetadata after = Apply(table_, *commit);
  EXPECT_THAT(LivePaths(*after.Head()), UnorderedElementsAre(kTwo, kNew));
  // What was read before can still be read.
  EXPECT_THAT(LivePaths(*table_.Head()), UnorderedElementsAre(kOne, kTwo));
}

TEST_F(ReplaceFilesTest, OnlyTakesAway) {
  const auto commit = Replace(Instead({kOne, kTwo}, 0));
  ASSERT_THAT(commit, IsOk());
  EXPECT_TRUE(LivePaths(*Apply(table_, *commit).Head()).empty());
}

TEST_F(ReplaceFilesTest, TotalsFollow) {
  const auto commit = Replace(Instead({kOne}, 4));
  ASSERT_THAT(commit, IsOk());
  const auto& summary = commit->snapshot.summary;
  EXPECT_THAT(summary, Contains(Pair("operation", "overwrite")));
  EXPECT_THAT(summary, Contains(Pair("added-records", "4")));
  EXPECT_THAT(summary, Contains(Pair("deleted-records", "10")));
  EXPECT_THAT(summary, Contains(Pair("total-records", "14")));
  EXPECT_THAT(summary, Contains(Pair("total-data-files", "2")));
}

TEST_F(ReplaceFilesTest, TotalsThatCannotBeAreLeftOut) {
  table_.snapshots.back().summary["total-records"] = "3";
  const auto commit = Replace(Instead({kOne}, 4));
  ASSERT_THAT(commit, IsOk());
  EXPECT_THAT(commit->snapshot.summary, Not(Contains(Key("total-records"))));
}

TEST_F(ReplaceFilesTest, AFileThatIsNotThereIsAConflict) {
  EXPECT_THAT(Replace(Instead({kOne, "memory://w/t/data/gone.parquet"}, 4)),
              IsError(ErrorCode::kConflict));
}

TEST_F(ReplaceFilesTest, IsPinnedToTheHeadItSaw) {
  const auto commit = Replace(Instead({kOne}, 4));
  ASSERT_THAT(commit, IsOk());
  const TableMetadata moved = Committed(table_, Options(3, OneFile(3)));
  EXPECT_THAT(CheckRequirements(&moved, commit->requirements), IsError(ErrorCode::kConflict));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
