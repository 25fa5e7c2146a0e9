// SPDX-License-Identifier: Apache-2.0
//
// What can be proven about a pointer move whose answer was lost, from the version that is current
// now. For catalogs whose pointer only ever moves forward from the version it was compared with.
// A function without state; safe for concurrent use.
#pragma once

#include <string>

#include "catalog/catalog_context.h"

namespace kafka_iceberg::catalog {

enum class LostMove : uint8_t {
  kLanded,     // the new file is current, or in the history of what is
  kOvertaken,  // another version followed the base: a compare-and-set on it cannot land any more
  kOpen,       // nothing is proven, it may still land
};

struct MoveLocations {
  std::string base;
  std::string next;
  std::string current;  // what the catalog points to now
};

// Reads the current metadata when its location alone does not answer; one that cannot be read
// proves nothing.
LostMove JudgeLostMove(const CatalogContext& context, const MoveLocations& locations);

}  // namespace kafka_iceberg::catalog
