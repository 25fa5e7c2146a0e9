// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <optional>
#include <utility>

#include "commit/backfill/ledger_view.h"
#include "commit/transaction_coordinator.h"
#include "commit/transaction_log.h"
#include "decode/arrow_schema.h"
#include "engine/letters/letter_columns.h"
#include "table/table_manager.h"
#include "write/table_writer.h"

namespace kafka_iceberg::engine {
namespace {

// Times that another process may deliver the same letters in between.
constexpr int kRacesMax = 10;

// The coordinator's log, for a table whose own ledger says everything: nothing of it is kept here,
// so that deleting the state folder cannot matter.
class NoTransactionLog final : public commit::TransactionLog {
 public:
  bool was_rebuilt() const override { return false; }
  Result<int64_t> Append(const std::vector<commit::TransactionEntry>&) override { return 0; }
  Result<std::optional<commit::IdempotencyRecord>> FindCommitted(
      const std::string&, const commit::EpochRanges&) override {
    return std::optional<commit::IdempotencyRecord>();
  }
  Result<std::vector<commit::FlushEpoch>> UncommittedEpochs(const std::string&) override {
    return std::vector<commit::FlushEpoch>{};
  }
  Result<std::vector<commit::LoggedEntry>> ReadRecent(int64_t) override {
    return std::vector<commit::LoggedEntry>{};
  }
  Status Trim(int64_t) override { return {}; }
};

const SourceTopic* FindTopic(const commit::EpochRanges& ranges, const std::string& name) {
  for (const auto& [topic, partitions] : ranges) {
    if (topic.topic == name) return &topic;
  }
  return nullptr;
}

// What the letters' own ledger is to move over: from where it stands to the end of the epoch, for
// the partitions that have letters. Epochs without letters do not commit here, so it stands where
// the last letter's epoch ended. Empty: all of it is covered already.
Result<commit::EpochRanges> RangesToAdd(const LetterParcel& parcel, const commit::Ledger& ledger) {
  commit::EpochRanges ranges;
  std::string covered;
  for (const decode::DeadLetter& letter : parcel.letters) {
    const SourceTopic* topic = FindTopic(parcel.ranges, letter.topic);
    if (topic == nullptr || !parcel.ranges.at(*topic).contains(letter.partition)) {
      return Error::Corrupt("a dead letter of {}[{}] is not of its epoch", letter.topic,
                            letter.partition);
    }
    const OffsetRange range = parcel.ranges.at(*topic).at(letter.partition);
    const int64_t next = ledger.NextOffset(*topic, letter.partition).value_or(range.start);
    if (next >= range.end) {
      covered = fmt::format("{}[{}]", letter.topic, letter.partition);
    } else {
      ranges[*topic][letter.partition] = {.start = next, .end = range.end};
    }
  }
  if (!covered.empty() && !ranges.empty()) {
    return Error::Corrupt(
        "the ledger of the dead letters covers {} and not the other partitions of the same epoch: "
        "somebody changed it",
        covered);
  }
  return ranges;
}

// What delivers along one of the table's ledgers.
class LetterLane {
 public:
  LetterLane(catalog::TableOperations& letters, const LetterTableContext& context,
             std::string address)
      : letters_(letters),
        context_(context),
        address_(std::move(address)),
        coordinator_({.writer_id = context_.writer_id, .catalog_type = context_.catalog_type},
                     {.table = letters_,
                      .log = log_,
                      .clock = context_.clock,
                      .random = context_.random,
                      .logger = context_.logger,
                      .metrics = context_.metrics,
                      .step_hook = {}}) {}

  Status Deliver(const LetterParcel& parcel) {
    for (int race = 0; race < kRacesMax; ++race) {
      const catalog::TableVersion now = TRY(letters_.Refresh());
      const commit::Ledger ledger = TRY(commit::ReadLedger(*now.metadata));
      const commit::EpochRanges ranges = TRY(RangesToAdd(parcel, ledger));
      if (ranges.empty()) return Done();
      TRY(Prepare(parcel, ranges, now.metadata));
      if (context_.step_hook) context_.step_hook("before_letters");
      const auto result = coordinator_.Commit(*attempt_, {});
      if (result.ok()) {
        if (context_.step_hook) context_.step_hook("after_letters");
        return Done();
      }
      if (result.error().code() != ErrorCode::kConflict) return result.error();
      attempt_.reset();  // another process moved the ledger: look what it covers now
    }
    return Error::Unavailable("other processes kept committing to {}", address_);
  }

 private:
  Status Done() {
    attempt_.reset();
    return {};
  }

