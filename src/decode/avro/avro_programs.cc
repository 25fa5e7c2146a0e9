// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_programs.h"

#include <algorithm>

#include "core/check.h"
#include "decode/avro/avro_field_match.h"
#include "decode/avro/avro_to_iceberg.h"

namespace kafka_iceberg::decode {
namespace {

CompiledAvro Unusable(std::string_view code, const std::string& reason) {
  CompiledAvro compiled;
  compiled.failure = {code, "", reason};
  return compiled;
}

std::string_view CodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "unknown_schema";
    case ErrorCode::kUnsupported: return "unsupported_schema";
    default: return "bad_schema";
  }
}

size_t NodesOf(const AvroSchema& schema) {
  size_t nodes = 1;
  for (const AvroField& field : schema.fields) nodes += NodesOf(field.schema);
  for (const AvroSchema& child : schema.children) nodes += NodesOf(child);
  return nodes;
}

// In instructions; a node of a schema is several times as large as one.
size_t Weight(const CompiledAvro& compiled) {
  constexpr size_t kOpsPerNode = 10;
  const size_t nodes = compiled.schema == nullptr ? 0 : NodesOf(*compiled.schema);
  return compiled.program.ops.size() + nodes * kOpsPerNode;
}

// Whether the registry has answered, and the answer will not change by asking again soon.
bool IsFinal(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kCorrupt ||
         code == ErrorCode::kUnsupported;
}

}  // namespace

AvroPrograms::AvroPrograms(std::shared_ptr<SchemaSource> schemas, const RowColumns& columns,
                           std::string column, int64_t programs_max)
    : schemas_(std::move(schemas)),
      columns_(columns),
      column_(std::move(column)),
      programs_max_(static_cast<size_t>(std::max<int64_t>(programs_max, 1))) {}

CompiledAvro AvroPrograms::Compile(const PayloadSchema& schema) const {
  auto parsed = ParseAvroSchema(schema);
  if (!parsed.ok()) return Unusable(CodeOf(parsed.error().code()), parsed.error().message());
  const auto kept = std::make_shared<const AvroSchema>(
      column_.empty() ? *std::move(parsed) : AsOnlyField(*std::move(parsed), column_));
  const RescueScope scope =
      columns_.rescue() == nullptr ? RescueScope::kNothing : columns_.rescue()->scope();
  CompiledAvro compiled =
      CompileAvro(*kept, columns_.payload_fields(), columns_.payload_columns(), scope);
  const AvroProgram& program = compiled.program;
  if (!program.rescues.empty() || !program.misfits.empty()) compiled.schema = kept;
  // A schema that cannot be columns at all has failed above, or will for each record.
  auto wanted = AvroToIceberg(NamedAsColumns(*kept, columns_.payload_fields()));
  if (wanted.ok()) compiled.wanted = std::move(wanted).value();
  return compiled;
}

Result<CompiledAvro*> AvroPrograms::Find(const SchemaId& id) {
  if (!entries_.empty() && entries_.front().id == id) [[likely]]
    return &entries_.front().compiled;
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->compiled;
  }
  const auto unknown = unknown_.find(id);
  if (unknown != unknown_.end()) return &unknown->second;
  return Load(id);
}

Result<CompiledAvro*> AvroPrograms::Load(const SchemaId& id) {
  CHECK(schemas_ != nullptr);
  const auto schema = schemas_->Find(id);
  if (!schema.ok()) {
    const Error error = schema.error().WithContext("schema " + ToString(id));
    if (!IsFinal(error.code())) return error;
    if (unknown_.size() >= kUnknownMax) unknown_.clear();
    return &(unknown_[id] = Unusable(CodeOf(error.code()), error.message()));
  }
  CompiledAvro compiled = Compile(**schema);
  if (compiled.failure) {
    compiled.failure->reason = fmt::format("schema {}: {}", ToString(id), compiled.failure->reason);
  }
  ops_ += Weight(compiled);
  while (!entries_.empty() && (entries_.size() >= programs_max_ || ops_ > kOpsMax)) DropOldest();
  entries_.push_front({id, std::move(compiled)});
  by_id_[id] = entries_.begin();
  return &entries_.front().compiled;
}

Result<CompiledAvro*> AvroPrograms::FindLatest(const std::string& subject) {
  if (latest_is_known_) return &latest_;
  const auto schema = schemas_->FindLatest(subject);
  if (!schema.ok() && !IsFinal(schema.error().code())) return schema.error();
  if (!schema.ok()) {
    latest_schema_ = nullptr;
    latest_ = Unusable(CodeOf(schema.error().code()), schema.error().message());
  } else if (*schema != latest_schema_) {
    latest_schema_ = *schema;
    latest_ = Compile(*latest_schema_);
  }
  latest_is_known_ = true;
  return &latest_;
}

void AvroPrograms::DropOldest() {
  ops_ -= Weight(entries_.back().compiled);
  by_id_.erase(entries_.back().id);
  entries_.pop_back();
}

}  // namespace kafka_iceberg::decode
