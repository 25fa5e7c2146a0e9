// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_drift.h"

#include <algorithm>

#include "decode/schema_drift.h"
#include "decode/schema_inference.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Schema;

// Whether the sample gave a type to a member of that name.
bool HasType(const InferenceReport& report, std::string_view key) {
  return std::ranges::any_of(report.columns, [&](const InferredColumn& column) {
    const std::string_view path = column.path;
    if (column.type.empty() || !path.ends_with(key)) return false;
    return path.size() == key.size() || path[path.size() - key.size() - 1] == '.';
  });
}

}  // namespace

bool JsonDrift::WasTold(const std::string& topic, const Record& record) {
  const bool was_told = told_ && told_->offset == record.offset &&
                        told_->partition == record.partition && told_->topic == topic;
  if (!was_told) return false;
  left_out_.insert(told_->names.begin(), told_->names.end());
  told_.reset();
  return true;
}

std::optional<Schema> JsonDrift::OfMembers(const std::string& topic, const Record& record,
                                           std::span<const UnknownMember> unknown) {
  const bool all_left_out = std::ranges::all_of(
      unknown, [&](const UnknownMember& member) { return left_out_.contains(member.name_hash); });
  if (all_left_out || left_out_.size() >= kLeftOutMax || WasTold(topic, record)) return {};
  const Result<InferenceReport> sample = InferSchema({{record.value}}, {.column = column_});
  if (!sample.ok()) return {};  // nothing in the record has a type
  ExtendedColumns extended = ExtendColumns(columns_, sample->schema, PrimitiveTypes::kOfColumns);
  if (!extended.has_new_fields) return {};
  told_ = Told{topic, record.partition, record.offset, {}};
  for (const UnknownMember& member : unknown) {
    if (HasType(*sample, member.key)) told_->names.push_back(member.name_hash);
  }
  return std::move(extended.schema);
}

std::optional<Schema> JsonDrift::OfFailure(const std::string& topic, const Record& record,
                                           const RowFailure& failure) {
  if (failure.code != "out_of_range" || WasTold(topic, record)) return {};
  Schema wanted;
  wanted.fields = columns_;
  if (failure.precision_needed > 0) {
    if (!WidenDecimal(wanted, failure.field_path, failure.precision_needed)) return {};
  } else {
    const Result<InferenceReport> sample = InferSchema({{record.value}}, {.column = column_});
    if (!sample.ok() || !WidenColumn(wanted, sample->schema, failure.field_path)) return {};
  }
  told_ = Told{topic, record.partition, record.offset, {}};
  return wanted;
}

}  // namespace kafka_iceberg::decode
