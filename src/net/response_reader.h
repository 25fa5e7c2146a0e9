// SPDX-License-Identifier: Apache-2.0
//
// ResponseReader: puts an HTTP/1 answer together from its lines and pieces, and refuses what is
// too large or not HTTP. Knows no transport. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "net/http_client.h"

namespace kafka_iceberg::net {

class ResponseReader {
 public:
  explicit ResponseReader(int64_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // A line of the head with its line break, the empty one at the end included; interim answers
  // (1xx) come first. False: refused.
  bool TakeHeaderLine(std::string_view line);
  bool TakeBody(std::string_view bytes);

  // The empty line after the final answer's headers has come: without it headers may be missing.
  bool is_head_complete() const { return is_head_complete_; }
  bool has_begun() const { return head_bytes_ > 0; }
  // Why the answer was refused; empty when it was not.
  std::string_view refusal() const { return refusal_; }
  HttpResponse TakeResponse() { return std::move(response_); }

 private:
  bool Refuse(std::string_view why);
  bool TakeStatusLine(std::string_view line);
  bool TakeField(std::string_view line);

  const int64_t body_bytes_max_;
  HttpResponse response_;
  size_t head_bytes_ = 0;
  bool is_head_complete_ = false;
  std::string_view refusal_;
};

}  // namespace kafka_iceberg::net
