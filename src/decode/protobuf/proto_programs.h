// SPDX-License-Identifier: Apache-2.0
//
// ProtoPrograms: the program for each schema and message type that payloads name, compiled when it
// is first met and kept within a bound. Owned by one decoder; the columns must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "decode/framing/framing.h"
#include "decode/framing/payload_schema.h"
#include "decode/protobuf/proto_program.h"

namespace kafka_iceberg::decode {

class ProtoPrograms {
 public:
  // What is kept may grow to about this many bytes; then all is forgotten and learned again.
  static constexpr int64_t kBytesMax = 64 << 20;

  // `schemas` may be null: then whatever id a payload carries stands for the configured schema.
  // `column` not empty: the programs read messages of one field of that name, number 1, which is
  // the payload's message type.
  ProtoPrograms(FieldColumns columns, std::shared_ptr<SchemaSource> schemas,
                RescueScope scope = RescueScope::kNothing, std::string column = {})
      : columns_(std::move(columns)),
        schemas_(std::move(schemas)),
        scope_(scope),
        column_(std::move(column)) {}

  // The schema and message type (empty: the first) of payloads that carry no id.
  Status SetUnframed(const PayloadSchema& schema, const std::string& message);

  // Instead: the latest version of a subject, which is asked for again after each AskAgain().
  void UseSubject(std::string subject, std::string message) {
    subject_ = std::move(subject);
    subject_message_ = std::move(message);
  }
  void AskAgain() { latest_is_known_ = false; }

  // The program, or null: then failure() says why the record cannot be read, unless stopped() says
  // why it cannot be told now. The program lives until the next call.
  ProtoNode* Find(const FramedPayload& payload);
  // The payload columns that the message type found last asks for, when it was met for the first
  // time; told once, and not when nothing can be said.
  std::optional<iceberg::Schema> TakeWanted() { return std::exchange(wanted_, std::nullopt); }
  const RowFailure& failure() const { return failure_; }
  const std::optional<Error>& stopped() const { return stopped_; }

 private:
  // Which message of a schema: its path, or -1 and its place in the sorted order.
  using MessageKey = std::vector<int32_t>;
  struct Compiled {
    ProtoProgram program;  // without a root when it failed
    RowFailure failure;
  };
  struct Known {
    std::shared_ptr<const ProtoSchema> schema;  // null when it failed
    RowFailure failure;
    std::map<MessageKey, Compiled> programs;
  };

  ProtoNode* FindUnframed();
  bool FindLatest();
  Known* FindSchema(const SchemaId& id);
  Compiled Compile(std::shared_ptr<const ProtoSchema> schema, const ProtoMessage* message,
                   const FramedPayload& payload) const;
  void Spend(int64_t bytes);
  bool CompileInto(Compiled& compiled, const ProtoMessage& message) const;
  void SetWanted(const ProtoSchema& schema, const ProtoMessage& message);

  const FieldColumns columns_;
  const std::shared_ptr<SchemaSource> schemas_;
  const RescueScope scope_;
  const std::string column_;
  std::optional<Compiled> unframed_;
  std::string subject_;
  std::string subject_message_;
  bool latest_is_known_ = false;  // and need not be asked for again
  std::shared_ptr<const PayloadSchema> latest_schema_;
  std::map<SchemaId, Known> known_;
  int64_t bytes_ = 0;
  // The one found last: records of one schema come in long runs.
  std::optional<SchemaId> last_id_;
  MessageKey last_key_;
  Compiled* last_ = nullptr;
  MessageKey key_;
  RowFailure failure_;
  std::optional<Error> stopped_;
  std::optional<iceberg::Schema> wanted_;
};

}  // namespace kafka_iceberg::decode
