// SPDX-License-Identifier: Apache-2.0
//
// What an answer of a schema registry (Confluent's API) means: the schema in it, or what is to be
// done about it. Every byte of it is hostile, and none of its text gets into a message: servers
// echo requests, credentials included. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "decode/framing/payload_schema.h"
#include "net/http_client.h"

namespace kafka_iceberg::decode {

inline constexpr size_t kRegistrySchemaBytesMax = 1 << 20;
inline constexpr size_t kRegistryReferencesMax = 256;  // of one schema, and in all

struct RegistryReference {
  std::string name;
  std::string subject;
  int64_t version = 0;
};

// One schema as the registry has it, with what it refers to not looked up yet.
struct RegistrySchema {
  PayloadFormat format = PayloadFormat::kAvro;
  std::string text;
  std::vector<RegistryReference> references;
};

// What was asked for; an answer that names something else is not to be trusted.
struct AskedFor {
  std::optional<int64_t> id;
  std::string guid;  // in lower case
  std::optional<int64_t> version;
};

enum class NextStep : uint8_t {
  kDone,      // this is the answer
  kNextUrl,   // this server cannot help, now or later
  kTryLater,  // this server may help later, the next one now
};

struct RegistryAnswer {
  // kNotFound: the registry says so. kUnavailable, kTimeout: nothing is known; refused credentials
  // too, since the records must wait until somebody has put them right. kCorrupt: it contradicts
  // itself or is absurdly large. kUnsupported: a kind of schema nobody knows here.
  Result<RegistrySchema> schema;
  NextStep next = NextStep::kDone;
  std::string_view label;          // for metrics
  bool is_server_failing = false;  // as against one that answers
};

RegistryAnswer ReadRegistryAnswer(const Result<net::HttpResponse>& response, const AskedFor& asked);

}  // namespace kafka_iceberg::decode
