// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "decode/letters/dead_letter_line.h"
#include "engine/letters/letter_record.h"
#include "engine/letters/letter_topic.h"
#include "engine/letters/topic_mark.h"

namespace kafka_iceberg::engine {
namespace {

// Of one transaction.
constexpr size_t kLettersMax = 2000;
constexpr int64_t kBytesMax = 8LL << 20;
// Of one record: what the broker's default takes, and what our queues do.
constexpr int64_t kRecordBytesDefault = 1'000'000;
constexpr int64_t kRecordBytesMax = 16LL << 20;
constexpr int64_t kRecordBytesMin = 4096;
// Times that a delivery is begun anew at once, because another process took over or because the
// broker takes only smaller records.
constexpr int kSessionsMax = 12;
constexpr int kCreationChecksMax = 100;
constexpr Duration kCreationPause = std::chrono::milliseconds(100);

using kafka::TopicState;

class TopicLetterSink final : public LetterSink {
 public:
  TopicLetterSink(std::unique_ptr<kafka::TransactionalTopic> topic, LetterTopicContext context)
      : topic_(std::move(topic)),
        context_(std::move(context)),
        address_("topic " + topic_->name()),
        table_(context_.table.identifier().ToString()),
        table_uuid_(context_.table.Current().metadata->table_uuid) {}

  const std::string& address() const override { return address_; }
  // The topic's retention may take the letters that would prove it.
  bool wants_receipts() const override { return true; }

  Status Check() override {
    if (session_) return {};
    return OpenSession();
  }

  Result<std::string> Mark() override {
    if (known_.partitions.empty()) TRY(Check());
    // Ends of before are a mark as well; there is only more to read from there.
    if (auto now = topic_->Look(); now.ok() && !now->partitions.empty()) known_ = *std::move(now);
    TopicMark mark{
        .session = session_ ? session_->uuid : "", .topic_id = known_.topic_id, .ends = {}};
    for (const auto& [partition, marks] : known_.partitions) mark.ends[partition] = marks.high;
    return MarkToText(mark);
  }

  Status Deliver(const LetterParcel& parcel) override {
    const TopicMark mark = TRY(MarkFromText(parcel.mark));
    Status status;
    for (int attempt = 0; attempt < kSessionsMax; ++attempt) {
      status = Check();
      if (!status.ok() && status.error().code() == ErrorCode::kConflict) continue;
      TRY(std::move(status));
      std::vector<bool> done(parcel.letters.size());
      // Since this session began nobody else can have delivered what was staged in it: whoever does
      // needs a session, and ours would be over.
      if (mark.session != session_->uuid) TRY(FindDelivered(parcel, mark, done));
      status = WriteMissing(parcel, done);
      if (status.ok()) return {};
      session_.reset();
      if (status.error().code() == ErrorCode::kInvalid) {
        if (!TakeLess()) return status;
      } else if (status.error().code() != ErrorCode::kConflict) {
        return status;
      }
    }
    return Error::Unavailable("{}", status.error().message());
  }

 private:
  struct Session {
    std::string uuid;
    TopicState state;  // from after it had begun: nothing older can appear above these ends
  };

  Status OpenSession() {
    TRY(EnsureTopic());
    TRY(topic_->StartSession(std::min(record_bytes_max_, kRecordBytesMax)));
    TopicState state = TRY(topic_->Look());
    if (state.partitions.empty())
      return Error::Unavailable("topic {} has no partitions yet", topic_->name());
    known_ = state;
    session_ = {.uuid = NewUuid(context_.random), .state = std::move(state)};
    return {};
  }

  Status EnsureTopic() {
    const auto found = topic_->Look();
    if (!found.ok() && found.error().code() != ErrorCode::kNotFound) return found.error();
    if (!found.ok()) TRY(CreateTopic());
    const std::optional<kafka::TopicSettings> settings = topic_->Settings();
    TRY(CheckKeepsLetters(*topic_, settings));
    if (!shrunk_) {
      const int64_t limit = settings ? settings->record_bytes_max : kRecordBytesDefault;
      record_bytes_max_ = std::clamp(limit - limit / 100 - 512, kRecordBytesMin, kRecordBytesMax);
    }
    return {};
  }

