// SPDX-License-Identifier: Apache-2.0
#include "decode/framed_json_decoder.h"

#include <deque>

#include "decode/row_columns.h"

namespace kafka_iceberg::decode {
namespace {

class FramedJsonDecoder final : public Decoder {
 public:
  FramedJsonDecoder(std::unique_ptr<Decoder> json, const FramedJsonDecoderOptions& options)
      : json_(std::move(json)),
        framing_({.framing = options.framing,
                  .decompressed_bytes_max = options.json.record_bytes_max,
                  .id_header = options.id_header}) {}

  DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                     std::vector<DeadLetter>& dead_letters) override {
    DecodeStats stats;
    while (!records.empty()) {
      const bool misframed = TakeBodies(records);
      const int64_t expected = stats.records + static_cast<int64_t>(bodies_.size());
      stats = DecodeBodies(topic, stats, dead_letters);
      if (stats.records < expected) return stats;  // it stopped in between
      records = records.subspan(origins_.size());
      if (!misframed) continue;
      dead_letters.push_back(
          MakeDeadLetter(topic, records[0], {"bad_framing", "", framing_error_->message()}));
      records = records.subspan(1);
      ++stats.records;
      ++stats.dead_letters;
    }
    return stats;
  }
  int64_t pending_rows() const override { return json_->pending_rows(); }
  int64_t pending_bytes() const override { return json_->pending_bytes(); }
  std::shared_ptr<arrow::RecordBatch> Seal() override { return json_->Seal(); }
  const std::shared_ptr<arrow::Schema>& arrow_schema() const override {
    return json_->arrow_schema();
  }
  void StoreNullValues() override { json_->StoreNullValues(); }
  void JoinRows(RowPartner& partner) override { json_->JoinRows(partner); }

 private:
  // Up to the first record whose framing is not what it should be; false when there is none.
  bool TakeBodies(std::span<const Record> records) {
    bodies_.clear();
    origins_.clear();
    unpacked_.clear();
    for (const Record& record : records) {
      if (!TakeBody(record)) return true;
    }
    return false;
  }

  // `before` and what has become of the bodies.
  DecodeStats DecodeBodies(const std::string& topic, const DecodeStats& before,
                           std::vector<DeadLetter>& dead_letters) {
    const size_t first = dead_letters.size();
    DecodeStats stats = json_->Decode(topic, bodies_, dead_letters);
    RestoreValues(std::span(dead_letters).subspan(first));
    stats.records += before.records;
    stats.rows += before.rows;
    stats.dead_letters += before.dead_letters;
    stats.tombstones += before.tombstones;
    stats.null_rows += before.null_rows;
    stats.ignored_fields += before.ignored_fields;
    stats.rescued_fields += before.rescued_fields;
    return stats;
  }

  bool TakeBody(const Record& record) {
    Record body = record;
    if (!record.value_is_null) {
      const Status parsed = ParseFraming(record, framing_, framed_);
      if (!parsed.ok()) {
        framing_error_ = parsed.error();
        return false;
      }
      body.value = framed_.body;
      if (framed_.body.data() == framed_.decompressed.data() && !framed_.body.empty()) {
        unpacked_.push_back(std::exchange(framed_.decompressed, {}));
        body.value = unpacked_.back();
      }
    }
    bodies_.push_back(body);
    origins_.push_back(&record);
    return true;
  }

  // A dead letter holds the record as it came. Letters come in the order of their records.
  void RestoreValues(std::span<DeadLetter> letters) {
    size_t at = 0;
    for (DeadLetter& letter : letters) {
      while (origins_[at]->partition != letter.partition || origins_[at]->offset != letter.offset)
        ++at;
      letter.value = origins_[at]->value;
    }
  }

  const std::unique_ptr<Decoder> json_;
  const FramingOptions framing_;
  FramedPayload framed_;
  std::optional<Error> framing_error_;
  std::vector<Record> bodies_;
  std::vector<const Record*> origins_;
  std::deque<std::string> unpacked_;  // payloads that were compressed; they stay where they are
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeFramedJsonDecoder(const iceberg::Schema& schema,
                                                       FramedJsonDecoderOptions options) {
  return std::make_unique<FramedJsonDecoder>(TRY(MakeJsonDecoder(schema, options.json)), options);
}

}  // namespace kafka_iceberg::decode
