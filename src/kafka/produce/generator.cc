// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/generator.h"

#include <cstring>

#include "core/clock.h"
#include "kafka/produce/generator_profiles.h"
#include "kafka/produce/record_template.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr size_t kTimeToSecond = 19;  // "2026-01-08T14:30:00"

// Turns a counter into well-mixed bits (the finaliser of SplitMix64, Steele et al. 2014).
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

void WriteDigits(char* at, uint16_t width, uint64_t value) {
  for (char* next = at + width; next != at; value /= 10) {
    *--next = static_cast<char>('0' + value % 10);
  }
}

void WriteHex(char* at, uint16_t width, uint64_t value) {
  for (uint16_t i = 0; i < width; ++i) {
    if (i % 16 == 15) value = Mix(value);
    at[i] = "0123456789abcdef"[(value >> (i % 16 * 4)) & 15];
  }
}

// `width` random digits without a leading zero; a single digit may be anything but 0.
void WriteNumber(char* at, uint16_t width, uint64_t random) {
  WriteDigits(at, width, random);
  if (*at == '0') *at = static_cast<char>('1' + random % 9);
}

}  // namespace

struct RecordGenerator::Templates {
  std::vector<RecordTemplate> good;
  std::vector<RecordTemplate> bad;
};

Result<Profile> ParseProfile(std::string_view name) {
  for (const auto profile : {Profile::kSmall, Profile::kBig, Profile::kDemo}) {
    if (name == ToString(profile)) return profile;
  }
  return Error::Invalid("unknown profile '{}': use small, big or demo", name);
}

std::string_view ToString(Profile profile) {
  switch (profile) {
    case Profile::kSmall: return "small";
    case Profile::kBig: return "big";
    case Profile::kDemo: return "demo";
  }
  return "";
}

RecordGenerator::RecordGenerator(const GeneratorOptions& options)
    : options_(options),
      templates_(std::make_unique<const Templates>(
          Templates{ProfileTemplates(options.profile), BadTemplates()})) {}

RecordGenerator::~RecordGenerator() = default;

size_t RecordGenerator::Append(int64_t sequence, std::string& out) {
  const auto number = static_cast<uint64_t>(sequence);
  uint64_t random = Mix(options_.seed ^ Mix(number));
  const bool is_bad =
      options_.bad_every > 0 && sequence % options_.bad_every == options_.bad_every - 1;
  const auto& choices = is_bad ? templates_->bad : templates_->good;
  const auto& chosen = choices[random % choices.size()];
  const size_t start = out.size();
  out += chosen.text();
  char* const record = out.data() + start;
  const int64_t time_ms = options_.start_ms + sequence;
  for (const auto& [kind, width, at] : chosen.patches()) {
    char* const place = record + at;
    switch (kind) {
      case PatchKind::kSequence:
        WriteDigits(place, width, number);
        *place = '1';
        break;
      case PatchKind::kDigits: WriteNumber(place, width, random = Mix(random)); break;
      case PatchKind::kHex: WriteHex(place, width, random = Mix(random)); break;
      case PatchKind::kMillis: WriteDigits(place, width, static_cast<uint64_t>(time_ms)); break;
      case PatchKind::kTime:
        if (time_ms / 1000 != rendered_second_) {
          rendered_second_ = time_ms / 1000;
          rendered_time_ = ToRfc3339(FromMillis(rendered_second_ * 1000)).substr(0, kTimeToSecond);
        }
        std::memcpy(place, rendered_time_.data(), kTimeToSecond);
        place[kTimeToSecond] = '.';
        WriteDigits(place + kTimeToSecond + 1, 3, static_cast<uint64_t>(time_ms % 1000));
        place[width - 1] = 'Z';
        break;
    }
  }
  return out.size() - start;
}

}  // namespace kafka_iceberg::kafka
