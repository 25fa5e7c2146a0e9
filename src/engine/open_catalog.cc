// SPDX-License-Identifier: Apache-2.0
//
// From the configuration to a catalog: one factory for each catalog_type.
#include <cstdlib>

#include "catalog/file/file_catalog.h"
#include "catalog/glue/glue_catalog.h"
#include "catalog/hive/hive_catalog.h"
#include "catalog/manager/catalog_manager.h"
#include "catalog/nessie/nessie_catalog.h"
#include "catalog/rest/rest_catalog.h"
#include "catalog/sql/sql_catalog.h"
#include "config/config_file.h"
#include "engine/connect.h"
#include "engine/module_options.h"
#include "net/curl_client.h"
#include "net/token_source.h"
#include "storage/conditional_write_probe.h"
#include "storage/location.h"
#include "storage/store_factory.h"

namespace kafka_iceberg::engine {
namespace {

using CatalogResult = Result<std::unique_ptr<catalog::Catalog>>;

storage::StoreOptions StoreOptionsFor(const config::S3StoreOptions& s3) {
  return {.s3_endpoint = s3.s3_endpoint,
          .s3_region = s3.s3_region,
          .s3_access_key = s3.s3_access_key,
          .s3_secret_key = s3.s3_secret_key,
          .s3_session_token = s3.s3_session_token,
          .s3_path_style = s3.s3_path_style,
          .s3_server_side_encryption = s3.s3_server_side_encryption,
          .s3_kms_key_id = s3.s3_kms_key_id,
          .aws = {.environment = config::ProcessEnvironment()}};
}

// What every factory works with. The manager calls the factory long after OpenCatalog returned, so
// it owns its copy.
struct Parts {
  config::Options options;
  EngineContext context;
  std::shared_ptr<net::HttpClient> http;
  std::shared_ptr<storage::ObjectStore> store;
  storage::StoreOptions store_options;
  std::shared_ptr<net::AwsCredentialsProvider> glue_credentials;  // catalog_type glue

