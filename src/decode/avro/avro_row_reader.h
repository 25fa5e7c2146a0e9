// SPDX-License-Identifier: Apache-2.0
//
// AvroRowReader: the bytes of one record into one row of the columns, by the program of its schema,
// in one pass. After a failure the columns hold half a row, which the caller forgets. Owned by one
// decoder.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "decode/avro/avro_input.h"
#include "decode/avro/avro_program.h"
#include "decode/rescue/rescue.h"

namespace kafka_iceberg::decode {

class AvroRowReader {
 public:
  // `columns`: those of the payload, which the programs fill. `rescue`: for programs that keep what
  // no column takes; may be null.
  explicit AvroRowReader(const std::vector<Column*>& columns, Rescue* rescue = nullptr)
      : columns_(columns), rescue_(rescue) {}

  // On success every column of the payload has row number `row`. On failure see failure().
  bool Read(const AvroProgram& program, std::string_view payload, int64_t row);
  const RowFailure& failure() const { return failure_; }
  // Fields of the last record that no column takes.
  int64_t ignored_fields() const { return ignored_fields_; }

 private:
  // Payloads up to this size are read from a copy with bytes behind it, which saves looking at the
  // end for every value.
  static constexpr size_t kCopyBytesMax = 960;
  static constexpr size_t kPadding = 64;
  // Where the next value starts; null is failure.
  using Next = const uint8_t*;

  Next Run(const AvroOp* op, const AvroOp* last, Next at);
  Next RunUnion(const AvroOp& op, Next at);
  Next RunItems(const AvroOp& op, Next at);
  Next RunBlock(const AvroOp& op, int64_t count, Next at);
  Next ReadOptional(const AvroOp& op, Next at, uint32_t& skipped);
  // The number of items in the next block and, if the writer says so, its bytes (else -1).
  Next ReadBlockHeader(const AvroOp& op, Next at, int64_t& count, int64_t& bytes);

  Next ReadBoolean(const AvroOp& op, Next at);
  Next ReadInt(const AvroOp& op, Next at, int64_t& value);
  template <typename T>
  Next ReadIntInto(const AvroOp& op, Next at);
  template <typename T>
  Next ReadIntegerExactly(const AvroOp& op, Next at);
  template <typename From, typename To>
  Next ReadFloating(const AvroOp& op, Next at);
  Next ReadLongInto(const AvroOp& op, Next at);
  Next ReadText(const AvroOp& op, Column& column, Next at);
  Next ReadBytes(const AvroOp& op, Next at);
  Next ReadUuid(const AvroOp& op, Next at);
  Next ReadFixed(const AvroOp& op, Next at);
  Next ReadFixedBytes(const AvroOp& op, Next at);
  Next ReadEnum(const AvroOp& op, Next at);
  Next ReadDecimal(const AvroOp& op, Next at);
  Next ReadTime(const AvroOp& op, int64_t factor, Next at);
  Next ReadTimestamp(const AvroOp& op, Next at);
  Next ReadDuration(const AvroOp& op, Next at);
  Next Skip(const AvroOp& op, int64_t bytes, Next at);
  Next SkipNumber(const AvroOp& op, Next at);
  Next SkipBytes(const AvroOp& op, Next at);
  // The size of what follows, checked against what is left.
  Next ReadSize(const AvroOp& op, Next at, int64_t& size);
  void FillStruct(const AvroOp& op);
  void AppendDefault(const AvroOp& op);
  bool MapKeysDiffer(Column& map);

  Next ReadRescued(const AvroOp& op, Next at);
  // The value that begins there as JSON, in scratch_.
  Next WriteJson(const AvroSchema& schema, const Column* column, Next at);
  // A value that does not fit: kept, and null in its column, where the program says so.
  Next FailValue(const AvroOp& op, Next start, std::string_view code, std::string_view reason);

  // All return null.
  Next Fail(const AvroOp& op, std::string_view code, std::string_view reason);
  Next FailBytes(const AvroOp& op, std::string_view reason) { return Fail(op, "bad_avro", reason); }
  Next FailEnd(const AvroOp& op) { return FailBytes(op, "is cut off"); }
  Next FailNumber(const AvroOp& op) {
    return FailBytes(op, "has a number that is cut off or too long");
  }

  const std::vector<Column*>& columns_;
  const AvroProgram* program_ = nullptr;
  AvroInput input_;
  int64_t row_ = 0;
  int64_t ignored_fields_ = 0;
  int64_t empty_items_left_ = 0;
  RowFailure failure_;
  Rescue* const rescue_;
  std::string scratch_;
  std::vector<std::string_view> keys_scratch_;
  std::array<uint8_t, kCopyBytesMax + kPadding> copy_ = {};
};

}  // namespace kafka_iceberg::decode
