// SPDX-License-Identifier: Apache-2.0
#include "engine/rescue/promotion.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/fake_memory_catalog.h"
#include "core/fake_clock.h"
#include "core/random.h"
#include "core/result_matchers.h"
#include "decode/json_decoder.h"
#include "decode/type_text.h"
#include "iceberg/actions/append.h"
#include "storage/memory_store.h"
#include "telemetry/metrics.h"
#include "write/table_writer.h"

namespace kafka_iceberg::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kColumn = "_rescued";

class PromotionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(catalog_.CreateNamespace({"raw"}), IsOk());
    catalog::TableCreation creation;
    creation.identifier = {.name_space = {"raw"}, .name = "t"};
    auto schema = decode::DeclaredSchema(
        {{"id", "long"}, {"s", "struct<a: int>"}, {"tags", "list<string>"}, {kColumn, "string"}},
        {"_kafka_offset"});
    ASSERT_THAT(schema, IsOk());
    creation.schema = *schema;
    auto created = catalog_.CreateTable(creation);
    ASSERT_THAT(created, IsOk());
    table_ = std::move(created).value();
  }

  // One commit with a data file of these records.
  void Commit(const std::vector<std::string>& payloads) {
    const catalog::TableVersion base = table_->Current();
    const auto decoder = decode::MakeJsonDecoder(
        base.metadata->schema(),
        {.rescue = {.column = kColumn, .scope = decode::RescueScope::kValues}});
    ASSERT_THAT(decoder, IsOk());
    std::vector<Record> records(payloads.size());
    for (size_t i = 0; i < payloads.size(); ++i) records[i].value = payloads[i];
    std::vector<decode::DeadLetter> letters;
    (*decoder)->Decode("t", records, letters);
    ASSERT_TRUE(letters.empty()) << letters[0].reason;
    const auto writer = write::TableWriter::Open({}, base.metadata, (*decoder)->arrow_schema(),
                                                 table_->store(), random_);
    ASSERT_THAT(writer, IsOk());
    ASSERT_THAT((*writer)->Append(*(*decoder)->Seal()), IsOk());
    const auto staged = (*writer)->Finish();
    ASSERT_THAT(staged, IsOk());
    iceberg::AppendOptions options;
    options.snapshot_id = iceberg::NewSnapshotId(*base.metadata, random_);
    options.commit_uuid = NewUuid(random_);
    for (const write::StagedFile& file : *staged) options.files.push_back(file.file);
    iceberg::Append append(std::move(options), table_->store());
    const auto commit = append.Prepare(*base.metadata, 1000);
    ASSERT_THAT(commit, IsOk());
    const auto reply = table_->Commit(base, commit->updates, commit->requirements);
    ASSERT_EQ(reply.outcome, catalog::CommitOutcome::kCommitted) << reply.detail;
  }

  Result<Promotion> Run(const std::string& field, const std::string& type = "",
                        bool dry_run = false) {
    return Promote(
        *table_, {.field = field, .type = type, .rescue_column = kColumn, .dry_run = dry_run}, {});
  }
  std::string MessageOf(const std::string& field, const std::string& type = "") {
    const auto promotion = Run(field, type);
    return promotion.ok() ? "no error" : promotion.error().message();
  }
  // Empty when there is no such column.
  std::string TypeOf(const std::string& path) {
    const iceberg::TableMetadataPtr metadata = table_->Current().metadata;
    const iceberg::Field* field = metadata->schema().FindField(path);
    return field == nullptr ? "" : iceberg::ToString(field->type);
  }

  FakeClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  storage::MemoryStore store_{clock_};
  catalog::FakeMemoryCatalog catalog_{"memory://warehouse", store_, clock_, random_, *metrics_};
  std::unique_ptr<catalog::TableOperations> table_;
};

TEST_F(PromotionTest, AddsAColumnOfTheTypeOfTheValues) {
  Commit({R"({"id":1,"price":1})", R"({"id":2})", R"({"id":3,"price":2.5,"other":"x"})"});
  const auto promotion = Run("price");
  ASSERT_THAT(promotion, IsOk());
  EXPECT_TRUE(promotion->is_added);
  EXPECT_TRUE(promotion->is_inferred);
  EXPECT_EQ(TypeOf("price"), "double");
  EXPECT_FALSE(table_->Current().metadata->schema().FindField("price")->required);
  EXPECT_EQ(promotion->scan.files_read, 1);
  EXPECT_EQ(promotion->scan.rows, 3);
  EXPECT_EQ(promotion->scan.rescued_rows, 2);
  EXPECT_THAT(promotion->scan.values, ElementsAre("1", "2.5"));
}

TEST_F(PromotionTest, SaysSoWhenTheColumnIsThere) {
  Commit({R"({"id":1,"price":1})"});
  ASSERT_THAT(Run("price"), IsOk());
  const size_t schemas = table_->Current().metadata->schemas.size();
  for (const std::string type : {"", "long"}) {
    const auto again = Run("price", type);
    ASSERT_THAT(again, IsOk());
    EXPECT_TRUE(again->existed);
    EXPECT_FALSE(again->is_added);
  }
  EXPECT_EQ(table_->Current().metadata->schemas.size(), schemas);
}

