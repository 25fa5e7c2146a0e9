// SPDX-License-Identifier: Apache-2.0
//
// A table in a catalog that can be told to fail, its table of dead letters in another one, and its
// topic of dead letters. Test code only; used by one thread.
#pragma once

#include <iterator>
#include <memory>

#include "catalog/fake_fault_catalog.h"
#include "catalog/fake_memory_catalog.h"
#include "commit/fake_commit_world.h"
#include "core/check.h"
#include "engine/letters/letter_outbox.h"
#include "engine/letters/letter_table.h"
#include "engine/letters/letter_topic.h"
#include "kafka/produce/fake_transactional_topic.h"

namespace kafka_iceberg::engine {

inline const catalog::TableIdentifier kLetters{{"raw"}, "orders__dlq"};

struct LetterWorld {
  LetterWorld(commit::FakeCatalogKind kind, uint64_t seed)
      : main(kind, seed),
        letters("memory://letters", main.store, main.clock, main.random, *main.metrics),
        faulty_letters(letters, letter_faults) {}

  std::unique_ptr<catalog::TableOperations> OpenLetters() {
    auto table =
        OpenLetterTable(faulty_letters, kLetters, main.Metadata()->table_uuid, /*may_create=*/true);
    CHECK(table.ok());
    return std::move(table).value();
  }

  std::unique_ptr<LetterSink> OpenSink() {
    return MakeTableLetterSink(OpenLetters(), {.clock = main.clock,
                                               .random = main.random,
                                               .logger = main.logger,
                                               .metrics = *main.metrics,
                                               .writer_id = "test",
                                               .catalog_type = "memory",
                                               .step_hook = {}});
  }

  // `table`, with the rows, outlives the sink.
  std::unique_ptr<LetterSink> OpenTopicSink(catalog::TableOperations& table,
                                            std::function<void(std::string_view)> step_hook = {}) {
    return MakeTopicLetterSink(topic.Open(TransactionalIdOf(main.Metadata()->table_uuid)),
                               {.table = table,
                                .clock = main.clock,
                                .random = main.random,
                                .logger = main.logger,
                                .metrics = *main.metrics,
                                .partitions = 2,
                                .replication = 0,
                                .step_hook = std::move(step_hook)});
  }

  commit::FakeCommitWorld main;
  catalog::FakeMemoryCatalog letters;
  catalog::CommitFaults letter_faults;
  catalog::FakeFaultCatalog faulty_letters;
  kafka::FakeTransactions topic;
};

// What may happen to the next writes of a topic: one in so many is lost.
inline void AddWriteFault(kafka::FakeTransactions& topic, Random& random, uint64_t odds) {
  using kafka::WriteFault;
  constexpr WriteFault kFaults[] = {WriteFault::kLostBefore, WriteFault::kLostBeforeCommit,
                                    WriteFault::kLostAfterCommit};
  if (random.Next() % odds == 0) topic.FailWrites({kFaults[random.Next() % std::size(kFaults)]});
  if (random.Next() % (2 * odds) == 0) topic.FailLooks(1);
}

// One in so many; what a catalog may do to the next commit, but refuse it for good.
struct FaultOdds {
  uint64_t commit = 1;
  uint64_t refresh = 1;
  uint64_t late_arrival = 1;
};
inline void AddFault(catalog::CommitFaults& faults, Random& random, const FaultOdds& odds) {
  using catalog::CommitFault;
  constexpr CommitFault kFaults[] = {CommitFault::kResponseLostAfterApply,
                                     CommitFault::kServerErrorBeforeApply,
                                     CommitFault::kAppliedLater,
                                     CommitFault::kAppliedBeforeNextRefresh,
                                     CommitFault::kAppliedAfterNextRefresh,
                                     CommitFault::kAppliedBeforeNextCommit,
                                     CommitFault::kConflict};
  if (random.Next() % odds.commit == 0)
    faults.NextCommit(kFaults[random.Next() % std::size(kFaults)]);
  if (random.Next() % odds.refresh == 0) faults.NextRefresh(Error::Unavailable("away"));
  if (random.Next() % odds.late_arrival == 0) (void)faults.ApplyDelayed();
}

}  // namespace kafka_iceberg::engine
