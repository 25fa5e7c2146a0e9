// SPDX-License-Identifier: Apache-2.0
//
// What a manifest list says about the partition values of a manifest (spec "Manifest Lists",
// field_summary): collects the tuples of all its entries, deleted ones too. Used by one thread.
#pragma once

#include <vector>

#include "iceberg/manifest.h"

namespace kafka_iceberg::iceberg {

class PartitionSummary {
 public:
  // `partition_type` is the struct that all tuples are of.
  explicit PartitionSummary(Type partition_type);

  // `tuple` has a value, in the type's storage form, for every field.
  void Add(const PartitionTuple& tuple);
  std::vector<PartitionFieldSummary> Summaries() const;

 private:
  struct FieldState {
    bool contains_null = false;
    bool contains_nan = false;
    Value lower;  // null until there is a value
    Value upper;
  };

  Type type_;
  std::vector<FieldState> fields_;
};

}  // namespace kafka_iceberg::iceberg
