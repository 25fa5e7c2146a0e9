// SPDX-License-Identifier: Apache-2.0
//
// Made-up records for tests of the JSON decoder: a schema from type texts, payloads in, cells as
// text out. One thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "decode/json_decoder.h"
#include "decode/type_text.h"

namespace kafka_iceberg::decode {

struct DecodedRows {
  DecodeStats stats;
  std::vector<DeadLetter> letters;
  std::shared_ptr<arrow::RecordBatch> batch;  // null when there is no row

  // The value as Arrow writes it, bytes in hex; "null" when it is.
  std::string Cell(const std::string& column, int64_t row = 0) const;
  // The one letter's "code field".
  std::string Letter() const;
};

iceberg::Schema SchemaOf(std::vector<DeclaredField> fields,
                         std::vector<std::string> metadata_columns = {});
std::unique_ptr<Decoder> DecoderOf(const iceberg::Schema& schema, JsonDecoderOptions options = {});

// Decodes all payloads in one call, seals, and checks the batch and the sums.
DecodedRows DecodeAll(const iceberg::Schema& schema, const std::vector<std::string>& payloads,
                      JsonDecoderOptions options = {});

// One column "v" of that type, one record {"v":<json>}: its cell, or "code field" of its dead
// letter.
std::string DecodeValue(const std::string& type, const std::string& json,
                        JsonDecoderOptions options = {});

}  // namespace kafka_iceberg::decode
