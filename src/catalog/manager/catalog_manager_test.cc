// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/catalog_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stop_token>
#include <thread>

#include "catalog/fake_memory_catalog.h"
#include "catalog/fake_table_changes.h"
#include "catalog/manager/fake_outage_catalog.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "storage/memory_store.h"
#include "telemetry/fake_telemetry.h"

namespace kafka_iceberg::catalog {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::LogLevel;
using testing::HasSubstr;

class CatalogManagerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(memory_.CreateNamespace({"raw"}), IsOk());
    ASSERT_THAT(memory_.CreateTable(FakeTableCreation(events_)), IsOk());
  }

  Result<std::unique_ptr<Catalog>> Connect() {
    ++connects_;
    if (connect_error_) return *connect_error_;
    return std::make_unique<FakeOutageCatalog>(memory_, outage_);
  }
  std::unique_ptr<TableOperations> Load() {
    auto table = manager_.LoadTable(events_);
    EXPECT_THAT(table, IsOk());
    return table.ok() ? std::move(table).value() : nullptr;
  }
  CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const TableVersion base = table.Current();
    const FakeCommit commit = FakeAppend(*base.metadata, snapshot_id);
    return table.Commit(base, commit.updates, commit.requirements);
  }
  void OpenCircuit(TableOperations& table) {
    outage_.Begin(Error::Unavailable("503"));
    for (int i = 0; i < 6; ++i) EXPECT_THAT(table.Refresh(), IsError(ErrorCode::kUnavailable));
    ASSERT_EQ(manager_.health().circuit, CircuitState::kOpen);
  }
  // Lets time pass as the health thread would see it.
  void Run(Duration duration) {
    const SteadyTime end = clock_.Steady() + duration;
    while (clock_.Steady() < end) {
      clock_.Advance(std::min(manager_.TickHealth(), end - clock_.Steady()));
    }
  }
  int Lines(LogLevel level) const {
    return static_cast<int>(std::ranges::count_if(
        logger_.lines(), [&](const auto& line) { return line.level == level; }));
  }
  double Gauge() {
    return metrics_->GetGauge("iceberg_catalog_health_status", {{"catalog_type", "memory"}})
        .value();
  }

  SeededRandom random_{1};
  FakeClock clock_;
  storage::MemoryStore store_{clock_};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  telemetry::FakeLogger logger_;
  FakeMemoryCatalog memory_{"memory://warehouse", store_, clock_, random_, *metrics_};
  Outage outage_;
  std::optional<Error> connect_error_;
  int connects_ = 0;
  std::vector<CatalogCheck> checks_;
  const TableIdentifier events_{{"raw"}, "events"};
  CatalogManager manager_{
      {.catalog_type = "memory",
       .on_check = [this](const CatalogCheck& check) { checks_.push_back(check); }},
      [this] { return Connect(); },
      {clock_, random_, logger_, *metrics_}};
};

TEST_F(CatalogManagerTest, ConnectsOnFirstUseAndOnce) {
  EXPECT_EQ(manager_.type(), "memory");
  Run(seconds(300));
  EXPECT_EQ(connects_, 0);
  EXPECT_FALSE(manager_.health().is_connected);
  Load();
  Load();
  EXPECT_EQ(connects_, 1);
  EXPECT_TRUE(manager_.health().is_connected);
}

TEST_F(CatalogManagerTest, ConnectsAgainAfterTheBackOff) {
  connect_error_ = Error::Denied("bad password");
  EXPECT_THAT(manager_.CreateNamespace({"x"}), IsError(ErrorCode::kDenied));
  EXPECT_EQ(connects_, 1);
  const Status held_back = manager_.CreateNamespace({"x"});
  EXPECT_THAT(held_back, IsError(ErrorCode::kDenied));
  EXPECT_THAT(held_back.error().message(), HasSubstr("bad password"));
  EXPECT_EQ(connects_, 1) << "within the back-off nobody is asked";
  clock_.Advance(milliseconds(100));
  EXPECT_THAT(manager_.CreateNamespace({"x"}), IsError(ErrorCode::kDenied));
  clock_.Advance(milliseconds(499));
  EXPECT_THAT(manager_.CreateNamespace({"x"}), IsError(ErrorCode::kDenied));
  EXPECT_EQ(connects_, 2);
  connect_error_.reset();
  clock_.Advance(milliseconds(1));
  EXPECT_THAT(manager_.CreateNamespace({"x"}), IsOk());
  EXPECT_EQ(connects_, 3);
}

