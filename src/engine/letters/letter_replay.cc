// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_replay.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "commit/epoch_append.h"
#include "commit/letters_property.h"

namespace kafka_iceberg::engine {
namespace {

using decode::DeadLetter;

constexpr int kRacesMax = 10;
constexpr int kAttemptsMax = 8;
// A decoder asks for columns at most for the schema and the values of a record, and of its key.
constexpr int kDriftsOfOneRecordMax = 4;
constexpr Duration kPause = std::chrono::milliseconds(100);

bool Contains(const LetterKeys& keys, const DeadLetter& letter) {
  const auto found = keys.find({letter.topic, letter.partition});
  return found != keys.end() && found->second.contains(letter.offset);
}

void Add(LetterKeys& keys, const DeadLetter& letter) {
  keys[{letter.topic, letter.partition}].insert(letter.offset);
}

// Letters of one topic as the records they were.
class Records {
 public:
  explicit Records(const std::vector<const DeadLetter*>& letters) {
    size_t headers = 0;
    for (const DeadLetter* letter : letters) headers += letter->headers.size();
    headers_.reserve(headers);  // the records point into it
    for (const DeadLetter* letter : letters) Add(*letter);
  }
  const std::vector<Record>& records() const { return records_; }

 private:
  void Add(const DeadLetter& letter) {
    const size_t first = headers_.size();
    for (const decode::LetterHeader& header : letter.headers)
      headers_.push_back({header.key, header.value, header.value_is_null});
    records_.push_back({.value = letter.value,
                        .key = letter.key,
                        .offset = letter.offset,
                        .timestamp_ms = letter.timestamp_ms,
                        .partition = letter.partition,
                        .value_is_null = letter.value_is_null,
                        .key_is_null = letter.key_is_null,
                        .headers = std::span<const Header>(headers_).subspan(first)});
  }

  std::vector<Header> headers_;
  std::vector<Record> records_;
};

// What one commit is to hold.
struct Chunk {
  std::vector<write::StagedFile> files;
  LetterKeys keys;
  int64_t rows = 0;
};

class Replayer {
 public:
  Replayer(const ReplayOptions& options, const ReplayContext& context, std::stop_token stop)
      : options_(options), context_(context), stop_(std::move(stop)) {}

  Result<ReplayReport> Run() {
    for (int races = 0; races < kRacesMax;) {
      if (stop_.stop_requested()) return Error::Cancelled("stopped; what was committed stays");
      const commit::LastReplay last = TRY(Begin());
      std::vector<DeadLetter> letters = TRY(Take());
      if (letters.empty()) return report_;
      Chunk chunk = TRY(Decode(letters));
      if (options_.dry_run || chunk.keys.empty()) {
        Count(letters, chunk);
        if (options_.dry_run) Remember(chunk.keys);
        continue;
      }
      if (TRY(Commit(last, chunk))) {
        Count(letters, chunk);
      } else {
        ++races;  // another replay was faster: its letters are gone now
        ForgetFailures(letters);
      }
    }
    return Error::Unavailable("other replays kept being faster; nothing of this one is lost");
  }

 private:
  // The generation on top of which the letters that are read next may be committed.
  Result<commit::LastReplay> Begin() {
    const catalog::TableVersion now = TRY(context_.table.Refresh());
    const commit::Replays replays = TRY(commit::ReadReplays(*now.metadata));
    const auto last = replays.find(context_.shelf.id());
    if (last == replays.end()) return commit::LastReplay{};
    if (!options_.dry_run) {
      const Status finished = context_.shelf.Finish(last->second);
      if (!finished.ok()) return finished.error().WithContext("finishing an earlier replay");
    }
    return last->second;
  }

  // Some of the letters that match and were not tried yet.
  Result<std::vector<DeadLetter>> Take() {
    std::vector<DeadLetter> letters;
    int64_t bytes = 0;
    TRY(context_.shelf.Visit([&](DeadLetter letter) -> Result<bool> {
      if (!options_.filter.Matches(letter) || Contains(tried_, letter)) return true;
      bytes += static_cast<int64_t>(letter.key.size() + letter.value.size());
      letters.push_back(std::move(letter));
      return static_cast<int64_t>(letters.size()) < options_.letters_max &&
             bytes < options_.bytes_max;
    }));
    return letters;
  }

  Result<Chunk> Decode(const std::vector<DeadLetter>& letters) {
    const iceberg::TableMetadataPtr metadata = context_.table.Current().metadata;
    decoder_ = TRY(context_.format.MakeDecoder(metadata->schema()));
    batches_.clear();
    failures_.clear();
    std::map<std::string, std::vector<const DeadLetter*>> by_topic;
    for (const DeadLetter& letter : letters) by_topic[letter.topic].push_back(&letter);
    Chunk chunk;
    for (const auto& [topic, group] : by_topic) {
      const size_t before = failures_.size();
      chunk.rows += TRY(DecodeTopic(topic, group, *metadata));
      LetterKeys failed;
      for (size_t i = before; i < failures_.size(); ++i) Add(failed, failures_[i]);
      for (const DeadLetter* letter : group) {
        // A null value makes no row, in whatever format.
        const bool stays = letter->value_is_null || Contains(failed, *letter);
        Add(stays ? tried_ : chunk.keys, *letter);
      }
    }
    batches_.push_back(decoder_->Seal());
    if (!options_.dry_run && chunk.rows > 0) chunk.files = TRY(Write(metadata));
    return chunk;
  }

