// SPDX-License-Identifier: Apache-2.0
#include "net/msk_token.h"

#include <algorithm>

#include "core/hashing.h"
#include "net/sigv4.h"

namespace kafka_iceberg::net {
namespace {

std::string Base64Url(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace

Result<std::string> MskToken(std::string_view region, const AwsCredentials& credentials,
                             Timestamp now) {
  const bool is_region = !region.empty() && std::ranges::all_of(region, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!is_region) return Error::Invalid("'{}' is not an AWS region", region);
  const std::string_view domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const std::string url = TRY(
      PresignV4(fmt::format("https://kafka.{}.{}/?Action=kafka-cluster%3AConnect", region, domain),
                {.region = std::string(region), .service = "kafka-cluster", .body_sha256 = {}},
                credentials, now, kMskTokenLifetime));
  // Not signed: it only tells the broker's operator who asks.
  return Base64Url(url + "&User-Agent=kafka-iceberg");
}

std::string MskRegion(std::string_view bootstrap_servers) {
  constexpr std::string_view kMark = ".kafka";
  for (size_t at = bootstrap_servers.find(kMark); at != std::string_view::npos;
       at = bootstrap_servers.find(kMark, at + 1)) {
    std::string_view rest = bootstrap_servers.substr(at + kMark.size());
    if (rest.starts_with("-serverless")) rest.remove_prefix(11);
    if (!rest.starts_with('.')) continue;
    rest.remove_prefix(1);
    const size_t end = rest.find('.');
    if (end != std::string_view::npos && rest.substr(end).starts_with(".amazonaws.com"))
      return std::string(rest.substr(0, end));
  }
  return "";
}

}  // namespace kafka_iceberg::net
