// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/open_dead_letters.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "commit/letters_property.h"
#include "engine/backfill/backfill_run.h"
#include "engine/kafka_tokens.h"
#include "engine/letters/letter_outbox.h"
#include "engine/letters/letter_reader.h"
#include "engine/letters/letter_table.h"
#include "engine/letters/letter_topic.h"
#include "engine/module_options.h"
#include "kafka/topic_pattern.h"

namespace kafka_iceberg::engine {
namespace {

bool Covers(const commit::Ledger& ledger, const TopicPartition& partition, int64_t offset) {
  return std::ranges::any_of(ledger.next_offsets, [&](const auto& source_entry) {
    if (source_entry.first.topic != partition.topic) return false;
    const auto next = source_entry.second.find(partition.partition);
    return next != source_entry.second.end() && offset < next->second;
  });
}

Result<std::unique_ptr<decode::DeadLetterStore>> OpenFiles(const DeadLetterTarget& target) {
  return decode::OpenFileDeadLetterStore(LetterFolderOf(target.options),
                                         [&](const TopicPartition& partition, int64_t offset) {
                                           return Covers(target.ledger, partition, offset);
                                         });
}

Result<std::unique_ptr<catalog::TableOperations>> LoadLetters(const DeadLetterTarget& target) {
  return OpenLetterTable(target.catalog, LetterTableOf(target.options, target.table.identifier()),
                         target.table.Current().metadata->table_uuid, /*may_create=*/false);
}

Status CheckNothingWaits(const DeadLetterTarget& target) {
  const auto pending = TRY(commit::PendingLetters(*target.table.Current().metadata));
  if (pending.empty()) return {};
  return Error::Invalid(
      "{}: the dead letters of {} commits wait to be delivered to a table or topic, but "
      "dead_letter.mode is \"file\": run once with the earlier configuration first",
      target.table.identifier().ToString(), pending.size());
}

// Letters that are read as records would become letters again, for ever.
Status CheckNotASource(const kafka::KafkaSourceOptions& source, const std::string& topic) {
  std::vector<std::string> read = source.topics;
  if (!source.topic_pattern.empty()) read.push_back(source.topic_pattern);
  for (const std::string& asked : read) {
    if (!TRY(kafka::TopicPattern::Make(asked)).Matches(topic)) continue;
    return Error::Invalid(
        "dead letters would be written to {}, which is read by {}: name another dead_letter.topic",
        topic, asked);
  }
  return {};
}

Result<std::unique_ptr<kafka::TransactionalTopic>> OpenTopic(const config::Options& options,
                                                             const std::string& topic,
                                                             const std::string& transactional_id,
                                                             const EngineContext& context) {
  kafka::TransactionalTopicOptions opened{
      .client = TRY(SecuredSourceOptions(options, context.clock)),
      .topic = topic,
      .transactional_id = transactional_id};
  TRY(CheckNotASource(opened.client, topic));
  return kafka::OpenTransactionalTopic(std::move(opened), context.clock);
}

Result<std::unique_ptr<kafka::TransactionalTopic>> OpenTopic(const DeadLetterTarget& target,
                                                             const EngineContext& context) {
  return OpenTopic(target.options, LetterTopicOf(target.options, target.table.identifier()),
                   TransactionalIdOf(target.table.Current().metadata->table_uuid), context);
}

bool MayPass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout ||
         code == ErrorCode::kConflict;
}

}  // namespace

catalog::TableIdentifier LetterTableOf(const config::Options& options,
                                       const catalog::TableIdentifier& main) {
  const std::string& text = options.dead_letter.table;
  if (text.empty()) return {.name_space = main.name_space, .name = main.name + "__dlq"};
  const size_t dot = text.rfind('.');
  if (dot == std::string::npos) return {.name_space = main.name_space, .name = text};
  return {.name_space = SplitNamespace(text.substr(0, dot)), .name = text.substr(dot + 1)};
}

std::string LetterTopicOf(const config::Options& options, const catalog::TableIdentifier& main) {
  return options.dead_letter.topic.empty() ? main.ToString() + ".dlq" : options.dead_letter.topic;
}

std::string LetterFolderOf(const config::Options& options) {
  return options.state_directory + "/dead_letters";
}

Result<std::unique_ptr<LetterSink>> OpenLetterSink(const DeadLetterTarget& target,
                                                   const EngineContext& context, bool may_create) {
  if (target.options.dead_letter.mode == "file") return std::unique_ptr<LetterSink>();
  if (target.options.dead_letter.mode == "topic") {
    const config::DeadLetterOptions& dead_letter = target.options.dead_letter;
    return MakeTopicLetterSink(TRY(OpenTopic(target, context)),
                               {.table = target.table,
                                .clock = context.clock,
                                .random = context.random,
                                .logger = context.logger,
                                .metrics = context.metrics,
                                .partitions = may_create ? dead_letter.topic_partitions : 0,
                                .replication = dead_letter.topic_replication,
                                .step_hook = context.step_hook});
  }
  const std::string uuid = target.table.Current().metadata->table_uuid;
  auto letters = TRY(OpenLetterTable(
      target.catalog, LetterTableOf(target.options, target.table.identifier()), uuid, may_create));
  return MakeTableLetterSink(std::move(letters),
                             {.clock = context.clock,
                              .random = context.random,
                              .logger = context.logger,
                              .metrics = context.metrics,
                              .writer_id = target.writer_id,
                              .catalog_type = std::string(target.catalog.type()),
                              .step_hook = context.step_hook});
}

