// SPDX-License-Identifier: Apache-2.0
//
// The Nessie catalog on a real server: KAFKA_ICEBERG_TEST_NESSIE_URI, files in the S3 server of
// ..._S3_*. Each case has a branch of its own.
#include <thread>

#include "catalog/catalog_under_test.h"
#include "catalog/nessie/nessie_catalog.h"
#include "catalog/rest/rest_table.h"
#include "catalog/servers/server_surroundings.h"

namespace kafka_iceberg::catalog {
namespace {

// What every Nessie server starts with: a commit without content.
constexpr std::string_view kNoAncestor =
    "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d";

class NessieUnderTest final : public CatalogUnderTest {
 public:
  NessieUnderTest() {
    NessieApi api(Options().rest, Context());
    EXPECT_THAT(api.CreateBranch(branch_, {"main", std::string(kNoAncestor), true}), IsOk());
    catalog_ = Another();
  }
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    auto opened = NessieCatalog::Open(Options(), Context());
    EXPECT_THAT(opened, IsOk());
    return std::move(opened).value();
  }
  telemetry::Metrics& metrics() override { return surroundings_.metrics(); }
  storage::ObjectStore& store() override { return surroundings_.store(); }
  std::string scratch() override {
    return "s3://" + ServerSetting("S3_BUCKET") + "/nessie/scratch-" + branch_.substr(5);
  }
  CatalogTraits traits() const override {
    return {.purges_at_once = false,
            .keeps_all_snapshots = false,
            .starts_with_snapshot = true,
            .keeps_unknown_members = false,
            .writes_metadata_itself = true,
            .commits_per_writer = 10};
  }

  NessieCatalogOptions Options() const {
    NessieCatalogOptions options;
    options.rest.uri = ServerSetting("NESSIE_URI");
    options.ref = branch_;
    return options;
  }
  RestCatalogContext Context() {
    return {.http = surroundings_.http(),
            .clock = surroundings_.clock(),
            .random = surroundings_.random(),
            .metrics = surroundings_.metrics(),
            .make_store = surroundings_.StoreMaker(true),
            .token = nullptr,
            .signing = std::nullopt};
  }

 private:
  ServerSurroundings surroundings_;
  // Slashes and all.
  const std::string branch_ = "test/" + NewUuid(surroundings_.random());
  std::unique_ptr<Catalog> catalog_;
};

// Cases that only Nessie has; none of them without a server.
class NessieServer : public testing::Test {
 protected:
  // A client that knows nothing of Nessie, as other engines are: tables it makes have no snapshot.
  std::unique_ptr<RestCatalog> Foreign() {
    RestCatalogOptions options = under_test_.Options().rest;
    options.uri += "/" + net::PercentEncode(under_test_.Options().ref);
    return RestCatalog::Open(options, under_test_.Context()).value();
  }
  std::unique_ptr<NessieCatalog> OpenRef(const std::string& ref) {
    NessieCatalogOptions options = under_test_.Options();
    options.ref = ref;
    return NessieCatalog::Open(options, under_test_.Context()).value();
  }
  Catalog& catalog() { return under_test_.catalog(); }
  static CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const TableVersion base = table.Current();
    const FakeCommit commit = FakeAppend(*base.metadata, snapshot_id);
    return table.Commit(base, commit.updates, commit.requirements);
  }
  // As a writer that never refreshes until it is told to.
  static void AppendUntilCommitted(TableOperations& table, int64_t snapshot_id) {
    for (int attempt = 0; attempt < 10; ++attempt) {
      const CommitReply reply = Append(table, snapshot_id);
      if (reply.outcome == CommitOutcome::kCommitted) return;
      ASSERT_EQ(reply.outcome, CommitOutcome::kConflict) << reply.detail;
      ASSERT_THAT(table.Refresh(), IsOk());
    }
    FAIL() << "never committed";
  }
  void SetUp() override { ASSERT_THAT(catalog().CreateNamespace({"raw"}), IsOk()); }

  NessieUnderTest under_test_;
  const TableIdentifier events_{{"raw"}, "events"};
};

class NessieServerIfThere : public NessieServer, public testing::WithParamInterface<int> {};

TEST_P(NessieServerIfThere, TwoForeignWritersThatLoadedANewTableDoNotLoseEachOther) {
  ASSERT_THAT(catalog().CreateTable(FakeTableCreation(events_)), IsOk());
  const auto one = Foreign()->LoadTable(events_).value();
  const auto two = Foreign()->LoadTable(events_).value();
  EXPECT_EQ(Append(*one, 11).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Append(*two, 12).outcome, CommitOutcome::kConflict);
}

