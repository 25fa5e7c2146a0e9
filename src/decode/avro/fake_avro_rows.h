// SPDX-License-Identifier: Apache-2.0
//
// Made-up records for tests of the Avro decoder: a registry in memory, payloads in, cells as JSON
// text out. One thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decode/avro/avro_to_iceberg.h"
#include "decode/avro_decoder.h"
#include "decode/type_text.h"

namespace kafka_iceberg::decode {

class FakeAvroSchemas final : public SchemaSource {
 public:
  Result<std::shared_ptr<const PayloadSchema>> Find(const SchemaId& id) override;
  // By the subject's name as an id.
  Result<std::shared_ptr<const PayloadSchema>> FindLatest(const std::string& subject) override {
    return Find(subject);
  }

  void Add(const SchemaId& id, std::string text) {
    schemas[id] = std::make_shared<PayloadSchema>(PayloadSchema{PayloadFormat::kAvro, text, {}});
  }

  std::map<SchemaId, std::shared_ptr<const PayloadSchema>> schemas;
  std::map<SchemaId, Error> errors;  // instead
  int64_t calls = 0;
};

struct AvroRows {
  DecodeStats stats;
  std::vector<DeadLetter> letters;
  std::shared_ptr<arrow::RecordBatch> batch;  // null when there is no row

  // The cells of a row as one JSON object. As in testdata/make_avro_cases.py: dates in days, times
  // and timestamps as integers in their unit, decimals as text, bytes in hex, maps as lists of
  // pairs.
  std::string Row(int64_t row = 0) const;
  // The one letter's "code field".
  std::string Letter() const;
};

// Both fail the test at hand when the text is wrong.
AvroSchema ParsedAvro(const std::string& text);
iceberg::Schema MappedAvro(const std::string& text);
// "struct<a: required long, b: optional list<required string>>".
std::string TypeWithRequired(const iceberg::Type& type);

std::string Framed(uint32_t schema_id, const std::string& payload);  // Confluent's way
std::string FromHex(std::string_view hex);

// Decodes all payloads in one call, seals, and checks the batch and the sums.
AvroRows DecodeAvro(Decoder& decoder, const std::vector<std::string>& payloads);
// The same with payloads of that schema, unframed.
AvroRows DecodeAvro(const iceberg::Schema& table, const std::string& schema,
                    const std::vector<std::string>& payloads);
// One column "v" of that type, one record {"v": ...} of that Avro type and bytes: its cell as JSON,
// or "code field" of its dead letter.
std::string DecodeAvroValue(const std::string& column_type, const std::string& avro_type,
                            const std::string& payload, bool required = false);

}  // namespace kafka_iceberg::decode
