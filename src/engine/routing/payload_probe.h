// SPDX-License-Identifier: Apache-2.0
//
// PayloadProbe: one value out of each payload of a batch, as text, for routes to look at: a field
// at the top of the payload, or the name of its record type. Payloads are read by the decoders that
// make rows of them, with that one column. Used by the poll thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/record.h"
#include "core/result.h"
#include "decode/framing/payload_schema.h"

namespace kafka_iceberg::engine {

struct ProbeFailure {
  std::string code;  // a dead letter's
  std::string field;
  std::string reason;
};

struct ProbeOutcome {
  // One for each record that was looked at; nothing: the payload has no such value.
  std::vector<std::optional<std::string>> values;
  std::map<size_t, ProbeFailure> unreadable;  // payloads that cannot be read at all, by their place
  // Why the rest was not looked at: its schema cannot be had now.
  std::optional<Error> stopped;
};

class PayloadProbe {
 public:
  virtual ~PayloadProbe() = default;
  virtual ProbeOutcome Look(const std::string& topic, std::span<const Record> records) = 0;
};

// Strings, whole numbers and booleans are values; anything else is none. kInvalid.
Result<std::unique_ptr<PayloadProbe>> MakeFieldProbe(
    const config::KafkaOptions& format, const std::shared_ptr<decode::SchemaSource>& schemas,
    const std::string& field);
// The full name of the Avro record or Protobuf message.
Result<std::unique_ptr<PayloadProbe>> MakeRecordNameProbe(
    const config::KafkaOptions& format, const std::shared_ptr<decode::SchemaSource>& schemas);

}  // namespace kafka_iceberg::engine