TEST_F(CatalogManagerTest, BeingHeldBackIsNoFailureOfTheCatalog) {
  connect_error_ = Error::Unavailable("connection refused");
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(manager_.CreateNamespace({"x"}), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(connects_, 1);
  EXPECT_EQ(manager_.health().circuit, CircuitState::kClosed);
}

TEST_F(CatalogManagerTest, OfManyWhoNeedAConnectionOneConnects) {
  connect_error_ = Error::Unavailable("connection refused");
  CatalogConnection connection(
      [this]() -> Result<std::unique_ptr<Catalog>> {
        std::this_thread::yield();
        return Connect();
      },
      {seconds(1)}, clock_);
  std::latch together(6);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        EXPECT_THAT(connection.Get(), IsError(ErrorCode::kUnavailable));
      });
    }
  }
  EXPECT_EQ(connects_, 1);
}

TEST_F(CatalogManagerTest, AReadWaitsForAConnectionThatMayCome) {
  connect_error_ = Error::Unavailable("connection refused");
  EXPECT_THAT(manager_.LoadTable(events_), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(connects_, 4);
}

TEST_F(CatalogManagerTest, ReadsAreTriedAgainAsLongAsTheRequirementsSay) {
  ASSERT_THAT(manager_.CheckHealth(), IsOk());
  const struct {
    Error error;
    int calls;
    Duration waited;
  } cases[] = {
      {Error::Timeout("slow"), 5, milliseconds(7600)},
      {Error::Unavailable("503"), 4, milliseconds(2600)},
      {Error::Denied("403"), 1, milliseconds(0)},
      {Error::Invalid("400"), 1, milliseconds(0)},
      {Error::NotFound("404"), 1, milliseconds(0)},
  };
  for (const auto& c : cases) {
    outage_.Begin(c.error);
    const int before = outage_.calls();
    const SteadyTime started = clock_.Steady();
    EXPECT_THAT(manager_.ListTables({"raw"}), IsError(c.error.code()));
    EXPECT_EQ(outage_.calls() - before, c.calls);
    EXPECT_GE(clock_.Steady() - started, c.waited);
    EXPECT_LE(clock_.Steady() - started, c.waited * 11 / 10);
    outage_.End();
    EXPECT_THAT(manager_.CheckHealth(), IsOk());
  }
}

TEST_F(CatalogManagerTest, ACatalogThatTriesAgainItselfIsAskedOnce) {
  CatalogManager manager({.catalog_type = "memory", .retries_reads = false},
                         [this] { return Connect(); }, {clock_, random_, logger_, *metrics_});
  outage_.Begin(Error::Unavailable("503"));
  EXPECT_THAT(manager.ListTables({"raw"}), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(outage_.calls(), 1);
}

TEST_F(CatalogManagerTest, WhatChangesSomethingIsSentOnce) {
  const auto table = Load();
  outage_.Begin(Error::Timeout("slow"));
  const int before = outage_.calls();
  EXPECT_THAT(manager_.CreateNamespace({"x"}), IsError(ErrorCode::kTimeout));
  EXPECT_THAT(manager_.DropNamespace({"x"}), IsError(ErrorCode::kTimeout));
  EXPECT_THAT(manager_.DropTable(events_, true), IsError(ErrorCode::kTimeout));
  EXPECT_THAT(manager_.RenameTable(events_, {{"raw"}, "x"}), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(outage_.calls() - before, 5);
}

TEST_F(CatalogManagerTest, TheCircuitOpensAndLetsOneProbeThrough) {
  const auto table = Load();
  OpenCircuit(*table);
  const int before = outage_.calls();
  const auto refused = table->Refresh();
  EXPECT_THAT(refused, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(refused.error().message(),
              testing::AllOf(HasSubstr("catalog memory"), HasSubstr("circuit open"),
                             HasSubstr("next try in 5.0 s")));
  EXPECT_THAT(manager_.ListTables({"raw"}), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(table->Reconcile(1), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(outage_.calls(), before) << "the catalog is left alone";
  EXPECT_EQ(metrics_
                ->GetCounter("iceberg_catalog_error_total",
                             {{"catalog_type", "memory"}, {"error_type", "circuit_open"}})
                .value(),
            3);
  clock_.Advance(seconds(5));
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(outage_.calls(), before + 1);
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(outage_.calls(), before + 1) << "the probe failed: open again";
  outage_.End();
  clock_.Advance(seconds(5));
  EXPECT_EQ(manager_.health().circuit, CircuitState::kHalfOpen);
  EXPECT_THAT(table->Refresh(), IsOk());
  EXPECT_EQ(manager_.health().circuit, CircuitState::kClosed);
}

TEST_F(CatalogManagerTest, ACommitWithAnOpenCircuitIsProvenNotSent) {
  const auto table = Load();
  OpenCircuit(*table);
  const int before = outage_.calls();
  const CommitReply reply = Append(*table, 1);
  EXPECT_EQ(reply.outcome, CommitOutcome::kConflict);
  EXPECT_THAT(reply.detail, HasSubstr("nothing was sent"));
  EXPECT_EQ(outage_.calls(), before);
  EXPECT_EQ(table->Current().metadata->snapshots.size(), 0U);
}

TEST_F(CatalogManagerTest, OnlyWhatSaysSomethingAboutTheCatalogCounts) {
  const auto table = Load();
  for (const Error& error : {Error::Denied("403"), Error::Invalid("bad"), Error::Corrupt("bad"),
                             Error::Unsupported("no")}) {
    outage_.Begin(Error::Unavailable("503"));
    for (int i = 0; i < 5; ++i) EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kUnavailable));
    outage_.Begin(error);
    for (int i = 0; i < 10; ++i) EXPECT_THAT(table->Refresh(), IsError(error.code()));
    EXPECT_EQ(manager_.health().circuit, CircuitState::kClosed);
    outage_.Begin(Error::Unavailable("503"));
    EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kUnavailable));
    EXPECT_EQ(manager_.health().circuit, CircuitState::kOpen) << "they did not reset the count";
    outage_.Begin(Error::NotFound("404"));
    clock_.Advance(seconds(5));
    EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kNotFound));
    EXPECT_EQ(manager_.health().circuit, CircuitState::kClosed) << "an answer is an answer";
  }
}

