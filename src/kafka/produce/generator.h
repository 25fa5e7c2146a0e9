// SPDX-License-Identifier: Apache-2.0
//
// RecordGenerator: JSON records for the demo and for benchmarks, faster than anything that reads
// them (a rendered template in which digits are replaced). What a record says depends on the
// profile, the seed and its sequence number only, so a run can be repeated and checked.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::kafka {

enum class Profile : uint8_t {
  kSmall,  // about 200 bytes, 9 columns
  kBig,    // about 1 KB, 24 columns
  kDemo,   // orders that a person can read
};

Result<Profile> ParseProfile(std::string_view name);
std::string_view ToString(Profile profile);

struct ProfileField {
  std::string name;
  std::string type;  // an Iceberg type: "long", "decimal(12,2)", "timestamptz"
};
// The schema that all good records of the profile fit, in the order of their fields.
std::vector<ProfileField> ProfileSchema(Profile profile);

struct GeneratorOptions {
  Profile profile = Profile::kSmall;
  uint64_t seed = 1;
  // The event time of record 0; each following one is a millisecond later.
  int64_t start_ms = 1'767'882'600'000;  // 2026-01-08T14:30:00Z
  // Every n-th record is one that no schema fits (broken JSON, a wrong type, cut off); 0: none.
  int64_t bad_every = 0;
};

class RecordGenerator {
 public:
  explicit RecordGenerator(const GeneratorOptions& options);
  ~RecordGenerator();
  RecordGenerator(const RecordGenerator&) = delete;
  RecordGenerator& operator=(const RecordGenerator&) = delete;

  // Appends record `sequence` (>= 0) to `out` and returns its size.
  size_t Append(int64_t sequence, std::string& out);

 private:
  struct Templates;

  const GeneratorOptions options_;
  const std::unique_ptr<const Templates> templates_;
  // The event time of the last record, down to the second, as text.
  int64_t rendered_second_ = -1;
  std::string rendered_time_;
};

}  // namespace kafka_iceberg::kafka
