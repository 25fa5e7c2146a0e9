// SPDX-License-Identifier: Apache-2.0
//
// ProtoValueJson: values of message fields as JSON text, for what no column takes. Bytes may be
// hostile. Used by one reader, for one record.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/protobuf/proto_schema.h"
#include "decode/protobuf/wire_reader.h"

namespace kafka_iceberg::decode {

// One occurrence of a field.
struct WireValue {
  uint32_t wire_type = kWireVarint;
  uint64_t scalar = 0;
  std::string_view bytes;  // of a string, a message, a group, or packed elements
};

// The value behind `tag`; null when the bytes are not that.
WireAt ReadWireValue(uint32_t tag, WireAt at, WireAt end, WireValue& value);

//   integers, float, double, bool   as they are; NaN and infinities as strings
//   string, enum                    strings; numbers without a name as numbers
//   bytes                           base64 strings
//   message, map                    objects, with the fields that are there
//   repeated                        arrays
//   Timestamp                       "2026-01-08T14:30:00Z"; wrappers: the value;
//                                   Struct, Value, ListValue: the JSON they hold
class ProtoValueJson {
 public:
  ProtoValueJson(const ProtoSchema& schema, int64_t bytes_max, std::string& out)
      : schema_(schema), bytes_max_(static_cast<size_t>(bytes_max)), out_(out) {}

  // Appends what the occurrences of a field say together; there is at least one. False: see code()
  // and reason().
  bool Field(const ProtoField& field, const std::vector<WireValue>& values);
  // The same of one occurrence, as a value of its own when the field is repeated.
  bool Value(const ProtoField& field, const WireValue& value);
  std::string_view code() const { return code_; }
  std::string_view reason() const { return reason_; }

  static constexpr int32_t kDepthMax = 64;

 private:
  using Fields = std::map<size_t, std::vector<WireValue>>;  // by place in the message
  using Places = std::unordered_map<uint32_t, size_t>;      // by number

  bool Number(const ProtoField& field, uint64_t bits);
  bool Text(std::string_view text);
  bool Repeated(const ProtoField& field, const std::vector<WireValue>& values);
  bool Packed(const ProtoField& field, std::string_view bytes);
  bool Entries(const ProtoField& field, const std::vector<WireValue>& values);
  bool Message(const ProtoMessage& message, std::string_view bytes);
  bool WellKnownMessage(const ProtoMessage& message, const Fields& fields, std::string_view bytes,
                        bool& is_written);
  bool Timestamp(const Fields& fields);
  bool Object(const ProtoMessage& message, const Fields& fields);
  bool Collect(const ProtoMessage& message, std::string_view bytes, Fields& fields);
  const Places& PlacesOf(const ProtoMessage& message);
  const ProtoMessage& MessageOf(const ProtoField& field) const {
    return schema_.messages()[static_cast<size_t>(field.type_index)];
  }
  bool CheckSize();
  bool FailSize();
  bool Fail(std::string_view code, std::string_view reason);
  bool FailBytes() { return Fail("bad_protobuf", "is not encoded as its type, or cut off"); }

  const ProtoSchema& schema_;
  const size_t bytes_max_;
  std::string& out_;
  int32_t depth_ = 0;
  std::unordered_map<const ProtoMessage*, Places> places_;
  std::string_view code_;
  std::string_view reason_;
};

}  // namespace kafka_iceberg::decode
