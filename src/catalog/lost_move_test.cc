// SPDX-License-Identifier: Apache-2.0
#include "catalog/lost_move.h"

#include "catalog/fake_catalog_surroundings.h"
#include "catalog/fake_table_changes.h"
#include "catalog/metadata_file.h"
#include "core/result_matchers.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::catalog {
namespace {

class LostMoveTest : public testing::Test {
 protected:
  // The current metadata, whose history is `log`.
  std::string CurrentAfter(const std::vector<std::string>& log) {
    auto metadata = MakeMetadata(surroundings_.context(), FakeTableCreation({{"raw"}, "events"}),
                                 surroundings_.folder() + "/events")
                        .value();
    for (const std::string& file : log)
      metadata.metadata_log.push_back({metadata.last_updated_ms, file});
    const std::string location = surroundings_.folder() + "/current.metadata.json";
    EXPECT_THAT(surroundings_.store().Write(location, iceberg::TableMetadataToJson(metadata)),
                IsOk());
    return location;
  }
  LostMove Judge(const std::string& current) {
    return JudgeLostMove(surroundings_.context(), {"base", "next", current});
  }

  FakeCatalogSurroundings surroundings_;
};

TEST_F(LostMoveTest, TheNewFileIsCurrent) { EXPECT_EQ(Judge("next"), LostMove::kLanded); }

TEST_F(LostMoveTest, OthersFollowedTheNewFile) {
  EXPECT_EQ(Judge(CurrentAfter({"base", "next", "theirs"})), LostMove::kLanded);
  EXPECT_EQ(Judge(CurrentAfter({"next"})), LostMove::kLanded);
}

TEST_F(LostMoveTest, OthersFollowedTheBase) {
  EXPECT_EQ(Judge(CurrentAfter({"base"})), LostMove::kOvertaken);
  EXPECT_EQ(Judge(CurrentAfter({"older", "base", "theirs"})), LostMove::kOvertaken);
}

TEST_F(LostMoveTest, NothingIsProven) {
  EXPECT_EQ(Judge("base"), LostMove::kOpen);
  EXPECT_EQ(Judge(CurrentAfter({})), LostMove::kOpen);
  EXPECT_EQ(Judge(CurrentAfter({"theirs"})), LostMove::kOpen);
  EXPECT_EQ(Judge(surroundings_.folder() + "/missing"), LostMove::kOpen);
}

}  // namespace
}  // namespace kafka_iceberg::catalog
