// SPDX-License-Identifier: Apache-2.0
//
// Every file of every corpus through its target, and through it again cut short and with single
// bytes changed: what is known to be hostile stays harmless.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz_target.h"

namespace kafka_iceberg::fuzz {
namespace {

constexpr size_t kVariantsMax = 100;

struct Seed {
  std::string target;
  std::filesystem::path file;
};

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CORPUS_DIR)) {
    if (!entry.is_regular_file()) continue;
    seeds.push_back({entry.path().parent_path().filename(), entry.path()});
  }
  return seeds;
}

std::string NameOf(const testing::TestParamInfo<Seed>& info) {
  std::string name = info.param.target + "_" + info.param.file.stem().string();
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

class Corpus : public testing::TestWithParam<Seed> {
 protected:
  std::string Input() const {
    std::ifstream file(GetParam().file, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  FuzzTarget Target() const { return FuzzTargets().at(GetParam().target); }
};

TEST_P(Corpus, IsHarmless) { Target()(Input()); }

TEST_P(Corpus, IsHarmlessCutShort) {
  const std::string input = Input();
  const size_t step = std::max<size_t>(1, input.size() / kVariantsMax);
  for (size_t size = 0; size < input.size(); size += step) Target()(input.substr(0, size));
}

TEST_P(Corpus, IsHarmlessWithOtherBytes) {
  const std::string input = Input();
  const size_t step = std::max<size_t>(1, input.size() / kVariantsMax);
  for (size_t at = 0; at < input.size(); at += step) {
    std::string changed = input;
    changed[at] = static_cast<char>(changed[at] ^ (at % 2 == 0 ? 0x80 : 0x01));
    Target()(changed);
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(Seeds()), NameOf);

TEST(FuzzTargets, HaveACorpusEach) {
  for (const auto& [name, target] : FuzzTargets()) {
    const std::filesystem::path folder = std::filesystem::path(CORPUS_DIR) / name;
    EXPECT_TRUE(std::filesystem::is_directory(folder) && !std::filesystem::is_empty(folder))
        << name;
  }
}

}  // namespace
}  // namespace kafka_iceberg::fuzz
