// SPDX-License-Identifier: Apache-2.0
//
// PayloadFormat: how the payloads of a configuration are read: the decoder of its format, and the
// columns that a new table gets from the schema of the payloads. Made once, shared by the writers;
// safe for concurrent use.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "config/options.h"
#include "core/record.h"
#include "core/result.h"
#include "decode/decoder.h"
#include "decode/framing/framing.h"
#include "decode/framing/payload_schema.h"
#include "decode/rescue/rescue_options.h"
#include "decode/schema_inference.h"

namespace kafka_iceberg::engine {

class PayloadFormat;

// How keys are read: as the payloads of a format, into one column.
struct KeySource {
  std::string column;
  std::shared_ptr<const PayloadFormat> format;
  bool makes_drift = true;  // a table without the column gets it when a key comes
};

class PayloadFormat {
 public:
  virtual ~PayloadFormat() = default;
  virtual Result<std::unique_ptr<decode::Decoder>> MakeDecoder(
      const iceberg::Schema& table_schema) const = 0;
  // Payload columns, without metadata columns: from a declared schema, or from what the values of
  // these records hold or name. The key has no part in it.
  virtual Result<decode::InferenceReport> Infer(std::span<const Record> records) const = 0;
  // Whether that looks at the records.
  virtual bool InfersFromRecords() const = 0;
  // Null: keys are not decoded.
  virtual const KeySource* keys() const { return nullptr; }
};

// `schemas` is where payloads' schema ids are looked up; null: nowhere. kInvalid, kNotFound: the
// configured schema file cannot be used. `rescue`: for the decoders.
Result<std::shared_ptr<const PayloadFormat>> MakePayloadFormat(
    const config::KafkaOptions& options, std::shared_ptr<decode::SchemaSource> schemas,
    const decode::RescueOptions& rescue = {});

// kafka.framing
decode::Framing FramingOf(const std::string& name);

}  // namespace kafka_iceberg::engine
