// SPDX-License-Identifier: Apache-2.0
//
// Which proxy a request goes through: the configured one, or what the environment says in the
// variables that curl, Go and Python read. A value; pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kafka_iceberg::net {

struct ProxySettings {
  std::string http;   // for http:// URLs; empty: none
  std::string https;  // for https:// URLs
  // Comma-separated hosts, domains and networks that are reached directly.
  std::string direct;
};

using EnvironmentLookup = std::function<std::optional<std::string>(const char* name)>;

// A `configured` proxy serves everything; otherwise http_proxy, https_proxy, all_proxy, no_proxy
// (lower case wins over upper case). Metadata services on link-local addresses hand out
// credentials and are always reached directly.
ProxySettings ChooseProxies(std::string_view configured, const EnvironmentLookup& environment);

}  // namespace kafka_iceberg::net
