// SPDX-License-Identifier: Apache-2.0
//
// MetadataCache: what is known about a table, for those who only look (status, readers,
// maintenance), so that they do not ask the catalog each time (PRD part 3.4). Each kind of answer
// has its own greatest age; while the catalog is away the last one is given, with its age. However
// many look at once, one asks and the others wait for it.
//
// Owned by the engine; safe for concurrent use. Commits never read from here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "iceberg/manifest.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::table {

struct MetadataCacheOptions {
  Duration snapshot_id_ttl = std::chrono::seconds(1);
  Duration schema_ttl = std::chrono::minutes(5);  // and partition spec
  Duration files_ttl = std::chrono::minutes(1);
  // Memory of a file listing, estimated; some 200 000 files.
  size_t file_bytes_max = 64 << 20;
};

struct CachedVersion {
  catalog::TableVersion version;
  Duration age{0};           // since the catalog confirmed it
  bool is_outdated = false;  // older than asked for: the catalog could not be asked
};

struct CachedFiles {
  // Live files of the snapshot, data and deletes, without their column metrics; null never.
  std::shared_ptr<const std::vector<iceberg::ManifestEntry>> entries;
  std::optional<int64_t> snapshot_id;  // absent: the table has no snapshot
  Duration age{0};                     // since the listing
  bool is_outdated = false;            // older than asked for: the store could not be read
};

class MetadataCache {
 public:
  // Begins with what `table` knows, as confirmed now. `table` outlives the cache.
  MetadataCache(catalog::TableOperations& table, Clock& clock, telemetry::Metrics& metrics,
                const MetadataCacheOptions& options = {});

  // The current version, current snapshot id included (metrics key "snapshot_id").
  CachedVersion Get();
  // For those who need the schema or the partition spec, which change rarely (key "schema").
  CachedVersion GetSchema();
  // The files to choose from for compaction (key "manifests"). Files added since are not in it,
  // and a foreign rewrite may have removed some: the commit that uses it checks. kUnsupported: too
  // many to keep, walk the manifests instead; otherwise as the store's errors.
  Result<CachedFiles> GetFiles();

  // After a commit of our own, with the version it made: no look-up has to ask for it. Keeps the
  // listing of files when the commit only appended.
  void Put(const catalog::TableVersion& version);
  // After anything else that makes answers wrong: the next look-up asks.
  void Invalidate();

  // Asks ahead of time while somebody looks again and again, so that they need not wait: called
  // regularly by a thread that may ask the catalog. Returns how soon the next call is useful.
  Duration KeepFresh();

 private:
  // A kind of answer and how often it was there.
  class Key {
   public:
    Key(telemetry::Metrics& metrics, const std::string& name, Duration key_ttl);
    void Count(bool is_hit);
    const Duration ttl;

   private:
    telemetry::Counter& hits_;
    telemetry::Counter& misses_;
    telemetry::Gauge& hit_rate_;
  };

  CachedVersion LookUp(Key& key) REQUIRES(mutex_);
  bool IsFresh(Duration ttl) const REQUIRES(mutex_);
  bool MayAsk() const REQUIRES(mutex_);
  // Asks the catalog, or waits for the one who does. Releases the mutex meanwhile.
  void AskOnce() REQUIRES(mutex_);
  bool IsWatched() const REQUIRES(mutex_);

  bool HasFreshFiles() const REQUIRES(mutex_);
  // Lists the files, or waits for the one who does. Releases the mutex meanwhile.
  Status ListOnce() REQUIRES(mutex_);
  Result<CachedFiles> ListFiles(const catalog::TableVersion& version) const;

  catalog::TableOperations& table_;
  Clock& clock_;
  const MetadataCacheOptions options_;
  Mutex mutex_;
  CondVar done_;  // with asking or listing
  Key snapshot_id_key_ GUARDED_BY(mutex_);
  Key schema_key_ GUARDED_BY(mutex_);
  Key files_key_ GUARDED_BY(mutex_);

  catalog::TableVersion version_ GUARDED_BY(mutex_);
  SteadyTime confirmed_at_ GUARDED_BY(mutex_);
  bool is_valid_ GUARDED_BY(mutex_) = true;
  // Put() and Invalidate() so far: an answer asked for before the last one is not taken.
  uint64_t changes_ GUARDED_BY(mutex_) = 0;
  bool is_asking_ GUARDED_BY(mutex_) = false;
  uint64_t asks_ GUARDED_BY(mutex_) = 0;                    // ended so far
  std::optional<SteadyTime> failed_at_ GUARDED_BY(mutex_);  // when the last one did

  CachedFiles files_ GUARDED_BY(mutex_);  // its age and is_outdated are filled in for each answer
  SteadyTime listed_at_ GUARDED_BY(mutex_){0};
  bool are_files_valid_ GUARDED_BY(mutex_) = false;
  uint64_t file_changes_ GUARDED_BY(mutex_) = 0;  // as changes_
  bool is_listing_ GUARDED_BY(mutex_) = false;
  uint64_t listings_ GUARDED_BY(mutex_) = 0;  // ended so far
  Status listing_status_ GUARDED_BY(mutex_);

  std::optional<SteadyTime> looked_at_ GUARDED_BY(mutex_);
  std::optional<Duration> look_gap_ GUARDED_BY(mutex_);  // between the last two looks
};

}  // namespace kafka_iceberg::table