  // How many became rows; the others are added to the failures.
  Result<int64_t> DecodeTopic(const std::string& topic,
                              const std::vector<const DeadLetter*>& letters,
                              const iceberg::TableMetadata& metadata) {
    const Records records(letters);
    std::span<const Record> rest = records.records();
    int64_t rows = 0;
    int drifts_of_one_record = 0;
    while (!rest.empty()) {
      const decode::DecodeStats stats = decoder_->Decode(topic, rest, failures_);
      if (stats.stopped) return stats.stopped->WithContext("a schema cannot be had");
      rows += stats.rows;
      rest = rest.subspan(static_cast<size_t>(stats.records));
      if (!stats.drift) break;
      if (options_.keep_drifting) {
        failures_.push_back(*letters[letters.size() - rest.size()]);
        failures_.back().code = "schema_drift";
        rest = rest.subspan(1);
        batches_.push_back(decoder_->Seal());
        decoder_ = TRY(context_.format.MakeDecoder(metadata.schema()));
        continue;
      }
      drifts_of_one_record = stats.records == 0 ? drifts_of_one_record + 1 : 1;
      if (drifts_of_one_record > kDriftsOfOneRecordMax) {
        return Error::Invalid("{}: the decoder asks for columns again and again", topic);
      }
    }
    return rows;
  }

  Result<std::vector<write::StagedFile>> Write(const iceberg::TableMetadataPtr& metadata) {
    const auto writer =
        TRY(write::TableWriter::Open(options_.files, metadata, decoder_->arrow_schema(),
                                     context_.table.store(), context_.random));
    for (const auto& rows : batches_) {
      if (rows != nullptr) TRY(writer->Append(*rows));
    }
    return writer->Finish();
  }

  // False: another replay of this shelf was committed meanwhile, so this one never will be.
  Result<bool> Commit(const commit::LastReplay& last, const Chunk& chunk) {
    const std::string uuid = NewUuid(context_.random);
    commit::LastReplay mine{.generation = last.generation + 1, .uuid = uuid};
    mine.letters = TRY(context_.shelf.WriteKeys(uuid, chunk.keys));
    const Result<bool> committed = CommitRows(mine, chunk);
    if (!committed.ok()) return committed;
    if (!*committed) {
      // Best effort: nobody refers to it.
      (void)context_.shelf.DropKeys(mine.letters);
      return false;
    }
    ++report_.commits;
    if (context_.step_hook) context_.step_hook("after_replay");
    TRY(context_.shelf.Finish(mine));
    return true;
  }

  Result<bool> CommitRows(const commit::LastReplay& mine, const Chunk& chunk) {
    const int64_t snapshot_id =
        iceberg::NewSnapshotId(*context_.table.Current().metadata, context_.random);
    commit::EpochAppend append(
        {.uuid = mine.uuid, .snapshot_id = snapshot_id, .files = chunk.files}, mine.uuid,
        {{"kafka-iceberg.replay", mine.uuid}}, context_.table.store());
    std::string detail;
    bool in_doubt = false;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      if (attempt > 0 && !context_.clock.SleepFor(kPause * attempt, stop_)) break;
      const auto base = context_.table.Refresh();
      if (!base.ok()) {
        detail = base.error().message();
        continue;
      }
      commit::Replays replays = TRY(commit::ReadReplays(*base->metadata));
      commit::LastReplay& last = replays[context_.shelf.id()];
      if (last == mine) return true;
      if (last.generation != mine.generation - 1) return false;
      last = mine;
      auto prepared = TRY(append.Prepare(*base->metadata, ToMillis(context_.clock.Now())));
      prepared.updates.push_back(TRY(commit::SetReplays(replays)));
      if (context_.step_hook) context_.step_hook("before_replay");
      const catalog::CommitReply reply =
          context_.table.Commit(*base, prepared.updates, prepared.requirements);
      if (reply.outcome == catalog::CommitOutcome::kCommitted) return true;
      detail = reply.detail;
      in_doubt |= reply.outcome == catalog::CommitOutcome::kUnknown;
      if (reply.outcome == catalog::CommitOutcome::kRejected && !in_doubt)
        return Error::Invalid("the catalog rejected the replay: {}", detail);
    }
    if (!in_doubt) return Error::Unavailable("the replay was not committed: {}", detail);
    return Error::CommitUnknown(
        "the catalog does not say whether the replay was committed, run it again to find out: {}",
        detail);
  }

  void Count(const std::vector<DeadLetter>& letters, const Chunk& chunk) {
    report_.matched += static_cast<int64_t>(letters.size());
    report_.replayed += chunk.rows;
    for (const DeadLetter& letter : failures_) ++report_.failed_again[letter.code];
  }

  // A dry run takes nothing from the shelf, so it must remember.
  void Remember(const LetterKeys& keys) {
    for (const auto& [partition, offsets] : keys)
      tried_[partition].insert(offsets.begin(), offsets.end());
  }

  // They will be read and counted again.
  void ForgetFailures(const std::vector<DeadLetter>& letters) {
    for (const DeadLetter& letter : letters) {
      const auto found = tried_.find({letter.topic, letter.partition});
      if (found != tried_.end()) found->second.erase(letter.offset);
    }
  }

  const ReplayOptions& options_;
  const ReplayContext& context_;
  const std::stop_token stop_;
  LetterKeys tried_;  // and not replayed in this run
  // Of the last chunk.
  std::unique_ptr<decode::Decoder> decoder_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;  // may hold nulls
  std::vector<DeadLetter> failures_;
  ReplayReport report_;
};

}  // namespace

Result<ReplayReport> ReplayLetters(const ReplayOptions& options, const ReplayContext& context,
                                   const std::stop_token& stop) {
  return Replayer(options, context, stop).Run();
}

}  // namespace kafka_iceberg::engine