  Status CreateTopic() {
    if (context_.partitions == 0) {
      return Error::NotFound("there is no topic {} for dead letters; none was ever written there",
                             topic_->name());
    }
    TRY(topic_->Create(context_.partitions, context_.replication));
    context_.logger.Info("topic of dead letters created",
                         {{"topic", topic_->name()}, {"partitions", context_.partitions}});
    // The brokers tell each other; until then some do not know it, or who leads it.
    Status status;
    for (int check = 0; check < kCreationChecksMax; ++check) {
      const auto found = topic_->Look();
      if (found.ok() && !found->partitions.empty()) return {};
      status = found.ok() ? Error::Unavailable("topic {} has no partitions yet", topic_->name())
                          : found.error();
      if (!context_.clock.SleepFor(kCreationPause, {})) break;
    }
    if (status.error().code() == ErrorCode::kNotFound)
      return Error::Unavailable("{}, though it was just created", status.error().message());
    return status;
  }

  // Which letters of the parcel earlier sessions have delivered.
  Status FindDelivered(const LetterParcel& parcel, const TopicMark& mark, std::vector<bool>& done) {
    std::map<int32_t, OffsetRange> ranges;
    std::string gone;
    for (const auto& [partition, marks] : session_->state.partitions) {
      int64_t from = 0;
      const auto end = mark.ends.find(partition);
      // Another incarnation holds only what was written after it was made.
      if (IsSame(mark) && end != mark.ends.end()) from = end->second;
      if (from < marks.low) {
        gone =
            fmt::format("{} [{}] offsets {} to {}", topic_->name(), partition, from, marks.low - 1);
      }
      ranges[partition] = {.start = std::max(from, marks.low), .end = marks.high};
    }
    std::optional<Error> wrong;
    TRY(topic_->Read(ranges, [&](const TopicPartition&, const Record& record) {
      const auto stamp = StampOfRecord(record);
      if (!stamp || stamp->table_uuid != table_uuid_ || stamp->delivery != parcel.epoch_uuid)
        return true;
      if (stamp->total != static_cast<int64_t>(done.size())) {
        wrong = Error::Corrupt("delivery {} in topic {} is of {} letters, and not of {}",
                               parcel.epoch_uuid, topic_->name(), stamp->total, done.size());
        return false;
      }
      done[static_cast<size_t>(stamp->number - 1)] = true;
      return true;
    }));
    if (wrong) return *wrong;
    if (gone.empty() || std::ranges::all_of(done, [](bool is_done) { return is_done; })) return {};
    return Error::Corrupt(
        "whether the dead letters of flush epoch {} were delivered before cannot be told, because "
        "{} "
        "are gone (retention, or somebody removed them): delete the topic and start again to have "
        "them delivered to a new one, and give the topic a longer retention.ms",
        parcel.epoch_uuid, gone);
  }

  bool IsSame(const TopicMark& mark) const {
    if (mark.topic_id != session_->state.topic_id) return false;
    // For brokers that tell no ids.
    return std::ranges::all_of(mark.ends, [&](const auto& end) {
      const auto now = session_->state.partitions.find(end.first);
      return now != session_->state.partitions.end() && end.second <= now->second.high;
    });
  }

