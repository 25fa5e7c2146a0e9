// SPDX-License-Identifier: Apache-2.0
//
// Promotion: a field that has been rescued becomes a column. Its type is that of the rescued
// values, unless given; one commit adds the column. For `schema promote`; one thread.
#pragma once

#include <stop_token>
#include <string>

#include "catalog/catalog.h"
#include "core/result.h"
#include "engine/rescue/rescue_scan.h"
#include "iceberg/type.h"

namespace kafka_iceberg::engine {

struct PromotionRequest {
  std::string field;          // as the rescue column names it: "price", "address.zip", "`a.b`"
  std::string type;           // as in [[schema.fields]]; empty: inferred
  std::string rescue_column;  // empty: none is configured, so the type must be given
  bool dry_run = false;
};

struct Promotion {
  RescueScan scan;
  iceberg::Type type;
  bool is_inferred = false;
  int64_t misfits = 0;       // of the values looked at: the column would not take them
  std::string first_misfit;  // why
  bool existed = false;      // the column is there already, with this type
  bool is_added = false;     // false when dry_run, too
};

// kInvalid, kUnsupported: not a field that can be promoted, or its column exists with another type;
// kNotFound: no value of it was found and no type given. Otherwise as table::ChangeTable().
Result<Promotion> Promote(catalog::TableOperations& table, const PromotionRequest& request,
                          const std::stop_token& stop);

}  // namespace kafka_iceberg::engine
