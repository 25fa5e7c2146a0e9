// SPDX-License-Identifier: Apache-2.0
#include "commit/transaction_log.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "commit/fake_failing_vfs.h"
#include "commit/fake_transaction_log.h"
#include "commit/transaction_log_conformance.h"
#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"

namespace kafka_iceberg::commit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SqliteUnderTest final : public TransactionLogUnderTest {
 public:
  explicit SqliteUnderTest(Clock& clock) {
    auto opened = TransactionLog::Open(folder_.path() + "/log.db", clock);
    EXPECT_THAT(opened, IsOk());
    log_ = std::move(opened).value();
  }
  TransactionLog& log() override { return *log_; }

 private:
  FakeTemporaryFolder folder_;
  std::unique_ptr<TransactionLog> log_;
};

class FakeUnderTest final : public TransactionLogUnderTest {
 public:
  explicit FakeUnderTest(Clock& clock) : log_(clock) {}
  TransactionLog& log() override { return log_; }

 private:
  FakeTransactionLog log_;
};

template <typename UnderTest>
TransactionLogMaker Maker(std::string name) {
  return {std::move(name), [](Clock& clock) { return std::make_unique<UnderTest>(clock); }};
}

INSTANTIATE_TEST_SUITE_P(Logs, TransactionLogConformance,
                         testing::Values(Maker<SqliteUnderTest>("Sqlite"),
                                         Maker<FakeUnderTest>("Fake")),
                         [](const auto& maker) { return maker.param.name; });

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class TransactionLogFile : public testing::Test {
 protected:
  Result<std::unique_ptr<TransactionLog>> TryOpen() { return TransactionLog::Open(path_, clock_); }
  std::unique_ptr<TransactionLog> Open() {
    auto log = TryOpen();
    EXPECT_THAT(log, IsOk());
    return std::move(log).value();
  }
  // What the log answers, as one text.
  static std::string Answers(TransactionLog& log) {
    std::string answers;
    const auto entries = log.ReadRecent(1000);
    EXPECT_THAT(entries, IsOk());
    if (!entries.ok()) return "error";
    for (const LoggedEntry& logged : *entries) {
      const EntryRow row = ToRow(logged.entry);
      answers += fmt::format("{} {} {} {}\n", logged.id, row.kind, row.epoch_uuid, row.body);
    }
    const auto epochs = log.UncommittedEpochs(kFakeTable);
    EXPECT_THAT(epochs, IsOk());
    for (const FlushEpoch& epoch : *epochs) answers += "open " + epoch.uuid + "\n";
    for (int64_t start = 0; start < 60; start += 10) {
      const auto found = log.FindCommitted(kFakeTable, FakeRanges({{0, {start, start + 10}}}));
      EXPECT_THAT(found, IsOk());
      if (found.ok() && found->has_value())
        answers += fmt::format("{} in {}\n", start, (*found)->snapshot_id);
    }
    return answers;
  }
  // Six epochs, of which the first four are committed.
  static void Fill(TransactionLog& log) {
    for (int64_t i = 0; i < 6; ++i) ASSERT_TRUE(AppendEpoch(log, i));
  }
  static bool AppendEpoch(TransactionLog& log, int64_t i) {
    const FlushEpoch epoch =
        FakeEpoch(fmt::format("e{}", i), i + 1, FakeRanges({{0, {i * 10, i * 10 + 10}}}));
    if (!log.Append(FakeSealing(epoch)).ok()) return false;
    if (i >= 4) return true;
    return log
        .Append(
            {IcebergSnapshotCreated{
                 .table = kFakeTable, .epoch_uuid = epoch.uuid, .snapshot_id = i + 1},
             IdempotencyRecord{.table = kFakeTable, .ranges = epoch.ranges, .snapshot_id = i + 1}})
        .ok();
  }
  std::vector<std::string> CorruptFiles() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
      const std::string name = file.path().filename();
      if (name.find(".corrupt-") != std::string::npos) names.push_back(name);
    }
    return names;
  }
  void Clear() {
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
      std::filesystem::remove(file.path());
    }
  }

  FakeClock clock_;
  FakeTemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/transactions.db";
};

TEST_F(TransactionLogFile, SurvivesReopening) {
  auto log = Open();
  Fill(*log);
  const std::string answers = Answers(*log);
  log.reset();
  log = Open();
  EXPECT_FALSE(log->was_rebuilt());
  EXPECT_EQ(Answers(*log), answers);
  EXPECT_THAT(answers, HasSubstr("30 in 4\n"));
  EXPECT_THAT(answers, HasSubstr("open e5\n"));
}

