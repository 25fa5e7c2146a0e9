// SPDX-License-Identifier: Apache-2.0
#include "net/http_text.h"

#include <algorithm>
#include <charconv>

#include "core/check.h"
#include "core/result.h"

namespace kafka_iceberg::net {

namespace {

char LowerOf(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool IsUrlCharacter(char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '<' && c != '>'; }

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool IsAddressCharacter(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
         c == '.';
}

Result<uint16_t> ParsePort(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535)
    return Error::Invalid("the port of a URL is not a number from 1 to 65535");
  return static_cast<uint16_t>(port);
}

// Fills host and port from the authority.
Status SplitAuthority(UrlParts& parts) {
  std::string_view rest = parts.authority;
  if (rest.find('@') != std::string_view::npos)
    return Error::Invalid("a URL holds a user or a password: give them as credentials instead");
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos)
      return Error::Invalid("the IPv6 address of a URL has no ']' at its end");
    parts.host = rest.substr(1, end - 1);
    if (!std::ranges::all_of(parts.host, IsAddressCharacter))
      return Error::Invalid("the IPv6 address of a URL is not one");
    rest.remove_prefix(end + 1);
  } else {
    parts.host = rest.substr(0, rest.find(':'));
    if (!std::ranges::all_of(parts.host, IsHostCharacter))
      return Error::Invalid("the host of a URL has a character that no host name has");
    rest.remove_prefix(parts.host.size());
  }
  if (parts.host.empty()) return Error::Invalid("a URL names no host");
  if (rest.empty()) return {};
  if (!rest.starts_with(':')) return Error::Invalid("the host of a URL is followed by garbage");
  parts.port = TRY(ParsePort(rest.substr(1)));
  return {};
}

}  // namespace

Result<UrlParts> SplitUrl(std::string_view url) {
  UrlParts parts;
  if (!std::ranges::all_of(url, IsUrlCharacter))
    return Error::Invalid("a URL has a character that must be percent-encoded");
  const size_t colon = url.find("://");
  parts.scheme = url.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (EqualsIgnoreCase(parts.scheme, "https")) {
    parts.port = 443;
  } else if (EqualsIgnoreCase(parts.scheme, "http")) {
    parts.port = 80;
  } else {
    return Error::Invalid("a URL must begin with http:// or https://");
  }
  std::string_view rest = url.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos) return Error::Invalid("a URL has a fragment ('#')");
  parts.authority = rest.substr(0, rest.find_first_of("/?\\"));
  rest.remove_prefix(parts.authority.size());
  TRY(SplitAuthority(parts));
  const size_t question = rest.find('?');
  parts.path = rest.substr(0, question);
  if (!parts.path.empty() && parts.path.front() != '/')
    return Error::Invalid("the host of a URL is followed by garbage");
  if (question != std::string_view::npos) parts.query = rest.substr(question + 1);
  return parts;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), LowerOf);
  return lower;
}

bool EqualsIgnoreCase(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, LowerOf, LowerOf);
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string Printable(std::string_view text, size_t bytes_max) {
  std::string line(text.substr(0, bytes_max));
  std::ranges::replace_if(line, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > bytes_max) line += "...";
  return line;
}

}  // namespace kafka_iceberg::net
