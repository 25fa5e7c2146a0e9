// SPDX-License-Identifier: Apache-2.0
#include "engine/payload_format.h"

#include <fstream>
#include <iterator>

#include "decode/avro/avro_schema.h"
#include "decode/avro/avro_to_iceberg.h"
#include "decode/avro_decoder.h"
#include "decode/binary_decoder.h"
#include "decode/framed_json_decoder.h"
#include "decode/framing/framing.h"
#include "decode/json_decoder.h"
#include "decode/json_schema/json_schema_to_iceberg.h"
#include "decode/protobuf/proto_mapping.h"
#include "decode/protobuf/proto_text.h"
#include "decode/protobuf_decoder.h"
#include "engine/keyed_format.h"

namespace kafka_iceberg::engine {
namespace {

using decode::Decoder;
using decode::InferenceReport;
using decode::PayloadSchema;

constexpr size_t kSchemaFileBytesMax = 16 << 20;

using DecoderResult = Result<std::unique_ptr<Decoder>>;

// The values or the keys of a configuration.
struct Payloads {
  std::string format;
  std::string framing;
  std::string schema_file;
  std::string message_type;
  std::string subject;
  std::string prefix;   // of the settings, for messages
  std::string column;   // a payload is this column as a whole; empty: its fields are the columns
  std::string kept_in;  // binary and string: the column
  std::string_view id_header = decode::kValueSchemaIdHeader;
};

std::vector<std::string_view> ValuesOf(std::span<const Record> records) {
  std::vector<std::string_view> values;
  for (const Record& record : records) {
    if (!record.value_is_null) values.push_back(record.value);
  }
  return values;
}

class JsonFormat final : public PayloadFormat {
 public:
  JsonFormat(std::string column, decode::RescueOptions rescue)
      : column_(std::move(column)), rescue_(std::move(rescue)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeJsonDecoder(table_schema,
                                   {.report_drift = true, .column = column_, .rescue = rescue_});
  }
  Result<InferenceReport> Infer(std::span<const Record> records) const override {
    return decode::InferSchema(ValuesOf(records), {.column = column_});
  }
  bool InfersFromRecords() const override { return true; }

 private:
  const std::string column_;
  const decode::RescueOptions rescue_;
};

class BinaryFormat final : public PayloadFormat {
 public:
  BinaryFormat(std::string column, iceberg::TypeId type)
      : column_(std::move(column)), type_(type) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeBinaryDecoder(table_schema, {.column = column_});
  }
  Result<InferenceReport> Infer(std::span<const Record> records) const override {
    InferenceReport report{.records = static_cast<int64_t>(records.size())};
    report.schema.fields = {{.id = 1, .name = column_, .type = iceberg::Type::Primitive(type_)}};
    return report;
  }
  bool InfersFromRecords() const override { return false; }

 private:
  const std::string column_;
  const iceberg::TypeId type_;
};

// What Avro and Protobuf share: a schema from a file, or by the id in front of the payload.
struct SchemaChoice {
  decode::Framing framing = decode::Framing::kAuto;
  std::shared_ptr<decode::SchemaSource> source;  // may be null
  std::optional<PayloadSchema> file;
  Payloads payloads;
  bool has_message_path = false;
  decode::RescueOptions rescue;

  struct Found {
    PayloadSchema schema;
    std::vector<int32_t> message_path;
  };

  bool InfersFromRecords() const { return !file && payloads.subject.empty(); }

  // The configured schema, or that of the first payload that has one.
  Result<Found> FindFor(std::span<const Record> records) const {
    if (file) return Found{*file, {}};
    if (!payloads.subject.empty() && source != nullptr)
      return Found{*TRY(source->FindLatest(payloads.subject)), {}};
    decode::FramedPayload framed;
    for (const Record& record : records) {
      if (record.value_is_null) continue;
      const Status parsed = decode::ParseFraming(record,
                                                 {.framing = framing,
                                                  .has_message_path = has_message_path,
                                                  .id_header = payloads.id_header},
                                                 framed);
      if (!parsed.ok() || !framed.schema_id) continue;
      if (source == nullptr) {
        return Error::Invalid(
            "the payloads name schema {}, but no registry is configured; set "
            "schema_registry.urls, or kafka.{}schema_file",
            decode::ToString(*framed.schema_id), payloads.prefix);
      }
      return Found{*TRY(source->Find(*framed.schema_id)), framed.message_path};
    }
    return Error::Invalid(
        "the first {} payloads name no schema; set kafka.{}schema_file or kafka.{}subject, or "
        "declare the columns with [[schema.fields]]",
        records.size(), payloads.prefix, payloads.prefix);
  }
};

class AvroFormat final : public PayloadFormat {
 public:
  explicit AvroFormat(SchemaChoice choice) : choice_(std::move(choice)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeAvroDecoder(table_schema, {.framing = choice_.framing,
                                                  .schemas = choice_.source,
                                                  .schema = choice_.file,
                                                  .subject = choice_.payloads.subject,
                                                  .column = choice_.payloads.column,
                                                  .id_header = choice_.payloads.id_header,
                                                  .report_drift = true,
                                                  .rescue = choice_.rescue});
  }
  Result<InferenceReport> Infer(std::span<const Record> records) const override {
    const SchemaChoice::Found found = TRY(choice_.FindFor(records));
    decode::AvroSchema schema = TRY(decode::ParseAvroSchema(found.schema));
    const std::string& column = choice_.payloads.column;
    if (!column.empty()) schema = decode::AsOnlyField(std::move(schema), column);
    return InferenceReport{.schema = TRY(decode::AvroToIceberg(schema)),
                           .records = static_cast<int64_t>(records.size())};
  }
  bool InfersFromRecords() const override { return choice_.InfersFromRecords(); }

