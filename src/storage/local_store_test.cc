// SPDX-License-Identifier: Apache-2.0
#include "storage/local_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "storage/local_file.h"

namespace kafka_iceberg::storage {
namespace {

namespace fs = std::filesystem;

class LocalStoreTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) { return folder_.path() + "/" + name; }
  std::string At(const std::string& name) { return "file://" + Path(name); }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    return names;
  }
  int64_t ListedCount(const std::string& location) {
    int64_t count = 0;
    EXPECT_THAT(store_.List(location, [&](const ObjectInfo&) { ++count; }), IsOk());
    return count;
  }

  FakeTemporaryFolder folder_;
  SystemRandom random_;
  LocalStore store_{random_};
};

TEST_F(LocalStoreTest, TakesAllFormsOfALocalLocation) {
  ASSERT_THAT(store_.Write(At("x"), "1"), IsOk());
  EXPECT_EQ(store_.Read(Path("x")).value(), "1");
  EXPECT_EQ(store_.Read("file:" + Path("x")).value(), "1");
  EXPECT_THAT(store_.Read("s3://bucket/x"), IsError(ErrorCode::kUnsupported));
}

TEST_F(LocalStoreTest, LeavesNoTemporaryFileBehind) {
  ASSERT_THAT(store_.Write(At("a"), "1"), IsOk());
  ASSERT_THAT(store_.Write(At("a"), "2"), IsOk());
  ASSERT_THAT(store_.WriteIfAbsent(At("b"), "1"), IsOk());
  EXPECT_FALSE(store_.WriteIfAbsent(At("b"), "2").ok());
  {
    auto unfinished = store_.OpenWriter(At("c")).value();
  }
  auto finished = store_.OpenWriter(At("d")).value();
  ASSERT_THAT(finished->Finish(), IsOk());
  EXPECT_THAT(Names(), testing::UnorderedElementsAre("a", "b", "d"));
}

