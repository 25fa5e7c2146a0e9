// SPDX-License-Identifier: Apache-2.0
#include "decode/avro_decoder.h"

#include "decode/avro/avro_programs.h"
#include "decode/avro/avro_row_reader.h"
#include "decode/row_columns.h"

namespace kafka_iceberg::decode {
namespace {

class AvroDecoder final : public Decoder {
 public:
  AvroDecoder(std::unique_ptr<RowColumns> columns, const AvroDecoderOptions& options)
      : columns_(std::move(columns)),
        framing_{.framing = options.framing, .decompressed_bytes_max = options.record_bytes_max},
        has_source_(options.schemas != nullptr),
        programs_(options.schemas, *columns_, options.programs_max),
        reader_(columns_->payload_columns()) {
    if (options.schema) unframed_ = AvroPrograms::Compile(*options.schema, *columns_);
  }

  DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                     std::vector<DeadLetter>& dead_letters) override {
    DecodeStats stats;
    programs_.ForgetUnknown();
    for (const Record& record : records) {
      if (record.value_is_null) {
        ++stats.tombstones;
      } else if (DecodeRecord(topic, record, stats.stopped)) [[likely]] {
        ++stats.rows;
        stats.ignored_fields += reader_.ignored_fields();
      } else if (stats.stopped) {
        break;
      } else {
        columns_->ForgetRow();
        ++stats.dead_letters;
        dead_letters.push_back(MakeDeadLetter(topic, record, failure_));
      }
      ++stats.records;
    }
    pending_bytes_ = columns_->bytes();
    return stats;
  }

  int64_t pending_rows() const override { return columns_->rows(); }
  int64_t pending_bytes() const override { return pending_bytes_; }
  const std::shared_ptr<arrow::Schema>& arrow_schema() const override {
    return columns_->arrow_schema();
  }
  std::shared_ptr<arrow::RecordBatch> Seal() override {
    pending_bytes_ = 0;
    return columns_->Seal();
  }

 private:
  // False: see failure_, or `stopped` when that is set.
  bool DecodeRecord(const std::string& topic, const Record& record, std::optional<Error>& stopped) {
    if (static_cast<int64_t>(record.value.size()) > framing_.decompressed_bytes_max) [[unlikely]] {
      return Fail("too_big", fmt::format("the record has {} bytes; at most {} are decoded",
                                         record.value.size(), framing_.decompressed_bytes_max));
    }
    if (const Status framed = ParseFraming(record, framing_, payload_); !framed.ok()) [[unlikely]] {
      const bool too_big = framed.error().code() == ErrorCode::kUnsupported;
      return Fail(too_big ? "too_big" : "bad_framing",
                  "the record is not framed as it should be: " + framed.error().message());
    }
    const CompiledAvro* compiled = FindProgram(stopped);
    if (compiled == nullptr) [[unlikely]]
      return false;
    if (compiled->failure) [[unlikely]] {
      failure_ = *compiled->failure;
      return false;
    }
    if (!reader_.Read(compiled->program, payload_.body, columns_->rows())) [[unlikely]] {
      failure_ = reader_.failure();
      return false;
    }
    return columns_->EndRow(topic, record, failure_);
  }

  // Null: as above.
  const CompiledAvro* FindProgram(std::optional<Error>& stopped) {
    if (payload_.schema_id && has_source_) [[likely]] {
      const auto found = programs_.Find(*payload_.schema_id);
      if (found.ok()) [[likely]]
        return *found;
      stopped = found.error();
      return nullptr;
    }
    if (unframed_) return &*unframed_;
    Fail("bad_framing", "the record does not name its schema, and none is configured");
    return nullptr;
  }

  bool Fail(std::string_view code, std::string reason) {
    failure_ = {code, "", std::move(reason)};
    return false;
  }

  const std::unique_ptr<RowColumns> columns_;
  const FramingOptions framing_;
  const bool has_source_;
  AvroPrograms programs_;
  std::optional<CompiledAvro> unframed_;
  AvroRowReader reader_;
  FramedPayload payload_;
  RowFailure failure_;
  int64_t pending_bytes_ = 0;
};

Status ValidateDefaults(const iceberg::Schema& schema) {
  Status status;
  iceberg::VisitFields(schema.fields, [&](const iceberg::Field& field) {
    if (!status.ok() || !field.write_default || !field.type.is_primitive()) return;
    const auto value = iceberg::FromJsonText(*field.write_default, field.type);
    if (!value.ok()) status = value.error().WithContext("write-default of column " + field.name);
  });
  return status;
}

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
  TRY(ValidateDefaults(schema));
  auto columns = TRY(RowColumns::Make(schema));
  return std::make_unique<AvroDecoder>(std::move(columns), options);
}

}  // namespace kafka_iceberg::decode