 private:
  const SchemaChoice choice_;
};

class JsonSchemaFormat final : public PayloadFormat {
 public:
  explicit JsonSchemaFormat(SchemaChoice choice) : choice_(std::move(choice)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeFramedJsonDecoder(table_schema, {.framing = choice_.framing,
                                                        .id_header = choice_.payloads.id_header,
                                                        .json = {.report_drift = true,
                                                                 .column = choice_.payloads.column,
                                                                 .rescue = choice_.rescue}});
  }
  Result<InferenceReport> Infer(std::span<const Record> records) const override {
    const SchemaChoice::Found found = TRY(choice_.FindFor(records));
    return InferenceReport{.schema = TRY(decode::JsonSchemaToIceberg(
                               found.schema, {.column = choice_.payloads.column})),
                           .records = static_cast<int64_t>(records.size())};
  }
  bool InfersFromRecords() const override { return choice_.InfersFromRecords(); }

 private:
  const SchemaChoice choice_;
};

class ProtobufFormat final : public PayloadFormat {
 public:
  explicit ProtobufFormat(SchemaChoice choice) : choice_(std::move(choice)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeProtobufDecoder(table_schema, {.framing = choice_.framing,
                                                      .schemas = choice_.source,
                                                      .schema = choice_.file,
                                                      .message = choice_.payloads.message_type,
                                                      .subject = choice_.payloads.subject,
                                                      .column = choice_.payloads.column,
                                                      .id_header = choice_.payloads.id_header,
                                                      .report_drift = true,
                                                      .rescue = choice_.rescue});
  }
  Result<InferenceReport> Infer(std::span<const Record> records) const override {
    const SchemaChoice::Found found = TRY(choice_.FindFor(records));
    const decode::ProtoSchema schema = TRY(decode::ParseProtoText(found.schema));
    const std::string& name = choice_.payloads.message_type;
    const decode::ProtoMessage* message =
        name.empty() ? schema.FindByPath(found.message_path) : schema.FindByName(name);
    if (message == nullptr) {
      return Error::Invalid("the schema has no message {}",
                            name.empty() ? "at the place the payload names" : name);
    }
    const std::string& column = choice_.payloads.column;
    return InferenceReport{
        .schema = TRY(column.empty() ? decode::ProtobufToIceberg(schema, *message)
                                     : decode::ProtobufToIceberg(
                                           schema, schema.AsOnlyField(*message, column))),
        .records = static_cast<int64_t>(records.size())};
  }
  bool InfersFromRecords() const override { return choice_.InfersFromRecords(); }

 private:
  const SchemaChoice choice_;
};

// Records without a value become rows as well.
class NullStoringFormat final : public PayloadFormat {
 public:
  explicit NullStoringFormat(std::shared_ptr<const PayloadFormat> format)
      : format_(std::move(format)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    auto decoder = TRY(format_->MakeDecoder(table_schema));
    decoder->StoreNullValues();
    return decoder;
  }
  Result<InferenceReport> Infer(std::span<const Record> records) const override {
    return format_->Infer(records);
  }
  bool InfersFromRecords() const override { return format_->InfersFromRecords(); }

