// SPDX-License-Identifier: Apache-2.0
#include "engine/tables/writer_pool.h"

#include <algorithm>
#include <utility>

#include "core/thread.h"
#include "engine/tables/table_unit.h"

namespace kafka_iceberg::engine {
namespace {

constexpr size_t kQueueBytes = 16 << 20;
constexpr Duration kIdleWait = std::chrono::milliseconds(200);

}  // namespace

void Writer::Handle(WriterTask task) {
  Slot& slot = slots_[task.table];
  if (const auto* discard = std::get_if<DiscardMessage>(&task.message)) {
    slot.generation = discard->generation;
    slot.failed = false;
  }
  const auto* data = std::get_if<DataMessage>(&task.message);
  if (slot.stage == nullptr && data != nullptr && data->generation == slot.generation &&
      !slot.failed) {
    auto stage = task.table->MakeWriter(index_, slot.generation);
    if (stage.ok()) {
      slot.stage = std::move(stage).value();
    } else {
      slot.failed = true;
      task.table->Report(StageFailed{.generation = slot.generation, .error = stage.error()});
    }
  }
  if (slot.stage == nullptr) return HandleWithoutStage(*task.table, slot, task.message);
  slot.stage->Handle(std::move(task.message));
  const SteadyTime due = clock_.Steady() + slot.stage->UntilTick();
  tick_at_ = tick_at_ ? std::min(*tick_at_, due) : due;
}

// A table of which this thread has nothing takes part in its epochs and resets all the same: the
// committer waits for every thread.
void Writer::HandleWithoutStage(TableUnit& table, Slot& slot, const WriterMessage& message) const {
  if (const auto* end = std::get_if<EndEpochMessage>(&message)) {
    if (slot.failed || end->generation != slot.generation) return;
    table.SendToCommitter(EpochPart{.epoch = end->epoch,
                                    .generation = end->generation,
                                    .writer = index_,
                                    .schema = std::make_shared<const WriteSchema>()});
  } else if (const auto* discard = std::get_if<DiscardMessage>(&message)) {
    table.Report(StageDiscarded{.generation = discard->generation});
  }
}

void Writer::Tick() {
  const SteadyTime now = clock_.Steady();
  if (!tick_at_ || now < *tick_at_) return;
  tick_at_.reset();
  for (auto& [table, slot] : slots_) {
    if (slot.stage == nullptr) continue;
    slot.stage->Tick();
    const SteadyTime due = now + slot.stage->UntilTick();
    tick_at_ = tick_at_ ? std::min(*tick_at_, due) : due;
  }
}

Duration Writer::UntilTick() const {
  if (!tick_at_) return kIdleWait;
  return std::max(Duration::zero(), *tick_at_ - clock_.Steady());
}

WriterPool::WriterPool(int32_t count, Clock& clock) {
  for (int32_t index = 0; index < count; ++index) {
    queues_.push_back(std::make_unique<BoundedQueue<WriterTask>>(kQueueBytes));
    writers_.emplace_back(index, clock);
  }
}

std::vector<BoundedQueue<WriterTask>*> WriterPool::queues() {
  std::vector<BoundedQueue<WriterTask>*> queues;
  for (const auto& queue : queues_) queues.push_back(queue.get());
  return queues;
}

void WriterPool::Start(const std::function<void(std::string_view what)>& on_failure) {
  for (size_t index = 0; index < writers_.size(); ++index) {
    threads_.push_back(StartThread(
        fmt::format("ki-writer-{}", index), [this, index](const std::stop_token&) { Run(index); },
        [on_failure, index](std::string_view what) {
          on_failure(fmt::format("thread ki-writer-{} failed: {}", index, what));
        }));
  }
}

void WriterPool::Stop() {
  for (const auto& queue : queues_) queue->Close();
  threads_.clear();
}

void WriterPool::Run(size_t index) {
  BoundedQueue<WriterTask>& queue = *queues_[index];
  Writer& writer = writers_[index];
  while (!queue.drained()) {
    if (auto task = queue.Pop(std::min(writer.UntilTick(), kIdleWait)))
      writer.Handle(*std::move(task));
    writer.Tick();
  }
}

}  // namespace kafka_iceberg::engine
