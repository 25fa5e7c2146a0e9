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

// When the answer to the request was lost the lock may be there all the same, and would keep
// everybody out until it expires.
Result<HiveLockAnswer> Request(HiveClient& client, const CatalogContext& context,
                               const std::string& database, const std::string& table) {
  const std::string agent = "kafka-iceberg-" + NewUuid(context.random);
  auto answer = client.Lock(database, table, agent);
  if (answer.ok() || answer.error().code() != ErrorCode::kCommitUnknown) return answer;
  auto found = client.FindLock(database, table, agent);
  if (found.ok()) return found;
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
  std::unique_lock lock(turns.mutex);
  const bool is_free = turns.given_back.wait_for(
      lock, timeout, [&]() NO_THREAD_SAFETY_ANALYSIS { return !turns.taken.contains(table); });
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
  HiveLockAnswer answer = TRY(Request(client, context, database, table));
  // From here on it is given back, whatever comes.
  std::unique_ptr<HiveLock> lock(new HiveLock(client, answer.lock_id));
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

HiveLock::~HiveLock() { (void)client_.Unlock(lock_id_); }  // otherwise it expires on the server

Status HiveLock::Extend() { return client_.Heartbeat(lock_id_); }

}  // namespace kafka_iceberg::catalog
