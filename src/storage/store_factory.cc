// SPDX-License-Identifier: Apache-2.0
#include "storage/store_factory.h"

#include "storage/local_store.h"
#include "storage/location.h"

namespace kafka_iceberg::storage {

Result<std::unique_ptr<ObjectStore>> MakeStoreFor(std::string_view location, Random& random) {
  const std::string normalized = TRY(NormalizeLocation(location));
  const LocationParts parts = TRY(SplitLocation(normalized));
  if (parts.scheme == "file") return std::make_unique<LocalStore>(random);
  return Error::Unsupported(
      "cannot open {}: {} is not part of this build; use a local folder or a file:// location",
      location, parts.scheme);
}

}  // namespace kafka_iceberg::storage
