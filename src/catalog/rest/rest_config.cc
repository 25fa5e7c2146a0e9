// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_config.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::catalog {
namespace {

using iceberg::FindMember;
using iceberg::Json;

constexpr std::string_view kDefaultSeparator = "%1F";
constexpr size_t kSeparatorBytesMax = 16;
constexpr size_t kPrefixBytesMax = 1024;
constexpr size_t kEndpointsMax = 1000;

// What a server without an `endpoints` list is taken to have.
constexpr std::array<std::string_view, 14> kDefaultEndpoints = {
    "GET /v1/{prefix}/namespaces",
    "GET /v1/{prefix}/namespaces/{namespace}",
    "POST /v1/{prefix}/namespaces",
    "POST /v1/{prefix}/namespaces/{namespace}/properties",
    "DELETE /v1/{prefix}/namespaces/{namespace}",
    "POST /v1/{prefix}/transactions/commit",
    "GET /v1/{prefix}/namespaces/{namespace}/tables",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/tables",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/tables/rename",
    "POST /v1/{prefix}/namespaces/{namespace}/register",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics"};

std::string WithoutSlashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

// Printable ASCII that can be pasted into a path as it is; servers encode their prefix themselves.
bool IsPathText(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '\\'; });
}

Result<std::string> PrefixOf(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  std::string prefix = WithoutSlashes(text);
  if (prefix.size() > kPrefixBytesMax || !IsPathText(prefix)) {
    return Error::Corrupt("its prefix cannot be part of a URL");
  }
  return prefix;
}

Result<std::set<std::string, std::less<>>> EndpointsOf(const Json& reply) {
  const Json* list = TRY(iceberg::ReadOptionalArray(reply, "endpoints"));
  if (list == nullptr) {
    return std::set<std::string, std::less<>>(kDefaultEndpoints.begin(), kDefaultEndpoints.end());
  }
  if (list->size() > kEndpointsMax) return Error::Corrupt("it lists {} endpoints", list->size());
  std::set<std::string, std::less<>> endpoints;
  for (const Json& entry : *list) {
    if (entry.is_string()) endpoints.insert(entry.get_ref<const std::string&>());
  }
  return endpoints;
}

// Following a reply from https to http would show the credential to everybody on the way.
Status CheckScheme(std::string_view configured, std::string_view effective) {
  const std::string from = TRY(net::OriginOf(configured));
  const std::string to = TRY(net::OriginOf(effective));
  if (from.starts_with("https:") && !to.starts_with("https:")) {
    return Error::Denied("it sends us from {} to {}, which is not encrypted", from, to);
  }
  return {};
}

}  // namespace

Result<std::string> RestConfig::UrlOf(const RestCatalogOptions& options) {
  const std::string uri = WithoutSlashes(options.uri);
  TRY(net::OriginOf(uri));
  if (options.warehouse.empty()) return uri + "/v1/config";
  return uri + "/v1/config?warehouse=" + net::PercentEncode(options.warehouse);
}

Result<RestConfig> RestConfig::Parse(std::string_view reply, const RestCatalogOptions& options) {
  const Result<Json> parsed = iceberg::ParseJson(reply, "its configuration");
  if (!parsed.ok()) return Error::Unavailable("{}", parsed.error().message());
  if (!parsed->is_object()) return Error::Corrupt("its configuration is not a JSON object");
  RestConfig config;
  config.properties_ = TRY(iceberg::ReadStringMap(*parsed, "defaults"));
  config.properties_["uri"] = options.uri;
  if (!options.warehouse.empty()) config.properties_["warehouse"] = options.warehouse;
  for (auto& [name, value] : TRY(iceberg::ReadStringMap(*parsed, "overrides"))) {
    config.properties_[name] = std::move(value);
  }
  config.uri_ = WithoutSlashes(config.properties_["uri"]);
  const Status is_usable = CheckScheme(options.uri, config.uri_);
  if (!is_usable.ok()) return is_usable.error();
  config.base_ = config.uri_ + "/v1";
  const std::string prefix = TRY(PrefixOf(config.Property("prefix")));
  if (!prefix.empty()) config.base_ += "/" + prefix;
  config.separator_ = config.Property("namespace-separator");
  if (config.separator_.empty()) config.separator_ = kDefaultSeparator;
  auto separator = net::PercentDecode(config.separator_);
  if (!separator.ok() || config.separator_.size() > kSeparatorBytesMax ||
      !IsPathText(config.separator_)) {
    return Error::Corrupt("its namespace-separator cannot be part of a URL");
  }
  config.decoded_separator_ = std::move(separator).value();
  config.endpoints_ = TRY(EndpointsOf(*parsed));
  config.takes_idempotency_keys_ = FindMember(*parsed, "idempotency-key-lifetime") != nullptr;
  return config;
}

std::string RestConfig::Property(const std::string& name) const {
  const auto found = properties_.find(name);
  return found == properties_.end() ? std::string() : found->second;
}

// Asking with an empty token tells a server that pages are understood; others ignore it and answer
// in one piece.
std::string RestConfig::PageQuery(std::string_view page_token) const {
  std::string query = "pageToken=" + net::PercentEncode(page_token);
  const std::string size = Property("rest-page-size");
  if (!size.empty() && size.size() <= 6 &&
      std::ranges::all_of(size, [](char c) { return c >= '0' && c <= '9'; })) {
    query += "&pageSize=" + size;
  }
  return query;
}

std::string RestConfig::NamespacesUrl(const Namespace& parent, std::string_view page_token) const {
  std::string url = base_ + "/namespaces?";
  if (!parent.empty()) {
    std::string text;
    for (const std::string& level : parent) {
      if (&level != &parent.front()) text += decoded_separator_;
      text += level;
    }
    url += "parent=" + net::PercentEncode(text) + "&";
  }
  return url + PageQuery(page_token);
}

std::string RestConfig::NamespaceUrl(const Namespace& name) const {
  std::string url = base_ + "/namespaces/";
  for (const std::string& level : name) {
    if (&level != &name.front()) url += separator_;
    url += net::PercentEncode(level);
  }
  return url;
}

std::string RestConfig::TablesUrl(const Namespace& name, std::string_view page_token) const {
  return TablesUrl(name) + "?" + PageQuery(page_token);
}

std::string RestConfig::TableUrl(const TableIdentifier& identifier) const {
  return TablesUrl(identifier.name_space) + "/" + net::PercentEncode(identifier.name);
}

}  // namespace kafka_iceberg::catalog
