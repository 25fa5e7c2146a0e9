// SPDX-License-Identifier: Apache-2.0
#include "catalog/metadata_swap.h"

#include "catalog/metadata_file.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::catalog {
namespace {

bool ProvesNothingWasCreated(ErrorCode code) {
  switch (code) {
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kNotFound:
    case ErrorCode::kInvalid:
    case ErrorCode::kDenied:
    case ErrorCode::kConflict:
    case ErrorCode::kUnsupported: return true;
    default: return false;
  }
}

}  // namespace

Status WriteAndCreate(const CatalogContext& context, const TableCreation& creation,
                      const std::string& location,
                      const std::function<Status(const std::string&)>& create) {
  const iceberg::TableMetadata metadata = TRY(MakeMetadata(context, creation, location));
  const std::string file = NextMetadataLocation(metadata.MetadataLocation(), "", context.random);
  TRY(context.store.Write(file, iceberg::TableMetadataToJson(metadata)));
  Status created = create(file);
  if (!created.ok() && ProvesNothingWasCreated(created.error().code())) {
    (void)context.store.Delete(file);  // an orphan at worst
  }
  return created;
}

SwapResult WriteAndMove(const CatalogContext& context, const Swap& swap,
                        const std::function<CommitReply(const std::string&)>& move) {
  const std::string file = NextMetadataLocation(swap.next.MetadataLocation(),
                                                swap.base.metadata_location, context.random);
  if (const Status written = context.store.Write(file, swap.bytes); !written.ok()) {
    // Nothing points to the file, whether it came to be or not.
    const bool refused = written.error().code() == ErrorCode::kDenied ||
                         written.error().code() == ErrorCode::kInvalid;
    return {{refused ? CommitOutcome::kRejected : CommitOutcome::kConflict,
             written.error().WithContext("cannot write the new metadata file").message()},
            {}};
  }
  CommitReply reply = move(file);
  switch (reply.outcome) {
    case CommitOutcome::kCommitted: return {std::move(reply), file};
    case CommitOutcome::kConflict:
    case CommitOutcome::kRejected:
      (void)context.store.Delete(file);  // an orphan at worst
      return {std::move(reply), {}};
    case CommitOutcome::kUnknown: return {std::move(reply), {}};
  }
  return {std::move(reply), {}};
}

}  // namespace kafka_iceberg::catalog