TEST_F(TransactionLogFile, IsOneFileWhenClosed) {
  Fill(*Open());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(TransactionLogFile, SurvivesAKill) {
  const pid_t child = fork();
  if (child == 0) {
    auto log = TryOpen();
    if (!log.ok()) _exit(1);
    for (int64_t i = 0; i < 6; ++i) {
      if (!AppendEpoch(**log, i)) _exit(1);
    }
    _exit(0);  // no destructor: the write-ahead log stays behind
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(std::filesystem::exists(path_ + "-wal"));
  auto log = Open();
  EXPECT_FALSE(log->was_rebuilt());
  EXPECT_THAT(Answers(*log), HasSubstr("open e5\n"));
}

TEST_F(TransactionLogFile, SecondUserIsToldSo) {
  auto log = Open();
  const auto second = TryOpen();
  ASSERT_THAT(second, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(second.error().message(),
              HasSubstr("another kafka-iceberg uses this state directory"));
  EXPECT_THAT(log->Append({CatalogError{}}), IsOk());
  log.reset();
  EXPECT_THAT(TryOpen(), IsOk());
}

TEST_F(TransactionLogFile, SecondProcessIsToldSo) {
  auto log = Open();
  Fill(*log);
  const pid_t child = fork();
  if (child == 0) {
    const auto second = TryOpen();
    _exit(!second.ok() && second.error().code() == ErrorCode::kUnavailable ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(CorruptFiles(), IsEmpty());
}

TEST_F(TransactionLogFile, MissingDirectoryIsAnIoError) {
  EXPECT_THAT(TransactionLog::Open(folder_.path() + "/missing/log.db", clock_),
              IsError(ErrorCode::kIo));
}

TEST_F(TransactionLogFile, DatabaseOfAnotherProgramIsLeftAlone) {
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection, "CREATE TABLE theirs(x)", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(connection);
  EXPECT_THAT(TryOpen(), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(CorruptFiles(), IsEmpty());
}

TEST_F(TransactionLogFile, GarbageIsMovedAsideAndKept) {
  WriteFile(path_, std::string(5000, 'x'));
  auto log = Open();
  EXPECT_TRUE(log->was_rebuilt());
  EXPECT_THAT(log->Append({CatalogError{}}), IsOk());
  const std::vector<std::string> aside = CorruptFiles();
  ASSERT_EQ(aside.size(), 1u);
  EXPECT_EQ(ReadFile(folder_.path() + "/" + aside[0]), std::string(5000, 'x'));
}

TEST_F(TransactionLogFile, DamagedLogsNeverReplaceEachOther) {
  for (int i = 0; i < 3; ++i) {
    WriteFile(path_, std::string(5000, static_cast<char>('a' + i)));
    EXPECT_TRUE(Open()->was_rebuilt());
  }
  EXPECT_EQ(CorruptFiles().size(), 3u);
}

// Whatever is left of the file: all answers as before, or a new log.
TEST_F(TransactionLogFile, TornAtAnyByteIsNeverAnsweredFrom) {
  FakeFailingVfs vfs;
  {
    auto log = Open();
    Fill(*log);
  }
  const std::string bytes = ReadFile(path_);
  ASSERT_GT(bytes.size(), 16'384u);
  const size_t last_pages = bytes.size() - 8192;
  for (size_t length = 1; length < bytes.size();
       length += length < 128 || length >= last_pages ? 1 : 97) {
    Clear();
    WriteFile(path_, bytes.substr(0, length));
    auto log = Open();
    // A few bytes count as an empty database.
    ASSERT_TRUE(log->was_rebuilt() || length < 512) << length;
    ASSERT_EQ(Answers(*log), "") << length;
  }
}

TEST_F(TransactionLogFile, FlippedByteIsNeverAnsweredFrom) {
  FakeFailingVfs vfs;
  auto filled = Open();
  Fill(*filled);
  const std::string answers = Answers(*filled);
  filled.reset();
  const std::string bytes = ReadFile(path_);
  int rebuilt = 0;
  const size_t last_page = bytes.size() - 4096;
  for (size_t at = 0; at < bytes.size(); at += at < 128 || at >= last_page ? 1 : 7) {
    for (const int mask : {0x01, 0xff}) {
      Clear();
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      WriteFile(path_, damaged);
      auto log = Open();
      rebuilt += log->was_rebuilt() ? 1 : 0;
      ASSERT_EQ(Answers(*log), log->was_rebuilt() ? "" : answers)
          << "byte " << at << " mask " << mask;
    }
  }
  EXPECT_GT(rebuilt, 1000);
}

// A crash leaves any prefix of the write-ahead log: whole transactions are there, the torn one is
// not.
TEST_F(TransactionLogFile, TornWriteAheadLogLosesOnlyItsEnd) {
  FakeFailingVfs vfs;
  auto filled = Open();
  std::vector<std::string> states = {Answers(*filled)};
  for (int64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(AppendEpoch(*filled, i));
    states.push_back(Answers(*filled));
  }
  const std::string main = ReadFile(path_);
  const std::string wal = ReadFile(path_ + "-wal");
  filled.reset();
  size_t newest = 0;
  for (size_t length = 0; length <= wal.size(); length += length + 4096 >= wal.size() ? 1 : 61) {
    Clear();
    WriteFile(path_, main);
    WriteFile(path_ + "-wal", wal.substr(0, length));
    auto log = Open();
    if (log->was_rebuilt()) continue;
    const std::string answers = Answers(*log);
    // An epoch is two transactions, so half of one may be there: never less than before.
    while (newest + 1 < states.size() && answers.find(states[newest + 1]) != std::string::npos)
      ++newest;
    ASSERT_LE(answers.size(), states.back().size()) << length;
  }
  EXPECT_EQ(Answers(*Open()), states.back());
}

struct FailureCase {
  FakeFailingVfs::Failure failure;
  int64_t times;
};

class TransactionLogFaults : public TransactionLogFile,
                             public testing::WithParamInterface<FailureCase> {};

// The first, second, third ... operation fails until none is left to fail. What was acknowledged is
// there afterwards.
TEST_P(TransactionLogFaults, AcknowledgedEntriesSurviveAnyFailure) {
  int64_t k = 1;
  for (bool failed = true; failed; ++k) {
    FakeFailingVfs vfs;
    Clear();
    std::vector<std::string> acknowledged;
    FakeFailingVfs::FailFrom(k, GetParam().failure, GetParam().times);
    bool opened = false;
    if (auto log = TryOpen(); log.ok()) {
      opened = true;
      for (int64_t i = 0; i < 6; ++i) {
        const std::string uuid = fmt::format("e{}", i);
        const Result<int64_t> appended =
            (*log)->Append({FlushComplete{.table = kFakeTable, .epoch_uuid = uuid}});
        if (appended.ok()) acknowledged.push_back(uuid);
        if (!appended.ok()) {
          ASSERT_THAT(appended, IsError(ErrorCode::kIo)) << k;
        }
      }
      failed = FakeFailingVfs::operations() >= k;
      FakeFailingVfs::StopFailing();
      // A full disk passes; a disk that failed once is not trusted again.
      const bool goes_on = (*log)->Append({CatalogError{}}).ok();
      if (acknowledged.size() < 6) {
        EXPECT_EQ(goes_on, GetParam().failure == FakeFailingVfs::Failure::kDiskFull) << k;
      }
    }
    FakeFailingVfs::StopFailing();
    auto log = Open();
    ASSERT_TRUE(!opened || !log->was_rebuilt()) << k;
    std::string kept = Answers(*log);
    for (const std::string& uuid : acknowledged)
      ASSERT_THAT(kept, HasSubstr(" " + uuid + " ")) << k;
  }
  EXPECT_GT(k, 8);
}

INSTANTIATE_TEST_SUITE_P(
    All, TransactionLogFaults,
    testing::Values(FailureCase{FakeFailingVfs::Failure::kDiskFull, 1'000'000},
                    FailureCase{FakeFailingVfs::Failure::kDiskFull, 1},
                    FailureCase{FakeFailingVfs::Failure::kWriteFails, 1'000'000},
                    FailureCase{FakeFailingVfs::Failure::kWriteFails, 1},
                    FailureCase{FakeFailingVfs::Failure::kSyncFails, 1'000'000},
                    FailureCase{FakeFailingVfs::Failure::kSyncFails, 1}));

TEST_F(TransactionLogFile, FullDiskIsNamed) {
  FakeFailingVfs vfs;
  auto log = Open();
  FakeFailingVfs::FailFrom(1, FakeFailingVfs::Failure::kDiskFull);
  const auto appended = log->Append({CatalogError{}});
  ASSERT_THAT(appended, IsError(ErrorCode::kIo));
  EXPECT_THAT(appended.error().message(), HasSubstr("no space left"));
  FakeFailingVfs::StopFailing();
  EXPECT_THAT(log->Append({CatalogError{}}), IsOk());
}

TEST_F(TransactionLogFile, TrimsManyEntries) {
  FakeFailingVfs vfs;
  auto log = Open();
  for (int i = 0; i < 25; ++i)
    ASSERT_THAT(log->Append(std::vector<TransactionEntry>(1000, CatalogError{})), IsOk());
  ASSERT_THAT(log->Trim(10), IsOk());
  EXPECT_EQ(log->ReadRecent(100'000).value().size(), 10u);
}

}  // namespace
}  // namespace kafka_iceberg::commit
