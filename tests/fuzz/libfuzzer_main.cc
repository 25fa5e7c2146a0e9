// SPDX-License-Identifier: Apache-2.0
//
// What libFuzzer calls: the target that the environment variable FUZZ_TARGET names.
#include <cstdio>
#include <cstdlib>

#include "fuzz_target.h"

namespace {

kafka_iceberg::fuzz::FuzzTarget chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = std::getenv("FUZZ_TARGET");
  const auto& targets = kafka_iceberg::fuzz::FuzzTargets();
  const auto found = targets.find(name == nullptr ? "" : name);
  if (found == targets.end()) {
    for (const auto& [known, target] : targets) std::fprintf(stderr, "%s\n", known.c_str());
    std::exit(2);
  }
  chosen = found->second;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  chosen(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