TEST_F(CatalogManagerTest, CommitsInDoubtOpenTheCircuitAndConflictsDoNotCloseIt) {
  const auto table = Load();
  outage_.Begin(Error::Timeout("slow"));
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(Append(*table, i).outcome, CommitOutcome::kUnknown);
  outage_.End();
  const std::vector<iceberg::MetadataUpdate> updates = {iceberg::SetProperties{{{"a", "b"}}}};
  const std::vector<iceberg::TableRequirement> failing = {iceberg::AssertCurrentSchemaId{99}};
  EXPECT_EQ(table->Commit(table->Current(), updates, failing).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(manager_.health().circuit, CircuitState::kClosed);
  outage_.Begin(Error::Timeout("slow"));
  EXPECT_EQ(Append(*table, 6).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(manager_.health().circuit, CircuitState::kOpen);
  outage_.End();
  clock_.Advance(seconds(5));
  EXPECT_EQ(Append(*table, 7).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(manager_.health().circuit, CircuitState::kClosed);
}

TEST_F(CatalogManagerTest, ThreeFailedChecksInARowAlertOnce) {
  Load();
  Run(seconds(61));
  EXPECT_TRUE(manager_.health().is_healthy);
  EXPECT_EQ(checks_.size(), 2U);
  EXPECT_EQ(Gauge(), 1);
  outage_.Begin(Error::Unavailable("connection refused"));
  Run(seconds(60));
  EXPECT_FALSE(manager_.health().is_healthy);
  EXPECT_FALSE(manager_.health().is_alerting);
  EXPECT_EQ(manager_.health().failures_in_a_row, 1);
  EXPECT_THAT(manager_.health().last_error, HasSubstr("connection refused"));
  EXPECT_EQ(Gauge(), 0);
  EXPECT_EQ(Lines(LogLevel::kWarn), 1);
  EXPECT_EQ(Lines(LogLevel::kError), 0);
  Run(seconds(600));
  EXPECT_TRUE(manager_.health().is_alerting);
  EXPECT_EQ(Lines(LogLevel::kWarn), 1);
  EXPECT_EQ(Lines(LogLevel::kError), 1);
  EXPECT_EQ(checks_.back().failures_in_a_row, manager_.health().failures_in_a_row);
  outage_.End();
  Run(seconds(6));
  EXPECT_TRUE(manager_.health().is_healthy) << "noticed before the next check is due";
  EXPECT_FALSE(manager_.health().is_alerting);
  EXPECT_EQ(manager_.health().failures_in_a_row, 0);
  EXPECT_EQ(manager_.health().last_error, "");
  EXPECT_EQ(Gauge(), 1);
  EXPECT_EQ(Lines(LogLevel::kInfo), 1);
  EXPECT_EQ(Lines(LogLevel::kError), 1);
}

TEST_F(CatalogManagerTest, AlertsAtTheThirdCheckAndNotBefore) {
  Load();
  outage_.Begin(Error::Unavailable("away"));
  Run(seconds(119));
  EXPECT_EQ(manager_.health().failures_in_a_row, 2);
  EXPECT_EQ(Lines(LogLevel::kError), 0);
  Run(seconds(10));
  EXPECT_EQ(manager_.health().failures_in_a_row, 3);
  EXPECT_EQ(Lines(LogLevel::kError), 1);
}

TEST_F(CatalogManagerTest, FailingCallsAreNoticedBetweenTwoChecks) {
  const auto table = Load();
  Run(seconds(2));
  OpenCircuit(*table);
  Run(seconds(2));
  EXPECT_FALSE(manager_.health().is_healthy);
  outage_.End();
  Run(seconds(6));
  EXPECT_TRUE(manager_.health().is_healthy);
  EXPECT_EQ(manager_.health().circuit, CircuitState::kClosed) << "a good check closes it";
  EXPECT_THAT(table->Refresh(), IsOk());
}

TEST_F(CatalogManagerTest, ReconnectsWithBackOffAndTablesMoveOver) {
  const auto table = Load();
  const std::string store_before = table->Current().metadata_location;
  outage_.Begin(Error::Unavailable("away"));
  connect_error_ = Error::Unavailable("connection refused");
  Run(seconds(9));
  const int attempts = connects_ - 1;
  EXPECT_GE(attempts, 4) << "after 0, 0.1, 0.6, 2.6 and 7.6 s";
  EXPECT_LE(attempts, 5);
  outage_.End();
  // The old client is broken for good: only a new one answers.
  connect_error_.reset();
  outage_.OnCall([this](std::string_view operation) {
    if (operation == "check_health" && outage_.clients() == 1) outage_.Begin(Error::Timeout("x"));
    if (operation == "check_health" && outage_.clients() > 1) outage_.End();
  });
  Run(seconds(6));
  EXPECT_TRUE(manager_.health().is_healthy);
  EXPECT_EQ(outage_.clients(), 2);
  outage_.OnCall([](std::string_view) {});
  EXPECT_EQ(table->Current().metadata_location, store_before);
  EXPECT_THAT(table->Refresh(), IsOk());
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table->Reconcile(1).value(), true);
  EXPECT_THAT(table->store().Stat(table->Current().metadata_location), IsOk());
}

TEST_F(CatalogManagerTest, AfterReconnectingADifferentTableIsNotTheSame) {
  const auto table = Load();
  ASSERT_THAT(memory_.DropTable(events_, false), IsOk());
  ASSERT_THAT(memory_.CreateTable(FakeTableCreation(events_)), IsOk());
  outage_.OnCall([this](std::string_view operation) {
    if (operation == "check_health" && outage_.clients() == 1) outage_.Begin(Error::Timeout("x"));
    if (operation == "check_health" && outage_.clients() > 1) outage_.End();
  });
  Run(seconds(1));
  ASSERT_EQ(outage_.clients(), 2);
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kCorrupt));
}

