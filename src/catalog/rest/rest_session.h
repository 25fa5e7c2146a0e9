// SPDX-License-Identifier: Apache-2.0
//
// RestSession: one client's relation to one REST catalog - its configuration, its way to send - and
// what a catalog and its tables both do with it. Shared by them, because tables may outlive their
// catalog object. Safe for concurrent use.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog_context.h"
#include "catalog/rest/rest_client.h"
#include "catalog/rest/rest_config.h"
#include "catalog/rest/rest_json.h"
#include "catalog/rest/rest_options.h"
#include "catalog/rest/rest_reply.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

class RestSession {
 public:
  // Asks for the configuration. kNotFound: no such warehouse; otherwise as RestClient::Read.
  static Result<std::shared_ptr<RestSession>> Open(const RestCatalogOptions& options,
                                                   const RestCatalogContext& context);

  const RestCatalogOptions& options() const { return options_; }
  const RestCatalogContext& context() const { return context_; }
  const RestConfig& config() const { return config_; }
  RestClient& client() { return client_; }
  CatalogMetrics& metrics() { return metrics_; }

  // The configuration once more, by a single request.
  Status CheckHealth();
  // The body of a successful answer.
  Result<std::string> Get(const std::string& url, bool wants_credentials = false);
  // Success, or what CheckReply says. Sent once, with an idempotency key where they are understood.
  Result<std::string> Change(const std::string& method, const std::string& url, std::string body,
                             RestRoute route);
  Result<LoadedTable> Load(const TableIdentifier& identifier);
  // Access to a table's files, asked for anew.
  Result<storage::TableAccess> RefreshAccess(const TableIdentifier& identifier);
  // The table's access with what the catalog's configuration says about all tables.
  storage::TableAccess WithDefaults(storage::TableAccess access) const;
  // Empty when the server does not want any.
  std::string NewIdempotencyKey() const;
  // With the catalog's name in front: "catalog https://host:443".
  Error Named(const Error& error) const;

 private:
  RestSession(const RestCatalogOptions& options, const RestCatalogContext& context,
              RestConfig config, std::string name);

  const RestCatalogOptions options_;
  const RestCatalogContext context_;
  const RestConfig config_;
  const std::string name_;
  RestClient client_;
  CatalogMetrics metrics_;
};

}  // namespace kafka_iceberg::catalog
