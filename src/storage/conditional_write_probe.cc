// SPDX-License-Identifier: Apache-2.0
#include "storage/conditional_write_probe.h"

#include "storage/location.h"

namespace kafka_iceberg::storage {

Status ProbeConditionalWrites(ObjectStore& store, std::string_view prefix, Random& random) {
  // A new name each time: several processes may probe at once.
  const std::string location = JoinLocation(prefix, ".kafka-iceberg-probe-" + NewUuid(random));
  auto status = store.WriteIfAbsent(location, "first");
  if (status.ok()) {
    status = store.WriteIfAbsent(location, "second");
    if (status.ok()) {
      status = Error::Unsupported(
          "{} ignores the condition of a write (If-None-Match) and overwrites: a file catalog "
          "would lose commits on it; use another store, or a catalog with a server",
          prefix);
    } else if (status.error().code() == ErrorCode::kAlreadyExists) {
      status = Status();
    }
  }
  // The answer stands without this; whoever may not delete leaves one small object behind.
  (void)store.Delete(location);
  return status;
}

}  // namespace kafka_iceberg::storage