TEST_F(CatalogManagerTest, AfterShutdownNothingIsSent) {
  const auto table = Load();
  ASSERT_THAT(manager_.Shutdown(seconds(1)), IsOk());
  const int before = outage_.calls();
  EXPECT_THAT(manager_.CheckHealth(), IsError(ErrorCode::kCancelled));
  EXPECT_THAT(manager_.LoadTable(events_), IsError(ErrorCode::kCancelled));
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kCancelled));
  EXPECT_THAT(manager_.Capabilities(), testing::IsEmpty());
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(outage_.calls(), before);
  EXPECT_NE(table->Current().metadata, nullptr);
}

TEST_F(CatalogManagerTest, ShutdownWaitsForCallsUnderWayUntilItsDeadline) {
  const auto table = Load();
  std::latch hanging(1);
  std::latch go_on(1);
  outage_.OnCall([&](std::string_view operation) {
    if (operation != "commit") return;
    hanging.count_down();
    go_on.wait();
  });
  CommitReply reply;
  std::jthread caller([&] { reply = Append(*table, 1); });
  hanging.wait();
  const Status too_early = manager_.Shutdown(seconds(3));
  EXPECT_THAT(too_early, IsError(ErrorCode::kTimeout));
  EXPECT_THAT(too_early.error().message(), HasSubstr("1 calls are still under way"));
  go_on.count_down();
  caller.join();
  EXPECT_EQ(reply.outcome, CommitOutcome::kCommitted) << "what was under way is not cut off";
  EXPECT_THAT(manager_.Shutdown(seconds(3)), IsOk());
}

