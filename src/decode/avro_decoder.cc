// SPDX-License-Identifier: Apache-2.0
#include "decode/avro_decoder.h"

#include "decode/avro/avro_programs.h"
#include "decode/avro/avro_row_reader.h"
#include "decode/row_decoder.h"

namespace kafka_iceberg::decode {
namespace {

class AvroDecoder final : public RecordDecoder {
 public:
  AvroDecoder(std::unique_ptr<RowColumns> columns, const AvroDecoderOptions& options)
      : RecordDecoder(std::move(columns)),
        framing_{.framing = options.framing,
                 .decompressed_bytes_max = options.record_bytes_max,
                 .id_header = options.id_header},
        has_source_(options.schemas != nullptr),
        report_drift_(options.report_drift),
        subject_(options.schemas == nullptr ? std::string() : options.subject),
        programs_(options.schemas, this->columns(), options.column, options.programs_max),
        reader_(this->columns().payload_columns(), this->columns().rescue()) {
    if (options.schema) unframed_ = programs_.Compile(*options.schema);
  }

 private:
  void Begin() override { programs_.AskAgain(); }

  Outcome DecodeRecord(const std::string& topic, const Record& record) override {
    if (static_cast<int64_t>(record.value.size()) > framing_.decompressed_bytes_max) [[unlikely]] {
      payload_.schema_id.reset();
      return FailTooBig(record, framing_.decompressed_bytes_max);
    }
    if (const Status framed = ParseFraming(record, framing_, payload_); !framed.ok()) [[unlikely]] {
      payload_.schema_id.reset();
      const bool too_big = framed.error().code() == ErrorCode::kUnsupported;
      return Fail({too_big ? "too_big" : "bad_framing", "",
                   "the record is not framed as it should be: " + framed.error().message()});
    }
    if (payload_.schema_id && has_source_) [[likely]] {
      const auto found = programs_.Find(*payload_.schema_id);
      if (!found.ok()) [[unlikely]]
        return Stop(found.error());
      return DecodeWith(**found, topic, record);
    }
    if (unframed_) return DecodeWith(*unframed_, topic, record);
    if (!subject_.empty()) {
      const auto found = programs_.FindLatest(subject_);
      if (!found.ok()) [[unlikely]]
        return Stop(found.error());
      return DecodeWith(**found, topic, record);
    }
    return Fail({"bad_framing", "", "the record does not name its schema, and none is configured"});
  }

  Outcome DecodeWith(CompiledAvro& compiled, const std::string& topic, const Record& record) {
    if (report_drift_ && !compiled.wanted.fields.empty()) [[unlikely]]
      return Drift(std::exchange(compiled.wanted, {}));
    if (compiled.failure) [[unlikely]]
      return Fail(*compiled.failure);
    if (!reader_.Read(compiled.program, payload_.body, columns().rows())) [[unlikely]]
      return Fail(reader_.failure());
    return EndRow(topic, record);
  }

  int64_t ignored_fields() const override { return reader_.ignored_fields(); }
  std::string failed_schema_id() const override {
    return payload_.schema_id ? ToString(*payload_.schema_id) : std::string();
  }

  const FramingOptions framing_;
  const bool has_source_;
  const bool report_drift_;
  const std::string subject_;
  AvroPrograms programs_;
  std::optional<CompiledAvro> unframed_;
  AvroRowReader reader_;
  FramedPayload payload_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeAvroDecoder(const iceberg::Schema& schema,
                                                 AvroDecoderOptions options) {
  if (options.schemas == nullptr && !options.schema) {
    return Error::Invalid("an Avro decoder needs a schema registry or a schema");
  }
  if (options.schema) {
    const auto parsed = ParseAvroSchema(*options.schema);
    if (!parsed.ok()) return parsed.error().WithContext("the Avro schema of the payloads");
  }
  const bool is_unframed = options.schemas == nullptr && options.framing == Framing::kAuto;
  if (is_unframed) options.framing = Framing::kNone;
  auto columns = TRY(RowColumns::Make(schema, options.rescue));
  return std::make_unique<AvroDecoder>(std::move(columns), options);
}

}  // namespace kafka_iceberg::decode