  Status WriteMissing(const LetterParcel& parcel, const std::vector<bool>& done) {
    const auto total = static_cast<int64_t>(parcel.letters.size());
    std::vector<LetterRecord> records;
    std::vector<int32_t> partitions;
    int64_t bytes = 0;
    const auto flush = [&]() -> Status {
      if (records.empty()) return {};
      std::vector<kafka::PartitionedRecord> outgoing;
      for (size_t i = 0; i < records.size(); ++i)
        outgoing.push_back({.partition = partitions[i], .record = records[i].record()});
      Step("before_letters");
      TRY(topic_->Write(outgoing, [&] { Step("letters_written"); }));
      Step("after_letters");
      records.clear();
      partitions.clear();
      bytes = 0;
      return {};
    };
    for (size_t i = 0; i < parcel.letters.size(); ++i) {
      if (done[i]) continue;
      const decode::DeadLetter& letter = parcel.letters[i];
      LetterStamp stamp{.table = table_,
                        .table_uuid = table_uuid_,
                        .delivery = parcel.epoch_uuid,
                        .number = static_cast<int64_t>(i) + 1,
                        .total = total,
                        .kept_at = {}};
      if (LetterRecord(letter, stamp).bytes() > record_bytes_max_)
        stamp.kept_at = TRY(KeepElsewhere(letter, stamp));
      records.emplace_back(letter, stamp);
      partitions.push_back(PartitionOf(letter));
      bytes += records.back().bytes();
      if (records.size() >= kLettersMax || bytes >= kBytesMax) TRY(flush());
    }
    return flush();
  }

  // A letter that no record of the topic can hold. Written again under its name it is the same.
  // Files that begin with "_" are left alone by clean-ups of orphan files.
  Result<std::string> KeepElsewhere(const decode::DeadLetter& letter, const LetterStamp& stamp) {
    std::string location =
        fmt::format("{}/_letter-{}-{}.json", context_.table.Current().metadata->MetadataLocation(),
                    stamp.delivery, stamp.number);
    const Status written = context_.table.store().Write(location, decode::ToJsonLine(letter));
    if (!written.ok()) return written.error().WithContext("cannot store a large dead letter");
    context_.metrics.GetCounter("kafka_iceberg_dead_letters_kept_apart_total").Add();
    context_.logger.Error(
        "a dead letter is too large for its topic: it is kept in a file that the "
        "record in the topic names",
        {{"topic", topic_->name()},
         {"record", fmt::format("{}[{}] offset {}", letter.topic, letter.partition, letter.offset)},
         {"limit_bytes", record_bytes_max_},
         {"file", location}});
    return location;
  }

  // Letters of one source partition stay in order.
  int32_t PartitionOf(const decode::DeadLetter& letter) const {
    const auto& partitions = session_->state.partitions;
    auto chosen = partitions.begin();
    std::advance(chosen, static_cast<size_t>(letter.partition) % partitions.size());
    return chosen->first;
  }

  // The broker takes smaller records than it says, or than is usual. False: as small as may be.
  bool TakeLess() {
    if (record_bytes_max_ == kRecordBytesMin) return false;
    shrunk_ = true;
    record_bytes_max_ = std::max(record_bytes_max_ / 2, kRecordBytesMin);
    return true;
  }

  void Step(std::string_view name) const {
    if (context_.step_hook) context_.step_hook(name);
  }

  const std::unique_ptr<kafka::TransactionalTopic> topic_;
  const LetterTopicContext context_;
  const std::string address_;
  const std::string table_;
  const std::string table_uuid_;
  std::optional<Session> session_;
  TopicState known_;  // the last that was seen; may be of an earlier session
  int64_t record_bytes_max_ = kRecordBytesDefault;
  bool shrunk_ = false;
};

}  // namespace

Status CheckKeepsLetters(kafka::TransactionalTopic& topic,
                         const std::optional<kafka::TopicSettings>& settings) {
  if (!settings || !settings->is_compacted) return {};
  return Error::Invalid(
      "topic {} is compacted, which removes dead letters: set its cleanup.policy to \"delete\", or "
      "name another dead_letter.topic",
      topic.name());
}

std::string TransactionalIdOf(const std::string& table_uuid) {
  return "kafka-iceberg-letters-" + table_uuid;
}

std::unique_ptr<LetterSink> MakeTopicLetterSink(std::unique_ptr<kafka::TransactionalTopic> topic,
                                                LetterTopicContext context) {
  return std::make_unique<TopicLetterSink>(std::move(topic), std::move(context));
}

}  // namespace kafka_iceberg::engine
