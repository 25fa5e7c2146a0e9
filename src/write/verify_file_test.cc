// SPDX-License-Identifier: Apache-2.0
#include "write/verify_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/hashing.h"
#include "core/result_matchers.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::write {
namespace {

class VerifyFileTest : public ::testing::Test {
 protected:
  StagedFile Stage(const std::string& bytes) {
    StagedFile staged{.file = {.file_path = "memory://t/a.parquet"}, .sha256 = Sha256Hex(bytes)};
    staged.file.file_size_in_bytes = static_cast<int64_t>(bytes.size());
    EXPECT_THAT(store_.Write(staged.file.file_path, bytes), IsOk());
    return staged;
  }

  FakeClock clock_;
  storage::MemoryStore store_{clock_};
};

TEST_F(VerifyFileTest, AcceptsWhatWasWritten) {
  EXPECT_THAT(VerifyFile(Stage("bytes"), store_), IsOk());
  EXPECT_THAT(VerifyFile(Stage(""), store_), IsOk());
  // More than one piece, the last one short.
  EXPECT_THAT(VerifyFile(Stage(std::string((8 << 20) + 5, 'x')), store_), IsOk());
}

TEST_F(VerifyFileTest, FindsAChangedByte) {
  std::string bytes((8 << 20) + 5, 'x');
  const StagedFile staged = Stage(bytes);
  bytes.back() = 'y';
  ASSERT_THAT(store_.Write(staged.file.file_path, bytes), IsOk());
  EXPECT_THAT(VerifyFile(staged, store_), IsError(ErrorCode::kCorrupt));
}

TEST_F(VerifyFileTest, FindsAnotherSize) {
  StagedFile staged = Stage("bytes");
  staged.file.file_size_in_bytes = 6;
  const auto status = VerifyFile(staged, store_);
  ASSERT_THAT(status, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(status.error().message(), ::testing::HasSubstr("5 bytes, 6"));
}

TEST_F(VerifyFileTest, FindsAMissingFile) {
  const StagedFile staged = Stage("bytes");
  ASSERT_THAT(store_.Delete(staged.file.file_path), IsOk());
  EXPECT_THAT(VerifyFile(staged, store_), IsError(ErrorCode::kNotFound));
}

TEST_F(VerifyFileTest, PassesTheStoresErrorsOn) {
  const StagedFile staged = Stage("bytes");
  storage::FaultStore faulty(store_);
  faulty.Inject({.operation = storage::StoreOperation::kReadRange});
  EXPECT_THAT(VerifyFile(staged, faulty), IsError(ErrorCode::kUnavailable));
  faulty.Inject({.operation = storage::StoreOperation::kReadRange,
                 .kind = storage::StoreFaultKind::kTruncate});
  EXPECT_THAT(VerifyFile(staged, faulty), IsError(ErrorCode::kCorrupt));
}

// A store that compares the SHA-256 of what is uploaded, as S3 does.
class CheckingStore final : public storage::FaultStore {
 public:
  using FaultStore::FaultStore;
  bool ChecksUploads(std::string_view) const override { return true; }
};

TEST_F(VerifyFileTest, ReadsNothingBackWhereTheStoreCompared) {
  StagedFile staged = Stage("bytes");
  CheckingStore checking(store_);
  EXPECT_THAT(VerifyFile(staged, checking), IsOk());
  EXPECT_EQ(checking.calls(storage::StoreOperation::kReadRange), 0);
  staged.file.file_size_in_bytes = 6;
  EXPECT_THAT(VerifyFile(staged, checking), IsError(ErrorCode::kCorrupt));
  ASSERT_THAT(store_.Delete(staged.file.file_path), IsOk());
  EXPECT_THAT(VerifyFile(staged, checking), IsError(ErrorCode::kNotFound));
}

}  // namespace
}  // namespace kafka_iceberg::write
