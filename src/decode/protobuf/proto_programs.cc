// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_programs.h"

#include "decode/protobuf/proto_mapping.h"
#include "decode/protobuf/proto_text.h"
#include "decode/schema_drift.h"

namespace kafka_iceberg::decode {
namespace {

// Descriptors and names, for each byte of text; what a failure takes.
constexpr int64_t kBytesPerTextByte = 4;
constexpr int64_t kBytesPerFailure = 512;

std::string Describe(const FramedPayload& payload) {
  if (payload.sorted_message_index) return fmt::format("number {}", *payload.sorted_message_index);
  return fmt::format("at path [{}]", fmt::join(payload.message_path, ", "));
}

// Whether a later look-up may end otherwise.
bool MayBeFoundLater(ErrorCode code) {
  return code != ErrorCode::kNotFound && code != ErrorCode::kCorrupt &&
         code != ErrorCode::kUnsupported && code != ErrorCode::kInvalid;
}

}  // namespace

Status ProtoPrograms::SetUnframed(const PayloadSchema& schema, const std::string& message) {
  auto parsed = std::make_shared<const ProtoSchema>(TRY(ParseProtoText(schema)));
  const ProtoMessage* type = message.empty() ? parsed->FindByPath({}) : parsed->FindByName(message);
  if (type == nullptr) {
    return Error::Invalid("the protobuf schema has no message {}",
                          message.empty() ? "at all" : message);
  }
  SetWanted(*parsed, *type);
  Compiled& compiled = unframed_.emplace();
  compiled.program.schema = std::move(parsed);
  if (CompileInto(compiled, *type)) return {};
  return Error::Invalid("{}", compiled.failure.reason);
}

ProtoNode* ProtoPrograms::Find(const FramedPayload& payload) {
  stopped_.reset();
  if (!payload.schema_id) return FindUnframed();
  key_ = payload.message_path;
  if (payload.sorted_message_index) key_ = {-1, *payload.sorted_message_index};
  if (last_ == nullptr || last_id_ != payload.schema_id || last_key_ != key_) {
    Known* known = FindSchema(*payload.schema_id);
    if (known == nullptr) return nullptr;
    auto found = known->programs.find(key_);
    if (found == known->programs.end()) {
      const ProtoMessage* message =
          payload.sorted_message_index
              ? known->schema->FindBySortedIndex(*payload.sorted_message_index)
              : known->schema->FindByPath(payload.message_path);
      if (message != nullptr) SetWanted(*known->schema, *message);
      found = known->programs.emplace(key_, Compile(known->schema, message, payload)).first;
      bytes_ += kBytesPerFailure +
                found->second.program.slot_count * static_cast<int64_t>(sizeof(ProtoSlot));
    }
    last_ = &found->second;
    last_id_ = payload.schema_id;
    last_key_ = key_;
  }
  if (last_->program.root != nullptr) [[likely]]
    return last_->program.root.get();
  failure_ = last_->failure;
  return nullptr;
}

// Into unframed_; false: see failure_, or stopped_.
bool ProtoPrograms::FindLatest() {
  const auto schema = schemas_->FindLatest(subject_);
  if (!schema.ok()) {
    if (MayBeFoundLater(schema.error().code())) stopped_ = schema.error();
    failure_ = {"unknown_schema", "", schema.error().message()};
    return false;
  }
  latest_is_known_ = true;
  if (*schema == latest_schema_) return true;
  latest_schema_ = *schema;
  if (const Status status = SetUnframed(*latest_schema_, subject_message_); !status.ok()) {
    Compiled& compiled = unframed_.emplace();
    compiled.failure = {"schema_mismatch", "",
                        fmt::format("subject {}: {}", subject_, status.error().message())};
  }
  return true;
}

ProtoNode* ProtoPrograms::FindUnframed() {
  if (!subject_.empty() && !latest_is_known_ && !FindLatest()) return nullptr;
  if (unframed_ && unframed_->program.root == nullptr) {
    failure_ = unframed_->failure;
    return nullptr;
  }
  if (unframed_) return unframed_->program.root.get();
  failure_ = {"bad_framing", "",
              "the record carries no schema id, and no schema is configured for such records"};
  return nullptr;
}

ProtoPrograms::Known* ProtoPrograms::FindSchema(const SchemaId& id) {
  auto found = known_.find(id);
  if (found == known_.end()) {
    failure_ = {"unknown_schema", "", ""};
    if (schemas_ == nullptr && unframed_) {
      // The only schema there is, whatever number its writers gave it.
      Spend(kBytesPerFailure);
      Known known;
      known.schema = unframed_->program.schema;
      return &known_.emplace(id, std::move(known)).first->second;
    }
    if (schemas_ == nullptr) {
      failure_.reason =
          fmt::format("the record has schema id {}, and there is no schema registry", ToString(id));
      return nullptr;
    }
    auto text = schemas_->Find(id);
    if (!text.ok()) {
      if (MayBeFoundLater(text.error().code())) stopped_ = text.error();
      failure_.reason = fmt::format("schema {}: {}", ToString(id), text.error().message());
      return nullptr;
    }
    const auto& schema = **text;
    size_t text_bytes = schema.text.size();
    for (const SchemaReference& reference : schema.references) text_bytes += reference.text.size();
    Spend(static_cast<int64_t>(text_bytes) * kBytesPerTextByte + kBytesPerFailure);
    auto parsed = ParseProtoText(schema);
    Known known;
    if (parsed.ok()) {
      known.schema = std::make_shared<const ProtoSchema>(std::move(parsed).value());
    } else {
      known.failure = {"unknown_schema", "",
                       fmt::format("schema {}: {}", ToString(id), parsed.error().message())};
    }
    found = known_.emplace(id, std::move(known)).first;
  }
  if (found->second.schema != nullptr) return &found->second;
  failure_ = found->second.failure;
  return nullptr;
}

ProtoPrograms::Compiled ProtoPrograms::Compile(std::shared_ptr<const ProtoSchema> schema,
                                               const ProtoMessage* message,
                                               const FramedPayload& payload) const {
  Compiled compiled;
  if (message == nullptr) {
    compiled.failure = {"schema_mismatch", "",
                        fmt::format("schema {} has no message {}", ToString(*payload.schema_id),
                                    Describe(payload))};
    return compiled;
  }
  compiled.program.schema = std::move(schema);
  CompileInto(compiled, *message);
  return compiled;
}

bool ProtoPrograms::CompileInto(Compiled& compiled, const ProtoMessage& message) const {
  ProtoProgram& program = compiled.program;
  if (column_.empty())
    return CompileProtoProgram(message, columns_, scope_, program, compiled.failure);
  program.outer =
      std::make_shared<const ProtoMessage>(program.schema->AsOnlyField(message, column_));
  return CompileProtoProgram(*program.outer, columns_, scope_, program, compiled.failure);
}

void ProtoPrograms::SetWanted(const ProtoSchema& schema, const ProtoMessage& message) {
  const auto fields = column_.empty()
                          ? ProtobufToIceberg(schema, message)
                          : ProtobufToIceberg(schema, schema.AsOnlyField(message, column_));
  wanted_.reset();
  if (!fields.ok()) return;  // it fails when it is compiled, or has names that no column may have
  wanted_ = ExtendColumns(columns_.fields, *fields, PrimitiveTypes::kOfRecords).schema;
}

void ProtoPrograms::Spend(int64_t bytes) {
  if (bytes_ + bytes > kBytesMax) {
    known_.clear();
    last_ = nullptr;
    bytes_ = 0;
  }
  bytes_ += bytes;
}

}  // namespace kafka_iceberg::decode
