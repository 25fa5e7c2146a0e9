// SPDX-License-Identifier: Apache-2.0
#include "commit/fake_failing_vfs.h"

#include <sqlite3.h>

#include "core/check.h"

namespace kafka_iceberg::commit {
namespace {

struct Script {
  int64_t operations = 0;
  int64_t fail_first = 0;  // 0: never
  int64_t fail_last = 0;
  FakeFailingVfs::Failure failure = FakeFailingVfs::Failure::kDiskFull;
};

// SQLite calls back through C function pointers: there is one script, as there is one default VFS.
Script script;
sqlite3_vfs shim;
sqlite3_vfs* real = nullptr;

// What SQLite allocates for one open file: ours, then the real one's.
struct ShimFile {
  sqlite3_file base;
  sqlite3_file* inner;
};
sqlite3_file* Inner(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file)->inner; }

bool TakeFailure(bool is_sync) {
  if (is_sync != (script.failure == FakeFailingVfs::Failure::kSyncFails)) return false;
  ++script.operations;
  return script.fail_first > 0 && script.operations >= script.fail_first &&
         script.operations <= script.fail_last;
}

int Close(sqlite3_file* file) {
  const int code = Inner(file)->pMethods->xClose(Inner(file));
  sqlite3_free(Inner(file));
  return code;
}
int Read(sqlite3_file* file, void* bytes, int amount, sqlite3_int64 offset) {
  return Inner(file)->pMethods->xRead(Inner(file), bytes, amount, offset);
}
int Write(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 offset) {
  if (TakeFailure(false)) {
    if (script.failure == FakeFailingVfs::Failure::kDiskFull) return SQLITE_FULL;
    (void)Inner(file)->pMethods->xWrite(Inner(file), bytes, amount / 2, offset);
    return SQLITE_IOERR_WRITE;
  }
  return Inner(file)->pMethods->xWrite(Inner(file), bytes, amount, offset);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (TakeFailure(false)) return SQLITE_IOERR_TRUNCATE;
  return Inner(file)->pMethods->xTruncate(Inner(file), size);
}
int Sync(sqlite3_file*, int) { return TakeFailure(true) ? SQLITE_IOERR_FSYNC : SQLITE_OK; }
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Inner(file)->pMethods->xFileSize(Inner(file), size);
}
int Lock(sqlite3_file* file, int level) { return Inner(file)->pMethods->xLock(Inner(file), level); }
int Unlock(sqlite3_file* file, int level) {
  return Inner(file)->pMethods->xUnlock(Inner(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* held) {
  return Inner(file)->pMethods->xCheckReservedLock(Inner(file), held);
}
int FileControl(sqlite3_file* file, int what, void* argument) {
  return Inner(file)->pMethods->xFileControl(Inner(file), what, argument);
}
int SectorSize(sqlite3_file* file) { return Inner(file)->pMethods->xSectorSize(Inner(file)); }
int DeviceCharacteristics(sqlite3_file* file) {
  return Inner(file)->pMethods->xDeviceCharacteristics(Inner(file));
}

// Version 1: without shared memory and mapping, which an exclusively locked log does not use.
const sqlite3_io_methods kMethods = {1,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     DeviceCharacteristics,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* ours = reinterpret_cast<ShimFile*>(file);
  ours->base.pMethods = nullptr;
  ours->inner = static_cast<sqlite3_file*>(sqlite3_malloc(real->szOsFile));
  const int code = real->xOpen(real, name, ours->inner, flags, out_flags);
  if (code == SQLITE_OK) {
    ours->base.pMethods = &kMethods;
  } else {
    sqlite3_free(ours->inner);
  }
  return code;
}

}  // namespace

FakeFailingVfs::FakeFailingVfs() {
  script = {};
  real = sqlite3_vfs_find("unix");
  CHECK(real != nullptr);
  shim = *real;
  shim.zName = "failing";
  shim.szOsFile = sizeof(ShimFile);
  shim.xOpen = Open;
  CHECK(sqlite3_vfs_register(&shim, 1) == SQLITE_OK);
}

FakeFailingVfs::~FakeFailingVfs() {
  sqlite3_vfs_unregister(&shim);
  sqlite3_vfs_register(real, 1);
}

void FakeFailingVfs::FailFrom(int64_t first, Failure failure, int64_t times) {
  script = {.fail_first = first, .fail_last = first + times - 1, .failure = failure};
}

void FakeFailingVfs::StopFailing() { script.fail_first = 0; }

int64_t FakeFailingVfs::operations() { return script.operations; }

}  // namespace kafka_iceberg::commit