Result<std::unique_ptr<decode::DeadLetterStore>> OpenDeadLetters(const DeadLetterTarget& target,
                                                                 const EngineContext& context) {
  if (target.options.dead_letter.mode == "file") {
    TRY(CheckNothingWaits(target));
    return OpenFiles(target);
  }
  // A run with files before may have left some staged: they are settled as it would have done.
  std::error_code failed;
  if (std::filesystem::exists(LetterFolderOf(target.options), failed)) {
    [[maybe_unused]] const auto settled = TRY(OpenFiles(target));
  }
  auto sink = TRY(OpenLetterSink(target, context, true));
  // One table finds out at the start what is forbidden or missing. Of many most never have letters.
  if (target.options.routing.routes.empty()) {
    const Status checked = sink->Check();
    if (!checked.ok() && !MayPass(checked.error().code()))
      return checked.error().WithContext("dead letters for " + sink->address());
  }
  auto store = OpenLetterOutbox(target.table, std::move(sink), context.logger);
  if (const Status settled = store->Settle(); !settled.ok()) {
    context.logger.Warn(
        "dead letters of earlier commits wait to be delivered",
        {{"table", target.table.identifier().ToString()}, {"reason", settled.error().message()}});
  }
  return store;
}

Result<std::unique_ptr<LetterShelf>> OpenLetterShelf(const DeadLetterTarget& target,
                                                     const EngineContext& context) {
  if (target.options.dead_letter.mode == "file") {
    std::error_code failed;
    const std::string folder = LetterFolderOf(target.options);
    if (!std::filesystem::exists(folder, failed))
      return Error::NotFound("no dead letters: there is no folder {}", folder);
    return OpenFileShelf(folder, context.random);
  }
  if (target.options.dead_letter.mode == "topic")
    return OpenTopicShelf(TRY(OpenTopic(target, context)), target.table);
  return MakeTableShelf(TRY(LoadLetters(target)), context.clock, context.random);
}

Status SettleDeadLetters(const DeadLetterTarget& target, const EngineContext& context) {
  if (target.options.dead_letter.mode == "file") return CheckNothingWaits(target);
  const auto sink = TRY(OpenLetterSink(target, context, /*may_create=*/true));
  return DeliverPending(target.table, *sink);
}

Result<LetterKeys> ReadLetterOffsets(const DeadLetterTarget& target) {
  LetterKeys offsets;
  const auto add = [&](decode::DeadLetter letter) -> Result<bool> {
    offsets[{letter.topic, letter.partition}].insert(letter.offset);
    return true;
  };
  // They move from the first to the second.
  for (const std::string& folder : LetterFoldersOfBackfills(target.options))
    TRY(VisitFileLetters(folder, add));
  TRY(VisitFileLetters(LetterFolderOf(target.options), add));
  storage::ObjectStore& store = target.table.store();
  for (const std::string& location :
       TRY(commit::PendingLetters(*target.table.Current().metadata))) {
    const auto text = store.Read(location);
    // Delivered meanwhile: then the table has them, which is read next.
    if (!text.ok() && text.error().code() == ErrorCode::kNotFound) continue;
    if (!text.ok()) return text.error();
    for (decode::DeadLetter& letter : TRY(ParcelFromText(*text)).letters)
      TRY(add(std::move(letter)));
  }
  if (target.options.dead_letter.mode != "table") return offsets;
  const auto letters = LoadLetters(target);
  if (!letters.ok() && letters.error().code() == ErrorCode::kNotFound) return offsets;
  if (!letters.ok()) return letters.error();
  TRY(VisitTableLetters((*letters)->Current(), (*letters)->store(), add));
  return offsets;
}

Result<LetterTopicLook> LookAtLetterTopic(const config::Options& options,
                                          const catalog::TableIdentifier& main,
                                          const EngineContext& context) {
  LetterTopicLook look{.topic = LetterTopicOf(options, main)};
  const auto topic = TRY(OpenTopic(options, look.topic, TransactionalIdOf("probe"), context));
  const auto state = topic->Look();
  if (!state.ok() && state.error().code() == ErrorCode::kNotFound) return look;
  if (!state.ok()) return state.error();
  TRY(CheckKeepsLetters(*topic, topic->Settings()));
  look.exists = true;
  return look;
}

Status AddTopicLetterOffsets(const DeadLetterTarget& target, const EngineContext& context,
                             LetterKeys& offsets) {
  if (target.options.dead_letter.mode != "topic") return {};
  const auto shelf = OpenLetterShelf(target, context);
  if (!shelf.ok() && shelf.error().code() == ErrorCode::kNotFound) return {};
  if (!shelf.ok()) return shelf.error();
  return (*shelf)->Visit([&](decode::DeadLetter letter) -> Result<bool> {
    offsets[{letter.topic, letter.partition}].insert(letter.offset);
    return true;
  });
}

}  // namespace kafka_iceberg::engine
