// SPDX-License-Identifier: Apache-2.0
//
// From a registry's schema to one with the text of everything it refers to, directly or not. Bounds
// number, depth and bytes, and refuses circles. A function; what it fetches with is the caller's.
#pragma once

#include <functional>
#include <memory>

#include "core/result.h"
#include "decode/framing/payload_schema.h"
#include "decode/registry/registry_answer.h"

namespace kafka_iceberg::decode {

inline constexpr size_t kReferenceDepthMax = 16;
inline constexpr size_t kResolvedBytesMax = 16 << 20;

using FetchReference =
    std::function<Result<std::shared_ptr<const RegistrySchema>>(const RegistryReference&)>;

// Errors: those of `fetch`; kCorrupt (a circle, another format inside); kUnsupported (a limit, two
// texts under one name).
Result<PayloadSchema> ResolveReferences(const RegistrySchema& schema, const FetchReference& fetch);

}  // namespace kafka_iceberg::decode
