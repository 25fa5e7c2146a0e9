// SPDX-License-Identifier: Apache-2.0
#include "decode/binary_decoder.h"

#include <optional>

#include "decode/json/json_index.h"
#include "decode/row_decoder.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::TypeId;

// A column that no payload fills.
struct Fill {
  Column* column = nullptr;
  iceberg::Value value;  // null, or the write-default
};

class BinaryDecoder final : public RecordDecoder {
 public:
  BinaryDecoder(std::unique_ptr<RowColumns> columns, Column& value, std::vector<Fill> fills,
                const BinaryDecoderOptions& options)
      : RecordDecoder(std::move(columns)),
        value_(value),
        fills_(std::move(fills)),
        is_text_(value.type().id == TypeId::kString),
        record_bytes_max_(options.record_bytes_max) {}

 private:
  Outcome DecodeRecord(const std::string& topic, const Record& record) override {
    if (static_cast<int64_t>(record.value.size()) > record_bytes_max_) {
      return FailValue("too_big", fmt::format("would have {} bytes; at most {} are decoded",
                                              record.value.size(), record_bytes_max_));
    } else if (is_text_ && !IsUtf8(record.value)) {
      return FailValue("bad_utf8", "is a string, and the record is not valid UTF-8");
    } else {
      value_.AppendString(record.value);
    }
    for (const Fill& fill : fills_) fill.column->AppendValue(fill.value);
    return EndRow(topic, record);
  }

  Outcome FailValue(std::string_view code, std::string_view reason) {
    return Fail({code, value_.path(), fmt::format("{} {}", value_.path(), reason)});
  }

  Column& value_;
  const std::vector<Fill> fills_;
  const bool is_text_;
  const int64_t record_bytes_max_;
};

Result<Fill> MakeFill(const iceberg::Field& field, Column& column) {
  Fill fill;
  fill.column = &column;
  if (field.write_default && field.type.is_primitive()) {
    auto value = iceberg::FromJsonText(*field.write_default, field.type);
    if (!value.ok()) return value.error().WithContext("write-default of column " + field.name);
    fill.value = std::move(value).value();
  }
  if (field.required && iceberg::IsNull(fill.value)) {
    return Error::Invalid(
        "column {} is required, and binary records have nothing to fill it with: make it optional",
        field.name);
  }
  return fill;
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeBinaryDecoder(const iceberg::Schema& table_schema,
                                                   BinaryDecoderOptions options) {
  auto columns = TRY(RowColumns::Make(table_schema));
  Column* value = nullptr;
  std::vector<Fill> fills;
  for (size_t i = 0; i < columns->payload_fields().size(); ++i) {
    const iceberg::Field& field = columns->payload_fields()[i];
    Column& column = *columns->payload_columns()[i];
    if (field.name != options.column) {
      fills.push_back(TRY(MakeFill(field, column)));
      continue;
    }
    if (field.type.id != TypeId::kBinary && field.type.id != TypeId::kString) {
      return Error::Invalid("column {} has type {}; records as they are need binary or string",
                            field.name, iceberg::ToString(field.type));
    }
    value = &column;
  }
  if (value == nullptr)
    return Error::Invalid("the table has no column {} to keep records in", options.column);
  return std::make_unique<BinaryDecoder>(std::move(columns), *value, std::move(fills), options);
}

}  // namespace kafka_iceberg::decode
