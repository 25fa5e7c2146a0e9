// SPDX-License-Identifier: Apache-2.0
//
// A topic in memory with Kafka's transactions: open ones are seen by nobody and hold back what
// comes after them, a new session of an id aborts what the older one had open and shuts it out.
// Fails on request at every step of a write. Test code only; used by one thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kafka/produce/transactional_topic.h"

namespace kafka_iceberg::kafka {

struct FakeTopicRecord {
  std::string value;
  std::string key;
  bool value_is_null = false;
  bool key_is_null = true;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;

  // The value of the last header of that name; null when it is, or when there is none.
  std::optional<std::string> Header(std::string_view name) const;
};

enum class WriteFault : uint8_t {
  kNone,
  kLostBeforeCommit,  // written, the transaction stays open, no answer
  kLostAfterCommit,   // written and committed, no answer
  kLostBefore,        // nothing reached the broker
};

// The broker's side; outlives the topics that are opened on it.
class FakeTransactions {
 public:
  void CreateTopic(int32_t partitions);
  // Made again under the same name.
  void Recreate(int32_t partitions);
  bool exists() const { return exists_; }
  // What retention does.
  void DeleteRecords(int32_t partition, int64_t before);
  void SetRecordBytesMax(int64_t bytes) { record_bytes_max_ = bytes; }
  void SetCompacted(bool compacted) { compacted_ = compacted; }
  // Whether it tells its settings.
  void SetTellsSettings(bool tells) { tells_settings_ = tells; }
  // Of the next writes, in order.
  void FailWrites(std::deque<WriteFault> faults) { faults_ = std::move(faults); }
  // The next calls of Look fail.
  void FailLooks(int count) { failing_looks_ = count; }
  // As somebody else's open transaction in partition 0.
  void BeginForeign();
  void EndForeign();

  // What a reader of committed records sees, by partition.
  std::vector<FakeTopicRecord> Committed() const;
  int sessions() const { return sessions_; }
  int64_t offsets_read() const { return offsets_read_; }

  std::unique_ptr<TransactionalTopic> Open(const std::string& transactional_id);

 private:
  friend class FakeTransactionalTopic;
  enum class Fate : uint8_t { kOpen, kCommitted, kAborted, kControl };
  struct Entry {
    FakeTopicRecord record;
    std::string writer;
    Fate fate = Fate::kOpen;
  };
  struct Log {
    int64_t low = 0;
    std::vector<Entry> entries;  // from offset 0
    int64_t StableEnd() const;
  };

  void End(const std::string& writer, Fate fate);

  bool exists_ = false;
  int incarnation_ = 0;
  std::map<int32_t, Log> logs_;
  std::map<std::string, int> epochs_;  // of the newest session by id
  std::deque<WriteFault> faults_;
  int failing_looks_ = 0;
  int64_t record_bytes_max_ = 1'000'000;
  bool compacted_ = false;
  bool tells_settings_ = true;
  int sessions_ = 0;
  int64_t offsets_read_ = 0;
};

}  // namespace kafka_iceberg::kafka
