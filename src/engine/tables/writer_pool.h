// SPDX-License-Identifier: Apache-2.0
//
// WriterPool: the writer threads. Each has a bounded queue and one WriterStage for every table it
// was handed records of, made when the first of them arrives; so any number of tables needs no
// more threads, and a table that is quiet costs nothing here.
//
// Start() and Stop() are called by the engine, everything else happens on the threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "core/bounded_queue.h"
#include "core/clock.h"
#include "engine/epoch.h"
#include "engine/writer_stage.h"

namespace kafka_iceberg::engine {

// One thread's work; a plain object so that it can be tested without the thread.
class Writer {
 public:
  Writer(int32_t index, Clock& clock) : index_(index), clock_(clock) {}

  void Handle(WriterTask task);
  // Seals what has waited long enough, in every table.
  void Tick();
  // How long the thread may wait for the next task before Tick() is due.
  Duration UntilTick() const;

 private:
  struct Slot {
    std::unique_ptr<WriterStage> stage;  // null: nothing was decoded for the table yet
    uint64_t generation = 0;
    bool failed = false;  // no stage could be made: drop everything until the next discard
  };

  void HandleWithoutStage(TableUnit& table, Slot& slot, const WriterMessage& message) const;

  const int32_t index_;
  Clock& clock_;
  std::map<TableUnit*, Slot> slots_;
  std::optional<SteadyTime> tick_at_;
};

class WriterPool {
 public:
  WriterPool(int32_t count, Clock& clock);

  std::vector<BoundedQueue<WriterTask>*> queues();
  void Start(const std::function<void(std::string_view what)>& on_failure);
  // Finishes what is queued.
  void Stop();

 private:
  void Run(size_t index);

  std::vector<std::unique_ptr<BoundedQueue<WriterTask>>> queues_;
  std::vector<Writer> writers_;
  std::vector<std::jthread> threads_;
};

}  // namespace kafka_iceberg::engine
