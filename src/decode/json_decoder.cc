// SPDX-License-Identifier: Apache-2.0
#include "decode/json_decoder.h"

#include "decode/json/json_arena.h"
#include "decode/json/json_drift.h"
#include "decode/json/json_row_reader.h"
#include "decode/row_decoder.h"

namespace kafka_iceberg::decode {
namespace {

class JsonDecoder final : public RowDecoder {
 public:
  JsonDecoder(std::unique_ptr<RowColumns> columns, std::unique_ptr<JsonNode> root,
              const JsonDecoderOptions& options)
      : RowDecoder(std::move(columns)),
        root_(std::move(root)),
        arena_(options.record_bytes_max),
        reader_(*root_, options.epoch_unit, options.depth_max) {
    if (!options.column.empty()) reader_.ReadAsColumn(options.column);
    if (Rescue* rescue = this->columns().rescue()) reader_.RescueInto(*rescue);
    if (!options.report_drift) return;
    drift_.emplace(this->columns().payload_fields(), options.column);
    reader_.NoteUnknown();
  }

  DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                     std::vector<DeadLetter>& dead_letters) override {
    Call call{topic, dead_letters, {}};
    while (!records.empty() && !call.is_stopped) {
      records = records.subspan(arena_.Fill(records));
      if (arena_.IndexAll()) [[likely]] {
        JsonCursor cursor = arena_.cursor();
        for (const JsonDocument& document : arena_.documents()) {
          if (!DecodeDocument(call, document, cursor)) break;
        }
      } else {
        // One of them is broken in a way that hides the borders between them: each alone, then.
        for (const JsonDocument& document : arena_.documents()) {
          if (!DecodeAlone(call, document)) break;
        }
      }
    }
    call.stats.records = call.stats.rows + call.stats.dead_letters + call.stats.tombstones;
    FinishCall(call.stats);
    return std::move(call.stats);
  }

 private:
  struct Call {
    const std::string& topic;
    std::vector<DeadLetter>& dead_letters;
    DecodeStats stats;
    bool is_stopped = false;
  };

  // False when the record must be looked at again: see stats.drift, or the partner says why.
  bool DecodeAlone(Call& call, const JsonDocument& document) {
    if (document.kind == JsonDocument::Kind::kText) {
      const JsonIndex::Verdict verdict = arena_.IndexOne(document);
      if (verdict != JsonIndex::Verdict::kOk)
        return Reject(call, document, DescribeVerdict(verdict));
    }
    JsonCursor cursor = arena_.cursor();
    return DecodeDocument(call, arena_.alone(document), cursor);
  }

  bool DecodeDocument(Call& call, const JsonDocument& document, JsonCursor& cursor) {
    if (document.kind != JsonDocument::Kind::kText) [[unlikely]]
      return HandleOther(call, document);
    if (!reader_.Read(cursor, document.end, columns().rows())) [[unlikely]] {
      while (*cursor.next < document.end) ++cursor.next;
      if (drift_) {
        call.stats.drift = drift_->OfFailure(call.topic, *document.record, reader_.error());
        if (call.stats.drift) return Forget(call);
      }
      return Reject(call, document, reader_.error());
    }
    if (!reader_.unknown().empty()) [[unlikely]] {
      call.stats.drift = drift_->OfMembers(call.topic, *document.record, reader_.unknown());
      if (call.stats.drift) return Forget(call);
    }
    // A wider column is better than a rescued number.
    if (drift_ && reader_.misfit()) [[unlikely]] {
      call.stats.drift = drift_->OfFailure(call.topic, *document.record, *reader_.misfit());
      if (call.stats.drift) return Forget(call);
    }
    RowFailure failure;
    const RowEnd end = columns().EndRow(call.topic, *document.record, failure);
    if (end != RowEnd::kRow) [[unlikely]]
      return end == RowEnd::kStopped ? Forget(call) : Reject(call, document, failure);
    ++call.stats.rows;
    call.stats.ignored_fields += reader_.ignored_fields();
    return true;
  }

  bool HandleOther(Call& call, const JsonDocument& document) {
    if (document.kind == JsonDocument::Kind::kTombstone) {
      call.is_stopped = !TakeNullValue(call.topic, *document.record, call.stats, call.dead_letters);
      return !call.is_stopped;
    }
    return Reject(call, document,
                  {"too_big", "",
                   fmt::format("the record has {} bytes; at most {} are decoded",
                               document.record->value.size(), arena_.record_bytes_max())});
  }

  bool Forget(Call& call) {
    columns().ForgetRow();
    call.is_stopped = true;
    return false;
  }

  static RowFailure DescribeVerdict(JsonIndex::Verdict verdict) {
    switch (verdict) {
      case JsonIndex::Verdict::kBadUtf8: return {"bad_utf8", "", "the record is not valid UTF-8"};
      case JsonIndex::Verdict::kEmpty:
        return {"not_json", "", "the record is not a json object: it is empty"};
      case JsonIndex::Verdict::kUnclosedString:
        return {"not_json", "", "the record is not a json object: a string is not closed"};
      default:
        return {"not_json", "",
                "the record is not a json object: a string holds a control character"};
    }
  }

  bool Reject(Call& call, const JsonDocument& document, const RowFailure& failure) {
    columns().ForgetRow();
    ++call.stats.dead_letters;
    call.dead_letters.push_back(MakeDeadLetter(call.topic, *document.record, failure));
    return true;
  }

  const std::unique_ptr<JsonNode> root_;
  JsonArena arena_;
  JsonRowReader reader_;
  std::optional<JsonDrift> drift_;  // when it is to be reported
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const iceberg::Schema& schema,
                                                 JsonDecoderOptions options) {
  auto columns = TRY(RowColumns::Make(schema, options.rescue));
  auto root = std::make_unique<JsonNode>(
      TRY(MakeJsonRoot(columns->payload_fields(), columns->payload_columns())));
  return std::make_unique<JsonDecoder>(std::move(columns), std::move(root), options);
}

}  // namespace kafka_iceberg::decode
