// SPDX-License-Identifier: Apache-2.0
#include "net/request_check.h"

#include <algorithm>

#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

constexpr size_t kHeadersMax = 256;
constexpr size_t kHeaderBytesMax = 64 << 10;

// RFC 9110, 5.6.2: what method and header names are made of.
bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, IsTokenCharacter);
}

bool IsValueCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

Status CheckHeader(const HttpHeader& header, size_t body_bytes) {
  if (!IsToken(header.name)) return Error::Invalid("the name of a request header is not one");
  if (!std::ranges::all_of(header.value, IsValueCharacter))
    return Error::Invalid("the value of request header {} has a control character", header.name);
  // The length of the body is ours to say: two truths about it are how requests are smuggled.
  if (EqualsIgnoreCase(header.name, "transfer-encoding"))
    return Error::Invalid("a request may not bring its own header {}", header.name);
  if (EqualsIgnoreCase(header.name, "content-length") && header.value != std::to_string(body_bytes))
    return Error::Invalid("request header {} contradicts the body", header.name);
  return {};
}

}  // namespace

Status CheckRequest(const HttpRequest& request) {
  if (!IsToken(request.method)) return Error::Invalid("the method of a request is not one");
  if (request.headers.size() > kHeadersMax)
    return Error::Invalid("a request has more than {} headers", kHeadersMax);
  size_t bytes = 0;
  for (const HttpHeader& header : request.headers) {
    TRY(CheckHeader(header, request.body.size()));
    bytes += header.name.size() + header.value.size();
  }
  if (bytes > kHeaderBytesMax)
    return Error::Invalid("the headers of a request are larger than {} bytes", kHeaderBytesMax);
  return {};
}

}  // namespace kafka_iceberg::net
