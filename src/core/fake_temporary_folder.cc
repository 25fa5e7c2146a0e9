// SPDX-License-Identifier: Apache-2.0
#include "core/fake_temporary_folder.h"

#include <cstdlib>
#include <filesystem>

#include "core/check.h"

namespace kafka_iceberg {

FakeTemporaryFolder::FakeTemporaryFolder()
    : path_(std::filesystem::temp_directory_path().string() + "/kafka-iceberg-test-XXXXXX") {
  CHECK(::mkdtemp(path_.data()) != nullptr);
}

FakeTemporaryFolder::~FakeTemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kafka_iceberg
