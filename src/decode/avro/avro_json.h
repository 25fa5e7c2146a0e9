// SPDX-License-Identifier: Apache-2.0
//
// AvroJson: values of a writer schema as JSON text, for what no column takes. Bytes may be hostile.
// Used by one reader, for one value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "decode/avro/avro_input.h"
#include "decode/avro/avro_schema.h"

namespace kafka_iceberg::decode {

//   int, long, float, double, boolean   as they are; NaN and infinities as strings
//   string, enum, uuid                  strings
//   bytes, fixed                        base64 strings
//   decimal                             "12.50"
//   date, time-*, *timestamp-*          ISO 8601: "2026-01-08", "14:30:00", "2026-01-08T14:30:00Z"
//   record, map, duration               objects
//   array                               arrays
//   union                               the value alone
class AvroJson {
 public:
  // `empty_items_left`: how many items without bytes may still come; it is counted down.
  AvroJson(const AvroInput& input, int64_t bytes_max, int64_t& empty_items_left, std::string& out)
      : input_(input),
        bytes_max_(static_cast<size_t>(bytes_max)),
        empty_items_left_(empty_items_left),
        out_(out) {}

  // Appends the value that begins there. The place behind it; null: see code() and reason().
  const uint8_t* Write(const AvroSchema& schema, const uint8_t* at);
  std::string_view code() const { return code_; }
  std::string_view reason() const { return reason_; }

 private:
  using Next = const uint8_t*;

  Next Primitive(const AvroSchema& schema, Next at);
  Next Number(const AvroSchema& schema, Next at);
  Next Bytes(const AvroSchema& schema, Next at);
  Next Fixed(const AvroSchema& schema, Next at);
  Next Enum(const AvroSchema& schema, Next at);
  Next Record(const AvroSchema& schema, Next at);
  Next Items(const AvroSchema& schema, Next at);
  Next Block(const AvroSchema& schema, int64_t count, bool& is_first, Next at);
  Next Union(const AvroSchema& schema, Next at);
  Next ReadBytes(Next at, std::string_view& bytes);
  template <typename T>
  Next Floating(Next at);
  void Decimal(const AvroSchema& schema, std::string_view bytes);
  void Duration(std::string_view bytes);
  bool Text(std::string_view text);

  Next Fail(std::string_view code, std::string_view reason);
  Next FailBytes() { return Fail("bad_avro", "is cut off, or is not what its schema says"); }

  const AvroInput input_;
  const size_t bytes_max_;
  int64_t& empty_items_left_;
  std::string& out_;
  std::string_view code_;
  std::string_view reason_;
};

}  // namespace kafka_iceberg::decode
