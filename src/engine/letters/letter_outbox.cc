// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_outbox.h"

#include <algorithm>
#include <set>
#include <utility>

#include "commit/backfill/ledger_view.h"
#include "commit/letters_property.h"

namespace kafka_iceberg::engine {
namespace {

bool Names(const std::vector<std::string>& pending, const std::string& location) {
  return std::ranges::find(pending, location) != pending.end();
}

// Offsets grow within a lane of the table's ledger, and within one generation of it.
Result<std::string> LaneOf(const iceberg::TableMetadata& metadata) {
  const int64_t generation = TRY(commit::ReadLedger(metadata)).generation;
  std::string lane = metadata.Property(commit::kLaneShown, "");
  if (generation > 0) lane = fmt::format("generation-{}", generation);
  return lane;
}

// False when the letters are not waiting any more.
Result<bool> Deliver(const std::string& location, catalog::TableOperations& table,
                     LetterSink& sink) {
  const Result<std::string> text = table.store().Read(location);
  if (!text.ok() && text.error().code() == ErrorCode::kNotFound) {
    // Another process may have delivered it, and removed it once a commit had forgotten it.
    const catalog::TableVersion now = TRY(table.Refresh());
    if (!Names(TRY(commit::PendingLetters(*now.metadata)), location)) return false;
    return Error::Corrupt(
        "{}: the dead letters that wait in {} to be delivered to {} are gone: somebody removed the "
        "file; their records are in Kafka, at the offsets without a row that `kafka-iceberg "
        "verify` lists",
        table.identifier().ToString(), location, sink.address());
  }
  if (!text.ok()) return text.error().WithContext("dead letters");
  const Result<LetterParcel> parcel = ParcelFromText(*text);
  if (!parcel.ok()) return parcel.error().WithContext(location);
  if (parcel->address != sink.address()) {
    return Error::Invalid(
        "{}: dead letters wait to be delivered to {}, but [dead_letter] names {} now: run once "
        "with the earlier configuration first",
        table.identifier().ToString(), parcel->address, sink.address());
  }
  if (parcel->delivered) return true;
  const Status delivered = sink.Deliver(*parcel);
  if (!delivered.ok()) return delivered.error().WithContext("dead letters for " + sink.address());
  if (sink.wants_receipts()) {
    // Best effort: without it the sink finds out again.
    (void)table.store().Write(location, ParcelToText({.epoch_uuid = parcel->epoch_uuid,
                                                      .address = parcel->address,
                                                      .ranges = parcel->ranges,
                                                      .mark = parcel->mark,
                                                      .delivered = true,
                                                      .letters = {}}));
  }
  return true;
}

class LetterOutbox final : public decode::DeadLetterStore {
 public:
  LetterOutbox(catalog::TableOperations& table, std::unique_ptr<LetterSink> sink,
               telemetry::Logger& logger)
      : table_(table), sink_(std::move(sink)), logger_(logger) {}

  Result<std::string> Stage(const decode::LetterEpoch& epoch,
                            const std::vector<decode::DeadLetter>& letters) override {
    if (letters.empty()) return std::string();
    std::string lane = TRY(LaneOf(*table_.Current().metadata));
    std::string mark = TRY(sink_->Mark());
    const LetterParcel parcel{.epoch_uuid = epoch.uuid,
                              .address = sink_->address(),
                              .lane = std::move(lane),
                              .ranges = epoch.ranges,
                              .mark = std::move(mark),
                              .letters = letters};
    std::string location = fmt::format("{}/letters-{}.jsonl",
                                       table_.Current().metadata->MetadataLocation(), epoch.uuid);
    const Status written = table_.store().Write(location, ParcelToText(parcel));
    if (!written.ok()) return written.error().WithContext("cannot store dead letters");
    staged_[epoch.uuid] = location;
    return location;
  }

  Status Publish(const std::string& epoch_uuid) override {
    const auto staged = staged_.find(epoch_uuid);
    if (staged == staged_.end()) return {};
    // A commit that was found rather than answered may not be in what is known of the table.
    const auto known = TRY(commit::PendingLetters(*table_.Current().metadata));
    if (!Names(known, staged->second)) TRY(table_.Refresh());
    TRY(Settle());
    staged_.erase(epoch_uuid);
    return {};
  }

  Status Discard(const std::string& epoch_uuid) override {
    const auto staged = staged_.find(epoch_uuid);
    if (staged == staged_.end()) return {};
    const std::string location = staged->second;
    staged_.erase(staged);
    return table_.store().Delete(location);
  }

  Status Settle() override {
    for (const std::string& location : TRY(commit::PendingLetters(*table_.Current().metadata))) {
      if (delivered_.contains(location)) continue;
      if (TRY(Deliver(location, table_, *sink_))) delivered_.insert(location);
    }
    return {};
  }

  std::vector<std::string> Delivered() const override {
    return {delivered_.begin(), delivered_.end()};
  }

  void Forget(const std::vector<std::string>& delivered) override {
    const auto pending = commit::PendingLetters(*table_.Current().metadata);
    if (!pending.ok()) return;
    for (const std::string& location : delivered) {
      if (Names(*pending, location)) continue;
      delivered_.erase(location);
      if (const Status status = table_.store().Delete(location); !status.ok()) {
        logger_.Warn("cannot delete the file of dead letters that were delivered",
                     {{"file", location}, {"reason", status.error().message()}});
      }
    }
  }

 private:
  catalog::TableOperations& table_;
  const std::unique_ptr<LetterSink> sink_;
  telemetry::Logger& logger_;
  std::map<std::string, std::string> staged_;  // location by epoch
  std::set<std::string> delivered_;            // and perhaps still named by the table
};

}  // namespace

std::unique_ptr<decode::DeadLetterStore> OpenLetterOutbox(catalog::TableOperations& table,
                                                          std::unique_ptr<LetterSink> sink,
                                                          telemetry::Logger& logger) {
  return std::make_unique<LetterOutbox>(table, std::move(sink), logger);
}

Status DeliverPending(catalog::TableOperations& table, LetterSink& sink) {
  const catalog::TableVersion now = TRY(table.Refresh());
  for (const std::string& location : TRY(commit::PendingLetters(*now.metadata)))
    TRY(Deliver(location, table, sink));
  return {};
}

}  // namespace kafka_iceberg::engine
