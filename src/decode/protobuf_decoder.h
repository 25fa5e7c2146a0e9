// SPDX-License-Identifier: Apache-2.0
//
// The decoder for Protobuf messages: one payload, one row. Which column type takes which Protobuf
// type is in protobuf/proto_mapping.h. One decoder belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "decode/decoder.h"
#include "decode/framing/framing.h"
#include "decode/framing/payload_schema.h"
#include "decode/rescue/rescue_options.h"
#include "decode/text/value_append.h"

namespace kafka_iceberg::decode {

struct ProtobufDecoderOptions {
  Framing framing = Framing::kAuto;
  bool plain_message_path = false;        // see FramingOptions
  std::shared_ptr<SchemaSource> schemas;  // may be null when no payload carries an id
  std::optional<PayloadSchema> schema;    // of payloads without an id
  std::string message;                    // their message type; empty: the first of the schema
  // Whose latest version the payloads without an id are written with; empty: of none.
  std::string subject;
  // Not empty: a payload is the value of this column as a whole.
  std::string column;
  std::string_view id_header = kValueSchemaIdHeader;  // see FramingOptions
  int64_t record_bytes_max = 16LL << 20;      // larger payloads are too_big, unpacked ones too
  EpochUnit epoch_unit = EpochUnit::kMillis;  // of integers in timestamp columns
  bool report_drift = false;                  // of each message type, when it is first met
  RescueOptions rescue;
};

// Dead letter codes: bad_framing, unknown_schema (the registry does not have it, or it is not legal
// Protobuf), schema_mismatch (no such message in the schema, or a column that cannot take a field's
// type: all records of that schema), bad_protobuf, bad_utf8, bad_value (a string that is not in the
// notation of its column's type), out_of_range, missing_field (absent, with nothing it stands for,
// in a required column or a proto2 required field), too_big (bytes, or list elements times their
// columns, beyond record_bytes_max), too_deep (values in a JSON text), unsupported_encoding (more
// than a thousand messages in pieces).
//
// Fields meet columns by name. Absent fields: see ProtoField::absent_value; strings without
// presence are null in columns that take no empty text. Columns that the record's schema has no
// field for take their write-default, or null. Fields no column takes are counted. Groups deeper
// than 100 levels are bad_protobuf.
//
// kUnsupported or kInvalid when the table's schema cannot be written (see arrow_schema.h) or the
// configured schema cannot be used with it.
Result<std::unique_ptr<Decoder>> MakeProtobufDecoder(const iceberg::Schema& table_schema,
                                                     ProtobufDecoderOptions options);

}  // namespace kafka_iceberg::decode
