// SPDX-License-Identifier: Apache-2.0
//
// The decoder for Avro records: one payload, one row, by the schema it was written with. Which
// column takes which type is in avro/avro_type_rules.h, metadata columns in metadata_columns.h. One
// decoder belongs to one thread.
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

namespace kafka_iceberg::decode {

struct AvroDecoderOptions {
  Framing framing = Framing::kAuto;
  // Where schemas come from by the id in the payload. Without it kAuto means kNone, and ids of the
  // other framings are passed over.
  std::shared_ptr<SchemaSource> schemas;
  // Of payloads that name no schema; of all of them when there is no source.
  std::optional<PayloadSchema> schema;
  // Whose latest version the payloads that name no schema are written with; empty: of none.
  std::string subject;
  // Not empty: a payload is the value of this column as a whole, whatever its type.
  std::string column;
  std::string_view id_header = kValueSchemaIdHeader;  // see FramingOptions
  int64_t record_bytes_max = 16LL << 20;  // larger payloads are too_big, before or after unpacking
  int64_t programs_max = 1000;            // writer schemas kept ready
  bool report_drift = false;              // of each writer schema, when it is first met
  RescueOptions rescue;
};

// Dead letter codes:
//   bad_framing         the payload does not name its schema in the way of `framing`
//   unknown_schema      the registry has no schema of that id
//   bad_schema          it has one, which is not an Avro schema
//   unsupported_schema  it is recursive or beyond the limits in avro/avro_schema.h
//   schema_mismatch     a column cannot hold what the schema says without loss (every record of
//   that
//                       schema; of a union with several types only those with the type in question)
//   missing_field       null or not in the schema, and the column is required
//   bad_avro            the bytes are not what the schema says, too few, or too many
//   bad_utf8, bad_value a string is not UTF-8; not a UUID; a map has the same key twice
//   out_of_range        a value its column cannot hold without loss
//   too_big
//
// Columns are found by name (CompileAvro() in avro/avro_program.h); fields no column takes are
// counted, never an error; columns the schema lacks get their write-default or null. When the
// schema source cannot answer now, DecodeStats::stopped says so and the rest is not looked at.
//
// kUnsupported or kInvalid, naming the column, when a type cannot be written or a reserved name has
// another type; kCorrupt or kUnsupported when `options.schema` cannot be used; kInvalid when there
// is neither a schema nor a source.
Result<std::unique_ptr<Decoder>> MakeAvroDecoder(const iceberg::Schema& schema,
                                                 AvroDecoderOptions options);

}  // namespace kafka_iceberg::decode
