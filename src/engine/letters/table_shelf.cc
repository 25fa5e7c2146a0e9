// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <optional>
#include <utility>
#include <vector>

#include "commit/epoch_append.h"
#include "decode/arrow_schema.h"
#include "engine/letters/letter_columns.h"
#include "engine/letters/letter_shelf.h"
#include "iceberg/actions/replace_files.h"
#include "iceberg/table_scan.h"
#include "write/parquet_reader.h"
#include "write/table_writer.h"

namespace kafka_iceberg::engine {
namespace {

// The generation of the replay whose letters were taken out last, set by the commit that did it.
constexpr std::string_view kFinishedProperty = "kafka-iceberg.replays-finished";
constexpr int kAttemptsMax = 10;

class TableShelf final : public LetterShelf {
 public:
  TableShelf(std::unique_ptr<catalog::TableOperations> letters, Clock& clock, Random& random)
      : letters_(std::move(letters)),
        clock_(clock),
        random_(random),
        id_(letters_->Current().metadata->table_uuid) {}

  const std::string& id() const override { return id_; }

  Status Visit(const VisitLetter& visit) override {
    return VisitTableLetters(TRY(letters_->Refresh()), letters_->store(), visit);
  }

  Result<std::string> WriteKeys(const std::string& replay_uuid, const LetterKeys& keys) override {
    std::string location = fmt::format(
        "{}/replay-{}.json", letters_->Current().metadata->MetadataLocation(), replay_uuid);
    TRY(letters_->store().Write(location, KeysToText(keys)));
    return location;
  }

  Status DropKeys(const std::string& location) override {
    return letters_->store().Delete(location);
  }

  Status Finish(const commit::LastReplay& replay) override {
    std::optional<Error> doubt;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      const catalog::TableVersion base = TRY(letters_->Refresh());
      if (base.metadata->IntProperty(kFinishedProperty, 0) >= replay.generation) {
        // Best effort: what stays behind is an orphan.
        (void)letters_->store().Delete(replay.letters);
        return {};
      }
      const Result<iceberg::PreparedCommit> prepared = Prepare(*base.metadata, replay);
      if (!prepared.ok()) return prepared.error();
      const catalog::CommitReply reply =
          letters_->Commit(base, prepared->updates, prepared->requirements);
      if (reply.outcome == catalog::CommitOutcome::kRejected)
        return Error::Invalid("the catalog rejected taking out dead letters: {}", reply.detail);
      doubt = Error::CommitUnknown("taking out replayed dead letters: {}", reply.detail);
    }
    return *doubt;
  }

 private:
  // A file that holds a letter to take out is replaced by one without it.
  struct Plan {
    std::set<std::string> files;
    std::vector<decode::DeadLetter> kept;
  };

  Result<iceberg::PreparedCommit> Prepare(const iceberg::TableMetadata& base,
                                          const commit::LastReplay& replay) {
    const LetterKeys keys = TRY(KeysFromText(TRY(letters_->store().Read(replay.letters))));
    const Plan plan = TRY(MakePlan(base, keys));
    const int64_t now_ms = ToMillis(clock_.Now());
    const std::map<std::string, std::string> summary = {{"kafka-iceberg.replay", replay.uuid}};
    const int64_t snapshot_id = iceberg::NewSnapshotId(base, random_);
    Result<iceberg::PreparedCommit> prepared = Error::Invalid("not prepared");
    if (plan.files.empty()) {
      // Somebody else took them out: only the property is missing, and it moves with main's head.
      commit::EpochAppend empty({.uuid = replay.uuid, .snapshot_id = snapshot_id}, NewUuid(random_),
                                summary, letters_->store());
      prepared = empty.Prepare(base, now_ms);
    } else {
      auto added = TRY(WriteKept(plan.kept));
      prepared = iceberg::PrepareReplace(base,
                                         {.snapshot_id = snapshot_id,
                                          .commit_uuid = NewUuid(random_),
                                          .removed = plan.files,
                                          .added = std::move(added),
                                          .summary = summary},
                                         letters_->store(), now_ms);
    }
    if (prepared.ok()) {
      prepared->updates.push_back(iceberg::SetProperties{
          {{std::string(kFinishedProperty), std::to_string(replay.generation)}}});
    }
    return prepared;
  }

  Result<Plan> MakePlan(const iceberg::TableMetadata& base, const LetterKeys& keys) {
    Plan plan;
    const iceberg::Snapshot* head = base.Head();
    if (head == nullptr) return plan;
    std::vector<int32_t> columns;
    for (const iceberg::Field& field : LetterTableSchema().fields) columns.push_back(field.id);
    TRY(iceberg::VisitLiveEntries(
        *head, letters_->store(),
        [&](const iceberg::ManifestFile&, const iceberg::ManifestEntry& entry) -> Status {
          std::vector<decode::DeadLetter> kept;
          bool takes = false;
          const auto reader = TRY(write::ParquetReader::Open(
              letters_->store(), entry.file.file_path, entry.file.file_size_in_bytes));
          TRY(reader->Read(columns, [&](const arrow::RecordBatch& rows) -> Status {
            for (decode::DeadLetter& letter : TRY(LettersOfRows(rows))) {
              const auto found = keys.find({letter.topic, letter.partition});
              const bool taken = found != keys.end() && found->second.contains(letter.offset);
              takes |= taken;
              if (!taken) kept.push_back(std::move(letter));
            }
            return {};
          }));
          if (!takes) return {};
          plan.files.insert(entry.file.file_path);
          std::ranges::move(kept, std::back_inserter(plan.kept));
          return {};
        }));
    return plan;
  }

  Result<std::vector<iceberg::DataFile>> WriteKept(const std::vector<decode::DeadLetter>& kept) {
    std::vector<iceberg::DataFile> files;
    if (kept.empty()) return files;
    const iceberg::TableMetadataPtr metadata = letters_->Current().metadata;
    const auto columns = TRY(decode::ToArrowSchema(metadata->schema()));
    const auto writer = TRY(write::TableWriter::Open(
        {.compression = write::Compression::kZstd}, metadata, columns, letters_->store(), random_));
    TRY(VisitLetterRows(kept, columns,
                        [&](const arrow::RecordBatch& rows) { return writer->Append(rows); }));
    for (write::StagedFile& staged : TRY(writer->Finish())) files.push_back(std::move(staged.file));
    return files;
  }

  const std::unique_ptr<catalog::TableOperations> letters_;
  Clock& clock_;
  Random& random_;
  const std::string id_;
};

}  // namespace

std::unique_ptr<LetterShelf> MakeTableShelf(std::unique_ptr<catalog::TableOperations> letters,
                                            Clock& clock, Random& random) {
  return std::make_unique<TableShelf>(std::move(letters), clock, random);
}

}  // namespace kafka_iceberg::engine
