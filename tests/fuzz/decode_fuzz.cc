// SPDX-License-Identifier: Apache-2.0
//
// Payloads, and the schemas they come with. Input of the targets that decode is split into records
// at the bytes 0xff 0xff; whatever they hold, each is counted once and the batch is a legal one.
#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "core/check.h"
#include "decode/avro/avro_schema.h"
#include "decode/avro/avro_to_iceberg.h"
#include "decode/avro_decoder.h"
#include "decode/json_decoder.h"
#include "decode/json_schema/json_schema_to_iceberg.h"
#include "decode/keyed_decoder.h"
#include "decode/metadata_columns.h"
#include "decode/protobuf/proto_mapping.h"
#include "decode/protobuf/proto_text.h"
#include "decode/protobuf_decoder.h"
#include "decode/schema_inference.h"
#include "decode/type_text.h"
#include "fuzz_schemas.h"
#include "fuzz_target.h"

namespace kafka_iceberg::fuzz {
namespace {

using decode::Decoder;
using decode::PayloadFormat;
using decode::PayloadSchema;

std::vector<std::string_view> Split(std::string_view input) {
  std::vector<std::string_view> parts;
  for (size_t end = input.find("\xff\xff"); end != std::string_view::npos;
       end = input.find("\xff\xff")) {
    parts.push_back(input.substr(0, end));
    input.remove_prefix(end + 2);
  }
  parts.push_back(input);
  return parts;
}

constexpr const char* kRescueColumn = "_rescued";

// What is rescued is one JSON object.
void CheckRescued(const arrow::RecordBatch& batch) {
  const auto column = batch.GetColumnByName(kRescueColumn);
  if (column == nullptr) return;
  const auto& texts = static_cast<const arrow::StringArray&>(*column);
  iceberg::Schema schema;
  schema.fields = {{1, "-", false, iceberg::Type::Primitive(iceberg::TypeId::kLong), {}, {}, {}}};
  static const std::unique_ptr<Decoder> json =
      std::move(decode::MakeJsonDecoder(schema, {.depth_max = 512})).value();
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) continue;
    Record record;
    record.value = texts.GetView(row);
    std::vector<decode::DeadLetter> letters;
    json->Decode("rescued", {&record, 1}, letters);
    CHECK(letters.empty() || letters[0].field_path == "-");
  }
  (void)json->Seal();
}

decode::RescueOptions Rescuing() {
  return {.column = kRescueColumn, .scope = decode::RescueScope::kValues, .bytes_max = 4096};
}

// A third of the columns is missing, a third has another type, the rest may be null.
iceberg::Schema Unfitting(iceberg::Schema schema) {
  iceberg::Schema changed;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    iceberg::Field field = std::move(schema.fields[i]);
    if (decode::FindMetadataColumn(field.name)) continue;
    field.required = false;
    if (i % 3 == 1) continue;
    if (i % 3 == 2) field.type = iceberg::Type::Primitive(iceberg::TypeId::kDate);
    changed.fields.push_back(std::move(field));
  }
  iceberg::Field rescued;
  rescued.name = kRescueColumn;
  rescued.type = iceberg::Type::Primitive(iceberg::TypeId::kString);
  changed.fields.push_back(std::move(rescued));
  return iceberg::AssignFreshIds(changed);
}

void DecodeRecords(Decoder& decoder, std::vector<Record> records) {
  for (size_t i = 0; i < records.size(); ++i) records[i].offset = static_cast<int64_t>(i);
  std::vector<decode::DeadLetter> letters;
  const decode::DecodeStats stats = decoder.Decode("fuzz", records, letters);
  CHECK(!stats.stopped);
  CHECK(stats.records == static_cast<int64_t>(records.size()));
  CHECK(stats.records == stats.rows + stats.dead_letters + stats.tombstones);
  CHECK(stats.dead_letters == static_cast<int64_t>(letters.size()));
  const auto batch = decoder.Seal();
  CHECK((batch == nullptr ? 0 : batch->num_rows()) == stats.rows);
  if (batch != nullptr) CHECK(batch->ValidateFull().ok());
  if (batch != nullptr) CheckRescued(*batch);
}

void DecodeAll(Decoder& decoder, std::string_view input) {
  std::vector<Record> records;
  for (const std::string_view part : Split(input)) records.emplace_back().value = part;
  DecodeRecords(decoder, std::move(records));
}

iceberg::Schema Declared(const std::vector<decode::DeclaredField>& fields) {
  auto schema = decode::DeclaredSchema(fields, {"_kafka_offset"});
  CHECK(schema.ok());
  return *std::move(schema);
}

void FuzzJson(std::string_view input) {
  static const std::unique_ptr<Decoder> decoder =
      std::move(decode::MakeJsonDecoder(Declared(JsonFuzzColumns()))).value();
  DecodeAll(*decoder, input);
  static const std::unique_ptr<Decoder> rescuing =
      std::move(
          decode::MakeJsonDecoder(Unfitting(Declared(JsonFuzzColumns())), {.rescue = Rescuing()}))
          .value();
  DecodeAll(*rescuing, input);
}

// Each record is a key, a byte 0, a value; without that byte the key is null.
void FuzzKeyed(std::string_view input) {
  static const std::unique_ptr<Decoder> decoder =
      std::move(
          decode::MakeKeyedDecoder(
              Declared({{"v", "long"}, {"_key", "struct<id:long,tags:list<string>>"}}),
              {.column = "_key",
               .make_values = [](const auto& schema) { return decode::MakeJsonDecoder(schema); },
               .make_keys =
                   [](const auto& schema) {
                     return decode::MakeJsonDecoder(schema, {.column = "_key"});
                   }}))
          .value();
  std::vector<Record> records;
  for (std::string_view part : Split(input)) {
    Record& record = records.emplace_back();
    record.key_is_null = part.find('\0') == std::string_view::npos;
    if (!record.key_is_null) record.key = CutText(part);
    record.value = part;
  }
  DecodeRecords(*decoder, std::move(records));
}

