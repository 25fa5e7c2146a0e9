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

namespace kafka_iceberg::engine {
namespace {

using decode::Decoder;
using decode::InferenceReport;
using decode::PayloadSchema;

constexpr size_t kSchemaFileBytesMax = 16 << 20;

using DecoderResult = Result<std::unique_ptr<Decoder>>;

class JsonFormat final : public PayloadFormat {
 public:
  explicit JsonFormat(decode::RescueOptions rescue) : rescue_(std::move(rescue)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeJsonDecoder(table_schema, {.report_drift = true, .rescue = rescue_});
  }
  Result<InferenceReport> Infer(std::span<const std::string_view> payloads) const override {
    return decode::InferSchema(payloads);
  }

 private:
  const decode::RescueOptions rescue_;
};

class BinaryFormat final : public PayloadFormat {
 public:
  explicit BinaryFormat(std::string column) : column_(std::move(column)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeBinaryDecoder(table_schema, {.column = column_});
  }
  Result<InferenceReport> Infer(std::span<const std::string_view> payloads) const override {
    InferenceReport report{.records = static_cast<int64_t>(payloads.size())};
    report.schema.fields = {
        {.id = 1, .name = column_, .type = iceberg::Type::Primitive(iceberg::TypeId::kBinary)}};
    return report;
  }

 private:
  const std::string column_;
};

// What Avro and Protobuf share: a schema from a file, or by the id in front of the payload.
struct SchemaChoice {
  decode::Framing framing = decode::Framing::kAuto;
  std::shared_ptr<decode::SchemaSource> source;  // may be null
  std::optional<PayloadSchema> file;
  bool has_message_path = false;
  decode::RescueOptions rescue;

  struct Found {
    PayloadSchema schema;
    std::vector<int32_t> message_path;
  };

  // The schema of the first payload that has one.
  Result<Found> FindFor(std::span<const std::string_view> payloads) const {
    if (file) return Found{*file, {}};
    decode::FramedPayload framed;
    for (const std::string_view payload : payloads) {
      Record record;
      record.value = payload;
      const Status parsed = decode::ParseFraming(
          record, {.framing = framing, .has_message_path = has_message_path}, framed);
      if (!parsed.ok() || !framed.schema_id) continue;
      if (source == nullptr) {
        return Error::Invalid(
            "the payloads name schema {}, but no registry is configured; set "
            "schema_registry.urls, or kafka.schema_file",
            decode::ToString(*framed.schema_id));
      }
      return Found{*TRY(source->Find(*framed.schema_id)), framed.message_path};
    }
    return Error::Invalid(
        "the first {} payloads name no schema; set kafka.schema_file, or declare the columns with "
        "[[schema.fields]]",
        payloads.size());
  }
};

class AvroFormat final : public PayloadFormat {
 public:
  explicit AvroFormat(SchemaChoice choice) : choice_(std::move(choice)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeAvroDecoder(table_schema, {.framing = choice_.framing,
                                                  .schemas = choice_.source,
                                                  .schema = choice_.file,
                                                  .report_drift = true,
                                                  .rescue = choice_.rescue});
  }
  Result<InferenceReport> Infer(std::span<const std::string_view> payloads) const override {
    const SchemaChoice::Found found = TRY(choice_.FindFor(payloads));
    const decode::AvroSchema schema = TRY(decode::ParseAvroSchema(found.schema));
    return InferenceReport{.schema = TRY(decode::AvroToIceberg(schema)),
                           .records = static_cast<int64_t>(payloads.size())};
  }

 private:
  const SchemaChoice choice_;
};

class JsonSchemaFormat final : public PayloadFormat {
 public:
  explicit JsonSchemaFormat(SchemaChoice choice) : choice_(std::move(choice)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeFramedJsonDecoder(
        table_schema,
        {.framing = choice_.framing, .json = {.report_drift = true, .rescue = choice_.rescue}});
  }
  Result<InferenceReport> Infer(std::span<const std::string_view> payloads) const override {
    const SchemaChoice::Found found = TRY(choice_.FindFor(payloads));
    return InferenceReport{.schema = TRY(decode::JsonSchemaToIceberg(found.schema)),
                           .records = static_cast<int64_t>(payloads.size())};
  }

 private:
  const SchemaChoice choice_;
};

class ProtobufFormat final : public PayloadFormat {
 public:
  ProtobufFormat(SchemaChoice choice, std::string message)
      : choice_(std::move(choice)), message_(std::move(message)) {}

  DecoderResult MakeDecoder(const iceberg::Schema& table_schema) const override {
    return decode::MakeProtobufDecoder(table_schema, {.framing = choice_.framing,
                                                      .schemas = choice_.source,
                                                      .schema = choice_.file,
                                                      .message = message_,
                                                      .report_drift = true,
                                                      .rescue = choice_.rescue});
  }
  Result<InferenceReport> Infer(std::span<const std::string_view> payloads) const override {
    const SchemaChoice::Found found = TRY(choice_.FindFor(payloads));
    const decode::ProtoSchema schema = TRY(decode::ParseProtoText(found.schema));
    const decode::ProtoMessage* message =
        message_.empty() ? schema.FindByPath(found.message_path) : schema.FindByName(message_);
    if (message == nullptr) {
      return Error::Invalid("the schema has no message {}",
                            message_.empty() ? "at the place the payload names" : message_);
    }
    return InferenceReport{.schema = TRY(decode::ProtobufToIceberg(schema, *message)),
                           .records = static_cast<int64_t>(payloads.size())};
  }

 private:
  const SchemaChoice choice_;
  const std::string message_;
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
  Result<InferenceReport> Infer(std::span<const std::string_view> payloads) const override {
    return format_->Infer(payloads);
  }

 private:
  const std::shared_ptr<const PayloadFormat> format_;
};

Result<std::string> ReadSchemaFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error::NotFound("kafka.schema_file: cannot read {}", path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > kSchemaFileBytesMax) {
    return Error::Invalid("kafka.schema_file: {} is larger than 16 MiB", path);
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

FormatResult MakeFormatOfValues(const config::KafkaOptions& options,
                                std::shared_ptr<decode::SchemaSource> schemas,
                                const decode::RescueOptions& rescue) {
  if (options.format == "json") return std::make_shared<const JsonFormat>(rescue);
  if (options.format == "binary") {
    return std::make_shared<const BinaryFormat>(options.value_column);
  }
  SchemaChoice choice{.framing = FramingOf(options.framing),
                      .source = std::move(schemas),
                      .has_message_path = options.format == "protobuf",
                      .rescue = rescue};
  if (!options.schema_file.empty()) {
    choice.file = PayloadSchema{.format = SchemaFormatOf(options.format),
                                .text = TRY(ReadSchemaFile(options.schema_file))};
  }
  if (options.format == "avro") return std::make_shared<const AvroFormat>(std::move(choice));
  if (options.format == "json_schema")
    return std::make_shared<const JsonSchemaFormat>(std::move(choice));
  return std::make_shared<const ProtobufFormat>(std::move(choice), options.message_type);
}

}  // namespace

Result<std::shared_ptr<const PayloadFormat>> MakePayloadFormat(
    const config::KafkaOptions& options, std::shared_ptr<decode::SchemaSource> schemas,
    const decode::RescueOptions& rescue) {
  auto format = TRY(MakeFormatOfValues(options, std::move(schemas), rescue));
  if (options.null_values != "store") return format;
  return std::make_shared<const NullStoringFormat>(std::move(format));
}

}  // namespace kafka_iceberg::engine