// What is wrong with the server, in one test: should it ever fail, the server was mended.
TEST_P(NessieServerIfThere, TheServerItselfAcceptsTwoFirstCommits) {
  ASSERT_THAT(Foreign()->CreateTable(FakeTableCreation(events_)), IsOk());
  const auto one = Foreign()->LoadTable(events_).value();
  const auto two = Foreign()->LoadTable(events_).value();
  EXPECT_EQ(Append(*one, 11).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Append(*two, 12).outcome, CommitOutcome::kCommitted);
}

TEST_P(NessieServerIfThere, TwoOfOursThatLoadedAnEmptyTableDoNotLoseEachOther) {
  ASSERT_THAT(Foreign()->CreateTable(FakeTableCreation(events_)), IsOk());
  const auto one = under_test_.Another()->LoadTable(events_).value();
  const auto two = under_test_.Another()->LoadTable(events_).value();
  ASSERT_EQ(one->Current().metadata->Head(), nullptr);
  EXPECT_EQ(Append(*one, 11).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(Append(*two, 12).outcome, CommitOutcome::kConflict);
  ASSERT_THAT(one->Refresh(), IsOk());
  ASSERT_NE(one->Current().metadata->Head(), nullptr);
  AppendUntilCommitted(*one, 11);
  AppendUntilCommitted(*two, 12);
  EXPECT_EQ(two->Current().metadata->last_sequence_number, 3);
  EXPECT_EQ(one->Reconcile(11).value(), true);
}

TEST_P(NessieServerIfThere, ManyOfOursStartOnAnEmptyTable) {
  ASSERT_THAT(Foreign()->CreateTable(FakeTableCreation(events_)), IsOk());
  constexpr int kWriters = 4;
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] {
        const auto table = under_test_.Another()->LoadTable(events_).value();
        EXPECT_TRUE(FakeIncrement(*table, "count", 100 + writer));
      });
    }
  }
  const auto table = catalog().LoadTable(events_).value();
  EXPECT_EQ(table->Current().metadata->IntProperty("count", 0), kWriters);
  EXPECT_EQ(table->Current().metadata->last_sequence_number, kWriters + 1);
}

TEST_P(NessieServerIfThere, AForeignWriterThatReplacesOurRowsIsNoticed) {
  ASSERT_THAT(Foreign()->CreateTable(FakeTableCreation(events_)), IsOk());
  const auto stale = Foreign()->LoadTable(events_).value();
  const auto ours = catalog().LoadTable(events_).value();
  AppendUntilCommitted(*ours, 11);
  ASSERT_EQ(Append(*stale, 12).outcome, CommitOutcome::kCommitted);
  EXPECT_THAT(ours->Refresh(), IsError(ErrorCode::kCorrupt));
  EXPECT_EQ(Append(*ours, 13).outcome, CommitOutcome::kRejected);
  EXPECT_THAT(catalog().LoadTable(events_), IsError(ErrorCode::kCorrupt));
}

TEST_P(NessieServerIfThere, ASnapshotBelowTheCurrentOneIsFoundInTheLog) {
  const auto ours = catalog().CreateTable(FakeTableCreation(events_)).value();
  const auto theirs = Foreign()->LoadTable(events_).value();
  ASSERT_EQ(Append(*ours, 11).outcome, CommitOutcome::kCommitted);
  for (int64_t id = 12; id < 16; ++id) {
    ASSERT_THAT(theirs->Refresh(), IsOk());
    ASSERT_EQ(Append(*theirs, id).outcome, CommitOutcome::kCommitted);
  }
  ASSERT_THAT(ours->Refresh(), IsOk());
  EXPECT_EQ(ours->Current().metadata->FindSnapshot(11), nullptr);
  EXPECT_EQ(ours->Reconcile(11).value(), true);
  EXPECT_EQ(ours->Reconcile(99).value(), false);
}

