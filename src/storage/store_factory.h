// SPDX-License-Identifier: Apache-2.0
//
// Chooses the ObjectStore for a location by its scheme. The caller owns the store; `random` must
// outlive it.
#pragma once

#include <memory>
#include <string_view>

#include "core/random.h"
#include "core/result.h"
#include "storage/object_store.h"

namespace kafka_iceberg::storage {

// kUnsupported for schemes this build does not serve; the message lists those it does.
Result<std::unique_ptr<ObjectStore>> MakeStoreFor(std::string_view location, Random& random);

}  // namespace kafka_iceberg::storage