  const config::IcebergOptions& iceberg() const { return options.iceberg; }
  catalog::CatalogContext catalog_context() const {
    return {*store, context.clock, context.random, context.metrics};
  }
  storage::StoreContext store_context() const {
    return {*http, context.clock, context.random, context.metrics};
  }
};

CatalogResult OpenFile(const Parts& parts) {
  const std::string warehouse =
      TRY(storage::NormalizeLocation(parts.iceberg().file.warehouse_path));
  // On local disk the file system's own rules hold.
  if (!warehouse.starts_with("file://")) {
    TRY(storage::ProbeConditionalWrites(*parts.store, warehouse, parts.context.random));
  }
  return TRY(catalog::FileCatalog::Open(warehouse, parts.catalog_context()));
}

CatalogResult OpenSql(const Parts& parts) {
  const config::SqlCatalogOptions& sql = parts.iceberg().sql;
  std::string warehouse = TRY(storage::NormalizeLocation(sql.warehouse_path));
  return TRY(catalog::SqlCatalog::Open(
      {.uri = sql.uri,
       .catalog_name = sql.catalog_name,
       .warehouse = std::move(warehouse),
       .connections = parts.iceberg().catalog_manager.connection_pool_size},
      parts.catalog_context()));
}

struct Credential {
  std::string type;
  std::string value;
  std::string token_uri;
  std::string scope;
};

std::shared_ptr<net::TokenSource> TokenFor(const Parts& parts, const Credential& credential) {
  if (credential.type == "bearer") return net::FixedToken(credential.value);
  if (credential.type != "oauth2") return nullptr;
  // "id:secret"; what has no colon is only a secret.
  const size_t colon = credential.value.find(':');
  const bool has_id = colon != std::string::npos;
  return net::OAuth2ClientCredentials(
      {.token_uri = credential.token_uri,
       .client_id = has_id ? credential.value.substr(0, colon) : "",
       .client_secret = has_id ? credential.value.substr(colon + 1) : credential.value,
       .scope = credential.scope},
      *parts.http, parts.context.clock);
}

catalog::RestCatalogContext RestContextFor(const Parts& parts) {
  return {.http = *parts.http,
          .clock = parts.context.clock,
          .random = parts.context.random,
          .metrics = parts.context.metrics,
          .make_store = [parts](storage::TableAccess access,
                                std::function<Result<storage::TableAccess>()> refresh) {
            return storage::MakeTableStore(parts.store_options, parts.store_context(),
                                           std::move(access), std::move(refresh));
          }};
}

std::string WithoutSlash(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  return uri;
}

CatalogResult OpenRest(const Parts& parts) {
  const config::RestCatalogOptions& rest = parts.iceberg().rest;
  catalog::RestCatalogContext context = RestContextFor(parts);
  context.token = TokenFor(parts, {.type = rest.credential_type,
                                   .value = rest.credential,
                                   .token_uri = rest.oauth2_server_uri.empty()
                                                    ? WithoutSlash(rest.uri) + "/v1/oauth/tokens"
                                                    : rest.oauth2_server_uri,
                                   .scope = rest.scope});
  if (rest.credential_type == "sigv4") {
    const net::AwsChainOptions chain = parts.store_options.aws;
    const std::string region =
        rest.signing_region.empty() ? net::DefaultAwsRegion(chain) : rest.signing_region;
    context.signing = catalog::RestSigning{
        .credentials = net::DefaultAwsCredentials(chain, *parts.http, parts.context.clock),
        .region = region.empty() ? "us-east-1" : region,
        .service = rest.signing_name};
  }
  std::vector<net::HttpHeader> headers;
  for (const auto& [name, value] : rest.headers) headers.push_back({name, value});
  return TRY(catalog::RestCatalog::Open(
      {.uri = rest.uri,
       .warehouse = rest.warehouse,
       .headers = std::move(headers),
       .vended_credentials = rest.vended_credentials && rest.s3.s3_access_key.empty(),
       .request_timeout = std::chrono::seconds(rest.request_timeout_seconds),
       .reads = {.attempts = 1 + rest.max_retries}},
      context));
}

CatalogResult OpenGlue(const Parts& parts) {
  const config::GlueCatalogOptions& glue = parts.iceberg().glue;
  const std::string region =
      glue.region.empty() ? net::DefaultAwsRegion(parts.store_options.aws) : glue.region;
  if (region.empty()) {
    return Error::Invalid("no AWS region: set iceberg.glue.region or AWS_REGION");
  }
  std::string warehouse;
  if (!glue.warehouse_path.empty())
    warehouse = TRY(storage::NormalizeLocation(glue.warehouse_path));
  return TRY(catalog::GlueCatalog::Open(
      {.endpoint = glue.endpoint,
       .region = region,
       .catalog_id = glue.catalog_id,
       .warehouse = warehouse,
       .skip_archive = glue.skip_archive,
       .request_timeout = std::chrono::seconds(glue.request_timeout_seconds)},
      {.catalog = parts.catalog_context(),
       .http = *parts.http,
       .credentials = parts.glue_credentials}));
}

CatalogResult OpenHive(const Parts& parts) {
  const config::HiveCatalogOptions& hive = parts.iceberg().hive;
  std::string warehouse = TRY(storage::NormalizeLocation(hive.warehouse_path));
  return TRY(catalog::HiveCatalog::Open(
      {.uris = hive.metastore_uri,
       .warehouse = std::move(warehouse),
       .commit_lock = hive.commit_lock,
       .lock_timeout = std::chrono::seconds(hive.lock_timeout_seconds),
       .connections = parts.iceberg().catalog_manager.connection_pool_size,
       .call_timeout = std::chrono::seconds(hive.request_timeout_seconds)},
      parts.catalog_context()));
}

catalog::NessieCatalogOptions NessieOptionsFor(const config::NessieCatalogOptions& nessie) {
  return {.rest = {.uri = nessie.uri,
                   .warehouse = nessie.warehouse,
                   .vended_credentials = nessie.s3.s3_access_key.empty(),
                   .request_timeout = std::chrono::seconds(nessie.request_timeout_seconds),
                   .reads = {.attempts = 1 + nessie.max_retries},
                   .catalog_type = "nessie"},
          .ref = nessie.ref};
}

catalog::RestCatalogContext NessieContextFor(const Parts& parts) {
  const config::NessieCatalogOptions& nessie = parts.iceberg().nessie;
  catalog::RestCatalogContext context = RestContextFor(parts);
  context.token = TokenFor(parts, {.type = nessie.credential_type,
                                   .value = nessie.credential,
                                   .token_uri = nessie.oauth2_server_uri,
                                   .scope = nessie.scope});
  return context;
}

CatalogResult OpenNessie(const Parts& parts) {
  return TRY(catalog::NessieCatalog::Open(NessieOptionsFor(parts.iceberg().nessie),
                                          NessieContextFor(parts)));
}

CatalogResult OpenByType(const Parts& parts) {
  const std::string& type = parts.iceberg().catalog_type;
  if (type == "sql") return OpenSql(parts);
  if (type == "rest") return OpenRest(parts);
  if (type == "glue") return OpenGlue(parts);
  if (type == "hive") return OpenHive(parts);
  if (type == "nessie") return OpenNessie(parts);
  return OpenFile(parts);
}

// Glue's own keys, or the role to assume: for Glue and for the files of its tables.
std::shared_ptr<net::AwsCredentialsProvider> GlueCredentials(const config::GlueCatalogOptions& glue,
                                                             const net::AwsChainOptions& chain,
                                                             net::HttpClient& http, Clock& clock) {
  std::shared_ptr<net::AwsCredentialsProvider> credentials =
      glue.access_key.empty() ? net::DefaultAwsCredentials(chain, http, clock)
                              : net::StaticAwsCredentials({.access_key_id = glue.access_key,
                                                           .secret_access_key = glue.secret_key});
  if (glue.role_arn.empty()) return credentials;
  return net::AssumedRoleCredentials({.role_arn = glue.role_arn,
                                      .external_id = glue.external_id,
                                      .region = glue.region,
                                      .sts_endpoint = chain.sts_endpoint},
                                     std::move(credentials), http, clock);
}

catalog::CatalogManagerOptions ManagerOptionsFor(const config::Options& options,
                                                 const std::shared_ptr<CatalogChecks>& checks) {
  const config::CatalogManagerOptions& manager = options.iceberg.catalog_manager;
  catalog::CatalogManagerOptions result{
      .catalog_type = options.iceberg.catalog_type,
      .health_check_interval = std::chrono::seconds(manager.health_check_interval_seconds),
      // The REST client does that itself, as often as max_retries says.
      .retries_reads =
          options.iceberg.catalog_type != "rest" && options.iceberg.catalog_type != "nessie",
      .on_check = [checks](const catalog::CatalogCheck& check) { checks->Add(check); }};
  result.reconnect_backoff.clear();
  for (const int32_t delay_ms : manager.reconnect_backoff_ms) {
    result.reconnect_backoff.push_back(std::chrono::milliseconds(delay_ms));
  }
  return result;
}

Result<std::unique_ptr<net::HttpClient>> OpenHttp(const config::Options& options, Clock& clock) {
  return net::MakeCurlClient(
      // Beside the catalog's requests each writer uploads, and the committer checks what arrived.
      {.connections =
           options.iceberg.catalog_manager.connection_pool_size + WriterCount(options) + 1,
       .ca_file = options.http.ca_file,
       .client_cert_file = options.http.client_cert_file,
       .client_key_file = options.http.client_key_file,
       .proxy = options.http.proxy},
      clock);
}

}  // namespace

Result<OpenedCatalog> OpenCatalog(const config::Options& options, const EngineContext& context) {
  OpenedCatalog opened;
  opened.http = TRY(OpenHttp(options, context.clock));
  Parts parts{.options = options, .context = context, .http = opened.http};
  parts.store_options = StoreOptionsFor(WarehouseFor(options).s3);
  if (options.iceberg.catalog_type == "glue") {
    parts.glue_credentials =
        GlueCredentials(options.iceberg.glue, parts.store_options.aws, *opened.http, context.clock);
    // Unless the files have keys of their own.
    if (parts.store_options.s3_access_key.empty()) {
      parts.store_options.aws_credentials = parts.glue_credentials;
    }
    if (parts.store_options.s3_region.empty()) {
      parts.store_options.s3_region = options.iceberg.glue.region;
    }
  }
  opened.store = TRY(storage::MakeStore(parts.store_options, parts.store_context()));
  parts.store = opened.store;
  opened.checks = std::make_shared<CatalogChecks>();
  auto manager = std::make_unique<catalog::CatalogManager>(
      ManagerOptionsFor(options, opened.checks), [parts] { return OpenByType(parts); },
      catalog::CatalogManagerContext{.clock = context.clock,
                                     .random = context.random,
                                     .logger = context.logger,
                                     .metrics = context.metrics});
  opened.manager = manager.get();
  opened.catalog = std::move(manager);
  return opened;
}

Result<OpenedBranches> OpenBranches(const config::Options& options, const EngineContext& context) {
  if (options.iceberg.catalog_type != "nessie") {
    return Error::Unsupported("a {} catalog has no branches; only catalog_type = \"nessie\" has",
                              options.iceberg.catalog_type);
  }
  OpenedBranches opened;
  opened.http = TRY(OpenHttp(options, context.clock));
  const Parts parts{.options = options, .context = context, .http = opened.http};
  opened.branches = TRY(catalog::OpenNessieBranches(NessieOptionsFor(options.iceberg.nessie),
                                                    NessieContextFor(parts)));
  return opened;
}

}  // namespace kafka_iceberg::engine