TEST_P(NessieServerIfThere, AMissingBranchIsAnErrorThatNamesTheOthers) {
  NessieCatalogOptions options = under_test_.Options();
  options.ref = "nobody/made/this";
  const auto opened = NessieCatalog::Open(options, under_test_.Context());
  ASSERT_THAT(opened, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(opened.error().message(), testing::HasSubstr("main"));
}

TEST_P(NessieServerIfThere, CommitsLandOnTheirBranchUntilItIsMerged) {
  const std::string here = under_test_.Options().ref;
  const std::string other = here + "-dev";
  ASSERT_THAT(catalog().CreateTable(FakeTableCreation(events_)), IsOk());
  BranchOperations& branches = *catalog().branches();
  ASSERT_THAT(branches.Create(other, here), IsOk());
  EXPECT_THAT(branches.Create(other, here), IsError(ErrorCode::kAlreadyExists));
  EXPECT_THAT(branches.Create(other + "2", "nowhere"), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(branches.List().value(), testing::Contains(testing::Field(&Branch::name, other)));
  const auto dev = OpenRef(other);
  const auto table = dev->LoadTable(events_).value();
  ASSERT_EQ(Append(*table, 11).outcome, CommitOutcome::kCommitted);
  EXPECT_NE(catalog().LoadTable(events_).value()->Current().metadata->current_snapshot_id, 11);
  ASSERT_THAT(branches.Merge(other, here), IsOk());
  EXPECT_EQ(catalog().LoadTable(events_).value()->Current().metadata->current_snapshot_id, 11);
}

TEST_P(NessieServerIfThere, AMergeConflictNamesTheTable) {
  const std::string here = under_test_.Options().ref;
  const std::string other = here + "-dev";
  const auto table = catalog().CreateTable(FakeTableCreation(events_)).value();
  ASSERT_THAT(catalog().branches()->Create(other, here), IsOk());
  const auto dev = OpenRef(other)->LoadTable(events_).value();
  ASSERT_EQ(Append(*dev, 11).outcome, CommitOutcome::kCommitted);
  ASSERT_EQ(Append(*table, 12).outcome, CommitOutcome::kCommitted);
  const auto merged = catalog().branches()->Merge(other, here);
  ASSERT_THAT(merged, IsError(ErrorCode::kConflict));
  EXPECT_THAT(merged.error().message(), testing::HasSubstr("raw.events"));
  EXPECT_EQ(table->Refresh().value().metadata->current_snapshot_id, 12);
}

TEST_P(NessieServerIfThere, ATagIsReadOnly) {
  const std::string tag =
      "v-" + std::to_string(under_test_.Options().ref.size()) + under_test_.Options().ref.substr(5);
  ASSERT_THAT(catalog().CreateTable(FakeTableCreation(events_)), IsOk());
  NessieApi api(under_test_.Options().rest, under_test_.Context());
  const NessieReference head = api.GetReference(under_test_.Options().ref).value();
  net::HttpRequest request{
      .method = "POST",
      .url = ServerSetting("NESSIE_API_URI") + "/trees?name=" + tag + "&type=TAG",
      .headers = {{"Content-Type", "application/json"}}};
  const std::string body =
      R"({"type":"BRANCH","name":")" + head.name + R"(","hash":")" + head.hash + "\"}";
  request.body = body;
  ASSERT_EQ(under_test_.Context().http.Send(request)->status, 200);
  const auto tagged = OpenRef(tag);
  const auto table = tagged->LoadTable(events_).value();
  const CommitReply reply = Append(*table, 11);
  EXPECT_EQ(reply.outcome, CommitOutcome::kRejected);
  EXPECT_THAT(reply.detail, testing::HasSubstr("tag"));
  EXPECT_THAT(tagged->DropTable(events_, false), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(tagged->CreateTable(FakeTableCreation({{"raw"}, "x"})),
              IsError(ErrorCode::kUnsupported));
}

TEST_P(NessieServerIfThere, ADotInANameIsPartOfIt) {
  const TableIdentifier dotted{{"raw"}, "web.events"};
  ASSERT_THAT(Foreign()->CreateTable(FakeTableCreation(dotted)), IsOk());
  const auto table = catalog().LoadTable(dotted).value();
  AppendUntilCommitted(*table, 11);
}

INSTANTIATE_TEST_SUITE_P(Server, NessieServerIfThere,
                         testing::Range(0, ServerSetting("NESSIE_URI").empty() ? 0 : 1));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NessieServerIfThere);

std::vector<CatalogMaker> Makers() {
  if (ServerSetting("NESSIE_URI").empty()) return {};
  return {{"Nessie", [] { return std::make_unique<NessieUnderTest>(); }}};
}

INSTANTIATE_TEST_SUITE_P(Nessie, CatalogConformance, testing::ValuesIn(Makers()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
