// SPDX-License-Identifier: Apache-2.0
#include "engine/rescue/promotion.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "decode/json/json_index.h"
#include "decode/json_decoder.h"
#include "decode/metadata_columns.h"
#include "decode/rescue/rescued_text.h"
#include "decode/schema_inference.h"
#include "decode/type_text.h"
#include "iceberg/actions/schema_update.h"
#include "table/table_change.h"

namespace kafka_iceberg::engine {
namespace {

using iceberg::Field;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;

constexpr const char* kValue = "v";

std::vector<std::string> AsPayloads(const std::vector<std::string>& values) {
  std::vector<std::string> payloads;
  payloads.reserve(values.size());
  for (const std::string& value : values) payloads.push_back(R"({"v":)" + value + "}");
  return payloads;
}

Result<Type> ParseType(const std::string& text) {
  int32_t next_id = 1;
  const Result<Type> type = decode::ParseTypeText(text, next_id);
  if (!type.ok()) return type.error().WithContext("--type");
  return type;
}

Result<Type> InferType(const PromotionRequest& request, const RescueScan& scan) {
  if (scan.values.empty()) {
    return Error::NotFound(
        "{} has no rescued values in the {} newest of {} data files ({} rows){}; give the column a "
        "type with --type to add it all the same",
        request.field, scan.files_read, scan.files, scan.rows,
        scan.nearby.empty() ? "" : fmt::format(", but there is {}", fmt::join(scan.nearby, ", ")));
  }
  const std::vector<std::string> payloads = AsPayloads(scan.values);
  const std::vector<std::string_view> views(payloads.begin(), payloads.end());
  const decode::InferenceReport report = TRY(decode::InferSchema(views));
  for (const decode::InferredColumn& column : report.columns) {
    for (const std::string& note : column.notes) {
      if (!note.starts_with("conflict")) continue;
      return Error::Invalid("the values of {} are of several kinds ({}); choose with --type",
                            request.field, note);
    }
  }
  return report.schema.fields.front().type;
}

// How many of the values the column would not take.
Status CountMisfits(Promotion& promotion) {
  Field field;
  field.name = kValue;
  field.type = promotion.type;
  Schema schema;
  schema.fields = {field};
  const auto decoder = TRY(decode::MakeJsonDecoder(iceberg::AssignFreshIds(schema)));
  const std::vector<std::string> payloads = AsPayloads(promotion.scan.values);
  for (const std::string& payload : payloads) {
    Record record;
    record.value = payload;
    std::vector<decode::DeadLetter> letters;
    decoder->Decode("", {&record, 1}, letters);
    if (!letters.empty() && promotion.misfits++ == 0) {
      promotion.first_misfit = letters.front().reason;
    }
    if (decoder->pending_bytes() > decode::kPendingBytesMax / 2) decoder->Seal();
  }
  return {};
}

Field* FindMember(std::vector<Field>& fields, const std::string& name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

// The table's schema with the column in it. Null `added`: it was there, with that type.
Result<Schema> WithColumn(const Schema& table, const std::vector<std::string>& path,
                          const Type& type, bool& is_there) {
  Schema wanted = table;
  std::vector<Field>* fields = &wanted.fields;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    Field* parent = FindMember(*fields, path[i]);
    if (parent == nullptr || parent->type.id != TypeId::kStruct) {
      return Error::Unsupported(
          "{} can only be promoted below a column {} of type struct, and the table has {}",
          fmt::join(path, "."),
          fmt::join(path.begin(), path.begin() + static_cast<int64_t>(i + 1), "."),
          parent == nullptr ? "none of that name" : "one of type " + ToString(parent->type));
    }
    fields = &parent->type.fields;
  }
  const Field* existing = FindMember(*fields, path.back());
  is_there = existing != nullptr;
  if (is_there) {
    // Ids differ, the text says what readers see.
    if (ToString(existing->type) == ToString(type)) return wanted;
    return Error::Invalid(
        "column {} exists and has type {}, not {}: change the table with its own tools if {} is "
        "right, or promote with --type \"{}\"",
        fmt::join(path, "."), ToString(existing->type), ToString(type), ToString(type),
        ToString(existing->type));
  }
  Field field;
  field.name = path.back();
  field.type = type;
  fields->push_back(std::move(field));
  return wanted;
}

Status CheckName(const std::vector<std::string>& path, const PromotionRequest& request) {
  if (!decode::IsUtf8(request.field)) return Error::Invalid("the field's name is not UTF-8");
  const std::string& top = path.front();
  const bool is_reserved = path.size() == 1 && decode::FindMetadataColumn(top).has_value();
  if (!is_reserved && top != request.rescue_column) return {};
  return Error::Invalid("{} is a column of the engine's own, and cannot be promoted", top);
}

Status AddColumn(catalog::TableOperations& table, const std::vector<std::string>& path,
                 bool dry_run, Promotion& promotion) {
  const auto plan = [&](const iceberg::TableMetadata& base) -> Result<table::TableChange> {
    bool is_there = false;
    const Schema wanted = TRY(WithColumn(base.schema(), path, promotion.type, is_there));
    promotion.existed = is_there;
    if (is_there) return table::TableChange{};
    const iceberg::SchemaComparison comparison = iceberg::CompareSchemas(base, wanted);
    if (!comparison.incompatibilities.empty()) {
      return Error::Invalid("cannot promote: {}", comparison.incompatibilities.front());
    }
    if (dry_run) return table::TableChange{};
    iceberg::SchemaUpdate update = iceberg::MakeSchemaUpdate(base, comparison);
    return table::TableChange{std::move(update.updates), std::move(update.requirements)};
  };
  promotion.is_added = TRY(table::ChangeTable(table, "promote a field", plan));
  if (promotion.is_added) promotion.existed = false;
  return {};
}

const Field* FindColumn(const Schema& schema, const std::vector<std::string>& path) {
  const std::vector<Field>* fields = &schema.fields;
  const Field* found = nullptr;
  for (const std::string& name : path) {
    const auto member = std::ranges::find(*fields, name, &Field::name);
    if (member == fields->end()) return nullptr;
    found = &*member;
    fields = &found->type.fields;
  }
  return found;
}

// The column is there, and nobody said which type it should have: what is rescued must be older
// than the column, or there is something to explain.
Status JudgeExisting(const PromotionRequest& request, Promotion& promotion) {
  TRY(CountMisfits(promotion));
  promotion.existed = true;
  if (promotion.misfits == 0) return {};
  return Error::Invalid(
      "column {} exists and has type {}, and {} of {} rescued values do not fit it ({}): change "
      "the column with the table's own tools, or correct the producer",
      request.field, ToString(promotion.type), promotion.misfits, promotion.scan.values.size(),
      promotion.first_misfit);
}

}  // namespace

Result<Promotion> Promote(catalog::TableOperations& table, const PromotionRequest& request,
                          const std::stop_token& stop) {
  const std::vector<std::string> path = TRY(decode::SplitRescuePath(request.field));
  TRY(CheckName(path, request));
  Promotion promotion;
  if (!request.type.empty()) promotion.type = TRY(ParseType(request.type));
  if (!request.rescue_column.empty()) {
    promotion.scan =
        TRY(ScanRescued(table, {.column = request.rescue_column, .path = request.field}, stop));
  }
  promotion.is_inferred = request.type.empty();
  const iceberg::TableMetadataPtr metadata = table.Current().metadata;
  const Field* existing = FindColumn(metadata->schema(), path);
  if (promotion.is_inferred && existing != nullptr) {
    promotion.is_inferred = false;
    promotion.type = existing->type;
    TRY(JudgeExisting(request, promotion));
    return promotion;
  }
  if (promotion.is_inferred) promotion.type = TRY(InferType(request, promotion.scan));
  TRY(CountMisfits(promotion));
  TRY(AddColumn(table, path, request.dry_run, promotion));
  return promotion;
}

}  // namespace kafka_iceberg::engine
