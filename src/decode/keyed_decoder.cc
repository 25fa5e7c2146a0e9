// SPDX-License-Identifier: Apache-2.0
#include "decode/keyed_decoder.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "decode/arrow_schema.h"
#include "decode/metadata_columns.h"
#include "decode/row_columns.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Schema;

// One row of the key for each row of the value, when that is complete.
class KeyRows final : public RowPartner {
 public:
  KeyRows(std::unique_ptr<Decoder> keys, std::string column)
      : keys_(std::move(keys)), column_(std::move(column)) {
    keys_->StoreNullValues();
  }

  void Begin() {
    failures_.clear();
    ignored_fields_ = 0;
    stopped_.reset();
    drift_.reset();
  }

  RowEnd TakeRow(const std::string& topic, const Record& record) override {
    Record key = record;
    key.value = record.key;
    key.value_is_null = record.key_is_null;
    DecodeStats stats = keys_->Decode(topic, std::span(&key, 1), failures_);
    ignored_fields_ += stats.ignored_fields;
    if (stats.rows == 1) [[likely]]
      return RowEnd::kRow;
    if (stats.dead_letters == 1) return RowEnd::kFailed;
    stopped_ = std::move(stats.stopped);
    drift_ = std::move(stats.drift);
    return RowEnd::kStopped;
  }

  // Letters that the values' decoder made of records whose keys failed: it does not know why.
  void Describe(std::span<DeadLetter> letters) const {
    auto failure = failures_.begin();
    for (DeadLetter& letter : letters) {
      if (failure == failures_.end()) return;
      if (failure->offset != letter.offset || failure->partition != letter.partition) continue;
      letter.code = failure->code;
      letter.field_path = failure->field_path.empty() ? column_ : failure->field_path;
      letter.reason = letter.key_is_null
                          ? fmt::format("the record has no key, and {} is required", column_)
                          : "the record's key: " + failure->reason;
      letter.schema_id = failure->schema_id;
      ++failure;
    }
  }

  Decoder& decoder() const { return *keys_; }
  const std::string& column() const { return column_; }
  int64_t ignored_fields() const { return ignored_fields_; }
  // Why the last record stopped, if one did.
  const std::optional<Error>& stopped() const { return stopped_; }
  const std::optional<Schema>& drift() const { return drift_; }

 private:
  const std::unique_ptr<Decoder> keys_;
  const std::string column_;
  std::vector<DeadLetter> failures_;  // of this call; their value is the key
  int64_t ignored_fields_ = 0;
  std::optional<Error> stopped_;
  std::optional<Schema> drift_;
};

class KeyedDecoder final : public Decoder {
 public:
  KeyedDecoder(const Schema& table, std::shared_ptr<arrow::Schema> arrow_schema,
               std::unique_ptr<Decoder> values, std::unique_ptr<KeyRows> keys)
      : arrow_schema_(std::move(arrow_schema)), keys_(std::move(keys)), values_(std::move(values)) {
    for (const Field& field : table.fields) {
      if (field.name == keys_->column()) {
        key_field_ = field;
      } else if (!FindMetadataColumn(field.name)) {
        value_fields_.push_back(field);
      }
    }
    values_->JoinRows(*keys_);
  }

  DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                     std::vector<DeadLetter>& dead_letters) override {
    const size_t first = dead_letters.size();
    keys_->Begin();
    DecodeStats stats = values_->Decode(topic, records, dead_letters);
    keys_->Describe(std::span(dead_letters).subspan(first));
    stats.ignored_fields += keys_->ignored_fields();
    if (stats.drift) {
      stats.drift = WantedByValues(*std::move(stats.drift));
    } else if (keys_->drift()) {
      stats.drift = WantedByKeys(*keys_->drift());
    } else if (keys_->stopped()) {
      stats.stopped = keys_->stopped()->WithContext("the record's key");
    }
    return stats;
  }

  void StoreNullValues() override { values_->StoreNullValues(); }
  void JoinRows(RowPartner&) override { CHECK(false); }  // these rows have a partner
  int64_t pending_rows() const override { return values_->pending_rows(); }
  int64_t pending_bytes() const override {
    return values_->pending_bytes() + keys_->decoder().pending_bytes();
  }
  const std::shared_ptr<arrow::Schema>& arrow_schema() const override { return arrow_schema_; }

  std::shared_ptr<arrow::RecordBatch> Seal() override {
    const auto values = values_->Seal();
    const auto keys = keys_->decoder().Seal();
    CHECK((values == nullptr) == (keys == nullptr));
    if (values == nullptr || !key_field_) return values;
    CHECK(values->num_rows() == keys->num_rows());
    std::vector<std::shared_ptr<arrow::Array>> columns;
    int next_value = 0;
    for (const auto& field : arrow_schema_->fields()) {
      const bool is_key = field->name() == keys_->column();
      columns.push_back(is_key ? keys->column(0) : values->column(next_value++));
    }
    return arrow::RecordBatch::Make(arrow_schema_, values->num_rows(), std::move(columns));
  }

 private:
  Schema WantedByValues(Schema wanted) const {
    std::erase_if(wanted.fields, [&](const Field& field) { return field.name == keys_->column(); });
    if (key_field_) wanted.fields.push_back(*key_field_);
    return wanted;
  }

  Schema WantedByKeys(const Schema& keys) const {
    Schema wanted;
    wanted.fields = value_fields_;
    wanted.fields.insert(wanted.fields.end(), keys.fields.begin(), keys.fields.end());
    return wanted;
  }

  const std::shared_ptr<arrow::Schema> arrow_schema_;
  const std::unique_ptr<KeyRows> keys_;
  const std::unique_ptr<Decoder> values_;  // goes before its partner
  std::optional<Field> key_field_;         // when the table has it
  std::vector<Field> value_fields_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeKeyedDecoder(const Schema& table_schema,
                                                  const KeyedDecoderParts& parts) {
  Schema values = table_schema;
  Schema keys;
  const auto key = std::ranges::find(values.fields, parts.column, &Field::name);
  if (key != values.fields.end()) {
    keys.fields.push_back(*key);
    values.fields.erase(key);
  }
  auto arrow_schema = TRY(ToArrowSchema(table_schema));
  auto rows = std::make_unique<KeyRows>(TRY(parts.make_keys(keys)), parts.column);
  return std::make_unique<KeyedDecoder>(table_schema, std::move(arrow_schema),
                                        TRY(parts.make_values(values)), std::move(rows));
}

}  // namespace kafka_iceberg::decode
