// SPDX-License-Identifier: Apache-2.0
#include "commit/transaction_entry.h"

#include <limits>
#include <utility>

#include "commit/json_text.h"
#include "iceberg/table_metadata_json.h"
#include "write/data_file_json.h"

namespace kafka_iceberg::commit {
namespace {

using nlohmann::json;

// A staged file's maps of columns are the deepest part of a row.
constexpr int kDepthMax = 16;

// Text made by this program, put into a body as JSON rather than as a string: people read these
// rows.
json Embed(const std::string& text) { return json::parse(text, nullptr, false); }

Result<EpochRanges> RangesMember(const json& body) {
  return RangesFromJson(ToText(*TRY(Member(body, "ranges"))));
}

// Every kind knows its table and epoch columns, its ranges, and how to write and read the rest.
json BodyOf(const OffsetCommit& entry) { return {{"ranges", Embed(RangesToJson(entry.ranges))}}; }

// Absent means 0: so it was before ledgers had generations.
constexpr const char* kGeneration = "ledger-generation";

json WithGeneration(json body, int64_t generation) {
  if (generation > 0) body[kGeneration] = generation;
  return body;
}

Result<int64_t> GenerationOf(const json& body) {
  if (!body.is_object() || !body.contains(kGeneration)) return 0;
  return IntMember(body, kGeneration);
}

json BodyOf(const BufferSnapshot& entry) {
  json body = {{"snapshot-id", entry.snapshot_id},
               {"ranges", Embed(RangesToJson(entry.ranges))},
               {"rows", entry.rows},
               {"dead-letters", entry.dead_letters},
               {"files", entry.files},
               {"table-uuid", entry.table_uuid},
               {"letters", entry.letters}};
  if (entry.schema != nullptr) body["schema"] = iceberg::SchemaToJson(*entry.schema);
  return WithGeneration(std::move(body), entry.ledger_generation);
}

json BodyOf(const ParquetWritten& entry) {
  return {{"file", Embed(write::StagedFileToJson(entry.file))}};
}

json BodyOf(const IcebergSnapshotCreated& entry) {
  return {{"snapshot-id", entry.snapshot_id},
          {"ranges", Embed(RangesToJson(entry.ranges))},
          {"files-added", entry.files_added}};
}

json BodyOf(const FlushComplete&) { return json::object(); }

json BodyOf(const CatalogHealthCheck& entry) {
  return {{"catalog-type", entry.catalog_type},
          {"is-healthy", entry.is_healthy},
          {"response-time-ms", entry.response_time_ms}};
}

json BodyOf(const CatalogError& entry) {
  return {{"catalog-type", entry.catalog_type},
          {"error-message", entry.error_message},
          {"retry-count", entry.retry_count}};
}

json BodyOf(const IdempotencyRecord& entry) {
  return WithGeneration({{"ranges", Embed(RangesToJson(entry.ranges))},
                         {"snapshot-id", entry.snapshot_id},
                         {"committed-at-us", ToMicros(entry.committed_at)},
                         {"table-uuid", entry.table_uuid}},
                        entry.ledger_generation);
}

json BodyOf(const SchemaEvolution& entry) {
  return {{"old-schema", entry.old_schema}, {"new-schema", entry.new_schema}};
}

Result<bool> BoolMember(const json& body, const char* name) {
  const json* value = TRY(Member(body, name));
  if (!value->is_boolean()) return Error::Corrupt("member \"{}\" is not true or false", name);
  return value->get<bool>();
}

Status Read(const json& body, OffsetCommit& entry) {
  entry.ranges = TRY(RangesMember(body));
  return {};
}

Status Read(const json& body, BufferSnapshot& entry) {
  entry.snapshot_id = TRY(IntMember(body, "snapshot-id"));
  entry.ranges = TRY(RangesMember(body));
  entry.rows = TRY(IntMember(body, "rows"));
  entry.dead_letters = TRY(IntMember(body, "dead-letters"));
  entry.files = TRY(IntMember(body, "files"));
  entry.table_uuid = TRY(StringMember(body, "table-uuid"));
  entry.ledger_generation = TRY(GenerationOf(body));
  // Rows of earlier versions lack it.
  if (body.contains("letters")) entry.letters = TRY(StringMember(body, "letters"));
  if (body.contains("schema")) {
    entry.schema = std::make_shared<const iceberg::Schema>(
        TRY(iceberg::SchemaFromJson(TRY(StringMember(body, "schema")))));
  }
  return {};
}

Status Read(const json& body, ParquetWritten& entry) {
  entry.file = TRY(write::StagedFileFromJson(ToText(*TRY(Member(body, "file")))));
  return {};
}

Status Read(const json& body, IcebergSnapshotCreated& entry) {
  entry.snapshot_id = TRY(IntMember(body, "snapshot-id"));
  entry.ranges = TRY(RangesMember(body));
  entry.files_added = TRY(IntMember(body, "files-added"));
  return {};
}

Status Read(const json&, FlushComplete&) { return {}; }

Status Read(const json& body, CatalogHealthCheck& entry) {
  entry.catalog_type = TRY(StringMember(body, "catalog-type"));
  entry.is_healthy = TRY(BoolMember(body, "is-healthy"));
  entry.response_time_ms = TRY(IntMember(body, "response-time-ms"));
  return {};
}

Status Read(const json& body, CatalogError& entry) {
  entry.catalog_type = TRY(StringMember(body, "catalog-type"));
  entry.error_message = TRY(StringMember(body, "error-message"));
  const int64_t retries = TRY(IntMember(body, "retry-count"));
  if (!std::in_range<int32_t>(retries))
    return Error::Corrupt("retry-count {} is out of range", retries);
  entry.retry_count = static_cast<int32_t>(retries);
  return {};
}

Status Read(const json& body, IdempotencyRecord& entry) {
  entry.ranges = TRY(RangesMember(body));
  entry.snapshot_id = TRY(IntMember(body, "snapshot-id"));
  entry.committed_at = Timestamp(Duration(TRY(IntMember(body, "committed-at-us"))));
  entry.table_uuid = TRY(StringMember(body, "table-uuid"));
  entry.ledger_generation = TRY(GenerationOf(body));
  return {};
}

Status Read(const json& body, SchemaEvolution& entry) {
  entry.old_schema = TRY(StringMember(body, "old-schema"));
  entry.new_schema = TRY(StringMember(body, "new-schema"));
  return {};
}

template <typename Kind>
constexpr const char* kKindName = nullptr;
template <>
constexpr const char* kKindName<OffsetCommit> = "OffsetCommit";
template <>
constexpr const char* kKindName<BufferSnapshot> = "BufferSnapshot";
template <>
constexpr const char* kKindName<ParquetWritten> = "ParquetWritten";
template <>
constexpr const char* kKindName<IcebergSnapshotCreated> = "IcebergSnapshotCreated";
template <>
constexpr const char* kKindName<FlushComplete> = "FlushComplete";
template <>
constexpr const char* kKindName<CatalogHealthCheck> = "CatalogHealthCheck";
template <>
constexpr const char* kKindName<CatalogError> = "CatalogError";
template <>
constexpr const char* kKindName<IdempotencyRecord> = "IdempotencyRecord";
template <>
constexpr const char* kKindName<SchemaEvolution> = "SchemaEvolution";

template <typename Kind>
Result<TransactionEntry> ReadKind(const EntryRow& row, const json& body) {
  Kind entry;
  if constexpr (requires { entry.table; }) entry.table = row.table;
  if constexpr (requires { entry.epoch_uuid; }) entry.epoch_uuid = row.epoch_uuid;
  TRY(Read(body, entry));
  return TransactionEntry(std::move(entry));
}

// Tries the kinds of the variant from `Index` on.
template <size_t Index = 0>
Result<TransactionEntry> ReadAs(const EntryRow& row, const json& body) {
  if constexpr (Index == std::variant_size_v<TransactionEntry>) {
    return Error::Corrupt("kind of entry \"{}\" is not known", row.kind.substr(0, 64));
  } else {
    using Kind = std::variant_alternative_t<Index, TransactionEntry>;
    if (row.kind == kKindName<Kind>) return ReadKind<Kind>(row, body);
    return ReadAs<Index + 1>(row, body);
  }
}

}  // namespace

EntryRow ToRow(const TransactionEntry& entry) {
  return std::visit(
      []<typename Kind>(const Kind& kind) {
        EntryRow row{.kind = kKindName<Kind>, .body = ToText(BodyOf(kind))};
        if constexpr (requires { kind.table; }) row.table = kind.table;
        if constexpr (requires { kind.epoch_uuid; }) row.epoch_uuid = kind.epoch_uuid;
        if constexpr (requires { kind.ranges; }) row.offsets = Span(kind.ranges);
        return row;
      },
      entry);
}

Result<TransactionEntry> FromRow(const EntryRow& row) {
  const json body = TRY(ParseJson(row.body, kDepthMax));
  Result<TransactionEntry> entry = ReadAs(row, body);
  if (!entry.ok()) return entry.error().WithContext(row.kind);
  return entry;
}

}  // namespace kafka_iceberg::commit
