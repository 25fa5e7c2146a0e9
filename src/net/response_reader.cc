// SPDX-License-Identifier: Apache-2.0
#include "net/response_reader.h"

#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

constexpr size_t kHeadBytesMax = 64 << 10;
constexpr size_t kHeadersMax = 256;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view WithoutLineBreak(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool ResponseReader::Refuse(std::string_view why) {
  refusal_ = why;
  return false;
}

bool ResponseReader::TakeHeaderLine(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > kHeadBytesMax) return Refuse("its headers are larger than 64 KiB");
  if (is_head_complete_) return true;  // a trailer: nobody here needs one
  // Only a torn connection hands over a line without its break.
  if (!line.ends_with('\n')) return Refuse("its headers are cut short");
  line = WithoutLineBreak(line);
  if (line.starts_with("HTTP/")) return TakeStatusLine(line);
  if (response_.status == 0) return Refuse("it is not HTTP");
  if (line.empty()) {
    is_head_complete_ = response_.status >= 200;
    return true;
  }
  return TakeField(line);
}

// "HTTP/1.1 200 OK"; an earlier interim answer is forgotten.
bool ResponseReader::TakeStatusLine(std::string_view line) {
  const size_t space = line.find(' ');
  const std::string_view code = space == std::string_view::npos ? "" : line.substr(space + 1, 3);
  if (!line.starts_with("HTTP/1.") || code.size() != 3 || !IsDigit(code[0]) || !IsDigit(code[1]) ||
      !IsDigit(code[2]) || code[0] < '1')
    return Refuse("it is not HTTP/1.1");
  response_ = {};
  response_.status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  return true;
}

bool ResponseReader::TakeField(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {  // the old way to continue a line
    if (response_.headers.empty()) return Refuse("it is not HTTP");
    std::string& value = response_.headers.back().value;
    value.append(" ").append(Trim(line));
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return Refuse("it is not HTTP");
  if (response_.headers.size() >= kHeadersMax) return Refuse("it has more than 256 headers");
  response_.headers.push_back(
      {ToLower(Trim(line.substr(0, colon))), std::string(Trim(line.substr(colon + 1)))});
  return true;
}

bool ResponseReader::TakeBody(std::string_view bytes) {
  if (!is_head_complete_) return Refuse("it is not HTTP");
  if (static_cast<int64_t>(response_.body.size() + bytes.size()) > body_bytes_max_)
    return Refuse("its body is larger than allowed");
  response_.body += bytes;
  return true;
}

}  // namespace kafka_iceberg::net
