// SPDX-License-Identifier: Apache-2.0
//
// From the descriptors of the Protobuf library to a ProtoSchema: only for proto_text.cc. Pure
// function.
#pragma once

#include <set>
#include <string>

#include "core/result.h"
#include "decode/protobuf/proto_schema.h"

namespace google::protobuf {
class FileDescriptor;
}

namespace kafka_iceberg::decode {

class ProtoSchemaBuilder {
 public:
  // `declared`: the full names of the messages that stand in the file's text.
  static ProtoSchema Build(const google::protobuf::FileDescriptor& file,
                           const std::set<std::string>& declared);
};

}  // namespace kafka_iceberg::decode
