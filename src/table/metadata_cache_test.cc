// SPDX-License-Identifier: Apache-2.0
#include "table/metadata_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "catalog/fake_fault_catalog.h"
#include "catalog/fake_memory_catalog.h"
#include "catalog/fake_table_changes.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "iceberg/actions/append.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::table {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Passes on to another table; Refresh() can be made to hang.
class SlowTable final : public catalog::TableOperations {
 public:
  explicit SlowTable(catalog::TableOperations& inner) : inner_(inner) {}
  const catalog::TableIdentifier& identifier() const override { return inner_.identifier(); }
  catalog::TableVersion Current() const override { return inner_.Current(); }
  Result<catalog::TableVersion> Refresh() override {
    Result<catalog::TableVersion> answer = inner_.Refresh();
    if (on_refresh) on_refresh();
    return answer;
  }
  catalog::CommitReply Commit(const catalog::TableVersion& base,
                              std::span<const iceberg::MetadataUpdate> updates,
                              std::span<const iceberg::TableRequirement> requirements) override {
    return inner_.Commit(base, updates, requirements);
  }
  Result<bool> Reconcile(int64_t snapshot_id) override { return inner_.Reconcile(snapshot_id); }
  storage::ObjectStore& store() override { return inner_.store(); }

  std::function<void()> on_refresh;  // after the answer was made, before it is given

 private:
  catalog::TableOperations& inner_;
};

class MetadataCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(memory_.CreateNamespace({"raw"}), IsOk());
    auto created = catalog_.CreateTable(catalog::FakeTableCreation({{"raw"}, "t"}));
    ASSERT_THAT(created, IsOk());
    table_ = std::move(created).value();
    slow_ = std::make_unique<SlowTable>(*table_);
    cache_ = std::make_unique<MetadataCache>(*slow_, clock_, *metrics_);
  }

  void Append(int64_t snapshot_id, int files) {
    const catalog::TableVersion base = table_->Current();
    iceberg::AppendOptions options{.snapshot_id = snapshot_id, .commit_uuid = NewUuid(random_)};
    for (int i = 0; i < files; ++i) {
      options.files.push_back({.file_path = fmt::format("memory://w/{}-{}", snapshot_id, i),
                               .record_count = 1,
                               .file_size_in_bytes = 10,
                               .value_counts = {{1, 1}},
                               .lower_bounds = {{1, "12345678"}}});
    }
    iceberg::Append append(options, store_);
    const auto prepared = append.Prepare(*base.metadata, ToMillis(clock_.Now()));
    ASSERT_THAT(prepared, IsOk());
    ASSERT_EQ(table_->Commit(base, prepared->updates, prepared->requirements).outcome,
              catalog::CommitOutcome::kCommitted);
  }
  // The current version with its last snapshot called something else than an append.
  catalog::TableVersion AsReplaced(int64_t snapshot_id) {
    catalog::TableVersion version = table_->Current();
    iceberg::TableMetadata metadata = *version.metadata;
    metadata.snapshots.back().summary["operation"] = "replace";
    metadata.snapshots.back().snapshot_id = snapshot_id;
    metadata.current_snapshot_id = snapshot_id;
    version.metadata = std::make_shared<const iceberg::TableMetadata>(metadata);
    return version;
  }
  double HitRate(const std::string& key) {
    return metrics_->GetGauge("iceberg_metadata_cache_hit_rate", {{"key", key}}).value();
  }
  double Hits(const std::string& key) {
    return metrics_->GetCounter("iceberg_metadata_cache_hits_total", {{"key", key}}).value();
  }

  FakeClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  storage::MemoryStore store_{clock_};
  catalog::FakeMemoryCatalog memory_{"memory://w", store_, clock_, random_, *metrics_};
  catalog::CommitFaults faults_;
  catalog::FakeFaultCatalog catalog_{memory_, faults_};
  std::unique_ptr<catalog::TableOperations> table_;
  std::unique_ptr<SlowTable> slow_;
  std::unique_ptr<MetadataCache> cache_;
};

TEST_F(MetadataCacheTest, AsksOnlyWhenTheAnswerIsTooOld) {
  cache_->Get();
  clock_.Advance(seconds(1));
  cache_->Get();
  EXPECT_EQ(faults_.refreshes_seen(), 0);
  clock_.Advance(milliseconds(1));
  cache_->Get();
  cache_->Get();
  EXPECT_EQ(faults_.refreshes_seen(), 1);
  EXPECT_EQ(HitRate("snapshot_id"), 0.75);
  EXPECT_EQ(Hits("snapshot_id"), 3);
}

