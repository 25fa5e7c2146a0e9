// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_lock.h"

#include <algorithm>
#include <set>

#include "core/mutex.h"

namespace kafka_iceberg::catalog {

namespace {

constexpr Duration kFirstWait = std::chrono::milliseconds(20);
constexpr Duration kLongestWait = std::chrono::milliseconds(500);

// Process-wide, because several catalogs may be open on one metastore. Tables of the same name in
// two metastores wait for each other, which costs time and nothing else.
struct Turns {
  Mutex mutex;
  CondVar given_back;
  std::set<std::string> taken GUARDED_BY(mutex);
};

Turns& AllTurns() {
  static Turns turns;
  return turns;
}

// Requests whose answer was lost while the server could not be asked about them, and locks that
// could not be given back: each may keep everybody out until it expires, five minutes or more. They
// are looked for, and given back, before the next lock on that table is asked for. Process-wide,
// because a catalog that reconnects after an outage is another object.
class Leftovers {
 public:
  struct Leftover {
    std::string metastore;
    std::string database;
    std::string table;
    std::string agent;  // of a request; empty: of a lock
    int64_t lock_id = 0;
    SteadyTime forget_at{0};  // a request may reach the server late; a lock has expired by then
  };

  static Leftovers& All() {
    static Leftovers leftovers;
    return leftovers;
  }

  void Remember(Leftover leftover) {
    MutexLock lock(mutex_);
    if (leftovers_.size() >= kMax) leftovers_.erase(leftovers_.begin());
    leftovers_.push_back(std::move(leftover));
  }

  // Gives back what there is on this table. What cannot be asked about now is kept.
  void GiveBack(HiveClient& client, const std::string& database, const std::string& table,
                SteadyTime now) {
    for (const Leftover& leftover : TakeOf(client.metastore(), database, table)) {
      if (now < leftover.forget_at && !IsGone(client, leftover)) Remember(leftover);
    }
  }

  static constexpr Duration kForgetAfter = std::chrono::minutes(10);

 private:
  static constexpr size_t kMax = 64;

  std::vector<Leftover> TakeOf(const std::string& metastore, const std::string& database,
                               const std::string& table) {
    std::vector<Leftover> taken;
    MutexLock lock(mutex_);
    std::erase_if(leftovers_, [&](const Leftover& leftover) NO_THREAD_SAFETY_ANALYSIS {
      if (leftover.metastore != metastore || leftover.database != database ||
          leftover.table != table) {
        return false;
      }
      taken.push_back(leftover);
      return true;
    });
    return taken;
  }

  // A request that is not there yet may still come, so it is gone only when its lock was found and
  // given back.
  static bool IsGone(HiveClient& client, const Leftover& leftover) {
    if (leftover.agent.empty()) return client.Unlock(leftover.lock_id).ok();
    const auto found = client.FindLock(leftover.database, leftover.table, leftover.agent);
    return found.ok() && client.Unlock(found->lock_id).ok();
  }

  Mutex mutex_;
  std::vector<Leftover> leftovers_ GUARDED_BY(mutex_);
};

// When the answer to the request was lost the lock may be there all the same, and would keep
// everybody out until it expires.
Result<HiveLockAnswer> Request(HiveClient& client, const CatalogContext& context,
                               const std::string& database, const std::string& table) {
  const std::string agent = "kafka-iceberg-" + NewUuid(context.random);
  auto answer = client.Lock(database, table, agent);
  if (answer.ok() || answer.error().code() != ErrorCode::kCommitUnknown) return answer;
  auto found = client.FindLock(database, table, agent);
  if (found.ok()) return found;
  Leftovers::All().Remember({.metastore = client.metastore(),
                             .database = database,
                             .table = table,
                             .agent = agent,
                             .forget_at = context.clock.Steady() + Leftovers::kForgetAfter});
  if (answer.error().message().find("HIVE_LOCKS") != std::string::npos ||
      answer.error().message().find("Internal error processing lock") != std::string::npos) {
    return Error::Unsupported(
        "{}; the metastore may lack its lock tables: create them, or set commit_lock to "
        "compare-and-set on Hive 4",
        answer.error().message());
  }
  return Error::Unavailable("{}", answer.error().message());
}

}  // namespace

std::unique_ptr<HiveTurn> HiveTurn::Take(std::string table, Duration timeout) {
  Turns& turns = AllTurns();
  const MutexLock lock(turns.mutex);
  const bool is_free = turns.given_back.wait_for(
      turns.mutex, timeout,
      [&]() NO_THREAD_SAFETY_ANALYSIS { return !turns.taken.contains(table); });
  if (!is_free) return nullptr;
  turns.taken.insert(table);
  return std::unique_ptr<HiveTurn>(new HiveTurn(std::move(table)));
}

HiveTurn::~HiveTurn() {
  Turns& turns = AllTurns();
  {
    MutexLock lock(turns.mutex);
    turns.taken.erase(table_);
  }
  turns.given_back.notify_all();
}

Result<std::unique_ptr<HiveLock>> HiveLock::Acquire(HiveClient& client,
                                                    const CatalogContext& context,
                                                    const std::string& database,
                                                    const std::string& table, Duration timeout) {
  const SteadyTime end = context.clock.Steady() + timeout;
  Leftovers::All().GiveBack(client, database, table, context.clock.Steady());
  HiveLockAnswer answer = TRY(Request(client, context, database, table));
  // From here on it is given back, whatever comes.
  std::unique_ptr<HiveLock> lock(
      new HiveLock(client, context.clock, database, table, answer.lock_id));
  for (Duration wait = kFirstWait; answer.state == HiveLockState::kWaiting;
       wait = std::min(wait * 3 / 2, kLongestWait)) {
    if (context.clock.Steady() + wait > end) {
      return Error::Timeout("table {}.{} is locked by another writer for {} s already", database,
                            table, std::chrono::duration<double>(timeout).count());
    }
    const auto jitter = static_cast<uint64_t>(wait.count()) / 10 + 1;
    context.clock.SleepFor(wait + Duration(static_cast<int64_t>(context.random.Below(jitter))), {});
    // Keeps the request alive, too.
    answer = TRY(client.CheckLock(answer.lock_id));
  }
  if (answer.state == HiveLockState::kAcquired) return lock;
  return Error::Unavailable("hive metastore: the lock on {}.{} was refused", database, table);
}

HiveLock::~HiveLock() {
  if (client_.Unlock(lock_id_).ok()) return;
  Leftovers::All().Remember({.metastore = client_.metastore(),
                             .database = database_,
                             .table = table_,
                             .lock_id = lock_id_,
                             .forget_at = clock_.Steady() + Leftovers::kForgetAfter});
}

Status HiveLock::Extend() { return client_.Heartbeat(lock_id_); }

}  // namespace kafka_iceberg::catalog