  // One attempt is kept until it is decided, so that asking again writes nothing anew.
  Status Prepare(const LetterParcel& parcel, const commit::EpochRanges& ranges,
                 const iceberg::TableMetadataPtr& metadata) {
    if (attempt_ && attempt_parcel_ == parcel.epoch_uuid && attempt_->ranges == ranges) return {};
    attempt_.reset();
    const auto columns = TRY(decode::ToArrowSchema(metadata->schema()));
    const auto writer =
        TRY(write::TableWriter::Open({.compression = write::Compression::kZstd}, metadata, columns,
                                     letters_.store(), context_.random));
    TRY(VisitLetterRows(parcel.letters, columns,
                        [&](const arrow::RecordBatch& rows) { return writer->Append(rows); }));
    std::vector<write::StagedFile> files = TRY(writer->Finish());
    attempt_ = commit::FlushEpoch{.uuid = NewUuid(context_.random),
                                  .snapshot_id = coordinator_.NewSnapshotId(),
                                  .files = std::move(files),
                                  .ranges = ranges,
                                  .rows = static_cast<int64_t>(parcel.letters.size()),
                                  .table_uuid = metadata->table_uuid};
    attempt_parcel_ = parcel.epoch_uuid;
    return {};
  }

  catalog::TableOperations& letters_;
  const LetterTableContext& context_;
  const std::string address_;
  NoTransactionLog log_;
  commit::TransactionCoordinator coordinator_;
  std::optional<commit::FlushEpoch> attempt_;
  std::string attempt_parcel_;
};

class TableLetterSink final : public LetterSink {
 public:
  TableLetterSink(std::unique_ptr<catalog::TableOperations> letters, LetterTableContext context)
      : letters_(std::move(letters)),
        context_(std::move(context)),
        address_("table " + letters_->identifier().ToString()),
        usual_(*letters_, context_, address_) {}

  const std::string& address() const override { return address_; }

  Status Deliver(const LetterParcel& parcel) override {
    if (parcel.lane.empty()) return usual_.Deliver(parcel);
    // One at a time is enough: whoever delivers for a backfill delivers for little else.
    if (other_ == nullptr || other_name_ != parcel.lane) {
      other_.reset();
      view_ = std::make_unique<commit::LedgerView>(*letters_, parcel.lane, /*must_exist=*/false);
      other_ = std::make_unique<LetterLane>(*view_, context_, address_);
      other_name_ = parcel.lane;
    }
    return other_->Deliver(parcel);
  }

 private:
  const std::unique_ptr<catalog::TableOperations> letters_;
  const LetterTableContext context_;
  const std::string address_;
  LetterLane usual_;
  // Of the last parcel that was not on the usual lane.
  std::string other_name_;
  std::unique_ptr<commit::LedgerView> view_;
  std::unique_ptr<LetterLane> other_;
};

}  // namespace

Status CheckLetterTable(const catalog::TableOperations& letters, const std::string& main_uuid) {
  const iceberg::TableMetadataPtr metadata = letters.Current().metadata;
  const std::string name = letters.identifier().ToString();
  const std::string owner = metadata->Property(kLettersOfProperty, "");
  if (owner.empty()) {
    return Error::Invalid(
        "table {} is not a table of dead letters made by this program; name another "
        "dead_letter.table",
        name);
  }
  if (owner != main_uuid) {
    return Error::Invalid(
        "table {} holds the dead letters of another table (uuid {}); rename or drop it, or name "
        "another dead_letter.table",
        name, owner);
  }
  const std::string version = metadata->Property(kLettersVersionProperty, "");
  if (version != kLetterTableVersion || !metadata->schema().SameColumns(LetterTableSchema())) {
    return Error::Invalid(
        "the columns of table {} are not those of version {} of the table of dead letters "
        "(docs/DEAD_LETTERS.md); name another dead_letter.table",
        name, kLetterTableVersion);
  }
  return {};
}

Result<std::unique_ptr<catalog::TableOperations>> OpenLetterTable(
    catalog::Catalog& catalog, const catalog::TableIdentifier& identifier,
    const std::string& main_uuid, bool may_create) {
  Result<std::unique_ptr<catalog::TableOperations>> loaded = catalog.LoadTable(identifier);
  if (!loaded.ok()) {
    if (loaded.error().code() != ErrorCode::kNotFound || !may_create) return loaded.error();
    table::TableOptions options{.identifier = identifier, .format_version = 2};
    options.properties = {{std::string(kLettersOfProperty), main_uuid},
                          {std::string(kLettersVersionProperty), std::string(kLetterTableVersion)},
                          {"write.parquet.compression-codec", "zstd"}};
    loaded = TRY(table::GetOrCreateTable(catalog, options, LetterTableSchema())).operations;
  }
  TRY(CheckLetterTable(**loaded, main_uuid));
  return loaded;
}

std::unique_ptr<LetterSink> MakeTableLetterSink(std::unique_ptr<catalog::TableOperations> letters,
                                                LetterTableContext context) {
  return std::make_unique<TableLetterSink>(std::move(letters), std::move(context));
}

}  // namespace kafka_iceberg::engine
