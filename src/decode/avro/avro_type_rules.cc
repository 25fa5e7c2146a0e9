// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_type_rules.h"

#include <map>

#include "core/check.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::TypeId;
using enum AvroKind;
using L = AvroLogical;

using T = TypeId;

constexpr AvroTypeRule kRules[] = {
    {"boolean", kBoolean, L::kNone, "boolean", T::kBoolean, 1, {}, ""},
    {"int",
     kInt,
     L::kNone,
     "int",
     T::kInt,
     1,
     {T::kLong, T::kDouble, T::kFloat},
     "into float: only values it holds exactly"},
    {"long",
     kLong,
     L::kNone,
     "long",
     T::kLong,
     1,
     {T::kDouble, T::kFloat},
     "into double and float: only values they hold exactly"},
    {"float", kFloat, L::kNone, "float", T::kFloat, 1, {T::kDouble}, ""},
    {"double", kDouble, L::kNone, "double", T::kDouble, 1, {}, ""},
    {"bytes",
     kBytes,
     L::kNone,
     "binary",
     T::kBinary,
     1,
     {T::kString},
     "into string: only valid UTF-8"},
    {"string",
     kString,
     L::kNone,
     "string",
     T::kString,
     1,
     {T::kBinary, T::kUuid},
     "into uuid: only its 36 characters"},
    {"fixed(n)",
     kFixed,
     L::kNone,
     "fixed(n)",
     T::kFixed,
     1,
     {T::kBinary, T::kUuid},
     "into uuid: n is 16"},
    {"enum", kEnum, L::kNone, "string", T::kString, 1, {}, "the symbol"},
    {"bytes or fixed, decimal(p, s)",
     kBytes,
     L::kDecimal,
     "decimal(p, s)",
     T::kDecimal,
     1,
     {T::kBinary, T::kFixed},
     "also into a decimal of the same scale and higher precision; p above 38: binary or fixed"},
    {"int, date", kInt, L::kDate, "date", T::kDate, 1, {T::kInt, T::kLong}, ""},
    {"int, time-millis", kInt, L::kTimeMillis, "time", T::kTime, 1, {T::kInt, T::kLong}, ""},
    {"long, time-micros", kLong, L::kTimeMicros, "time", T::kTime, 1, {T::kLong}, ""},
    {"long, timestamp-millis",
     kLong,
     L::kTimestampMillis,
     "timestamptz",
     T::kTimestamptz,
     1,
     {T::kTimestamptzNs, T::kLong},
     ""},
    {"long, timestamp-micros",
     kLong,
     L::kTimestampMicros,
     "timestamptz",
     T::kTimestamptz,
     1,
     {T::kTimestamptzNs, T::kLong},
     ""},
    {"long, timestamp-nanos",
     kLong,
     L::kTimestampNanos,
     "timestamptz_ns",
     T::kTimestamptzNs,
     3,
     {T::kLong},
     ""},
    {"long, local-timestamp-millis",
     kLong,
     L::kLocalTimestampMillis,
     "timestamp",
     T::kTimestamp,
     1,
     {T::kTimestampNs, T::kLong},
     ""},
    {"long, local-timestamp-micros",
     kLong,
     L::kLocalTimestampMicros,
     "timestamp",
     T::kTimestamp,
     1,
     {T::kTimestampNs, T::kLong},
     ""},
    {"long, local-timestamp-nanos",
     kLong,
     L::kLocalTimestampNanos,
     "timestamp_ns",
     T::kTimestampNs,
     3,
     {T::kLong},
     ""},
    {"string, uuid", kString, L::kUuid, "uuid", T::kUuid, 1, {T::kString, T::kBinary}, ""},
    {"fixed(16), uuid", kFixed, L::kUuid, "uuid", T::kUuid, 1, {T::kFixed, T::kBinary}, ""},
    {"fixed(12), duration",
     kFixed,
     L::kDuration,
     "struct<months: long, days: long, millis: long>",
     T::kStruct,
     1,
     {T::kFixed, T::kBinary},
     "its three parts are independent of each other, so they are not added up"},
    {"record", kRecord, L::kNone, "struct", T::kStruct, 1, {}, "a recursive one is refused"},
    {"array", kArray, L::kNone, "list", T::kList, 1, {}, ""},
    {"map", kMap, L::kNone, "map<string, ...>", T::kMap, 1, {}, "the same key twice is an error"},
    {"union of null and one type",
     kUnion,
     L::kNone,
     "that type's, optional",
     T::kUnknown,
     1,
     {},
     "any other union: a struct with an optional field per branch, named after its type"},
    {"null, record without fields",
     kNull,
     L::kNone,
     "none",
     T::kUnknown,
     1,
     {},
     "there is nothing to keep; as array items and map values they are refused"},
};

}  // namespace

std::span<const AvroTypeRule> AvroTypeRules() { return kRules; }

const AvroTypeRule& RuleOf(const AvroSchema& schema) {
  const bool decimal = schema.logical == AvroLogical::kDecimal;
  const bool too_precise = decimal && schema.precision > kDecimalPrecisionMax;
  const AvroLogical logical = too_precise ? AvroLogical::kNone : schema.logical;
  const AvroKind kind = decimal && !too_precise ? kBytes : schema.kind;
  for (const AvroTypeRule& rule : kRules) {
    if (rule.kind == kind && rule.logical == logical) return rule;
  }
  CHECK(false);  // the parser gives a logical type only to the kinds it suits
}

std::vector<std::string> BranchNames(const AvroSchema& schema) {
  const std::span<const AvroSchema> branches =
      schema.kind == kUnion ? std::span(schema.children) : std::span(&schema, 1);
  std::vector<std::string> names;
  std::map<std::string, int> uses;
  for (const AvroSchema& branch : branches) {
    AvroSchema bare;
    bare.kind = branch.kind;
    std::string name = branch.name.empty() ? ToString(bare) : std::string(SimpleName(branch.name));
    if (branch.kind == kNull) name.clear();
    ++uses[name];
    names.push_back(std::move(name));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (!branches[i].name.empty() && uses[names[i]] > 1) names[i] = branches[i].name;
  }
  return names;
}

}  // namespace kafka_iceberg::decode
