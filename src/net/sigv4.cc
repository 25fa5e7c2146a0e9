// SPDX-License-Identifier: Apache-2.0
#include "net/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "core/check.h"
#include "core/hashing.h"
#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  CHECK(::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
               &size) != nullptr &&
        size == digest.size());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// "20130524T000000Z"
std::string AmzDate(Timestamp now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(second - day);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

// Proxies and our own HTTP library add, change or drop these.
bool IsSigned(std::string_view lower_name) {
  constexpr std::array<std::string_view, 13> kNotSigned = {"accept-encoding",  "authorization",
                                                           "connection",       "expect",
                                                           "keep-alive",       "te",
                                                           "trailer",          "upgrade",
                                                           "user-agent",       "via",
                                                           "x-amzn-trace-id",  "x-forwarded-for",
                                                           "transfer-encoding"};
  return std::ranges::find(kNotSigned, lower_name) == kNotSigned.end();
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (true) {
    const size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

// Each segment in the one canonical encoding, so that "(" and "%28" sign the same.
Result<std::string> SingleEncodedPath(std::string_view path) {
  std::string canonical;
  for (const std::string_view segment : Split(path.substr(1), '/'))
    canonical += "/" + PercentEncode(TRY(PercentDecode(segment)));
  return canonical;
}

// RFC 3986, 5.2.4, and without empty segments; then everything encoded once more.
std::string DoubleEncodedPath(std::string_view path) {
  std::vector<std::string_view> kept;
  const std::vector<std::string_view> segments = Split(path, '/');
  for (const std::string_view segment : segments) {
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") kept.push_back(segment);
  }
  std::string canonical;
  for (const std::string_view segment : kept) canonical += "/" + PercentEncode(segment);
  const std::string_view last = segments.back();
  const bool is_folder = last.empty() || last == "." || last == "..";
  return is_folder || kept.empty() ? canonical + "/" : canonical;
}

Result<std::string> CanonicalPath(std::string_view path, bool encode_twice) {
  if (path.empty()) return "/";
  if (encode_twice) return DoubleEncodedPath(path);
  return SingleEncodedPath(path);
}

Result<std::string> CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view parameter : Split(query, '&')) {
    if (parameter.empty()) continue;
    const size_t equals = parameter.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    parameters.emplace_back(PercentEncode(TRY(PercentDecode(parameter.substr(0, equals)))),
                            PercentEncode(TRY(PercentDecode(value))));
  }
  std::ranges::sort(parameters);
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    if (!canonical.empty()) canonical += '&';
    canonical += name + "=" + value;
  }
  return canonical;
}

// Trimmed, and each run of spaces as one.
std::string CanonicalValue(std::string_view value) {
  std::string canonical;
  for (const char c : Trim(value)) {
    const char next = c == '\t' ? ' ' : c;
    if (next != ' ' || !canonical.ends_with(' ')) canonical += next;
  }
  return canonical;
}

struct CanonicalHeaders {
  std::string lines;  // "name:value\n" each
  std::string names;  // "a;b;c"
};

CanonicalHeaders Canonicalize(const std::vector<HttpHeader>& headers) {
  std::map<std::string, std::string> joined;
  for (const HttpHeader& header : headers) {
    const std::string name = ToLower(header.name);
    if (!IsSigned(name)) continue;
    const auto [place, is_new] = joined.try_emplace(name);
    if (!is_new) place->second += ',';
    place->second += CanonicalValue(header.value);
  }
  CanonicalHeaders canonical;
  for (const auto& [name, value] : joined) {
    canonical.lines += name + ":" + value + "\n";
    if (!canonical.names.empty()) canonical.names += ';';
    canonical.names += name;
  }
  return canonical;
}

void RemoveHeader(HttpRequest& request, std::string_view name) {
  std::erase_if(request.headers,
                [&](const HttpHeader& header) { return EqualsIgnoreCase(header.name, name); });
}

void SetHeader(HttpRequest& request, std::string_view name, std::string value) {
  RemoveHeader(request, name);
  request.headers.push_back({std::string(name), std::move(value)});
}