TEST_F(MetadataCacheTest, TheSchemaIsTrustedForFiveMinutes) {
  clock_.Advance(minutes(5));
  EXPECT_FALSE(cache_->GetSchema().is_outdated);
  EXPECT_EQ(faults_.refreshes_seen(), 0);
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(cache_->GetSchema().age, seconds(0));
  EXPECT_EQ(faults_.refreshes_seen(), 1);
  EXPECT_EQ(HitRate("schema"), 0.5);
  EXPECT_EQ(HitRate("snapshot_id"), 0);
}

TEST_F(MetadataCacheTest, AsksAfterAnInvalidation) {
  cache_->Invalidate();
  cache_->Get();
  EXPECT_EQ(faults_.refreshes_seen(), 1);
  cache_->Get();
  EXPECT_EQ(faults_.refreshes_seen(), 1);
}

TEST_F(MetadataCacheTest, AfterOurOwnCommitNobodyHasToAsk) {
  clock_.Advance(minutes(10));
  Append(1, 1);
  cache_->Put(table_->Current());
  const CachedVersion cached = cache_->Get();
  EXPECT_EQ(cached.version.metadata->current_snapshot_id, 1);
  EXPECT_EQ(cached.age, seconds(0));
  EXPECT_EQ(cache_->GetSchema().age, seconds(0));
  EXPECT_EQ(faults_.refreshes_seen(), 0);
  EXPECT_EQ(HitRate("snapshot_id"), 1);
}

TEST_F(MetadataCacheTest, NeverGoesBackToAnEarlierVersion) {
  Append(1, 1);
  const catalog::TableVersion first = table_->Current();
  Append(2, 1);
  cache_->Put(table_->Current());
  cache_->Put(first);
  EXPECT_EQ(cache_->Get().version.metadata->current_snapshot_id, 2);
  EXPECT_EQ(faults_.refreshes_seen(), 1) << "what was told is in doubt, so it asks";
}

TEST_F(MetadataCacheTest, GivesTheLastAnswerAndItsAgeWhileTheCatalogIsAway) {
  clock_.Advance(seconds(30));
  faults_.NextRefresh(Error::Unavailable("away"));
  const CachedVersion cached = cache_->Get();
  EXPECT_NE(cached.version.metadata, nullptr);
  EXPECT_EQ(cached.age, seconds(30));
  EXPECT_TRUE(cached.is_outdated);
  EXPECT_FALSE(cache_->GetSchema().is_outdated);
  EXPECT_EQ(cache_->Get().age, seconds(30));
  EXPECT_EQ(faults_.refreshes_seen(), 1) << "not every look-up waits for a time-out";
  clock_.Advance(seconds(1));
  EXPECT_EQ(cache_->Get().age, seconds(0));
  EXPECT_FALSE(cache_->Get().is_outdated);
}

TEST_F(MetadataCacheTest, ManyWhoLookShareOneQuestion) {
  constexpr int kThreads = 6;
  clock_.Advance(seconds(2));
  std::atomic<int> started = 0;
  slow_->on_refresh = [&] {
    while (started < kThreads) std::this_thread::yield();
  };
  std::atomic<int> fresh = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        ++started;
        fresh += cache_->Get().is_outdated ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(fresh, kThreads);
  EXPECT_EQ(faults_.refreshes_seen(), 1);
}

TEST_F(MetadataCacheTest, LooksForTheSchemaDoNotWaitForTheCatalog) {
  clock_.Advance(seconds(2));
  std::latch asking(1);
  std::latch go_on(1);
  slow_->on_refresh = [&] {
    asking.count_down();
    go_on.wait();
  };
  std::jthread other([&] { cache_->Get(); });
  asking.wait();
  EXPECT_EQ(cache_->GetSchema().age, seconds(2));
  go_on.count_down();
}

TEST_F(MetadataCacheTest, AnAnswerFromBeforeACommitIsNotTaken) {
  clock_.Advance(seconds(2));
  slow_->on_refresh = [&] {
    slow_->on_refresh = {};
    Append(1, 1);
    cache_->Put(table_->Current());
  };
  EXPECT_EQ(cache_->Get().version.metadata->current_snapshot_id, 1);
  clock_.Advance(seconds(2));
  slow_->on_refresh = [&] {
    slow_->on_refresh = {};
    Append(2, 1);
    cache_->Invalidate();
  };
  EXPECT_EQ(cache_->Get().version.metadata->current_snapshot_id, 2);
}

