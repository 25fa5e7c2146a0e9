// SPDX-License-Identifier: Apache-2.0
//
// ProtoRescue: a second walk over a record that has fields no column takes: they are kept beside
// the columns. Nothing here runs for other records. Owned by one decoder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "decode/protobuf/proto_program.h"
#include "decode/protobuf/proto_value_json.h"
#include "decode/rescue/rescue.h"

namespace kafka_iceberg::decode {

class ProtoRescue {
 public:
  explicit ProtoRescue(Rescue& rescue) : rescue_(rescue) {}

  // Of a record that was read without a failure. False: see failure().
  bool Collect(const ProtoNode& root, std::string_view record);
  const RowFailure& failure() const { return failure_; }
  // How many fields of the last record are kept, each time they came.
  int64_t kept() const { return kept_; }

 private:
  // What one message has for the fields that are kept and the messages below it.
  struct Found {
    std::map<const ProtoField*, std::vector<WireValue>> rescued;
    std::map<const ProtoSlot*, std::string> nested;  // the pieces of each message
    std::map<const ProtoSlot*, size_t> elements;     // how many there were so far
    std::map<int32_t, const ProtoField*> branches;   // of each oneof, the one that counts
  };

  bool Message(const ProtoNode& node, std::string_view message);
  bool Take(const ProtoNode& node, uint32_t number, const WireValue& value, Found& found);
  static void ChooseBranch(const ProtoField& field, Found& found);
  bool Keep(const ProtoField& field, const std::vector<WireValue>& values);
  bool Element(const ProtoSlot& slot, size_t place, std::string_view body);
  bool Entry(const ProtoSlot& slot, size_t place, std::string_view entry);
  void AppendName(std::string_view name);
  bool Fail(std::string_view code, std::string_view reason);

  Rescue& rescue_;
  const ProtoSchema* schema_ = nullptr;
  std::string path_;
  std::string json_;
  int64_t kept_ = 0;
  RowFailure failure_;
};

}  // namespace kafka_iceberg::decode
