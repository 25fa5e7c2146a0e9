// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "decode/letters/dead_letter_line.h"
#include "engine/letters/letter_record.h"
#include "engine/letters/letter_topic.h"
#include "engine/letters/replayed_letters.h"

namespace kafka_iceberg::engine {
namespace {

// Times that another replay may finish while its predecessor's list is looked for.
constexpr int kRacesMax = 5;

class TopicShelf final : public LetterShelf {
 public:
  TopicShelf(std::unique_ptr<kafka::TransactionalTopic> topic, catalog::TableOperations& table,
             const std::string& topic_id)
      : topic_(std::move(topic)),
        table_(table),
        table_uuid_(table.Current().metadata->table_uuid),
        id_(fmt::format("topic:{}:{}", topic_->name(), topic_id)) {}

  const std::string& id() const override { return id_; }

  Status Visit(const VisitLetter& visit) override {
    // In this order: what is replayed after the list was read is still found, and committing on
    // top of the generation that it was read at then fails.
    TRY(LoadReplayed());
    const kafka::TopicState now = TRY(topic_->Look());
    std::map<int32_t, OffsetRange> ranges;
    ends_.clear();
    begins_.clear();
    for (const auto& [partition, marks] : now.partitions) {
      ranges[partition] = {.start = marks.low, .end = marks.high};
      ends_[partition] = marks.high;
      begins_[partition] = marks.low;
    }
    Status status;
    TRY(topic_->Read(ranges, [&](const TopicPartition& at, const Record& record) {
      Result<bool> more = Show(at.partition, record, visit);
      if (!more.ok()) status = more.error();
      return more.ok() && *more;
    }));
    return status;
  }

  Result<std::string> WriteKeys(const std::string& replay_uuid, const LetterKeys& keys) override {
    ReplayedLetters all = replayed_;
    all.Trim(begins_);
    TRY(all.Add(ends_, keys));
    std::string location = fmt::format("{}/_replayed-{}.json",
                                       table_.Current().metadata->MetadataLocation(), replay_uuid);
    TRY(table_.store().Write(location, all.ToText()));
    superseded_ = list_;
    return location;
  }

  Status DropKeys(const std::string& location) override { return table_.store().Delete(location); }

  // The commit of the replay did it: it names the list that says so.
  Status Finish(const commit::LastReplay& replay) override {
    if (!superseded_.empty() && superseded_ != replay.letters) {
      // Best effort: what stays behind is an orphan.
      (void)table_.store().Delete(superseded_);
      superseded_.clear();
    }
    return {};
  }

 private:
  Status LoadReplayed() {
    Status missing;
    for (int race = 0; race < kRacesMax; ++race) {
      const catalog::TableVersion now = TRY(table_.Refresh());
      const commit::Replays replays = TRY(commit::ReadReplays(*now.metadata));
      const auto last = replays.find(id_);
      list_ = last == replays.end() ? "" : last->second.letters;
      replayed_ = {};
      if (list_.empty()) return {};
      const auto text = table_.store().Read(list_);
      if (text.ok()) {
        replayed_ = TRY(ReplayedLetters::FromText(*text));
        return {};
      }
      if (text.error().code() != ErrorCode::kNotFound) return text.error();
      missing = Error::Corrupt(
          "{}: the list of letters that were replayed, {}, is gone: somebody removed the file",
          table_.identifier().ToString(), list_);
    }
    return missing;
  }

  Result<bool> Show(int32_t partition, const Record& record, const VisitLetter& visit) {
    std::optional<ReadLetter> read = LetterOfRecord(record);
    if (!read || read->stamp.table_uuid != table_uuid_) return true;
    if (replayed_.Holds(partition, record.offset, read->letter)) return true;
    if (!read->stamp.kept_at.empty()) read->letter = TRY(ReadKept(read->stamp.kept_at));
    return visit(std::move(read->letter));
  }

  // The place is named by a record that whoever may write to the topic may have written.
  Result<decode::DeadLetter> ReadKept(const std::string& location) {
    const std::string prefix = table_.Current().metadata->MetadataLocation() + "/_letter-";
    if (!location.starts_with(prefix) || location.find('/', prefix.size()) != std::string::npos) {
      return Error::Corrupt(
          "topic {}: a record says that its letter is kept in {}, which is not "
          "where this program keeps large letters",
          topic_->name(), location);
    }
    const auto text = table_.store().Read(location);
    if (!text.ok()) return text.error().WithContext("a large dead letter, kept in a file");
    return decode::FromJsonLine(*text);
  }

  const std::unique_ptr<kafka::TransactionalTopic> topic_;
  catalog::TableOperations& table_;
  const std::string table_uuid_;
  const std::string id_;
  // Of the last visit.
  std::string list_;
  ReplayedLetters replayed_;
  TopicEnds begins_;
  TopicEnds ends_;
  std::string superseded_;  // by the list that was written last
};

}  // namespace

Result<std::unique_ptr<LetterShelf>> OpenTopicShelf(
    std::unique_ptr<kafka::TransactionalTopic> topic, catalog::TableOperations& table) {
  const kafka::TopicState now = TRY(topic->Look());
  return std::unique_ptr<LetterShelf>(
      std::make_unique<TopicShelf>(std::move(topic), table, now.topic_id));
}

}  // namespace kafka_iceberg::engine