bool HasHeader(const HttpRequest& request, std::string_view name) {
  return std::ranges::any_of(request.headers, [&](const HttpHeader& header) {
    return EqualsIgnoreCase(header.name, name);
  });
}

// As HTTP libraries send it: with the port unless it is the scheme's own.
std::string HostHeader(const UrlParts& parts) {
  const uint16_t usual = EqualsIgnoreCase(parts.scheme, "https") ? 443 : 80;
  const std::string_view host = parts.authority.substr(
      0, parts.authority.starts_with('[') ? parts.host.size() + 2 : parts.host.size());
  return parts.port == usual ? std::string(host) : fmt::format("{}:{}", host, parts.port);
}

std::string CredentialScope(std::string_view amz_date, const SigningScope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", amz_date.substr(0, 8), scope.region, scope.service);
}

std::string Signature(const std::string& canonical_request, std::string_view amz_date,
                      const SigningScope& scope, const AwsCredentials& credentials) {
  const std::string text_to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, amz_date, CredentialScope(amz_date, scope),
                  Sha256Hex(canonical_request));
  std::string key = Hmac("AWS4" + credentials.secret_access_key, amz_date.substr(0, 8));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")})
    key = Hmac(key, part);
  return ToHex(Hmac(key, text_to_sign));
}

}  // namespace

Status SignV4(HttpRequest& request, const SigningScope& scope, const AwsCredentials& credentials,
              Timestamp now) {
  const UrlParts parts = TRY(SplitUrl(request.url));
  const std::string path = TRY(CanonicalPath(parts.path, scope.encode_path_twice));
  const std::string query = TRY(CanonicalQuery(parts.query));
  const std::string body_sha256 =
      scope.body_sha256.empty() ? Sha256Hex(request.body) : scope.body_sha256;
  const std::string amz_date = AmzDate(now);

  // A request may be signed again, with other credentials or later.
  RemoveHeader(request, "authorization");
  RemoveHeader(request, "x-amz-security-token");
  if (!HasHeader(request, "host")) SetHeader(request, "host", HostHeader(parts));
  SetHeader(request, "x-amz-date", amz_date);
  if (scope.sign_body) SetHeader(request, "x-amz-content-sha256", body_sha256);
  if (!credentials.session_token.empty())
    SetHeader(request, "x-amz-security-token", credentials.session_token);

  const CanonicalHeaders headers = Canonicalize(request.headers);
  const std::string canonical_request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path, query, headers.lines,
                  headers.names, body_sha256);
  SetHeader(request, "authorization",
            fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                        credentials.access_key_id, CredentialScope(amz_date, scope), headers.names,
                        Signature(canonical_request, amz_date, scope, credentials)));
  return {};
}

Result<std::string> PresignV4(std::string_view url, const SigningScope& scope,
                              const AwsCredentials& credentials, Timestamp now, Duration valid) {
  const UrlParts parts = TRY(SplitUrl(url));
  const std::string path = TRY(CanonicalPath(parts.path, scope.encode_path_twice));
  const std::string amz_date = AmzDate(now);
  std::string query(parts.query);
  const auto add = [&](std::string_view name, std::string_view value) {
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, PercentEncode(value));
  };
  add("X-Amz-Algorithm", kAlgorithm);
  add("X-Amz-Credential",
      fmt::format("{}/{}", credentials.access_key_id, CredentialScope(amz_date, scope)));
  add("X-Amz-Date", amz_date);
  add("X-Amz-Expires",
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(valid).count()));
  if (!credentials.session_token.empty()) add("X-Amz-Security-Token", credentials.session_token);
  add("X-Amz-SignedHeaders", "host");
  query = TRY(CanonicalQuery(query));
  const std::string body_sha256 = scope.body_sha256.empty() ? Sha256Hex("") : scope.body_sha256;
  const std::string canonical_request =
      fmt::format("GET\n{}\n{}\nhost:{}\n\nhost\n{}", path, query, HostHeader(parts), body_sha256);
  return fmt::format("{}://{}{}?{}&X-Amz-Signature={}", parts.scheme, parts.authority,
                     parts.path.empty() ? "/" : parts.path, query,
                     Signature(canonical_request, amz_date, scope, credentials));
}

}  // namespace kafka_iceberg::net
