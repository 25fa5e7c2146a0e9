// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/known_protos.h"

#include <array>
#include <utility>

namespace kafka_iceberg::decode {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFiles = {{
    {"google/type/date.proto",
     R"(syntax = "proto3"; package google.type;
        message Date { int32 year = 1; int32 month = 2; int32 day = 3; })"},
    {"google/type/timeofday.proto",
     R"(syntax = "proto3"; package google.type;
        message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; })"},
    {"google/type/decimal.proto",
     R"(syntax = "proto3"; package google.type; message Decimal { string value = 1; })"},
    {"confluent/meta.proto",
     R"(syntax = "proto3"; package confluent;
        message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; })"},
    {"confluent/type/decimal.proto",
     R"(syntax = "proto3"; package confluent.type;
        message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; })"},
}};

}  // namespace

std::string_view KnownProtoText(std::string_view import) {
  for (const auto& [name, text] : kFiles) {
    if (name == import) return text;
  }
  return {};
}

}  // namespace kafka_iceberg::decode
