// SPDX-License-Identifier: Apache-2.0
//
// RestConfig: what GET /v1/config settled for one catalog - where it is, which prefix its paths
// have, how the levels of a namespace are separated, what it can do - and the URLs that follow from
// it. A plain value.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/rest/rest_options.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

// As the `endpoints` list of the protocol writes them.
namespace endpoint {
inline constexpr std::string_view kNamespaceExists = "HEAD /v1/{prefix}/namespaces/{namespace}";
inline constexpr std::string_view kTableExists =
    "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}";
inline constexpr std::string_view kCredentials =
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials";
inline constexpr std::string_view kRegister = "POST /v1/{prefix}/namespaces/{namespace}/register";
inline constexpr std::string_view kRename = "POST /v1/{prefix}/tables/rename";
inline constexpr std::string_view kCommitTables = "POST /v1/{prefix}/transactions/commit";
}  // namespace endpoint

class RestConfig {
 public:
  // kUnavailable: not JSON; kCorrupt: not a configuration, or one that cannot be used (plain http
  // after https, a prefix or separator that is none). Properties are merged: the reply's defaults,
  // then the options', then the reply's overrides.
  static Result<RestConfig> Parse(std::string_view reply, const RestCatalogOptions& options);
  // The URL that `reply` comes from; kInvalid when options.uri is no absolute http or https URL.
  static Result<std::string> UrlOf(const RestCatalogOptions& options);

  // The effective address, without a slash at the end. It may be of another origin than the
  // configured one: only the configured server can say so, which is trusted with the credential
  // anyway.
  const std::string& uri() const { return uri_; }
  const std::map<std::string, std::string>& properties() const { return properties_; }
  std::string Property(const std::string& name) const;
  bool Has(std::string_view endpoint) const { return endpoints_.contains(endpoint); }
  bool takes_idempotency_keys() const { return takes_idempotency_keys_; }

  std::string NamespacesUrl(const Namespace& parent, std::string_view page_token) const;
  std::string CreateNamespaceUrl() const { return base_ + "/namespaces"; }
  std::string NamespaceUrl(const Namespace& name) const;
  std::string TablesUrl(const Namespace& name) const { return NamespaceUrl(name) + "/tables"; }
  std::string TablesUrl(const Namespace& name, std::string_view page_token) const;
  std::string TableUrl(const TableIdentifier& identifier) const;
  std::string RegisterUrl(const Namespace& name) const { return NamespaceUrl(name) + "/register"; }
  std::string RenameUrl() const { return base_ + "/tables/rename"; }
  std::string CommitTablesUrl() const { return base_ + "/transactions/commit"; }

 private:
  std::string PageQuery(std::string_view page_token) const;

  std::string uri_;
  std::string base_;  // with /v1 and the prefix
  std::map<std::string, std::string> properties_;
  std::set<std::string, std::less<>> endpoints_;
  std::string separator_;          // as it stands in a path
  std::string decoded_separator_;  // as it stands in `parent`, before that is encoded
  bool takes_idempotency_keys_ = false;
};

}  // namespace kafka_iceberg::catalog
