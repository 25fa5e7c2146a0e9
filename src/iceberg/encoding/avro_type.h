// SPDX-License-Identifier: Apache-2.0
//
// Iceberg types and values in Avro (spec Appendix A, "Avro"): the schema of a struct, and reading
// and writing single fields and primitive values by that schema. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/encoding/avro_binary.h"
#include "iceberg/encoding/avro_schema.h"
#include "iceberg/type.h"
#include "iceberg/value.h"

namespace kafka_iceberg::iceberg {

// A record with these fields. Names of nested types are unique in it and always defined in place,
// because some readers know no references. kUnsupported for types that have no form in Avro.
Result<AvroSchema> AvroRecordOf(std::string_view name, const std::vector<Field>& fields);

// One field of a record that is being read; absent when null. kCorrupt when the writer's type is
// another one.
Result<std::optional<int64_t>> GetLong(AvroReader& reader, const AvroField& field);
Result<std::optional<int32_t>> GetInt(AvroReader& reader, const AvroField& field);
Result<std::optional<bool>> GetBoolean(AvroReader& reader, const AvroField& field);
// Strings and bytes; a view into the reader's input.
Result<std::optional<std::string_view>> GetBytes(AvroReader& reader, const AvroField& field);
// Any primitive, by the writer's own schema.
Result<Value> GetValue(AvroReader& reader, const AvroField& field);

// One field of a record that is being written. kInvalid when the field is required and there is no
// value.
Status PutLong(AvroWriter& writer, const AvroField& field, std::optional<int64_t> value);
Status PutBoolean(AvroWriter& writer, const AvroField& field, std::optional<bool> value);
Status PutBytes(AvroWriter& writer, const AvroField& field, std::optional<std::string_view> value);
// `value` must be of the storage form of the field's type (PromoteValue).
Status PutValue(AvroWriter& writer, const AvroField& field, const Value& value);

// `value` in the storage form of `type`: int becomes long and float double where the type was
// promoted since. kInvalid when it is a value of another type. Any value is of type unknown.
Result<Value> PromoteValue(Value value, const Type& type);

}  // namespace kafka_iceberg::iceberg