TEST_F(CatalogManagerTest, ShutdownEndsWaitingBetweenAttempts) {
  outage_.Begin(Error::Timeout("slow"));
  outage_.OnCall([this](std::string_view) { (void)manager_.Shutdown(seconds(0)); });
  EXPECT_THAT(manager_.ListTables({"raw"}), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(outage_.calls(), 1);
}

// Sleeping ends by being stopped only.
class StandingClock final : public Clock {
 public:
  Timestamp Now() const override { return Timestamp(seconds(1'767'882'600)); }
  SteadyTime Steady() const override { return {}; }
  bool SleepFor(Duration, std::stop_token stop) override {
    std::latch stopped(1);
    const std::stop_callback on_stop(stop, [&] { stopped.count_down(); });
    is_sleeping = true;
    stopped.wait();
    return false;
  }
  std::atomic<bool> is_sleeping = false;
};

TEST_F(CatalogManagerTest, TheHealthThreadChecksAndStopsWhenTold) {
  StandingClock clock;
  CatalogManager manager({.catalog_type = "memory"}, [this] { return Connect(); },
                         {clock, random_, logger_, *metrics_});
  ASSERT_THAT(manager.LoadTable(events_), IsOk());
  manager.StartHealthChecks();
  while (!clock.is_sleeping) std::this_thread::yield();
  EXPECT_TRUE(manager.health().passed_at);
  EXPECT_THAT(manager.Shutdown(seconds(0)), IsOk());
  // Its destructor joins the thread, which nothing but the stop wakes up.
}

TEST_F(CatalogManagerTest, CatalogsWithoutBranchesHaveNone) {
  EXPECT_EQ(manager_.branches(), nullptr);
}

}  // namespace
}  // namespace kafka_iceberg::catalog
