// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <algorithm>

#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string_view> HttpResponse::Header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

Result<std::string> OriginOf(std::string_view url) {
  const UrlParts parts = TRY(SplitUrl(url));
  const bool is_ipv6 = parts.authority.starts_with('[');
  return fmt::format("{}://{}{}{}:{}", ToLower(parts.scheme), is_ipv6 ? "[" : "",
                     ToLower(parts.host), is_ipv6 ? "]" : "", parts.port);
}

std::string PercentEncode(std::string_view text, bool keep_slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c) || (keep_slash && c == '/')) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 0xf];
  }
  return encoded;
}

Result<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return Error::Invalid("percent-encoded text has a '%' without two hex digits");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string FormEncode(const std::vector<HttpHeader>& fields) {
  std::string form;
  for (const HttpHeader& field : fields) {
    if (!form.empty()) form += '&';
    form += PercentEncode(field.name) + "=" + PercentEncode(field.value);
  }
  return form;
}

}  // namespace kafka_iceberg::net
