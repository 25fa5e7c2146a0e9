// SPDX-License-Identifier: Apache-2.0
#include "catalog/glue/glue_catalog.h"

#include "catalog/glue/fake_glue_world.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

class GlueCatalogTest : public FakeGlueWorld {};

TEST_F(GlueCatalogTest, AsksTheRegionsEndpointUnlessToldAnother) {
  EXPECT_THAT(catalog_->CheckHealth(), IsOk());
  EXPECT_EQ(server_.sent().back().url, "https://glue.us-east-1.amazonaws.com/");
  EXPECT_THAT(Open({.endpoint = "http://localhost:5000/", .region = "us-east-1"})->CheckHealth(),
              IsOk());
  EXPECT_EQ(server_.sent().back().url, "http://localhost:5000/");
  const GlueCatalogContext context{context_, server_.http(), credentials_};
  EXPECT_THAT(GlueCatalog::Open({}, context), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(GlueCatalog::Open({.endpoint = "glue", .region = "us-east-1"}, context),
              IsError(ErrorCode::kInvalid));
}

TEST_F(GlueCatalogTest, NamesTheAccountWhenItIsGiven) {
  Open({.region = "us-east-1", .catalog_id = "123456789012"})->CheckHealth().value();
  EXPECT_EQ(LastBody("GetDatabases")["CatalogId"], "123456789012");
}

TEST_F(GlueCatalogTest, HealthIsAskedOfTheDatabaseInUse) {
  ASSERT_THAT(catalog_->CheckHealth(), IsOk());
  EXPECT_EQ(server_.CountOf("GetDatabases"), 1);
  const Table table = Create();
  ASSERT_THAT(catalog_->CheckHealth(), IsOk());
  EXPECT_EQ(server_.CountOf("GetDatabases"), 1);
  EXPECT_EQ(LastBody("GetDatabase")["Name"], "raw");
  server_.Next("GetDatabase", {GlueFault::kServerErrorBefore});
  EXPECT_THAT(catalog_->CheckHealth(), IsError(ErrorCode::kUnavailable));
  server_.Next("GetDatabase", {GlueFault::kTimeoutBefore});
  EXPECT_THAT(catalog_->CheckHealth(), IsError(ErrorCode::kTimeout));
}

TEST_F(GlueCatalogTest, WaitsWhenAskedToSlowDown) {
  const SteadyTime started = clock_.Steady();
  server_.Next("GetDatabases",
               {GlueFault::kThrottled, GlueFault::kTooManyRequests, GlueFault::kBusy});
  EXPECT_THAT(catalog_->ListNamespaces({}), IsOk());
  EXPECT_GE(clock_.Steady() - started, std::chrono::milliseconds(2600));
  server_.Next("GetDatabases", std::vector<GlueFault>(4, GlueFault::kThrottled));
  const auto throttled = catalog_->ListNamespaces({});
  EXPECT_THAT(throttled, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(throttled.error().message(), HasSubstr("slow down"));
  EXPECT_EQ(server_.CountOf("GetDatabases"), 8);
  server_.Next("CreateDatabase", {GlueFault::kThrottled});
  EXPECT_THAT(catalog_->CreateNamespace({"x"}), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(server_.CountOf("CreateDatabase"), 1);
}

TEST_F(GlueCatalogTest, SaysWhichPermissionIsMissing) {
  server_.Next("GetTable", {GlueFault::kDenied});
  const auto denied = catalog_->LoadTable(events_);
  EXPECT_THAT(denied, IsError(ErrorCode::kDenied));
  EXPECT_THAT(denied.error().message(),
              testing::AllOf(HasSubstr("glue:GetTable on table raw.events"),
                             HasSubstr("arn:aws:iam::1:user/me")));
}

TEST_F(GlueCatalogTest, FollowsAllPages) {
  for (const char* name : {"a", "b", "c", "d", "e"})
    ASSERT_THAT(catalog_->CreateNamespace({name}), IsOk());
  EXPECT_EQ(catalog_->ListNamespaces({}).value().size(), 5U);
  for (const char* name : {"t1", "t2", "t3"})
    ASSERT_THAT(catalog_->CreateTable(FakeTableCreation({{"a"}, name})), IsOk());
  EXPECT_EQ(catalog_->ListTables({"a"}).value().size(), 3U);
}

TEST_F(GlueCatalogTest, TakesNewNamesThatNeedNoQuotes) {
  EXPECT_THAT(catalog_->CreateNamespace({"Raw"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog_->CreateNamespace({"my-db"}), IsError(ErrorCode::kInvalid));
  server_.SetDatabaseLocation("my-db", "");
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation({{"my-db"}, "events"})), IsOk());
  EXPECT_THAT(catalog_->LoadTable({{"my-db"}, "events"}), IsOk());
  EXPECT_THAT(catalog_->LoadTable({{"my-db"}, "Events"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation({{"my-db"}, "my-events"})),
              IsError(ErrorCode::kInvalid));
}

TEST_F(GlueCatalogTest, PlacesTablesWhereTheDatabaseSays) {
  const Table table = Create();
  EXPECT_EQ(table->Current().metadata->location, "memory://bucket/warehouse/raw.db/events");
  server_.SetDatabaseLocation("placed", "memory://bucket/elsewhere/");
  const auto placed = catalog_->CreateTable(FakeTableCreation({{"placed"}, "events"}));
  ASSERT_THAT(placed, IsOk());
  EXPECT_EQ(placed.value()->Current().metadata->location, "memory://bucket/elsewhere/events");
  EXPECT_EQ(server_.Table("placed", "events")["StorageDescriptor"]["Location"],
            "memory://bucket/elsewhere/events");
  const auto homeless =
      Open({.region = "us-east-1"})->CreateTable(FakeTableCreation({{"raw"}, "other"}));
  EXPECT_THAT(homeless, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(homeless.error().message(), HasSubstr("warehouse_path"));
}

TEST_F(GlueCatalogTest, LeavesOtherKindsOfTablesAlone) {
  Create();
  server_.AddTable("raw", {{"Name", "view"}, {"TableType", "VIRTUAL_VIEW"}});
  server_.AddTable("raw", {{"Name", "half"}, {"Parameters", {{"table_type", "iceberg"}}}});
  for (const char* name : {"view", "half"}) {
    EXPECT_THAT(catalog_->LoadTable({{"raw"}, name}), IsError(ErrorCode::kInvalid));
    EXPECT_THAT(catalog_->DropTable({{"raw"}, name}, true), IsError(ErrorCode::kInvalid));
  }
  EXPECT_THAT(catalog_->ListTables({"raw"}).value(),
              testing::ElementsAre(events_, TableIdentifier{{"raw"}, "half"}));
  ASSERT_THAT(catalog_->DropTable(events_, false), IsOk());
  EXPECT_THAT(catalog_->DropNamespace({"raw"}), IsError(ErrorCode::kInvalid));
  EXPECT_EQ(server_.CountOf("DeleteDatabase"), 0) << "Glue would have dropped all of it";
}

TEST_F(GlueCatalogTest, ACreationWhoseAnswerIsLostIsFound) {
  ASSERT_THAT(catalog_->CreateNamespace({"raw"}), IsOk());
  for (const GlueFault fault :
       {GlueFault::kTimeoutAfter, GlueFault::kServerErrorAfter, GlueFault::kGarbageAfter}) {
    server_.Next("CreateTable", {fault});
    EXPECT_THAT(catalog_->CreateTable(FakeTableCreation(events_)), IsOk());
    server_.Next("DeleteTable", {fault});
    EXPECT_THAT(catalog_->DropTable(events_, false), IsOk());
  }
  const int files = MetadataFiles();
  server_.Next("CreateTable", {GlueFault::kTimeoutBefore});
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation(events_)),
              IsError(ErrorCode::kCommitUnknown));
  EXPECT_EQ(MetadataFiles(), files + 1) << "it may still land";
  server_.Next("CreateTable", {GlueFault::kDenied});
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation(events_)), IsError(ErrorCode::kDenied));
  EXPECT_EQ(MetadataFiles(), files + 1);
  server_.Next("DeleteTable", {GlueFault::kTimeoutBefore});
  ASSERT_THAT(catalog_->CreateTable(FakeTableCreation(events_)), IsOk());
  EXPECT_THAT(catalog_->DropTable(events_, false), IsError(ErrorCode::kCommitUnknown));
}

TEST_F(GlueCatalogTest, DoesNotPurgeAnothersFiles) {
  const Table table = Create();
  TableCreation inside = FakeTableCreation({{"raw"}, "inside"});
  inside.location = storage::JoinLocation(table->Current().metadata->location, "inside");
  ASSERT_THAT(catalog_->CreateTable(inside), IsOk());
  const auto refused = catalog_->DropTable(events_, true);
  EXPECT_THAT(refused, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused.error().message(), HasSubstr("table inside"));
  EXPECT_THAT(catalog_->LoadTable(events_), IsOk());
  ASSERT_THAT(catalog_->DropTable({{"raw"}, "inside"}, true), IsOk());
  EXPECT_THAT(catalog_->DropTable(events_, true), IsOk());
}

TEST_F(GlueCatalogTest, SaysHowToRenameByHand) {
  Create();
  const auto refused = catalog_->RenameTable(events_, {{"raw"}, "clicks"});
  EXPECT_THAT(refused, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(refused.error().message(), HasSubstr("register the table as raw.clicks"));
}

// Answers everything with the same body.
Status LoadFrom(const std::string& body, const CatalogContext& context) {
  net::FakeHttpClient http([&](const net::SentRequest&) {
    return net::HttpResponse{.status = 200, .headers = {}, .body = body};
  });
  const auto catalog = GlueCatalog::Open({.region = "us-east-1"},
                                         {context, http, std::make_shared<FakeAwsCredentials>()})
                           .value();
  const auto table = catalog->LoadTable({{"raw"}, "events"});
  EXPECT_FALSE(catalog->ListTables({"raw"}).ok() && body.find("TableList") != std::string::npos);
  return table.ok() ? Status() : Status(table.error());
}

TEST_F(GlueCatalogTest, StrangeAnswersAreErrors) {
  const std::string deep(1000, '[');
  for (const std::string& body :
       {std::string("[]"), std::string("{"), std::string("null"), std::string("{}"), deep,
        "{\"Table\":" + deep, std::string(R"({"Table":5})"), std::string(R"({"Table":{"Name":1}})"),
        std::string(R"({"Table":{"Name":"events","Parameters":[]}})"),
        std::string(R"({"Table":{"Name":"events","Parameters":{"table_type":7}}})"),
        std::string(R"({"Table":{"Name":"events","Parameters":{"table_type":"ICEBERG",
                    "metadata_location":"memory://bucket/missing.metadata.json"}}})"),
        std::string(R"({"TableList":7})"), std::string(R"({"TableList":[{}]})"),
        std::string(R"({"TableList":[],"NextToken":"again"})")}) {
    EXPECT_FALSE(LoadFrom(body, context_).ok()) << body.substr(0, 80);
  }
}

}  // namespace
}  // namespace kafka_iceberg::catalog
