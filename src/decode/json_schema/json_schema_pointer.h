// SPDX-License-Identifier: Apache-2.0
//
// The documents of a JSON Schema, and where a "$ref" in one of them leads. Values; what Resolve()
// returns points into the documents.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/result.h"
#include "decode/framing/payload_schema.h"

namespace kafka_iceberg::decode {

struct JsonSchemaPlace {
  const nlohmann::ordered_json* document = nullptr;
  const nlohmann::ordered_json* node = nullptr;
};

class JsonSchemaDocuments {
 public:
  static constexpr size_t kBytesMax = 4 << 20;  // of all documents
  static constexpr size_t kMembersMax = 2'000;  // of one object

  // kUnsupported: another format, or beyond the limits; kCorrupt: not JSON.
  static Result<JsonSchemaDocuments> Parse(const PayloadSchema& schema);

  JsonSchemaPlace root() const { return {&main_, &main_}; }
  // "#/definitions/address", "#", "address.json", "address.json#/$defs/street". kCorrupt: nothing
  // is there.
  Result<JsonSchemaPlace> Resolve(const JsonSchemaPlace& from, const std::string& reference) const;

 private:
  nlohmann::ordered_json main_;
  std::map<std::string, nlohmann::ordered_json> others_;  // by the name they are referred to
};

}  // namespace kafka_iceberg::decode
