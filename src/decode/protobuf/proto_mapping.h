// SPDX-License-Identifier: Apache-2.0
//
// Which column type a Protobuf type becomes: the table that the documentation prints, and the table
// schema made from it. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "decode/protobuf/proto_schema.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

struct ProtobufMappingRow {
  std::string_view protobuf;  // a type as .proto files name it
  std::string_view iceberg;   // the column type
  std::string_view also;      // other column types that its values can be written to
  std::string_view remark;
};

// Scalars, then well-known messages, then "enum", "message", "repeated", "map", "group".
std::span<const ProtobufMappingRow> ProtobufMapping();

// How the values of a message type are read when they are not simply a struct.
enum class WellKnown : uint8_t {
  kNone,
  kTimestamp,
  kDuration,
  kWrapper,  // the one field, number 1, stands for the message
  kJsonStruct,
  kJsonValue,
  kJsonList,
  kDate,
  kTimeOfDay,
  kEmpty,  // no fields at all: present or not
};
WellKnown WellKnownOf(const ProtoMessage& message);

// "uint64", "shop.Color", ...: the field's type for messages.
std::string TypeNameOf(const ProtoSchema& schema, const ProtoField& field);

struct ProtobufToIcebergOptions {
  int32_t columns_max = 2000;
  int32_t depth_max = 32;
};

// A column for each field, in their order, with fresh ids; all are optional except map keys.
// kUnsupported, naming field and type: a message that contains itself, more columns or levels than
// the limits; kInvalid: a name that is reserved for a metadata column.
Result<iceberg::Schema> ProtobufToIceberg(const ProtoSchema& schema, const ProtoMessage& message,
                                          ProtobufToIcebergOptions options = {});

}  // namespace kafka_iceberg::decode
