// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/expire_snapshots.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace kafka_iceberg::iceberg {
namespace {

constexpr int64_t kDefaultSnapshotAgeMs = int64_t{5} * 24 * 60 * 60 * 1000;
constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

// now - age without overflow: an unlimited age reaches back to the beginning.
int64_t Before(int64_t now_ms, int64_t age_ms) {
  int64_t time_ms = 0;
  if (__builtin_sub_overflow(now_ms, std::max<int64_t>(age_ms, 0), &time_ms)) {
    return std::numeric_limits<int64_t>::min();
  }
  return time_ms;
}

// Anything that is not plainly true switches off: keeping too much is the harmless mistake.
bool IsTrue(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text == "true";
}

class Expiry {
 public:
  Expiry(const TableMetadata& base, const ExpireOptions& options, int64_t now_ms)
      : base_(base), options_(options), now_ms_(now_ms) {
    for (const Snapshot& snapshot : base.snapshots) by_id_.emplace(snapshot.snapshot_id, &snapshot);
    age_ms_ = options.max_snapshot_age_ms.value_or(
        base.IntProperty("history.expire.max-snapshot-age-ms", kDefaultSnapshotAgeMs));
    keep_min_ = options.min_snapshots_to_keep.value_or(static_cast<int32_t>(
        std::clamp<int64_t>(base.IntProperty("history.expire.min-snapshots-to-keep", 1), 1,
                            std::numeric_limits<int32_t>::max())));
  }

  ExpirePlan Plan() {
    ExpirePlan plan;
    for (const auto& [name, ref] : base_.refs) {
      if (IsRefExpired(name, ref)) {
        plan.refs.push_back(name);
      } else {
        Retain(ref);
      }
    }
    KeepYoungUnreferenced();
    for (const Snapshot& snapshot : base_.snapshots) {
      if (!kept_.contains(snapshot.snapshot_id)) plan.snapshot_ids.push_back(snapshot.snapshot_id);
    }
    return plan;
  }

 private:
  const Snapshot* Find(int64_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }

  bool IsRefExpired(const std::string& name, const SnapshotRef& ref) const {
    if (name == kMainBranch) return false;
    const Snapshot* head = Find(ref.snapshot_id);
    if (head == nullptr) return true;
    const int64_t age_ms =
        ref.max_ref_age_ms.value_or(base_.IntProperty("history.expire.max-ref-age-ms", kForever));
    return head->timestamp_ms < Before(now_ms_, age_ms);
  }

  void Retain(const SnapshotRef& ref) {
    if (ref.is_branch) {
      RetainBranch(ref);
    } else {
      kept_.insert(ref.snapshot_id);
      referenced_.insert(ref.snapshot_id);
    }
  }

  // Keeps from the head backwards until a snapshot is both too old and beyond the number to keep.
  void RetainBranch(const SnapshotRef& ref) {
    const int64_t oldest_ms =
        Before(now_ms_,
               options_.max_snapshot_age_ms ? age_ms_ : ref.max_snapshot_age_ms.value_or(age_ms_));
    const int32_t keep_min =
        std::max(1, options_.min_snapshots_to_keep ? keep_min_
                                                   : ref.min_snapshots_to_keep.value_or(keep_min_));
    std::set<int64_t> seen;  // parents that go in a circle end the walk
    bool keeping = true;
    const Snapshot* snapshot = Find(ref.snapshot_id);
    while (snapshot != nullptr && seen.insert(snapshot->snapshot_id).second) {
      referenced_.insert(snapshot->snapshot_id);
      keeping = keeping && (seen.size() <= static_cast<size_t>(keep_min) ||
                            snapshot->timestamp_ms >= oldest_ms);
      if (keeping) kept_.insert(snapshot->snapshot_id);
      snapshot = snapshot->parent_snapshot_id ? Find(*snapshot->parent_snapshot_id) : nullptr;
    }
  }

  // What no ref leads to (staged or rolled back) may still be wanted while it is young.
  void KeepYoungUnreferenced() {
    const int64_t oldest_ms = Before(now_ms_, age_ms_);
    for (const Snapshot& snapshot : base_.snapshots) {
      if (!referenced_.contains(snapshot.snapshot_id) && snapshot.timestamp_ms >= oldest_ms) {
        kept_.insert(snapshot.snapshot_id);
      }
    }
  }

  const TableMetadata& base_;
  const ExpireOptions& options_;
  const int64_t now_ms_;
  int64_t age_ms_ = 0;
  int32_t keep_min_ = 1;
  std::map<int64_t, const Snapshot*> by_id_;
  std::set<int64_t> kept_;
  std::set<int64_t> referenced_;  // by a ref that stays, at any distance
};

}  // namespace

Result<ExpirePlan> PlanExpireSnapshots(const TableMetadata& base, const ExpireOptions& options,
                                       int64_t now_ms) {
  if (!IsTrue(base.Property("gc.enabled", "true"))) {
    return Error::Denied("the table has gc.enabled=false: its files may be used elsewhere");
  }
  ExpirePlan plan = Expiry(base, options, now_ms).Plan();
  if (plan.snapshot_ids.empty() && plan.refs.empty()) return plan;
  for (const std::string& name : plan.refs) plan.updates.push_back(RemoveSnapshotRef{name});
  if (!plan.snapshot_ids.empty()) plan.updates.push_back(RemoveSnapshots{plan.snapshot_ids});
  // A ref that moved since may need what this plan removes.
  plan.requirements.push_back(AssertTableUuid{base.table_uuid});
  for (const auto& [name, ref] : base.refs) {
    plan.requirements.push_back(AssertRefSnapshotId{name, ref.snapshot_id});
  }
  return plan;
}

}  // namespace kafka_iceberg::iceberg
