// SPDX-License-Identifier: Apache-2.0
//
// The REST catalog on real servers: the reference server (KAFKA_ICEBERG_TEST_REST_URI, files in the
// local folder ..._REST_WAREHOUSE) and SeaweedFS (..._SEAWEEDFS_REST_URI, _WAREHOUSE, _CREDENTIAL,
// _TOKEN_URI) by OAuth2, by AWS signatures, and with credentials vended by the server.
#include "catalog/catalog_under_test.h"
#include "catalog/rest/rest_catalog.h"
#include "catalog/servers/server_surroundings.h"

namespace kafka_iceberg::catalog {
namespace {

// Which namespaces the cases make, the inner one first.
const std::vector<Namespace> kNamespaces = {{"raw", "web"}, {"raw"}, {"other"}};

// Leaves nothing of an earlier case.
void Clear(Catalog& catalog) {
  for (const Namespace& name : kNamespaces) {
    const auto tables = catalog.ListTables(name);
    if (!tables.ok()) continue;
    for (const TableIdentifier& table : *tables) {
      EXPECT_THAT(catalog.DropTable(table, false), IsOk());
    }
    (void)catalog.DropNamespace(name);  // nothing is below a parent that was only implied
  }
}

enum class Login : uint8_t { kNone, kOAuth2, kSigned, kVended };

struct RestServer {
  std::string uri;
  std::string warehouse;
  std::string scratch;
  Login login = Login::kNone;
  CatalogTraits traits;
};

class RestServerUnderTest final : public CatalogUnderTest {
 public:
  explicit RestServerUnderTest(RestServer server) : server_(std::move(server)) { Clear(*catalog_); }
  ~RestServerUnderTest() override { Clear(*catalog_); }
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    RestCatalogOptions options{.uri = server_.uri, .warehouse = server_.warehouse};
    options.vended_credentials = server_.login == Login::kVended;
    auto opened = RestCatalog::Open(options, Context());
    EXPECT_THAT(opened, IsOk());
    return std::move(opened).value();
  }
  telemetry::Metrics& metrics() override { return surroundings_.metrics(); }
  storage::ObjectStore& store() override { return surroundings_.store(); }
  std::string scratch() override { return server_.scratch + "/" + NewUuid(surroundings_.random()); }
  CatalogTraits traits() const override { return server_.traits; }

 private:
  RestCatalogContext Context() {
    RestCatalogContext context{
        .http = surroundings_.http(),
        .clock = surroundings_.clock(),
        .random = surroundings_.random(),
        .metrics = surroundings_.metrics(),
        .make_store = surroundings_.StoreMaker(server_.login != Login::kVended),
        .token = nullptr,
        .signing = std::nullopt};
    if (server_.login == Login::kSigned) {
      context.signing = RestSigning{surroundings_.S3Credentials(), "us-east-1", "s3tables"};
    } else if (server_.login != Login::kNone) {
      context.token = token_;
    }
    return context;
  }
  std::shared_ptr<net::TokenSource> MakeToken() {
    const std::string credential = ServerSetting("SEAWEEDFS_REST_CREDENTIAL");
    const size_t colon = credential.find(':');
    return net::OAuth2ClientCredentials({.token_uri = ServerSetting("SEAWEEDFS_REST_TOKEN_URI"),
                                         .client_id = credential.substr(0, colon),
                                         .client_secret = credential.substr(colon + 1),
                                         .scope = "catalog",
                                         .extra_fields = {}},
                                        surroundings_.http(), surroundings_.clock());
  }

  const RestServer server_;
  ServerSurroundings surroundings_;
  const std::shared_ptr<net::TokenSource> token_ = MakeToken();
  const std::unique_ptr<Catalog> catalog_ = Another();
};

CatalogMaker Maker(std::string name, RestServer server) {
  return {std::move(name),
          [server = std::move(server)] { return std::make_unique<RestServerUnderTest>(server); }};
}

std::vector<CatalogMaker> Makers() {
  std::vector<CatalogMaker> makers;
  if (const std::string uri = ServerSetting("REST_URI"); !uri.empty()) {
    makers.push_back(Maker("Reference", {.uri = uri,
                                         .warehouse = "",
                                         .scratch = "file://" + ServerSetting("REST_WAREHOUSE"),
                                         .traits = {.purges_at_once = false,
                                                    .keeps_unknown_members = false,
                                                    .writes_metadata_itself = true,
                                                    .commits_per_writer = 25}}));
  }
  if (const std::string uri = ServerSetting("SEAWEEDFS_REST_URI"); !uri.empty()) {
    RestServer server{.uri = uri,
                      .warehouse = ServerSetting("SEAWEEDFS_REST_WAREHOUSE"),
                      .scratch = "s3://" + ServerSetting("S3_BUCKET") + "/scratch",
                      .login = Login::kOAuth2,
                      .traits = {.can_register = false,
                                 .keeps_dropped_files = false,
                                 .creates_once = false,
                                 .keeps_unknown_members = false,
                                 .writes_metadata_itself = true,
                                 .commits_per_writer = 10}};
    makers.push_back(Maker("SeaweedFsOAuth2", server));
    server.login = Login::kSigned;
    makers.push_back(Maker("SeaweedFsSigned", server));
    server.login = Login::kVended;
    makers.push_back(Maker("SeaweedFsVended", server));
  }
  return makers;
}

INSTANTIATE_TEST_SUITE_P(Rest, CatalogConformance, testing::ValuesIn(Makers()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
