// SPDX-License-Identifier: Apache-2.0
//
// What every Decoder promises, whatever its format (decoder_conformance_test.cc). An implementation
// describes its format in a DecoderFormat and instantiates the suite in its own tests:
// INSTANTIATE_TEST_SUITE_P(Json, DecoderConformance, testing::Values(&MakeJsonFormat)).
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decode/arrow_schema.h"
#include "decode/decoder.h"

namespace kafka_iceberg::decode {

// Payloads are rows of {id: long, required; name: string; tags: list<string>}, ids 1 to 4, followed
// by the metadata columns _kafka_topic, _kafka_partition, _kafka_offset, _kafka_timestamp,
// _kafka_key.
struct DecoderFormat {
  virtual ~DecoderFormat() = default;
  virtual std::unique_ptr<Decoder> Make() = 0;
  virtual std::string Encode(int64_t id, std::optional<std::string> name,
                             std::vector<std::string> tags) = 0;
  // Payloads that are not rows; `late` ones fail after most of the row has been read.
  virtual std::string Garbage() = 0;
  virtual std::string LateGarbage() = 0;
};
using MakeDecoderFormat = std::unique_ptr<DecoderFormat> (*)();

class DecoderConformance : public testing::TestWithParam<MakeDecoderFormat> {
 protected:
  void Add(std::string payload, int64_t offset) {
    Record record;
    record.offset = offset;
    record.partition = 7;
    record.timestamp_ms = 1000 + offset;
    payloads_.push_back(std::make_unique<std::string>(std::move(payload)));
    record.value = *payloads_.back();
    records_.push_back(record);
  }
  void AddRow(int64_t id) {
    Add(format_->Encode(id, "name " + std::to_string(id), {"a", "b"}), id);
  }
  DecodeStats DecodeAll() {
    const DecodeStats stats = decoder_->Decode("topic", records_, letters_);
    EXPECT_EQ(stats.records, static_cast<int64_t>(records_.size()));
    EXPECT_EQ(stats.records, stats.rows + stats.dead_letters + stats.tombstones);
    records_.clear();
    return stats;
  }
  std::shared_ptr<arrow::RecordBatch> Seal() {
    auto batch = decoder_->Seal();
    if (batch != nullptr) {
      EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
      EXPECT_TRUE(batch->schema()->Equals(decoder_->arrow_schema()));
    }
    return batch;
  }
  static std::vector<int64_t> Ids(const arrow::RecordBatch& batch) {
    const auto& ids = static_cast<const arrow::Int64Array&>(*batch.GetColumnByName("id"));
    return {ids.raw_values(), ids.raw_values() + ids.length()};
  }

  std::unique_ptr<DecoderFormat> format_ = GetParam()();
  std::unique_ptr<Decoder> decoder_ = format_->Make();
  std::vector<std::unique_ptr<std::string>> payloads_;
  std::vector<Record> records_;
  std::vector<DeadLetter> letters_;
};

}  // namespace kafka_iceberg::decode
