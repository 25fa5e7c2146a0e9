// SPDX-License-Identifier: Apache-2.0
//
// SchemaDiskCache: what a registry ever answered, one file a schema, so that a start needs no
// registry. A help, never a reason to fail: what is missing, damaged or cannot be written is logged
// and the registry asked. Several processes may share the folder. Safe for concurrent use, as long
// as no two threads have the same id in hand.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/random.h"
#include "core/result.h"
#include "decode/framing/payload_schema.h"
#include "telemetry/logger.h"

namespace kafka_iceberg::decode {

class SchemaDiskCache {
 public:
  // In a folder of its own below `directory`, named after the registry. kIo: it cannot be made.
  static Result<std::unique_ptr<SchemaDiskCache>> Open(const std::string& directory,
                                                       const std::string& registry_url,
                                                       Random& random, telemetry::Logger& logger);

  // `id` is fit for a file name.
  std::optional<PayloadSchema> Read(const std::string& id);
  // Whole or not at all, whenever the process dies.
  void Write(const std::string& id, const PayloadSchema& schema);

 private:
  SchemaDiskCache(std::string folder, Random& random, telemetry::Logger& logger)
      : folder_(std::move(folder)), random_(random), logger_(logger) {}

  Status TryWrite(const std::string& id, const std::string& text);

  const std::string folder_;
  Random& random_;
  telemetry::Logger& logger_;
  std::atomic<int64_t> bytes_{0};  // of all files, about
};

}  // namespace kafka_iceberg::decode
