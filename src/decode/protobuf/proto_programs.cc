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
  if (CompileProtoProgram(*type, columns_, scope_, compiled.program, compiled.failure)) return {};
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

ProtoNode* ProtoPrograms::FindUnframed() {
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
  CompileProtoProgram(*message, columns_, scope_, compiled.program, compiled.failure);
  return compiled;
}

void ProtoPrograms::SetWanted(const ProtoSchema& schema, const ProtoMessage& message) {
  const auto fields = ProtobufToIceberg(schema, message);
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
