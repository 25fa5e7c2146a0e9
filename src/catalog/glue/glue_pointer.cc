// SPDX-License-Identifier: Apache-2.0
#include "catalog/glue/glue_pointer.h"

#include <nlohmann/json.hpp>

#include "catalog/lost_move.h"
#include "catalog/metadata_file.h"
#include "catalog/metadata_swap.h"
#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::catalog {
namespace {

using Json = nlohmann::json;

std::string Target(const TableIdentifier& identifier) { return "table " + identifier.ToString(); }

// The outcome of a request that is proven not to have been applied.
CommitReply NotApplied(const Error& error) {
  switch (error.code()) {
    // Trying again would not help; somebody has to change a permission, a quota, a definition.
    case ErrorCode::kDenied:
    case ErrorCode::kInvalid:
    case ErrorCode::kUnsupported: return {CommitOutcome::kRejected, error.message()};
    default: return {CommitOutcome::kConflict, error.message()};
  }
}

}  // namespace

Result<GlueTable> GetIcebergTable(GlueClient& client, const TableIdentifier& identifier) {
  const Json answer = TRY(
      client.Read("GetTable", Target(identifier),
                  {{"DatabaseName", identifier.name_space.front()}, {"Name", identifier.name}}));
  const Json* found = iceberg::FindMember(answer, "Table");
  if (found == nullptr) return Error::Corrupt("glue:GetTable answered without a table");
  GlueTable table = TRY(ReadGlueTable(*found));
  if (!table.is_iceberg || table.metadata_location.empty()) {
    return Error::Invalid("{} is in Glue, but is no Iceberg table", identifier.ToString());
  }
  return table;
}

Result<TableVersion> GluePointer::Load(const TableVersion& known) {
  const GlueTable table = TRY(GetIcebergTable(client_, identifier_));
  if (known.metadata && known.metadata_location == table.metadata_location) return known;
  return TRY(ReadMetadataFile(context_, table.metadata_location)).version;
}

Status GluePointer::CheckAllowed(const iceberg::TableMetadata&, const iceberg::TableMetadata&) {
  return {};
}

SwapResult GluePointer::TrySwap(const Swap& swap) {
  const auto table = GetIcebergTable(client_, identifier_);
  // Nothing was written or sent yet.
  if (!table.ok()) return {NotApplied(table.error()), {}};
  if (table->metadata_location != swap.base.metadata_location) {
    return {{CommitOutcome::kConflict, fmt::format("table {} is at {} now", identifier_.ToString(),
                                                   table->metadata_location)},
            {}};
  }
  if (table->version_id.empty()) {
    return {{CommitOutcome::kRejected,
             fmt::format("Glue gives table {} no VersionId, so others could overwrite a commit",
                         identifier_.ToString())},
            {}};
  }
  return WriteAndMove(context_, swap,
                      [&](const std::string& next) { return Move(*table, swap.next, next); });
}

CommitReply GluePointer::Move(const GlueTable& table, const iceberg::TableMetadata& metadata,
                              const std::string& next) {
  const auto answer =
      client_.Write("UpdateTable", Target(identifier_),
                    {{"DatabaseName", identifier_.name_space.front()},
                     {"TableInput", MakeTableInput(table.name, metadata, next, &table)},
                     {"VersionId", table.version_id},
                     {"SkipArchive", skip_archive_}});
  const std::string& base = table.metadata_location;
  if (answer.ok()) {
    if (answer->is_object()) return {CommitOutcome::kCommitted, {}};
    return LookAfter(base, next, Error::CommitUnknown("glue:UpdateTable answered nothing"));
  }
  // A request that something on the way sent twice meets its own first time as a conflict, so even
  // that is looked into.
  const bool is_open = answer.error().code() == ErrorCode::kCommitUnknown ||
                       answer.error().code() == ErrorCode::kConflict;
  return is_open ? LookAfter(base, next, answer.error()) : NotApplied(answer.error());
}

CommitReply GluePointer::LookAfter(const std::string& base, const std::string& next,
                                   const Error& why) {
  const auto table = GetIcebergTable(client_, identifier_);
  if (!table.ok()) {
    return {CommitOutcome::kUnknown, why.message() + "; " + table.error().message()};
  }
  switch (JudgeLostMove(context_, {base, next, table->metadata_location})) {
    case LostMove::kLanded: return {CommitOutcome::kCommitted, {}};
    case LostMove::kOvertaken: return {CommitOutcome::kConflict, why.message()};
    case LostMove::kOpen: break;
  }
  // Refused because of another change than of the metadata: the version we named is gone for good.
  const bool is_refused = why.code() == ErrorCode::kConflict && table->metadata_location == base;
  return {is_refused ? CommitOutcome::kConflict : CommitOutcome::kUnknown, why.message()};
}

}  // namespace kafka_iceberg::catalog
