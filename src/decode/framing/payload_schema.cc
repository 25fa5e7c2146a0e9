// SPDX-License-Identifier: Apache-2.0
#include "decode/framing/payload_schema.h"

namespace kafka_iceberg::decode {

std::string ToString(const SchemaId& id) {
  if (const auto* number = std::get_if<int64_t>(&id)) return std::to_string(*number);
  return std::get<std::string>(id);
}

Result<std::shared_ptr<const PayloadSchema>> SchemaSource::FindLatest(const std::string& subject) {
  return Error::Unsupported("subject {}: this schema registry is not asked for subjects", subject);
}

}  // namespace kafka_iceberg::decode
