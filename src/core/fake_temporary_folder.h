// SPDX-License-Identifier: Apache-2.0
//
// A folder of its own below the system's folder for temporary files, for tests; removed with
// everything inside when it goes out of scope. Not shared between threads.
#pragma once

#include <string>

namespace kafka_iceberg {

class FakeTemporaryFolder {
 public:
  FakeTemporaryFolder();
  ~FakeTemporaryFolder();
  FakeTemporaryFolder(const FakeTemporaryFolder&) = delete;
  FakeTemporaryFolder& operator=(const FakeTemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string location() const { return "file://" + path_; }

 private:
  std::string path_;
};

}  // namespace kafka_iceberg
