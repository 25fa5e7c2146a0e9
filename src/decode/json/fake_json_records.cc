// SPDX-License-Identifier: Apache-2.0
#include "decode/json/fake_json_records.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "core/hashing.h"

namespace kafka_iceberg::decode {

std::string DecodedRows::Cell(const std::string& column, int64_t row) const {
  if (batch == nullptr) return "no rows";
  const auto array = batch->GetColumnByName(column);
  if (array == nullptr) return "no column";
  const auto found = array->GetScalar(row);
  if (!found.ok()) return found.status().ToString();
  std::shared_ptr<arrow::Scalar> scalar = *found;
  if (!scalar->is_valid) return "null";
  if (scalar->type->id() == arrow::Type::EXTENSION) {
    scalar = static_cast<const arrow::ExtensionScalar&>(*scalar).value;
  }
  if (scalar->type->id() == arrow::Type::BINARY ||
      scalar->type->id() == arrow::Type::FIXED_SIZE_BINARY) {
    const auto& bytes = static_cast<const arrow::BaseBinaryScalar&>(*scalar);
    return ToHex({reinterpret_cast<const char*>(bytes.value->data()),
                  static_cast<size_t>(bytes.value->size())});
  }
  return scalar->ToString();
}

std::string DecodedRows::Letter() const {
  if (letters.size() != 1) return std::to_string(letters.size()) + " letters";
  return letters[0].code + (letters[0].field_path.empty() ? "" : " " + letters[0].field_path);
}

iceberg::Schema SchemaOf(std::vector<DeclaredField> fields,
                         std::vector<std::string> metadata_columns) {
  auto schema = DeclaredSchema(fields, metadata_columns);
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return std::move(schema).value();
}

std::unique_ptr<Decoder> DecoderOf(const iceberg::Schema& schema, JsonDecoderOptions options) {
  auto decoder = MakeJsonDecoder(schema, options);
  EXPECT_TRUE(decoder.ok()) << decoder.error().message();
  return std::move(decoder).value();
}

DecodedRows DecodeAll(const iceberg::Schema& schema, const std::vector<std::string>& payloads,
                      JsonDecoderOptions options) {
  auto decoder = DecoderOf(schema, options);
  std::vector<Record> records(payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) {
    records[i].value = payloads[i];
    records[i].offset = static_cast<int64_t>(i);
  }
  DecodedRows rows;
  rows.stats = decoder->Decode("topic", records, rows.letters);
  rows.batch = decoder->Seal();
  EXPECT_EQ(rows.stats.records, static_cast<int64_t>(payloads.size()));
  EXPECT_EQ(rows.stats.records, rows.stats.rows + rows.stats.dead_letters + rows.stats.tombstones);
  EXPECT_EQ(rows.stats.dead_letters, static_cast<int64_t>(rows.letters.size()));
  EXPECT_EQ(rows.stats.rows, rows.batch == nullptr ? 0 : rows.batch->num_rows());
  if (rows.batch != nullptr) {
    const auto status = rows.batch->ValidateFull();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  return rows;
}

std::string DecodeValue(const std::string& type, const std::string& json,
                        JsonDecoderOptions options) {
  const DecodedRows rows = DecodeAll(SchemaOf({{"v", type}}), {"{\"v\":" + json + "}"}, options);
  return rows.batch != nullptr ? rows.Cell("v") : rows.Letter();
}

}  // namespace kafka_iceberg::decode
