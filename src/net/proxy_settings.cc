// SPDX-License-Identifier: Apache-2.0
#include "net/proxy_settings.h"

#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

constexpr std::string_view kLinkLocal = "169.254.0.0/16,fd00:ec2::254";

// The first of these variables that says something.
std::string FirstOf(const EnvironmentLookup& environment,
                    std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto value = environment(name);
    if (value.has_value() && !Trim(*value).empty()) return std::string(Trim(*value));
  }
  return "";
}

}  // namespace

ProxySettings ChooseProxies(std::string_view configured, const EnvironmentLookup& environment) {
  ProxySettings settings;
  settings.direct = kLinkLocal;
  if (!configured.empty()) {
    settings.http = settings.https = configured;
    return settings;
  }
  settings.http = FirstOf(environment, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  settings.https = FirstOf(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  const std::string direct = FirstOf(environment, {"no_proxy", "NO_PROXY"});
  if (direct == "*") {
    settings.direct = direct;  // means "all" only when it stands alone
  } else if (!direct.empty()) {
    settings.direct = direct + "," + settings.direct;
  }
  return settings;
}

}  // namespace kafka_iceberg::net
