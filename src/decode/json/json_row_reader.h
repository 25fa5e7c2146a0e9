// SPDX-License-Identifier: Apache-2.0
//
// JsonRowReader: one indexed JSON object into one row of the columns, in one pass.
//
// A member that comes twice: the last one counts, as in most JSON libraries. A map key that comes
// twice is an error: nobody can tell which entry was meant. After a failure the columns hold half a
// row, which the caller truncates. Owned by one decoder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decode/json/json_cursor.h"
#include "decode/json/json_node.h"
#include "decode/json/json_text.h"
#include "decode/rescue/rescue.h"
#include "decode/row_columns.h"
#include "decode/text/value_append.h"

namespace kafka_iceberg::decode {

// A member with a value in it that no column takes.
struct UnknownMember {
  uint64_t name_hash = 0;  // of its name and the object type it stands in
  std::string_view key;    // as it stands in the document; lives as long as its text
};

class JsonRowReader {
 public:
  JsonRowReader(JsonNode& root, EpochUnit epoch_unit, int32_t depth_max);

  // Reads the document that starts at the cursor and ends before offset `end`. On success every
  // column has one row more, and the cursor stands behind the document. On failure see error(); the
  // cursor has not moved.
  bool Read(JsonCursor& cursor, uint32_t end, int64_t row);
  const RowFailure& error() const { return error_; }
  // From now on what no column takes is kept there, as it stands in the document.
  void RescueInto(Rescue& rescue) { rescue_ = &rescue; }
  // The first number of the last document that was rescued because its column is too narrow.
  const std::optional<RowFailure>& misfit() const { return misfit_; }
  // Members of the last document that no column takes and nothing keeps.
  int64_t ignored_fields() const { return ignored_fields_; }
  // Those of them that hold more than null, {} or [], when asked for: at most kUnknownMax.
  void NoteUnknown() { notes_unknown_ = true; }
  // From now on a document is one value of any kind, that of this column.
  void ReadAsColumn(std::string column) { column_ = std::move(column); }
  const std::vector<UnknownMember>& unknown() const { return unknown_; }
  static constexpr size_t kUnknownMax = 256;

 private:
  // The readers take the cursor by value and return what comes next, so that it stays in registers;
  // null is failure.
  using Next = const uint32_t*;

  Next ReadWhole(JsonCursor at, int64_t row);
  Next ReadMembers(JsonNode& node, JsonCursor at, int64_t row);
  // The member the key at hand names, kUnknown when none; false on failure.
  bool FindMember(KeyTable& keys, JsonCursor at, int32_t previous, int32_t& member);
  bool FillAbsent(JsonNode& node, JsonCursor at, int64_t row);
  // The value of a member that no column takes.
  Next ReadUnknown(const JsonNode& node, JsonCursor at);
  // A value that could not be read: kept, and null in its column, where that is possible.
  Next RescueValue(JsonNode& node, JsonCursor start);
  Next ReadValue(JsonNode& node, JsonCursor at);
  Next ReadString(JsonNode& node, JsonCursor at);
  Next ReadTimestamp(JsonNode& node, JsonCursor at);
  Next ReadStruct(JsonNode& node, JsonCursor at);
  Next ReadList(JsonNode& node, JsonCursor at);
  Next ReadMap(JsonNode& node, JsonCursor at);
  Next ReadEntries(JsonNode& node, JsonCursor at);
  bool ReadMapKey(JsonNode& node, JsonCursor at);
  bool MapKeysDiffer(Column& map);
  // Whatever the paths above do not take: rare notations, null, errors.
  Next ReadOther(JsonNode& node, JsonCursor at);
  Next ReadOtherString(JsonNode& node, JsonCursor at);
  Next ReadOtherNumber(JsonNode& node, JsonCursor at);
  Next Skip(JsonCursor at);
  void Note(const JsonNode& node, std::string_view key, JsonCursor at_value);
  // Replaces the text of a string by what it stands for, in scratch_.
  bool ResolveEscapes(const JsonNode* node, JsonCursor at, std::string_view& text);
  bool Enter(const JsonNode& node, JsonCursor at);

  Next Fail(std::string_view code, const JsonNode* node, JsonCursor at, std::string reason);
  Next FailNotJson(JsonCursor at, std::string reason);
  Next FailEscape(EscapeError error, const JsonNode* node, JsonCursor at);
  Next FailText(const JsonNode& node, JsonCursor at, TextError error, std::string_view value);
  Next FailType(const JsonNode& node, JsonCursor at);
  // The failure of the document as a whole, if that is what it is; else the one at hand stands.
  void FailDocument(JsonCursor start, Next next, uint32_t end);
  void FailNotObject(JsonCursor at, uint32_t end);

  JsonNode& root_;
  const EpochUnit epoch_unit_;
  const int32_t depth_max_;
  // What a number in a timestamp column is multiplied by; 0: it must be divided.
  int64_t micros_factor_ = 0;
  int64_t nanos_factor_ = 0;
  int32_t depth_ = 0;
  int64_t ignored_fields_ = 0;
  bool notes_unknown_ = false;
  std::string column_;  // empty: a document is an object, whose members are the columns
  std::vector<UnknownMember> unknown_;
  Rescue* rescue_ = nullptr;  // null: nothing is kept
  std::optional<RowFailure> misfit_;
  std::string scratch_;
  std::vector<std::string_view> keys_scratch_;
  RowFailure error_;
  Next failed_at_ = nullptr;
};

}  // namespace kafka_iceberg::decode
