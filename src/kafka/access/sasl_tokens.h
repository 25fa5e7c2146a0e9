// SPDX-License-Identifier: Apache-2.0
//
// SaslTokenSource: where the tokens of an OAUTHBEARER login come from. Implemented by whoever knows
// HTTP and AWS; asked by TokenFeeder on a thread of its own, so it may block, with limits. Safe for
// concurrent use.
#pragma once

#include <map>
#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace kafka_iceberg::kafka {

struct SaslToken {
  std::string text;
  Timestamp expires_at;
  std::string principal;                          // for the client's own log
  std::map<std::string, std::string> extensions;  // RFC 7628
};

class SaslTokenSource {
 public:
  virtual ~SaslTokenSource() = default;
  // Errors name what to do and hold no secret: they are shown as they are.
  virtual Result<SaslToken> Token() = 0;
};

}  // namespace kafka_iceberg::kafka
