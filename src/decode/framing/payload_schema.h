// SPDX-License-Identifier: Apache-2.0
//
// PayloadSchema: the schema a payload was written with, as a registry or the configuration has it.
// SchemaSource: where a decoder gets it from by the id in the payload. Values; every SchemaSource
// is safe for concurrent use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::decode {

enum class PayloadFormat : uint8_t { kAvro, kProtobuf, kJsonSchema };

// What another schema refers to by name: an Avro type, a file to import, a "$ref".
struct SchemaReference {
  std::string name;
  std::string text;
  friend bool operator==(const SchemaReference&, const SchemaReference&) = default;
};

struct PayloadSchema {
  PayloadFormat format = PayloadFormat::kAvro;
  std::string text;
  // All that is needed to understand `text`, the nested ones too, each before those that use it.
  std::vector<SchemaReference> references;
  friend bool operator==(const PayloadSchema&, const PayloadSchema&) = default;
};

// A registry's number, or a UUID in its usual text form (Glue).
using SchemaId = std::variant<int64_t, std::string>;
std::string ToString(const SchemaId& id);

class SchemaSource {
 public:
  virtual ~SchemaSource() = default;
  // kNotFound: the registry says that there is no such schema. kUnavailable, kTimeout: nobody knows
  // now, ask again later: records with this id wait. kCorrupt, kUnsupported: it can never be used.
  virtual Result<std::shared_ptr<const PayloadSchema>> Find(const SchemaId& id) = 0;
  // The latest version of a subject, as it was a while ago at most; errors as above. The same
  // pointer as long as it is the same version.
  virtual Result<std::shared_ptr<const PayloadSchema>> FindLatest(const std::string& subject);
};

}  // namespace kafka_iceberg::decode
