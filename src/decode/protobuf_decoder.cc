// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf_decoder.h"

#include <arrow/record_batch.h>

#include "decode/protobuf/proto_programs.h"
#include "decode/protobuf/proto_row_reader.h"
#include "decode/row_columns.h"

namespace kafka_iceberg::decode {
namespace {

class ProtobufDecoder final : public Decoder {
 public:
  ProtobufDecoder(std::unique_ptr<RowColumns> columns, std::unique_ptr<ProtoPrograms> programs,
                  const ProtobufDecoderOptions& options)
      : columns_(std::move(columns)),
        programs_(std::move(programs)),
        reader_(options.epoch_unit, options.record_bytes_max),
        framing_{.framing = options.framing,
                 .has_message_path = true,
                 .plain_message_path = options.plain_message_path,
                 .decompressed_bytes_max = options.record_bytes_max},
        record_bytes_max_(options.record_bytes_max) {}

  DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                     std::vector<DeadLetter>& dead_letters) override {
    DecodeStats stats;
    for (const Record& record : records) {
      if (record.value_is_null) {
        ++stats.tombstones;
      } else if (DecodeOne(topic, record)) {
        ++stats.rows;
        stats.ignored_fields += reader_.ignored_fields();
      } else if (programs_->stopped()) {
        stats.stopped = programs_->stopped();
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
  bool DecodeOne(const std::string& topic, const Record& record) {
    if (static_cast<int64_t>(record.value.size()) > record_bytes_max_) {
      return Fail({"too_big", "",
                   fmt::format("the record has {} bytes; at most {} are decoded",
                               record.value.size(), record_bytes_max_)});
    }
    if (const Status status = ParseFraming(record, framing_, payload_); !status.ok()) [[unlikely]]
      return FailFraming(status.error());
    ProtoNode* root = programs_->Find(payload_);
    if (root == nullptr) [[unlikely]]
      return Fail(programs_->failure());
    if (!reader_.Read(*root, payload_.body, columns_->rows())) [[unlikely]]
      return Fail(reader_.failure());
    return columns_->EndRow(topic, record, failure_);
  }

  bool FailFraming(const Error& error) {
    const bool too_big = error.code() == ErrorCode::kUnsupported;
    return Fail({too_big ? "too_big" : "bad_framing", "", "the record: " + error.message()});
  }
  bool Fail(RowFailure failure) {
    failure_ = std::move(failure);
    return false;
  }

  const std::unique_ptr<RowColumns> columns_;
  const std::unique_ptr<ProtoPrograms> programs_;
  ProtoRowReader reader_;
  const FramingOptions framing_;
  const int64_t record_bytes_max_;
  FramedPayload payload_;
  RowFailure failure_;
  int64_t pending_bytes_ = 0;
};

Status CheckDefaults(const iceberg::Schema& schema) {
  Status status;
  iceberg::VisitFields(schema.fields, [&](const iceberg::Field& field) {
    if (!status.ok() || !field.write_default || !field.type.is_primitive()) return;
    auto value = iceberg::FromJsonText(*field.write_default, field.type);
    if (!value.ok())
      status = value.error().WithContext("write-default of column " + schema.PathOf(field.id));
  });
  return status;
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeProtobufDecoder(const iceberg::Schema& table_schema,
                                                     ProtobufDecoderOptions options) {
  auto columns = TRY(RowColumns::Make(table_schema));
  TRY(CheckDefaults(table_schema));
  auto programs = std::make_unique<ProtoPrograms>(
      FieldColumns{columns->payload_fields(), columns->payload_columns()}, options.schemas);
  if (options.schema) TRY(programs->SetUnframed(*options.schema, options.message));
  return std::make_unique<ProtobufDecoder>(std::move(columns), std::move(programs), options);
}

}  // namespace kafka_iceberg::decode
