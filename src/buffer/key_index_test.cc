// SPDX-License-Identifier: Apache-2.0
#include "buffer/key_index.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"
#include "buffer/filter.h"

namespace kafka_iceberg::buffer {
namespace {

TEST(KeyIndex, FindsWhatAScanFinds) {
  SeededRandom random(3);
  const auto schema = EveryTypeSchema();
  const auto rows = RandomRows(schema, 3000, random, /*small_domain=*/true)->Slice(11);
  const std::pair<const char*, const char*> keys[] = {{"flag", "true"},
                                                      {"number", "3"},
                                                      {"big", "4"},
                                                      {"real", "-0.0"},
                                                      {"precise", "nan"},
                                                      {"text", "ab"},
                                                      {"decimal38", "0.0000000001"},
                                                      {"day", "1970-01-02"},
                                                      {"text", ""}};
  for (const auto& [name, text] : keys) {
    const auto column = rows->GetColumnByName(name);
    const auto literal = ParseLiteral(text, *column->type()).value();
    std::vector<int32_t> scanned;
    for (int32_t row = 0; row < column->length(); ++row) {
      if (RowEquals(*column, row, literal)) scanned.push_back(row);
    }
    EXPECT_FALSE(scanned.empty()) << name;
    EXPECT_EQ(KeyIndex::Build(*column).Find(*column, literal), scanned) << name << " = " << text;
  }
}

TEST(KeyIndex, NullIsNotAKey) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  const auto column = MakeRows(schema, R"([{}, {"id": 0}, {}])")->column(0);
  EXPECT_EQ(KeyIndex::Build(*column).Find(*column, Literal(int64_t{0})), (std::vector<int32_t>{1}));
}

TEST(KeyIndex, EmptyColumnHasNoKeys) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  const auto column = MakeRows(schema, "[]")->column(0);
  EXPECT_TRUE(KeyIndex::Build(*column).Find(*column, Literal(int64_t{0})).empty());
}

TEST(KeyIndex, CostsAboutEightBytesARow) {
  SeededRandom random(4);
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  const auto column = RandomRows(schema, 4096, random)->column(0);
  EXPECT_EQ(KeyIndex::Build(*column).bytes(), 4096 * 8);
}

}  // namespace
}  // namespace kafka_iceberg::buffer
