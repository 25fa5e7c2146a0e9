// SPDX-License-Identifier: Apache-2.0
#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace kafka_iceberg {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr,
               "internal error: %s:%d: %s does not hold; stopping, nothing uncommitted is lost\n",
               file, line, condition);
  std::abort();
}

}  // namespace kafka_iceberg