 private:
  const std::shared_ptr<const PayloadFormat> format_;
};

Result<std::string> ReadSchemaFile(const Payloads& payloads) {
  const std::string& path = payloads.schema_file;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error::NotFound("kafka.{}schema_file: cannot read {}", payloads.prefix, path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > kSchemaFileBytesMax) {
    return Error::Invalid("kafka.{}schema_file: {} is larger than 16 MiB", payloads.prefix, path);
  }
  return text;
}

decode::PayloadFormat SchemaFormatOf(const std::string& format) {
  if (format == "avro") return decode::PayloadFormat::kAvro;
  return format == "protobuf" ? decode::PayloadFormat::kProtobuf
                              : decode::PayloadFormat::kJsonSchema;
}

}  // namespace

decode::Framing FramingOf(const std::string& name) {
  if (name == "none") return decode::Framing::kNone;
  if (name == "confluent") return decode::Framing::kConfluent;
  if (name == "apicurio8") return decode::Framing::kApicurio8;
  if (name == "glue") return decode::Framing::kGlue;
  if (name == "header") return decode::Framing::kHeader;
  return decode::Framing::kAuto;
}

namespace {

using FormatResult = Result<std::shared_ptr<const PayloadFormat>>;

// "{topic}" stands for the one topic that is read.
Result<std::string> ExpandSubject(std::string subject, const config::KafkaOptions& options,
                                  const std::string& prefix) {
  constexpr std::string_view kTopic = "{topic}";
  const size_t at = subject.find(kTopic);
  if (at == std::string::npos) return subject;
  const std::string topic = options.topics.size() == 1 ? options.topics.front() : options.topic;
  if (topic.empty()) {
    return Error::Invalid("kafka.{}subject: {{topic}} needs a table that is fed by one topic",
                          prefix);
  }
  return subject.replace(at, kTopic.size(), topic);
}

FormatResult MakeFormatOf(Payloads payloads, std::shared_ptr<decode::SchemaSource> schemas,
                          const decode::RescueOptions& rescue) {
  if (payloads.format == "json") return std::make_shared<const JsonFormat>(payloads.column, rescue);
  if (payloads.format == "binary" || payloads.format == "string") {
    return std::make_shared<const BinaryFormat>(payloads.kept_in, payloads.format == "binary"
                                                                      ? iceberg::TypeId::kBinary
                                                                      : iceberg::TypeId::kString);
  }
  SchemaChoice choice{.framing = FramingOf(payloads.framing),
                      .source = std::move(schemas),
                      .has_message_path = payloads.format == "protobuf",
                      .rescue = rescue};
  if (!payloads.schema_file.empty()) {
    std::string text = TRY(ReadSchemaFile(payloads));
    choice.file = PayloadSchema{.format = SchemaFormatOf(payloads.format), .text = std::move(text)};
  }
  choice.payloads = std::move(payloads);
  const std::string& format = choice.payloads.format;
  if (format == "avro") return std::make_shared<const AvroFormat>(std::move(choice));
  if (format == "json_schema") return std::make_shared<const JsonSchemaFormat>(std::move(choice));
  return std::make_shared<const ProtobufFormat>(std::move(choice));
}

Result<Payloads> ValuePayloads(const config::KafkaOptions& options) {
  std::string subject = TRY(ExpandSubject(options.subject, options, ""));
  return Payloads{.format = options.format,
                  .framing = options.framing,
                  .schema_file = options.schema_file,
                  .message_type = options.message_type,
                  .subject = std::move(subject),
                  .kept_in = options.value_column};
}

Result<Payloads> KeyPayloads(const config::KafkaOptions& options) {
  const config::KeyOptions& key = options.key;
  std::string subject = TRY(ExpandSubject(key.subject, options, "key_"));
  return Payloads{.format = key.format,
                  .framing = key.framing,
                  .schema_file = key.schema_file,
                  .message_type = key.message_type,
                  .subject = std::move(subject),
                  .prefix = "key_",
                  .column = key.column,
                  .kept_in = key.column,
                  .id_header = decode::kKeySchemaIdHeader};
}

}  // namespace

Result<std::shared_ptr<const PayloadFormat>> MakePayloadFormat(
    const config::KafkaOptions& options, std::shared_ptr<decode::SchemaSource> schemas,
    const decode::RescueOptions& rescue) {
  auto format = TRY(MakeFormatOf(TRY(ValuePayloads(options)), schemas, rescue));
  if (options.null_values == "store")
    format = std::make_shared<const NullStoringFormat>(std::move(format));
  if (options.key.format == "none") return format;
  const bool is_kept = options.key.format == "binary" || options.key.format == "string";
  // What does not fit in a key is not rescued: it would be taken for the value's.
  auto key_format = TRY(MakeFormatOf(TRY(KeyPayloads(options)), std::move(schemas), {}));
  return WithKeys(
      std::move(format),
      {.column = options.key.column, .format = std::move(key_format), .makes_drift = !is_kept});
}

}  // namespace kafka_iceberg::engine
