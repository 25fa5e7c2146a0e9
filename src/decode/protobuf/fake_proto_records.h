// SPDX-License-Identifier: Apache-2.0
//
// Made-up Protobuf records for tests: encoded field by field, in any order and as wrong as wanted,
// and a registry that is a map. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decode/framing/payload_schema.h"
#include "decode/json/fake_json_records.h"
#include "decode/protobuf_decoder.h"

namespace kafka_iceberg::decode {

class ProtoWriter {
 public:
  static std::string VarintBytes(uint64_t value);

  ProtoWriter& Tag(uint32_t number, uint32_t wire_type);
  ProtoWriter& Varint(uint32_t number, uint64_t value);
  ProtoWriter& Fixed32(uint32_t number, uint32_t value);
  ProtoWriter& Fixed64(uint32_t number, uint64_t value);
  ProtoWriter& Bytes(uint32_t number, std::string_view bytes);
  ProtoWriter& Message(uint32_t number, const ProtoWriter& message) {
    return Bytes(number, message.bytes_);
  }
  ProtoWriter& Raw(std::string_view bytes);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A schema of Protobuf text, "proto3" unless the text says otherwise.
PayloadSchema ProtoText(std::string_view text, std::vector<SchemaReference> references = {});

// In front of a payload: the schema id and the path to the message type.
std::string ConfluentFrame(uint32_t id, const std::vector<int32_t>& path = {});

class FakeSchemaSource final : public SchemaSource {
 public:
  Result<std::shared_ptr<const PayloadSchema>> Find(const SchemaId& id) override;

  // By the subject's name as an id.
  Result<std::shared_ptr<const PayloadSchema>> FindLatest(const std::string& subject) override {
    return Find(subject);
  }

  void Add(SchemaId id, PayloadSchema schema);
  void Fail(const SchemaId& id, Error error) { errors_.insert_or_assign(id, std::move(error)); }
  int64_t calls = 0;

 private:
  std::map<SchemaId, std::shared_ptr<const PayloadSchema>> schemas_;
  std::map<SchemaId, Error> errors_;
};

// Decodes unframed payloads of the first message of `text` in one call, and checks the sums.
DecodedRows DecodeProto(const std::string& text, const iceberg::Schema& schema,
                        const std::vector<std::string>& payloads,
                        ProtobufDecoderOptions options = {});
// The same through a decoder that is there already.
DecodedRows DecodeWith(Decoder& decoder, const std::vector<std::string>& payloads);

// One field "v" of type `proto` and number 1, one column "v": its cell after `payload`, or "code
// field" of its dead letter. `more` is more text of the file.
std::string DecodeProtoValue(const std::string& proto, const std::string& column,
                             const ProtoWriter& payload, const std::string& more = "");

}  // namespace kafka_iceberg::decode
