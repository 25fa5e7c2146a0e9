// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_session.h"

#include "catalog/rest/idempotency_key.h"

namespace kafka_iceberg::catalog {
namespace {

// What may stand in a configuration and is nobody else's business.
bool IsSecretProperty(std::string_view name) { return name == "token" || name == "credential"; }

}  // namespace

Result<std::shared_ptr<RestSession>> RestSession::Open(const RestCatalogOptions& options,
                                                       const RestCatalogContext& context) {
  auto url = RestConfig::UrlOf(options);
  if (!url.ok()) return url.error().WithContext("uri of the catalog");
  std::string name = "catalog " + TRY(net::OriginOf(options.uri));
  RestClient client(options, context);
  const auto reply = client.Read({.url = *url});
  if (!reply.ok()) return reply.error().WithContext(name);
  const Status status = CheckReply(*reply, RestRoute::kRead);
  if (!status.ok()) return status.error().WithContext(name + ": cannot get its configuration");
  auto config = RestConfig::Parse(reply->body, options);
  if (!config.ok()) return config.error().WithContext(name);
  return std::shared_ptr<RestSession>(
      new RestSession(options, context, std::move(config).value(), std::move(name)));
}

RestSession::RestSession(const RestCatalogOptions& options, const RestCatalogContext& context,
                         RestConfig config, std::string name)
    : options_(options),
      context_(context),
      config_(std::move(config)),
      name_(std::move(name)),
      client_(options, context),
      metrics_(context.clock, context.metrics, options.catalog_type) {}

Error RestSession::Named(const Error& error) const { return error.WithContext(name_); }

Status RestSession::CheckHealth() {
  const auto reply = client_.Send({.url = TRY(RestConfig::UrlOf(options_))});
  if (!reply.ok()) return Named(reply.error());
  const Status status = CheckReply(*reply, RestRoute::kRead);
  if (!status.ok()) return Named(status.error());
  const auto config = RestConfig::Parse(reply->body, options_);
  if (!config.ok()) return Named(config.error());
  return {};
}

Result<std::string> RestSession::Get(const std::string& url, bool wants_credentials) {
  auto reply = client_.Read({.url = url, .wants_credentials = wants_credentials});
  if (!reply.ok()) return Named(reply.error());
  const Status status = CheckReply(*reply, RestRoute::kRead);
  if (!status.ok()) return Named(status.error());
  return std::move(reply->body);
}

Result<std::string> RestSession::Change(const std::string& method, const std::string& url,
                                        std::string body, RestRoute route) {
  auto reply = client_.Send({.method = method,
                             .url = url,
                             .body = std::move(body),
                             .idempotency_key = NewIdempotencyKey(),
                             .wants_credentials = method == "POST"});
  if (!reply.ok()) return Named(reply.error());
  const Status status = CheckReply(*reply, route);
  if (!status.ok()) return Named(status.error());
  return std::move(reply->body);
}

Result<LoadedTable> RestSession::Load(const TableIdentifier& identifier) {
  auto table = ParseTable(TRY(Get(config_.TableUrl(identifier), true)));
  if (!table.ok()) return Named(table.error());
  table->access = WithDefaults(std::move(table->access));
  return table;
}

Result<storage::TableAccess> RestSession::RefreshAccess(const TableIdentifier& identifier) {
  if (!config_.Has(endpoint::kCredentials)) return TRY(Load(identifier)).access;
  auto access = ParseAccess(TRY(Get(config_.TableUrl(identifier) + "/credentials", true)));
  if (!access.ok()) return Named(access.error());
  // Some list the route and answer with nothing.
  if (access->credentials.empty()) return TRY(Load(identifier)).access;
  return WithDefaults(std::move(access).value());
}

storage::TableAccess RestSession::WithDefaults(storage::TableAccess access) const {
  for (const auto& [name, value] : config_.properties()) {
    if (!IsSecretProperty(name)) access.config.try_emplace(name, value);
  }
  return access;
}

std::string RestSession::NewIdempotencyKey() const {
  if (!config_.takes_idempotency_keys()) return "";
  return NewUuidV7(context_.clock, context_.random);
}

}  // namespace kafka_iceberg::catalog
