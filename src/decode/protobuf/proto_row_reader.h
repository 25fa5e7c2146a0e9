// SPDX-License-Identifier: Apache-2.0
//
// ProtoRowReader: one Protobuf message into one row of the columns, in one pass.
//
// As Protobuf demands: fields in any order, elements of a list apart from each other, packed or
// not; of a value or map key that comes twice the last one counts; a message that comes in pieces
// is one message. After a failure the columns hold half a row, which the caller truncates. Owned by
// one decoder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decode/protobuf/proto_program.h"
#include "decode/protobuf/wire_reader.h"
#include "decode/rescue/rescue.h"
#include "decode/row_columns.h"
#include "decode/text/text_error.h"
#include "decode/text/value_append.h"

namespace kafka_iceberg::decode {

class ProtoRowReader {
 public:
  // `cells_max`: how many list elements, times their columns, a record may become. `rescue` keeps
  // values that do not fit their column; may be null.
  ProtoRowReader(EpochUnit epoch_unit, int64_t cells_max, Rescue* rescue = nullptr);

  // Reads a whole record. On success every column of the program has one row more.
  bool Read(ProtoNode& root, std::string_view record, int64_t row);
  const RowFailure& failure() const { return failure_; }
  // Fields of the last record that no column takes.
  int64_t ignored_fields() const { return ignored_fields_; }

 private:
  // Instead of a count of columns: a message came in pieces.
  static constexpr int32_t kInPieces = -1;

  // The readers return the place behind what they read; null is failure.
  bool ReadMessage(ProtoNode& node, std::string_view message, int64_t row);
  bool ReadFields(ProtoNode& node, std::string_view message, int64_t row, int32_t& filled);
  bool FillAbsent(ProtoNode& node, int64_t row);
  WireAt ReadElements(ProtoSlot& slot, uint32_t wire_type, WireAt at, WireAt end);
  WireAt ReadValue(ProtoSlot& slot, WireAt at, WireAt end);
  WireAt ReadString(ProtoSlot& slot, WireAt at, WireAt end);
  WireAt ReadEnumName(ProtoSlot& slot, WireAt at, WireAt end);
  WireAt ReadNested(ProtoSlot& slot, WireAt at, WireAt end);
  WireAt ReadTimestamp(ProtoSlot& slot, WireAt at, WireAt end);
  WireAt ReadBody(const ProtoSlot& slot, WireAt at, WireAt end, std::string_view& body);
  WireAt Skip(uint32_t tag, WireAt at, WireAt end);
  void ReplaceBranch(ProtoNode& node, int32_t member, int64_t row, int32_t& filled);

  // Rare types of fields and columns.
  WireAt ReadOther(ProtoSlot& slot, WireAt at, WireAt end);
  WireAt ReadInteger(ProtoSlot& slot, WireAt at, WireAt end);
  bool AppendInteger(ProtoSlot& slot, iceberg::Int128 value);
  bool AppendOther(ProtoSlot& slot, std::string_view body);
  bool AppendFixedBytes(ProtoSlot& slot, std::string_view bytes);
  bool AppendDuration(ProtoSlot& slot, std::string_view body);
  bool AppendDate(ProtoSlot& slot, std::string_view body);
  bool AppendTimeOfDay(ProtoSlot& slot, std::string_view body);
  bool AppendJson(ProtoSlot& slot, std::string_view body);
  // The numbers of a message that has only varints; those numbered beyond the span are skipped.
  bool ReadNumbers(const ProtoSlot& slot, std::string_view body, std::span<int64_t> numbers);

  // Rare encodings.
  bool ReadInOnePiece(ProtoNode& node, std::string_view message, int64_t row);
  bool MapKeysDiffer(Column& map);
  bool KeepLastEntries(ProtoSlot& slot, std::string_view message);
  // A value that does not fit: kept, and null in its column, where that is possible.
  WireAt RescueValue(const ProtoSlot& slot, WireAt start, WireAt end);
  void ForgetRescued(const Column& column) {
    if (rescue_ != nullptr) rescue_->ForgetBelow(column);
  }
  bool SpendOnRepair(const ProtoSlot* slot, std::string_view message);

  bool Fail(std::string_view code, const Column* column, std::string reason);
  WireAt FailBytes(const ProtoSlot* slot);
  bool FailText(const ProtoSlot& slot, TextError error, std::string_view value);
  bool FailRange(const ProtoSlot& slot, std::string value);

  const EpochUnit epoch_unit_;
  const int64_t cells_max_;
  Rescue* const rescue_;
  const ProtoSchema* schema_ = nullptr;
  int64_t cells_left_ = 0;
  int64_t repairs_left_ = 0;
  int64_t repair_bytes_left_ = 0;
  int64_t ignored_fields_ = 0;
  RowFailure failure_;
  std::string scratch_;
  std::vector<std::string_view> keys_;
};

}  // namespace kafka_iceberg::decode
