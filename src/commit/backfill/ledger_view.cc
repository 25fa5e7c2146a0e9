// SPDX-License-Identifier: Apache-2.0
#include "commit/backfill/ledger_view.h"

#include <algorithm>
#include <vector>

namespace kafka_iceberg::commit {
namespace {

constexpr size_t kShownMax = 4;

// Moves a member of a map to another name; what stood there goes.
void Rename(std::map<std::string, std::string>& members, const std::string& from,
            const std::string& to) {
  members.erase(to);
  if (auto node = members.extract(from)) {
    node.key() = to;
    members.insert(std::move(node));
  }
}

}  // namespace

std::string LaneProperty(const std::string& lane) {
  return fmt::format("{}.{}", kLedgerProperty, lane);
}

std::string LaneRangesSummary(const std::string& lane) {
  return fmt::format("{}.{}", kRangesSummary, lane);
}

Result<Ledger> ReadLaneLedger(const iceberg::TableMetadata& metadata, const std::string& lane) {
  const auto property = metadata.properties.find(LaneProperty(lane));
  if (property == metadata.properties.end()) return Ledger{};
  Result<Ledger> ledger = LedgerFromJson(property->second);
  if (!ledger.ok()) return ledger.error().WithContext("table property " + LaneProperty(lane));
  return ledger;
}

LedgerView::LedgerView(catalog::TableOperations& table, std::string lane, bool must_exist)
    : table_(table), lane_(std::move(lane)), must_exist_(must_exist) {}

std::unique_ptr<LedgerView> LedgerView::Own(std::unique_ptr<catalog::TableOperations> table,
                                            std::string lane, bool must_exist) {
  auto view = std::make_unique<LedgerView>(*table, std::move(lane), must_exist);
  view->owned_ = std::move(table);
  return view;
}

catalog::TableVersion LedgerView::Current() const { return Show(table_.Current()); }

Result<catalog::TableVersion> LedgerView::Refresh() {
  const catalog::TableVersion real = TRY(table_.Refresh());
  if (must_exist_ && !real.metadata->properties.contains(LaneProperty(lane_))) {
    return Error::Invalid("{}: {} was cancelled: its ledger is gone from the table",
                          identifier().ToString(), lane_);
  }
  return Show(real);
}

catalog::TableVersion LedgerView::Show(const catalog::TableVersion& real) const {
  MutexLock lock(mutex_);
  const auto known = std::ranges::find_if(
      shown_, [&](const Shown& shown) { return shown.real.metadata == real.metadata; });
  if (known != shown_.end()) return known->view;
  auto metadata = std::make_shared<iceberg::TableMetadata>(*real.metadata);
  Rename(metadata->properties, LaneProperty(lane_), std::string(kLedgerProperty));
  metadata->properties[std::string(kLaneShown)] = lane_;
  for (iceberg::Snapshot& snapshot : metadata->snapshots)
    Rename(snapshot.summary, LaneRangesSummary(lane_), std::string(kRangesSummary));
  shown_.push_front(
      {.real = real,
       .view = {.metadata = std::move(metadata), .metadata_location = real.metadata_location}});
  if (shown_.size() > kShownMax) shown_.pop_back();
  return shown_.front().view;
}

iceberg::MetadataUpdate LedgerView::Translate(const iceberg::MetadataUpdate& update) const {
  if (const auto* set = std::get_if<iceberg::SetProperties>(&update)) {
    iceberg::SetProperties translated = *set;
    Rename(translated.properties, std::string(kLedgerProperty), LaneProperty(lane_));
    return translated;
  }
  if (const auto* add = std::get_if<iceberg::AddSnapshot>(&update)) {
    iceberg::AddSnapshot translated = *add;
    Rename(translated.snapshot.summary, std::string(kRangesSummary), LaneRangesSummary(lane_));
    return translated;
  }
  return update;
}

catalog::CommitReply LedgerView::Commit(const catalog::TableVersion& base,
                                        std::span<const iceberg::MetadataUpdate> updates,
                                        std::span<const iceberg::TableRequirement> requirements) {
  catalog::TableVersion real;
  {
    MutexLock lock(mutex_);
    const auto known = std::ranges::find_if(
        shown_, [&](const Shown& shown) { return shown.view.metadata == base.metadata; });
    if (known == shown_.end())
      return {catalog::CommitOutcome::kConflict, "the base is too old; nothing was sent"};
    real = known->real;
  }
  std::vector<iceberg::MetadataUpdate> translated;
  for (const iceberg::MetadataUpdate& update : updates) translated.push_back(Translate(update));
  return table_.Commit(real, translated, requirements);
}

}  // namespace kafka_iceberg::commit