TEST_F(PromotionTest, ExplainsWhatAnExistingColumnDoesNotTake) {
  Commit({R"({"id":"abc"})"});
  EXPECT_THAT(MessageOf("id"), HasSubstr("column id exists and has type long, and 1 of 1"));
  EXPECT_THAT(MessageOf("id", "string"), HasSubstr("exists and has type long, not string"));
}

TEST_F(PromotionTest, ADryRunChangesNothing) {
  Commit({R"({"id":1,"price":1})"});
  const auto promotion = Run("price", "", /*dry_run=*/true);
  ASSERT_THAT(promotion, IsOk());
  EXPECT_FALSE(promotion->is_added);
  EXPECT_FALSE(promotion->existed);
  EXPECT_EQ(TypeOf("price"), "");
}

TEST_F(PromotionTest, TakesTheTypeThatIsGivenAndCountsWhatDoesNotFit) {
  Commit({R"({"id":1,"price":1})", R"({"id":2,"price":"x"})"});
  EXPECT_THAT(MessageOf("price"), HasSubstr("several kinds"));
  const auto promotion = Run("price", "decimal(9,2)");
  ASSERT_THAT(promotion, IsOk());
  EXPECT_EQ(promotion->misfits, 1);
  EXPECT_THAT(promotion->first_misfit, HasSubstr("\"x\""));
  EXPECT_EQ(TypeOf("price"), "decimal(9, 2)");
}

TEST_F(PromotionTest, NestedFieldsGoIntoTheirStruct) {
  Commit({R"({"id":1,"s":{"a":1,"b":{"c":true}}})"});
  ASSERT_THAT(Run("s.b"), IsOk());
  EXPECT_EQ(TypeOf("s.b"), "struct<c: boolean>");
}

TEST_F(PromotionTest, NamesWithDotsAreQuoted) {
  Commit({R"({"id":1,"a.b":"x"})"});
  ASSERT_THAT(Run("`a.b`"), IsOk());
  const iceberg::TableMetadataPtr metadata = table_->Current().metadata;
  EXPECT_EQ(metadata->schema().fields.back().name, "a.b");
}

TEST_F(PromotionTest, RefusesWhatCannotBeOneColumn) {
  Commit({R"({"id":1,"x":{"y":1}})"});
  EXPECT_THAT(MessageOf("tags[0]"), HasSubstr("leads into a list"));
  EXPECT_THAT(MessageOf("x.y"), HasSubstr("x"));
  EXPECT_THAT(MessageOf("x.y", "long"), HasSubstr("below a column x of type struct"));
  EXPECT_THAT(MessageOf("tags.y", "long"), HasSubstr("one of type list"));
  EXPECT_THAT(MessageOf("_rescued", "string"), HasSubstr("engine's own"));
  EXPECT_THAT(MessageOf("_kafka_key", "binary"), HasSubstr("engine's own"));
  EXPECT_THAT(MessageOf("a..b"), HasSubstr("no field path"));
  EXPECT_THAT(MessageOf("`a"), HasSubstr("is open"));
  EXPECT_THAT(MessageOf("ID", "long"), HasSubstr("case only"));
  EXPECT_THAT(MessageOf("v", "nonsense"), HasSubstr("--type"));
  EXPECT_THAT(MessageOf("\xff", "long"), HasSubstr("not UTF-8"));
}

TEST_F(PromotionTest, SaysHowMuchItLookedAtWhenThereIsNothing) {
  Commit({R"({"id":1,"x":1})"});
  EXPECT_THAT(MessageOf("nothing"), HasSubstr("in the 1 newest of 1 data files (1 rows)"));
}

TEST_F(PromotionTest, AnotherProcessMayAddTheColumnMeanwhile) {
  Commit({R"({"id":1,"price":1})"});
  auto theirs = catalog_.LoadTable({{"raw"}, "t"});
  ASSERT_THAT(theirs, IsOk());
  ASSERT_THAT(Promote(**theirs, {.field = "price", .type = "long", .rescue_column = kColumn}, {}),
              IsOk());
  const auto ours = Run("price");  // our handle does not know yet
  ASSERT_THAT(ours, IsOk());
  EXPECT_TRUE(ours->existed);
  EXPECT_FALSE(ours->is_added);
}

TEST_F(PromotionTest, ReadsTheNewestFilesWithinBounds) {
  for (int i = 0; i < 5; ++i) {
    Commit({fmt::format(R"({{"id":1,"x":{}}})", i), R"({"id":2,"x":"y"})"});
    Commit({R"({"id":3})"});  // nothing is rescued: not read
  }
  const auto two = ScanRescued(*table_, {.column = kColumn, .path = "x", .files_max = 2}, {});
  ASSERT_THAT(two, IsOk());
  EXPECT_EQ(two->files, 10);
  EXPECT_EQ(two->files_read, 2);
  EXPECT_FALSE(two->is_complete);
  EXPECT_THAT(two->values, ElementsAre("4", "\"y\"", "3", "\"y\""));
  const auto three = ScanRescued(*table_, {.column = kColumn, .path = "x", .values_max = 3}, {});
  ASSERT_THAT(three, IsOk());
  EXPECT_THAT(three->values, ElementsAre("4", "\"y\"", "3"));
  EXPECT_FALSE(three->is_complete);
  const auto all = ScanRescued(*table_, {.column = kColumn, .path = "x"}, {});
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all->files_read, 5);
  EXPECT_TRUE(all->is_complete);
}

}  // namespace
}  // namespace kafka_iceberg::engine
