// SPDX-License-Identifier: Apache-2.0
#include "engine/keyed_format.h"

#include <utility>

#include "decode/keyed_decoder.h"

namespace kafka_iceberg::engine {
namespace {

using decode::Decoder;

class KeyedFormat final : public PayloadFormat {
 public:
  KeyedFormat(std::shared_ptr<const PayloadFormat> values, KeySource keys)
      : values_(std::move(values)), keys_(std::move(keys)) {}

  Result<std::unique_ptr<Decoder>> MakeDecoder(const iceberg::Schema& table_schema) const override {
    // Keys that are kept as they are ask for no column.
    if (!keys_.makes_drift && !HasColumn(table_schema)) return values_->MakeDecoder(table_schema);
    return decode::MakeKeyedDecoder(
        table_schema,
        {.column = keys_.column,
         .make_values = [&](const iceberg::Schema& schema) { return values_->MakeDecoder(schema); },
         .make_keys =
             [&](const iceberg::Schema& schema) { return keys_.format->MakeDecoder(schema); }});
  }
  Result<decode::InferenceReport> Infer(std::span<const Record> records) const override {
    decode::InferenceReport report = TRY(values_->Infer(records));
    if (HasColumn(report.schema)) {
      return Error::Invalid(
          "the values have a field {} too: set kafka.key_column to another name for the keys",
          keys_.column);
    }
    return report;
  }
  bool InfersFromRecords() const override { return values_->InfersFromRecords(); }
  const KeySource* keys() const override { return &keys_; }

 private:
  bool HasColumn(const iceberg::Schema& schema) const {
    return std::ranges::find(schema.fields, keys_.column, &iceberg::Field::name) !=
           schema.fields.end();
  }

  const std::shared_ptr<const PayloadFormat> values_;
  const KeySource keys_;
};

}  // namespace

std::shared_ptr<const PayloadFormat> WithKeys(std::shared_ptr<const PayloadFormat> values,
                                              KeySource keys) {
  return std::make_shared<const KeyedFormat>(std::move(values), std::move(keys));
}

Result<decode::InferenceReport> InferKeyColumn(const KeySource& keys,
                                               std::span<const Record> records) {
  std::vector<Record> found;
  for (Record record : records) {
    if (record.key_is_null) continue;
    record.value = record.key;
    record.value_is_null = false;
    found.push_back(record);
  }
  auto report = keys.format->Infer(found);
  if (!report.ok()) return report.error().WithContext("keys, column " + keys.column);
  for (iceberg::Field& field : report->schema.fields) field.required = false;
  if (report->schema.fields.size() != 1) {
    return Error::Invalid("keys, column {}: the schema of the keys holds no value", keys.column);
  }
  return report;
}

}  // namespace kafka_iceberg::engine
