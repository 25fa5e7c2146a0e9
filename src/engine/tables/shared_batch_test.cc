// SPDX-License-Identifier: Apache-2.0
#include "engine/tables/shared_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace kafka_iceberg::engine {
namespace {

using testing::ElementsAre;

std::vector<int64_t> Offsets(const SourceBatch& batch) {
  std::vector<int64_t> offsets;
  for (const Record& record : batch.records) offsets.push_back(record.offset);
  return offsets;
}

// Tells when it dies.
class Owner final : public BatchOwner {
 public:
  explicit Owner(bool& is_gone) : is_gone_(is_gone) {}
  ~Owner() override { is_gone_ = true; }

 private:
  bool& is_gone_;
};

// Four records of six bytes in keys and values, and ten in headers.
SourceBatch MakeBatch(bool& is_gone) {
  SourceBatch batch{.topic = "t", .bytes = 64, .header_bytes = 40};
  for (int64_t offset = 0; offset < 4; ++offset)
    batch.records.push_back({.value = "1234", .key = "56", .offset = offset});
  batch.owner = std::make_unique<Owner>(is_gone);
  return batch;
}

TEST(SharedBatch, PartsHaveTheirShareOfTheBytes) {
  bool is_gone = false;
  const SharedBatch shared(MakeBatch(is_gone));
  EXPECT_EQ(shared.All().bytes, 64U);
  EXPECT_EQ(shared.All().header_bytes, 40U);
  const SourceBatch some = shared.Some(std::array<uint32_t, 1>{2});
  EXPECT_THAT(Offsets(some), ElementsAre(2));
  EXPECT_EQ(some.bytes, 16U);
  EXPECT_EQ(some.header_bytes, 10U);
  const auto parts =
      shared.Split(2, [](const Record& record) -> size_t { return record.offset == 0 ? 0 : 1; });
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_THAT(Offsets(parts[1]), ElementsAre(1, 2, 3));
  EXPECT_EQ(parts[0].bytes, 16U);
  EXPECT_EQ(parts[1].bytes, 48U);
  EXPECT_EQ(parts[1].header_bytes, 30U);
}

// Whoever divides a part again must find the headers' share there.
TEST(SharedBatch, APartOfAPartHasItsShareToo) {
  bool is_gone = false;
  const SharedBatch half(SharedBatch(MakeBatch(is_gone)).Some(std::array<uint32_t, 2>{1, 3}));
  EXPECT_EQ(half.Some(std::array<uint32_t, 1>{1}).bytes, 16U);
}

TEST(SharedBatch, TheLastPartFreesTheMemory) {
  bool is_gone = false;
  {
    SourceBatch part;
    {
      const SharedBatch shared(MakeBatch(is_gone));
      part = shared.Some(std::array<uint32_t, 1>{0});
    }
    EXPECT_FALSE(is_gone);
  }
  EXPECT_TRUE(is_gone);
}

}  // namespace
}  // namespace kafka_iceberg::engine
