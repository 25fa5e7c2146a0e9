// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/fake_proto_records.h"

#include <arrow/record_batch.h>

namespace kafka_iceberg::decode {

std::string ProtoWriter::VarintBytes(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>((value & 0x7f) | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

ProtoWriter& ProtoWriter::Raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

ProtoWriter& ProtoWriter::Tag(uint32_t number, uint32_t wire_type) {
  return Raw(VarintBytes(uint64_t{number} << 3 | wire_type));
}

ProtoWriter& ProtoWriter::Varint(uint32_t number, uint64_t value) {
  return Tag(number, 0).Raw(VarintBytes(value));
}

ProtoWriter& ProtoWriter::Fixed32(uint32_t number, uint32_t value) {
  return Tag(number, 5).Raw({reinterpret_cast<const char*>(&value), sizeof(value)});
}

ProtoWriter& ProtoWriter::Fixed64(uint32_t number, uint64_t value) {
  return Tag(number, 1).Raw({reinterpret_cast<const char*>(&value), sizeof(value)});
}

ProtoWriter& ProtoWriter::Bytes(uint32_t number, std::string_view bytes) {
  return Tag(number, 2).Raw(VarintBytes(bytes.size())).Raw(bytes);
}

PayloadSchema ProtoText(std::string_view text, std::vector<SchemaReference> references) {
  PayloadSchema schema;
  schema.format = PayloadFormat::kProtobuf;
  schema.text =
      text.starts_with("syntax") ? std::string(text) : "syntax = \"proto3\"; " + std::string(text);
  schema.references = std::move(references);
  return schema;
}

std::string ConfluentFrame(uint32_t id, const std::vector<int32_t>& path) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(id >> shift));
  // Zig-zag; the path [0] is a single zero.
  const bool first = path.empty() || (path.size() == 1 && path[0] == 0);
  frame += ProtoWriter::VarintBytes(first ? 0 : path.size() * 2);
  if (!first) {
    for (const int32_t index : path)
      frame += ProtoWriter::VarintBytes(static_cast<uint64_t>(index) * 2);
  }
  return frame;
}

Result<std::shared_ptr<const PayloadSchema>> FakeSchemaSource::Find(const SchemaId& id) {
  ++calls;
  if (const auto error = errors_.find(id); error != errors_.end()) return error->second;
  const auto found = schemas_.find(id);
  if (found == schemas_.end()) return Error::NotFound("there is no schema {}", ToString(id));
  return found->second;
}

void FakeSchemaSource::Add(SchemaId id, PayloadSchema schema) {
  errors_.erase(id);
  schemas_[id] = std::make_shared<const PayloadSchema>(std::move(schema));
}

DecodedRows DecodeWith(Decoder& decoder, const std::vector<std::string>& payloads) {
  std::vector<Record> records(payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) {
    records[i].value = payloads[i];
    records[i].offset = static_cast<int64_t>(i);
  }
  DecodedRows rows;
  rows.stats = decoder.Decode("topic", records, rows.letters);
  rows.batch = decoder.Seal();
  EXPECT_EQ(rows.stats.records, rows.stats.rows + rows.stats.dead_letters + rows.stats.tombstones);
  EXPECT_EQ(rows.stats.dead_letters, static_cast<int64_t>(rows.letters.size()));
  EXPECT_EQ(rows.stats.rows, rows.batch == nullptr ? 0 : rows.batch->num_rows());
  if (rows.batch != nullptr) {
    const auto status = rows.batch->ValidateFull();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  return rows;
}

DecodedRows DecodeProto(const std::string& text, const iceberg::Schema& schema,
                        const std::vector<std::string>& payloads, ProtobufDecoderOptions options) {
  options.framing = Framing::kNone;
  options.schema = ProtoText(text);
  auto decoder = MakeProtobufDecoder(schema, std::move(options));
  EXPECT_TRUE(decoder.ok()) << decoder.error().message();
  if (!decoder.ok()) return {};
  return DecodeWith(**decoder, payloads);
}

std::string DecodeProtoValue(const std::string& proto, const std::string& column,
                             const ProtoWriter& payload, const std::string& more) {
  // The message stands first, imports before it.
  const size_t imports = more.rfind("import ");
  const size_t split = imports == std::string::npos ? 0 : more.find(';', imports) + 1;
  const std::string text =
      more.substr(0, split) + " message Row { " + proto + " v = 1; } " + more.substr(split);
  const DecodedRows rows = DecodeProto(text, SchemaOf({{"v", column}}), {payload.bytes()});
  return rows.batch != nullptr ? rows.Cell("v") : rows.Letter();
}

}  // namespace kafka_iceberg::decode
