// SPDX-License-Identifier: Apache-2.0
//
// Digests and the text forms of bytes. Sha256 may be fed piece by piece by one thread; the
// functions are pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view bytes);
  // The digest as 64 lower-case hex digits. The object may not be used afterwards.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view bytes);
std::string ToHex(std::string_view bytes);
std::string Base64Encode(std::string_view bytes);
// Standard alphabet with padding; anything else is kInvalid.
Result<std::string> Base64Decode(std::string_view text);

}  // namespace kafka_iceberg
