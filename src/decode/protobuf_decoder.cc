// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf_decoder.h"

#include <algorithm>

#include "decode/protobuf/proto_programs.h"
#include "decode/protobuf/proto_rescue.h"
#include "decode/protobuf/proto_row_reader.h"
#include "decode/row_decoder.h"

namespace kafka_iceberg::decode {
namespace {

class ProtobufDecoder final : public RecordDecoder {
 public:
  ProtobufDecoder(std::unique_ptr<RowColumns> columns, std::unique_ptr<ProtoPrograms> programs,
                  const ProtobufDecoderOptions& options)
      : RecordDecoder(std::move(columns)),
        programs_(std::move(programs)),
        reader_(options.epoch_unit, options.record_bytes_max, this->columns().rescue()),
        framing_{.framing = options.framing,
                 .has_message_path = true,
                 .plain_message_path = options.plain_message_path,
                 .decompressed_bytes_max = options.record_bytes_max,
                 .id_header = options.id_header},
        record_bytes_max_(options.record_bytes_max),
        report_drift_(options.report_drift),
        is_one_column_(!options.column.empty()) {
    if (Rescue* rescue = this->columns().rescue()) rescue_.emplace(*rescue);
  }

 private:
  void Begin() override { programs_->AskAgain(); }

  Outcome DecodeRecord(const std::string& topic, const Record& record) override {
    if (static_cast<int64_t>(record.value.size()) > record_bytes_max_) {
      payload_.schema_id.reset();
      return FailTooBig(record, record_bytes_max_);
    }
    if (const Status framed = ParseFraming(record, framing_, payload_); !framed.ok()) [[unlikely]] {
      payload_.schema_id.reset();
      const bool too_big = framed.error().code() == ErrorCode::kUnsupported;
      return Fail(
          {too_big ? "too_big" : "bad_framing", "", "the record: " + framed.error().message()});
    }
    ProtoNode* root = programs_->Find(payload_);
    if (report_drift_) {
      if (auto wanted = programs_->TakeWanted()) [[unlikely]]
        return Drift(*std::move(wanted));
    }
    if (root == nullptr) [[unlikely]] {
      if (programs_->stopped()) return Stop(*programs_->stopped());
      return Fail(programs_->failure());
    }
    if (!reader_.Read(*root, is_one_column_ ? AsOnlyField() : payload_.body, columns().rows()))
        [[unlikely]]
      return Fail(reader_.failure());
    ignored_fields_ = reader_.ignored_fields();
    if (rescue_ && ignored_fields_ > 0) [[unlikely]] {
      if (!rescue_->Collect(*root, payload_.body)) return Fail(rescue_->failure());
      ignored_fields_ = std::max<int64_t>(0, ignored_fields_ - rescue_->kept());
    }
    return EndRow(topic, record);
  }

  // The payload as field 1 of a message; see ProtoSchema::AsOnlyField().
  std::string_view AsOnlyField() {
    constexpr char kTag = 1 << 3 | kWireBytes;
    outer_.assign(1, kTag);
    size_t size = payload_.body.size();
    for (; size >= 0x80; size >>= 7) outer_ += static_cast<char>(size | 0x80);
    outer_ += static_cast<char>(size);
    outer_ += payload_.body;
    return outer_;
  }

  int64_t ignored_fields() const override { return ignored_fields_; }
  std::string failed_schema_id() const override {
    return payload_.schema_id ? ToString(*payload_.schema_id) : std::string();
  }

  const std::unique_ptr<ProtoPrograms> programs_;
  ProtoRowReader reader_;
  std::optional<ProtoRescue> rescue_;  // when what no column takes is kept
  int64_t ignored_fields_ = 0;
  const FramingOptions framing_;
  const int64_t record_bytes_max_;
  const bool report_drift_;
  const bool is_one_column_;
  FramedPayload payload_;
  std::string outer_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeProtobufDecoder(const iceberg::Schema& table_schema,
                                                     ProtobufDecoderOptions options) {
  auto columns = TRY(RowColumns::Make(table_schema, options.rescue));
  auto programs = std::make_unique<ProtoPrograms>(
      FieldColumns{columns->payload_fields(), columns->payload_columns()}, options.schemas,
      options.rescue.column.empty() ? RescueScope::kNothing : options.rescue.scope, options.column);
  if (options.schemas != nullptr && !options.subject.empty())
    programs->UseSubject(options.subject, options.message);
  if (options.schema) TRY(programs->SetUnframed(*options.schema, options.message));
  return std::make_unique<ProtobufDecoder>(std::move(columns), std::move(programs), options);
}

}  // namespace kafka_iceberg::decode
