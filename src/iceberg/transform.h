// SPDX-License-Identifier: Apache-2.0
//
// Partition transforms (spec "Partition Transforms"): identity, bucket[N], truncate[W], year,
// month, day, hour, void. An unknown transform is kept as text, so that metadata survives; it can
// be read but not written with. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "iceberg/type.h"
#include "iceberg/value.h"

namespace kafka_iceberg::iceberg {

enum class TransformKind : uint8_t {
  kIdentity,
  kBucket,
  kTruncate,
  kYear,
  kMonth,
  kDay,
  kHour,
  kVoid,
  kUnknown
};

struct Transform {
  TransformKind kind = TransformKind::kIdentity;
  int32_t parameter = 0;  // bucket count or truncation width
  std::string text;       // of an unknown transform

  friend bool operator==(const Transform&, const Transform&) = default;
};

// "day", "bucket[16]"; never fails: what it does not know becomes kUnknown.
Transform ParseTransform(std::string_view text);
std::string ToString(const Transform& transform);

// kInvalid when the transform may not be applied to the type.
Result<Type> ResultType(const Transform& transform, const Type& source);
// Null maps to null. The value must be of a type that ResultType accepted.
Value Apply(const Transform& transform, const Type& source, const Value& value);
// The readable form used in partition paths: "2026-01-08", "2026-01-08-14", base64 for bytes,
// "null".
std::string ToHumanString(const Transform& transform, const Type& source, const Value& transformed);

// murmur3_x86_32, seed 0.
int32_t Murmur3(std::string_view bytes);
// The spec's bucket hash of a value, before masking and modulo.
int32_t BucketHash(const Value& value, const Type& type);

}  // namespace kafka_iceberg::iceberg
