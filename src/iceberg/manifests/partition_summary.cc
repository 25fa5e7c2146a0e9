// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifests/partition_summary.h"

#include <cmath>
#include <utility>

#include "core/check.h"

namespace kafka_iceberg::iceberg {
namespace {

bool IsNan(const Value& value) {
  if (const auto* narrow = std::get_if<float>(&value)) return std::isnan(*narrow);
  if (const auto* wide = std::get_if<double>(&value)) return std::isnan(*wide);
  return false;
}

}  // namespace

PartitionSummary::PartitionSummary(Type partition_type)
    : type_(std::move(partition_type)), fields_(type_.fields.size()) {}

void PartitionSummary::Add(const PartitionTuple& tuple) {
  CHECK(tuple.size() == fields_.size());
  for (size_t i = 0; i < tuple.size(); ++i) {
    FieldState& field = fields_[i];
    const Value& value = tuple[i];
    if (IsNull(value)) {
      field.contains_null = true;
    } else if (IsNan(value)) {
      field.contains_nan = true;  // and never a bound: it has no place in the order
    } else {
      if (IsNull(field.lower) || Compare(value, field.lower) < 0) field.lower = value;
      if (IsNull(field.upper) || Compare(value, field.upper) > 0) field.upper = value;
    }
  }
}

std::vector<PartitionFieldSummary> PartitionSummary::Summaries() const {
  std::vector<PartitionFieldSummary> summaries;
  for (size_t i = 0; i < fields_.size(); ++i) {
    const Type& type = type_.fields[i].type;
    PartitionFieldSummary summary;
    summary.contains_null = fields_[i].contains_null;
    if (type.id == TypeId::kFloat || type.id == TypeId::kDouble)
      summary.contains_nan = fields_[i].contains_nan;
    if (!IsNull(fields_[i].lower)) {
      summary.lower_bound = ToBytes(fields_[i].lower, type);
      summary.upper_bound = ToBytes(fields_[i].upper, type);
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace kafka_iceberg::iceberg