// The columns of the records themselves take the records.
void FuzzJsonInference(std::string_view input) {
  const std::vector<std::string_view> payloads = Split(input);
  const auto report = decode::InferSchema(payloads);
  if (!report.ok()) return;
  auto decoder = decode::MakeJsonDecoder(report->schema);
  if (decoder.ok()) DecodeAll(**decoder, input);
}

std::unique_ptr<Decoder> AvroDecoder(const PayloadSchema& schema, bool rescues = false) {
  const auto parsed = decode::ParseAvroSchema(schema);
  if (!parsed.ok()) return nullptr;
  const auto table = decode::AvroToIceberg(*parsed);
  if (!table.ok() || table->fields.empty()) return nullptr;
  decode::AvroDecoderOptions options{.framing = decode::Framing::kNone, .schema = schema};
  if (rescues) options.rescue = Rescuing();
  auto decoder = decode::MakeAvroDecoder(rescues ? Unfitting(*table) : *table, options);
  return decoder.ok() ? std::move(decoder).value() : nullptr;
}

void FuzzAvro(std::string_view input) {
  static const std::unique_ptr<Decoder> decoder =
      AvroDecoder({PayloadFormat::kAvro, kAvroFuzzSchema, {}});
  CHECK(decoder != nullptr);
  DecodeAll(*decoder, input);
  static const std::unique_ptr<Decoder> rescuing =
      AvroDecoder({PayloadFormat::kAvro, kAvroFuzzSchema, {}}, /*rescues=*/true);
  CHECK(rescuing != nullptr);
  DecodeAll(*rescuing, input);
}

// Input: a schema, a byte 0, records of it.
void FuzzAvroSchema(std::string_view input) {
  const PayloadSchema schema{PayloadFormat::kAvro, std::string(CutText(input)), {}};
  const std::unique_ptr<Decoder> decoder = AvroDecoder(schema);
  if (decoder != nullptr) DecodeAll(*decoder, input);
}

std::unique_ptr<Decoder> ProtobufDecoder(const PayloadSchema& schema, bool rescues = false) {
  const auto parsed = decode::ParseProtoText(schema);
  if (!parsed.ok()) return nullptr;
  const decode::ProtoMessage* message = parsed->FindByPath({});
  if (message == nullptr) return nullptr;
  const auto table = decode::ProtobufToIceberg(*parsed, *message);
  if (!table.ok()) return nullptr;
  decode::ProtobufDecoderOptions options{.framing = decode::Framing::kNone, .schema = schema};
  if (rescues) options.rescue = Rescuing();
  auto decoder = decode::MakeProtobufDecoder(rescues ? Unfitting(*table) : *table, options);
  return decoder.ok() ? std::move(decoder).value() : nullptr;
}

void FuzzProtobuf(std::string_view input) {
  static const std::unique_ptr<Decoder> decoder =
      ProtobufDecoder({PayloadFormat::kProtobuf, kProtobufFuzzSchema, {}});
  CHECK(decoder != nullptr);
  DecodeAll(*decoder, input);
  static const std::unique_ptr<Decoder> rescuing =
      ProtobufDecoder({PayloadFormat::kProtobuf, kProtobufFuzzSchema, {}}, /*rescues=*/true);
  CHECK(rescuing != nullptr);
  DecodeAll(*rescuing, input);
}

// Input: a .proto file, a byte 0, a file it may import as "other.proto", a byte 0, records.
void FuzzProtoText(std::string_view input) {
  PayloadSchema schema{PayloadFormat::kProtobuf, std::string(CutText(input)), {}};
  schema.references.push_back({.name = "other.proto", .text = std::string(CutText(input))});
  const std::unique_ptr<Decoder> decoder = ProtobufDecoder(schema);
  if (decoder != nullptr) DecodeAll(*decoder, input);
}

// Input: a schema, a byte 0, one it may refer to as "other.json". What maps is a legal schema.
void FuzzJsonSchema(std::string_view input) {
  PayloadSchema schema{PayloadFormat::kJsonSchema, std::string(CutText(input)), {}};
  schema.references.push_back({.name = "other.json", .text = std::string(input)});
  const auto mapped = decode::JsonSchemaToIceberg(schema);
  if (mapped.ok())
    CHECK(decode::MakeJsonDecoder(*mapped).ok() || !iceberg::ValidateSchema(*mapped, 2).ok());
}

// The type language of [[schema.fields]].
void FuzzTypeText(std::string_view input) {
  int32_t next_id = 1;
  const auto type = decode::ParseTypeText(input, next_id);
  if (type.ok()) CHECK(!ToString(*type).empty());
}

const Registration json("json", &FuzzJson);
const Registration json_inference("json_inference", &FuzzJsonInference);
const Registration keyed("keyed", &FuzzKeyed);
const Registration avro("avro", &FuzzAvro);
const Registration avro_schema("avro_schema", &FuzzAvroSchema);
const Registration json_schema("json_schema", &FuzzJsonSchema);
const Registration protobuf("protobuf", &FuzzProtobuf);
const Registration proto_text("proto_text", &FuzzProtoText);
const Registration type_text("type_text", &FuzzTypeText);

}  // namespace
}  // namespace kafka_iceberg::fuzz
