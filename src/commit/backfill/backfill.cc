// SPDX-License-Identifier: Apache-2.0
#include "commit/backfill/backfill.h"

#include <algorithm>
#include <utility>

#include "commit/backfill/ledger_view.h"
#include "commit/commit_history.h"
#include "commit/json_text.h"
#include "commit/letters_property.h"

namespace kafka_iceberg::commit {
namespace {

using nlohmann::json;

constexpr int64_t kVersion = 1;
constexpr int kDepthMax = 2;
constexpr size_t kIdLength = 8;

Result<bool> BoolMember(const json& object, const char* name) {
  const json* value = TRY(Member(object, name));
  if (!value->is_boolean()) return Error::Corrupt("{} is not true or false", name);
  return value->get<bool>();
}

Result<Backfill> FromJson(std::string_view text) {
  const json document = TRY(ParseJson(text, kDepthMax));
  const int64_t version = TRY(IntMember(document, "version"));
  if (version != kVersion)
    return Error::Corrupt("version {} is not known to this program; a newer one wrote it", version);
  Backfill backfill;
  backfill.request = TRY(StringMember(document, "request"));
  backfill.accepts_duplicates = TRY(BoolMember(document, "accept-duplicates"));
  backfill.only_missing = TRY(BoolMember(document, "only-missing"));
  backfill.is_cancelled = TRY(BoolMember(document, "cancelled"));
  backfill.at_ms = TRY(IntMember(document, "at-ms"));
  backfill.ranges = TRY(RangesFromJson(TRY(StringMember(document, "ranges"))));
  TRY(ValidateRanges(backfill.ranges));
  return backfill;
}

std::string PropertyOf(const Backfill& backfill) {
  return std::string(kBackfillPrefix) + backfill.id;
}

// Each range cut by `cut`; what is empty then is left out.
template <typename Cut>
EpochRanges CutEach(const Backfill& backfill, const Cut& cut) {
  EpochRanges result;
  for (const auto& [topic, partitions] : backfill.ranges) {
    for (const auto& [partition, range] : partitions) {
      const int64_t next = backfill.ledger.NextOffset(topic, partition).value_or(range.start);
      const OffsetRange piece = cut(range, std::clamp(next, range.start, range.end));
      if (piece.start < piece.end) result[topic][partition] = piece;
    }
  }
  return result;
}

// Topic ids may be known to one side only.
bool Overlap(const Backfill& a, const Backfill& b) {
  for (const auto& [topic, partitions] : a.ranges) {
    for (const auto& [partition, range] : partitions) {
      const auto other = b.RangeOf(topic, partition);
      if (other && std::max(range.start, other->start) < std::min(range.end, other->end))
        return true;
    }
  }
  return false;
}

Status CheckLedger(const Backfill& backfill, const Ledger& ledger) {
  for (const auto& [topic, partitions] : backfill.ranges) {
    for (const auto& [partition, range] : partitions) {
      const auto next = ledger.NextOffset(topic, partition);
      if (next && range.end <= *next) continue;
      return Error::Invalid(
          "{}[{}]: the table's ledger stands at {}; offsets from there on are read by the engine "
          "itself, so a backfill must end at or below it",
          topic.topic, partition, next ? std::to_string(*next) : "nothing");
    }
  }
  return {};
}

const Backfill* FindId(const std::vector<Backfill>& all, const std::string& id) {
  const auto found = std::ranges::find(all, id, &Backfill::id);
  return found == all.end() ? nullptr : &*found;
}

// Nothing that could have put rows into the ranges happened between `seen` and `base`: the live
// tail only adds above its ledger.
Status CheckUnchanged(const Backfill& backfill, const iceberg::TableMetadata& seen,
                      const iceberg::TableMetadata& base) {
  const Ledger before = TRY(ReadLedger(seen));
  const Ledger now = TRY(ReadTrustedLedger(base, {}));
  TRY(CheckLedger(backfill, now));
  const Error changed = Error::Conflict("the table was changed while its rows were looked at");
  if (seen.table_uuid != base.table_uuid || before.generation != now.generation) return changed;
  if (!(TRY(ReadReplays(seen)) == TRY(ReadReplays(base)))) return changed;
  const std::vector<Backfill> known = TRY(ReadBackfills(seen));
  for (const Backfill& other : TRY(ReadBackfills(base))) {
    if (!Overlap(backfill, other)) continue;
    if (other.is_open()) {
      return Error::Conflict(
          "backfill {} reads some of these offsets and is not finished: go on with it (--id {}), "
          "or cancel it",
          other.id, other.id);
    }
    const Backfill* same = FindId(known, other.id);
    if (same == nullptr || !(*same == other)) return changed;
  }
  return {};
}

Note NoteOf(const Backfill& backfill) {
  return {.summary = {{"kafka-iceberg.backfill", backfill.id}},
          .properties = {{PropertyOf(backfill), BackfillToJson(backfill)}},
          .removed_properties = {}};
}

}  // namespace

bool Backfill::is_open() const { return !is_cancelled && !Left().empty(); }

std::optional<OffsetRange> Backfill::RangeOf(const SourceTopic& topic, int32_t partition) const {
  // A ledger knows which topics may be the same one.
  Ledger sources;
  for (const auto& [known, partitions] : ranges) {
    for (const auto& [number, range] : partitions) sources.next_offsets[known][number] = range.end;
  }
  const auto same = sources.Identify(topic);
  if (!same || !ranges.at(*same).contains(partition)) return std::nullopt;
  return ranges.at(*same).at(partition);
}

EpochRanges Backfill::Done() const {
  if (is_cancelled) return ranges;
  return CutEach(*this, [](const OffsetRange& range, int64_t next) {
    return OffsetRange{.start = range.start, .end = next};
  });
}

EpochRanges Backfill::Left() const {
  if (is_cancelled) return {};
  return CutEach(*this, [](const OffsetRange& range, int64_t next) {
    return OffsetRange{.start = next, .end = range.end};
  });
}

std::string BackfillToJson(const Backfill& backfill) {
  return ToText({{"version", kVersion},
                 {"request", backfill.request},
                 {"ranges", RangesToJson(backfill.ranges)},
                 {"accept-duplicates", backfill.accepts_duplicates},
                 {"only-missing", backfill.only_missing},
                 {"cancelled", backfill.is_cancelled},
                 {"at-ms", backfill.at_ms}});
}

Result<std::vector<Backfill>> ReadBackfills(const iceberg::TableMetadata& metadata) {
  std::vector<Backfill> all;
  for (const auto& [name, value] : metadata.properties) {
    if (!name.starts_with(kBackfillPrefix)) continue;
    Result<Backfill> backfill = FromJson(value);
    if (!backfill.ok()) return backfill.error().WithContext("table property " + name);
    backfill->id = name.substr(kBackfillPrefix.size());
    backfill->ledger = TRY(ReadLaneLedger(metadata, backfill->lane()));
    all.push_back(*std::move(backfill));
  }
  std::ranges::stable_sort(all, {}, &Backfill::at_ms);
  return all;
}

Result<Backfill> RegisterBackfill(const NoteContext& context, Backfill backfill,
                                  const iceberg::TableMetadata& seen, const std::stop_token& stop) {
  TRY(ValidateRanges(backfill.ranges));
  backfill.id = NewUuid(context.random).substr(0, kIdLength);
  backfill.at_ms = ToMillis(context.clock.Now());
  backfill.ledger = {};
  for (const auto& [topic, partitions] : backfill.ranges) {
    for (const auto& [partition, range] : partitions)
      SetNextOffset(backfill.ledger, topic, partition, range.start);
  }
  TRY(CommitNote(
      context,
      [&](const iceberg::TableMetadata& base) -> Result<Note> {
        TRY(CheckUnchanged(backfill, seen, base));
        const std::vector<Backfill> all = TRY(ReadBackfills(base));
        if (all.size() >= kBackfillsMax || FindId(all, backfill.id) != nullptr) {
          return Error::Unsupported("the table knows {} backfills; at most {} are kept", all.size(),
                                    kBackfillsMax);
        }
        Note note = NoteOf(backfill);
        note.properties[LaneProperty(backfill.lane())] = LedgerToJson(backfill.ledger);
        return note;
      },
      "the backfill may have been registered, or may still be: run it again to find out", stop));
  return backfill;
}

Result<Backfill> CancelBackfill(const NoteContext& context, const std::string& id,
                                const std::stop_token& stop) {
  Backfill cancelled;
  TRY(CommitNote(
      context,
      [&](const iceberg::TableMetadata& base) -> Result<Note> {
        const std::vector<Backfill> all = TRY(ReadBackfills(base));
        const Backfill* found = FindId(all, id);
        if (found == nullptr) return Error::NotFound("the table knows no backfill {}", id);
        if (!found->is_open()) return Error::Invalid("backfill {} is not open", id);
        cancelled = *found;
        cancelled.ranges = found->Done();
        cancelled.is_cancelled = true;
        // Without its ledger whoever still runs it cannot commit any more.
        cancelled.ledger = {};
        Note note = NoteOf(cancelled);
        note.removed_properties = {LaneProperty(cancelled.lane())};
        return note;
      },
      "the backfill may have been cancelled, or may still be: run it again to find out", stop));
  return cancelled;
}

}  // namespace kafka_iceberg::commit
