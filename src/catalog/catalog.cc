// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog.h"

#include <fmt/ranges.h>

namespace kafka_iceberg::catalog {

std::string TableIdentifier::ToString() const {
  return name_space.empty() ? name : fmt::format("{}.{}", fmt::join(name_space, "."), name);
}

std::string_view ToString(CommitOutcome outcome) {
  switch (outcome) {
    case CommitOutcome::kCommitted: return "committed";
    case CommitOutcome::kConflict: return "conflict";
    case CommitOutcome::kRejected: return "rejected";
    case CommitOutcome::kUnknown: return "unknown";
  }
  return "unknown";
}

}  // namespace kafka_iceberg::catalog