TEST_F(LocalStoreTest, NeverListsTemporaryFilesOfADeadProcess) {
  ASSERT_THAT(store_.Write(At("t/a"), "1"), IsOk());
  const pid_t child = ::fork();
  if (child == 0) {
    auto writer = store_.OpenWriter(At("t/torn")).value();
    (void)writer->Append(std::string(4'000'000, 'x'));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(Names().size(), 2U);  // the torn file is on disk
  EXPECT_EQ(ListedCount(At("t")), 1);
  EXPECT_THAT(store_.Stat(At("t/torn")), IsError(ErrorCode::kNotFound));
}

TEST_F(LocalStoreTest, ListingFollowsNoLinkOut) {
  ASSERT_THAT(store_.Write(At("outside/secret"), "1"), IsOk());
  ASSERT_THAT(store_.Write(At("t/a"), "1"), IsOk());
  fs::create_directory_symlink(Path("outside"), Path("t/link"));
  fs::create_symlink(Path("outside/secret"), Path("t/file-link"));
  fs::create_directory_symlink(Path("t"), Path("t/loop"));
  EXPECT_EQ(ListedCount(At("t")), 1);
  EXPECT_THAT(store_.ListFolders(At("t")).value(), testing::IsEmpty());
  fs::create_directory_symlink(Path("t"), Path("warehouse"));
  EXPECT_EQ(ListedCount(At("warehouse")), 1);  // the top itself may be a link
}

TEST_F(LocalStoreTest, ListingBoundsItsDepth) {
  std::string deep = "t";
  for (int i = 0; i < 70; ++i) deep += "/d";
  fs::create_directories(Path(deep));
  EXPECT_THAT(store_.List(At("t"), [](const ObjectInfo&) {}), IsError(ErrorCode::kUnsupported));
}

TEST_F(LocalStoreTest, ReadsRegularFilesOnly) {
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(store_.Read(At("pipe")), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(store_.Read("file:///dev/zero"), IsError(ErrorCode::kInvalid));
}

TEST_F(LocalStoreTest, SaysWhenAFileStandsInThePath) {
  ASSERT_THAT(store_.Write(At("file"), "1"), IsOk());
  const Status status = store_.Write(At("file/below"), "1");
  EXPECT_THAT(status, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(status.error().message(), testing::HasSubstr(Path("file")));
  EXPECT_THAT(store_.Read(At("file/below")), IsError(ErrorCode::kNotFound));
}

TEST_F(LocalStoreTest, SaysDeniedAndNamesThePath) {
  fs::create_directory(Path("t"));
  fs::permissions(Path("t"), fs::perms::none);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(1);  // root is never denied
    const Status status = store_.Write(At("t/b"), "1");
    const bool is_right = !status.ok() && status.error().code() == ErrorCode::kDenied &&
                          status.error().message().find(Path("t")) != std::string::npos;
    ::_exit(is_right ? 42 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  fs::permissions(Path("t"), fs::perms::owner_all);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

// Runs `body` in a child whose files cannot grow beyond `bytes_max`: the nearest thing to a full
// disk.
int ExitCodeWithFileSizeLimit(rlim_t bytes_max, const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes_max, bytes_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(LocalStoreTest, AFullDiskLeavesTheOldObject) {
  ASSERT_THAT(store_.Write(At("x"), "old"), IsOk());
  const int code = ExitCodeWithFileSizeLimit(1000, [&] {
    const Status status = store_.Write(At("x"), std::string(5000, 'n'));
    return !status.ok() && status.error().code() == ErrorCode::kIo ? 42 : 1;
  });
  EXPECT_EQ(code, 42);
  EXPECT_EQ(store_.Read(At("x")).value(), "old");
  EXPECT_THAT(Names(), testing::ElementsAre("x"));
}

TEST_F(LocalStoreTest, AStreamThatFailedOnceNeverFinishes) {
  const int code = ExitCodeWithFileSizeLimit(2'500'000, [&] {
    auto writer = store_.OpenWriter(At("x")).value();
    if (!writer->Append(std::string(2'000'000, 'a')).ok()) return 1;
    if (writer->Append(std::string(2'000'000, 'b')).ok()) return 2;
    // Small enough to fit again: there would be a hole before it.
    if (writer->Append("c").ok()) return 3;
    return writer->Finish().ok() ? 4 : 42;
  });
  EXPECT_EQ(code, 42);
  EXPECT_THAT(store_.Stat(At("x")), IsError(ErrorCode::kNotFound));
}

TEST_F(LocalStoreTest, RenameIfAbsentKeepsWhatIsThere) {
  std::ofstream(Path("from")) << "new";
  std::ofstream(Path("taken")) << "old";
  EXPECT_THAT(RenameIfAbsent(Path("from"), Path("taken")), IsError(ErrorCode::kAlreadyExists));
  EXPECT_EQ(store_.Read(At("taken")).value(), "old");
  EXPECT_THAT(RenameIfAbsent(Path("from"), Path("free")), IsOk());
  EXPECT_EQ(store_.Read(At("free")).value(), "new");
}

TEST(FileError, CodesSayWhatToDo) {
  EXPECT_EQ(FileError(EACCES, "write", "/x").code(), ErrorCode::kDenied);
  EXPECT_EQ(FileError(EROFS, "write", "/x").code(), ErrorCode::kDenied);
  EXPECT_EQ(FileError(ENOENT, "open", "/x").code(), ErrorCode::kNotFound);
  EXPECT_EQ(FileError(EEXIST, "create", "/x").code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(FileError(ENAMETOOLONG, "create", "/x").code(), ErrorCode::kInvalid);
  EXPECT_EQ(FileError(EIO, "read", "/x").code(), ErrorCode::kIo);
  const Error full = FileError(ENOSPC, "write", "/warehouse/x");
  EXPECT_EQ(full.code(), ErrorCode::kIo);
  EXPECT_EQ(full.message(), "cannot write /warehouse/x: No space left on device: free some space");
}

}  // namespace
}  // namespace kafka_iceberg::storage
