// SPDX-License-Identifier: Apache-2.0
//
// PayloadEncoder: the generator's records in Avro or Protobuf instead of JSON, in Confluent's
// framing, and the schema they are written with. Used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "kafka/produce/generator.h"

namespace kafka_iceberg::kafka {

enum class PayloadEncoding : uint8_t { kJson, kAvro, kProtobuf };

Result<PayloadEncoding> ParsePayloadEncoding(std::string_view name);

// The text of the schema, for kafka.schema_file; empty for JSON. Timestamps have microseconds;
// decimals are text in Protobuf, which has no type for them.
std::string PayloadSchemaText(PayloadEncoding encoding, Profile profile);

class PayloadEncoder {
 public:
  // The id of the schema in the framing.
  static constexpr uint8_t kSchemaId = 1;

  PayloadEncoder(PayloadEncoding encoding, Profile profile);

  // Appends one record of the generator's, given as JSON. One that does not fit the profile's
  // schema is appended as it is.
  void Append(std::string_view json, std::string& out);

 private:
  bool AppendFields(std::string_view json, std::string& out);
  bool AppendAvro(const ProfileField& field, std::string_view value, std::string& out);
  bool AppendProtobuf(size_t column, std::string_view value, std::string& out);
  bool ParseTime(std::string_view text, int64_t& micros);

  const PayloadEncoding encoding_;
  const std::vector<ProfileField> fields_;
  // The last event time, down to the second, as text and as a number.
  std::string second_text_;
  int64_t second_ = 0;
};

}  // namespace kafka_iceberg::kafka
