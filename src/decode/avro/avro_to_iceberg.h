// SPDX-License-Identifier: Apache-2.0
//
// The table schema for payloads of an Avro schema, by the rules of avro_type_rules.h. A pure
// function.
#pragma once

#include "core/result.h"
#include "decode/avro/avro_schema.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

// Fields get fresh ids; a field is required unless its type is a union with null. Top-level fields
// with the name of a metadata column (_kafka_offset, ...) are left out, as the decoder ignores
// them, and so are fields that hold nothing (null, records without fields). A schema that is no
// record becomes the column its union branch would be: "string", "Order". kUnsupported, naming the
// field: an array or map of nothing.
Result<iceberg::Schema> AvroToIceberg(const AvroSchema& schema);

}  // namespace kafka_iceberg::decode
