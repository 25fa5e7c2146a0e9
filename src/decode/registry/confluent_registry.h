// SPDX-License-Identifier: Apache-2.0
//
// The schemas of a registry with Confluent's API (Confluent, Apicurio's ccompat, Karapace), by
// number or GUID. An id means the same schema for ever: asked for once, kept in memory (bounded)
// and on disk. Safe for concurrent use; one thread asks for all that want the same id.
#pragma once

#include <memory>

#include "core/result.h"
#include "decode/framing/payload_schema.h"
#include "decode/registry/registry_options.h"

namespace kafka_iceberg::decode {

// Sends nothing yet: the registry need not be there. kInvalid: as RegistryClient::Open; kIo: the
// cache directory cannot be used.
Result<std::shared_ptr<SchemaSource>> OpenConfluentRegistry(RegistryOptions options,
                                                            RegistryContext context);

}  // namespace kafka_iceberg::decode
