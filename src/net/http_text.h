// SPDX-License-Identifier: Apache-2.0
//
// The small pieces of HTTP's text: splitting URLs, comparing and trimming header text, making
// foreign text fit for a message. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::net {

// The parts of an absolute http or https URL; views into it.
struct UrlParts {
  std::string_view scheme;     // as written
  std::string_view authority;  // host and port as written
  std::string_view host;       // without the brackets of an IPv6 address
  uint16_t port = 0;           // the scheme's when the URL names none
  std::string_view path;       // empty or begins with '/'
  std::string_view query;      // without the '?'
};

// kInvalid: not absolute, another scheme, no host, user or password inside (they would end in
// logs), a fragment, a character that may not stand in a URL. The message never quotes the URL.
Result<UrlParts> SplitUrl(std::string_view url);

// ASCII only, whatever the locale.
std::string ToLower(std::string_view text);
bool EqualsIgnoreCase(std::string_view left, std::string_view right);
// Without spaces and tabs at both ends.
std::string_view Trim(std::string_view text);

// The text as one short line for a message: control characters become '?', and it is cut.
std::string Printable(std::string_view text, size_t bytes_max);

}  // namespace kafka_iceberg::net