TEST_F(MetadataCacheTest, AWatcherOfEverySecondFindsNearlyEverything) {
  // The engine at work: a commit every five seconds, somebody looking every second.
  for (int tick = 0; tick < 10 * 120; ++tick) {
    clock_.Advance(milliseconds(100));
    cache_->KeepFresh();
    if (tick % 50 == 49) {
      Append(tick + 1, 1);
      cache_->Put(table_->Current());
    }
    if (tick % 10 == 7) {
      EXPECT_LE(cache_->Get().age, seconds(1));
    }
  }
  EXPECT_GE(HitRate("snapshot_id"), 0.98);
  EXPECT_LE(faults_.refreshes_seen(), 2 * 120) << "at most two questions a second";
}

TEST_F(MetadataCacheTest, NobodyIsAskedWhileNobodyLooks) {
  for (int look = 0; look < 5; ++look) {
    cache_->Get();
    for (int tick = 0; tick < 150; ++tick) {  // as a scraper every 15 s
      clock_.Advance(milliseconds(100));
      EXPECT_LE(cache_->KeepFresh(), milliseconds(500));
    }
  }
  EXPECT_EQ(faults_.refreshes_seen(), 4) << "only by those who looked";
}

TEST_F(MetadataCacheTest, KeepingFreshDoesNotHammerACatalogThatIsAway) {
  cache_->Get();
  cache_->Get();
  faults_.NextRefresh(Error::Unavailable("away"), 1000);
  for (int tick = 0; tick < 20; ++tick) {
    clock_.Advance(milliseconds(100));
    cache_->KeepFresh();
  }
  EXPECT_LE(faults_.refreshes_seen(), 2);
}

TEST_F(MetadataCacheTest, FilesAreListedOncePerMinute) {
  Append(1, 3);
  cache_->Put(table_->Current());
  const auto files = cache_->GetFiles();
  ASSERT_THAT(files, IsOk());
  ASSERT_EQ(files->entries->size(), 3U);
  EXPECT_EQ(files->snapshot_id, 1);
  EXPECT_EQ(files->entries->front().file.file_path, "memory://w/1-0");
  EXPECT_TRUE(files->entries->front().file.lower_bounds.empty());
  clock_.Advance(minutes(1));
  EXPECT_EQ(cache_->GetFiles()->entries, files->entries);
  EXPECT_EQ(cache_->GetFiles()->age, minutes(1));
  clock_.Advance(milliseconds(1));
  EXPECT_NE(cache_->GetFiles()->entries, files->entries);
  EXPECT_EQ(HitRate("manifests"), 0.5);
}

TEST_F(MetadataCacheTest, ATableWithoutSnapshotHasNoFiles) {
  const auto files = cache_->GetFiles();
  ASSERT_THAT(files, IsOk());
  EXPECT_TRUE(files->entries->empty());
  EXPECT_EQ(files->snapshot_id, std::nullopt);
}

TEST_F(MetadataCacheTest, AnAppendKeepsTheListingAndAReplacementDoesNot) {
  Append(1, 3);
  cache_->Put(table_->Current());
  const auto listed = cache_->GetFiles()->entries;
  Append(2, 1);
  cache_->Put(table_->Current());
  EXPECT_EQ(cache_->GetFiles()->entries, listed);
  cache_->Put(AsReplaced(77));
  EXPECT_NE(cache_->GetFiles()->entries, listed);
  EXPECT_EQ(cache_->GetFiles()->entries->size(), 4U);
  const auto again = cache_->GetFiles()->entries;
  cache_->Invalidate();
  EXPECT_NE(cache_->GetFiles()->entries, again);
}

TEST_F(MetadataCacheTest, AnUnreadableStoreGivesTheLastListingAndItsAge) {
  Append(1, 3);
  cache_->Put(table_->Current());
  ASSERT_THAT(cache_->GetFiles(), IsOk());
  const std::string list = table_->Current().metadata->current_snapshot()->manifest_list;
  ASSERT_THAT(store_.Delete(list), IsOk());
  clock_.Advance(minutes(2));
  const auto files = cache_->GetFiles();
  ASSERT_THAT(files, IsOk());
  EXPECT_TRUE(files->is_outdated);
  EXPECT_EQ(files->age, minutes(2));
  MetadataCache other(*table_, clock_, *metrics_);
  EXPECT_THAT(other.GetFiles(), testing::Not(IsOk()));
}

TEST_F(MetadataCacheTest, AListingIsBounded) {
  Append(1, 30);
  MetadataCache small(*table_, clock_, *metrics_, {.file_bytes_max = 10'000});
  const auto files = small.GetFiles();
  EXPECT_THAT(files, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(files.error().message(), testing::HasSubstr("raw.t"));
}

}  // namespace
}  // namespace kafka_iceberg::table
