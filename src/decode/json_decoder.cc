// SPDX-License-Identifier: Apache-2.0
#include "decode/json_decoder.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "decode/arrow_schema.h"
#include "decode/json/json_arena.h"
#include "decode/json/json_row_reader.h"
#include "decode/metadata_columns.h"

namespace kafka_iceberg::decode {
namespace {

using Columns = std::vector<std::unique_ptr<Column>>;

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(std::shared_ptr<arrow::Schema> arrow_schema, Columns columns,
              MetadataAppender metadata, std::unique_ptr<JsonNode> root,
              const JsonDecoderOptions& options)
      : arrow_schema_(std::move(arrow_schema)),
        columns_(std::move(columns)),
        metadata_(std::move(metadata)),
        root_(std::move(root)),
        arena_(options.record_bytes_max),
        reader_(*root_, options.epoch_unit, options.depth_max) {}

  DecodeStats Decode(const std::string& topic, std::span<const Record> records,
                     std::vector<DeadLetter>& dead_letters) override {
    Call call{topic, dead_letters, {}};
    call.stats.records = static_cast<int64_t>(records.size());
    while (!records.empty()) {
      records = records.subspan(arena_.Fill(records));
      if (arena_.IndexAll()) [[likely]] {
        JsonCursor cursor = arena_.cursor();
        for (const JsonDocument& document : arena_.documents())
          DecodeDocument(call, document, cursor);
      } else {
        // One of them is broken in a way that hides the borders between them: each alone, then.
        for (const JsonDocument& document : arena_.documents()) DecodeAlone(call, document);
      }
    }
    pending_bytes_ = 0;
    for (const auto& column : columns_) pending_bytes_ += column->bytes();
    return call.stats;
  }

  int64_t pending_rows() const override { return rows_; }
  int64_t pending_bytes() const override { return pending_bytes_; }
  const std::shared_ptr<arrow::Schema>& arrow_schema() const override { return arrow_schema_; }

  std::shared_ptr<arrow::RecordBatch> Seal() override {
    if (rows_ == 0) return nullptr;
    std::vector<std::shared_ptr<arrow::ArrayData>> arrays;
    arrays.reserve(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      CHECK(columns_[i]->size() == rows_);
      arrays.push_back(columns_[i]->Finish(arrow_schema_->field(static_cast<int>(i))->type()));
    }
    auto batch = arrow::RecordBatch::Make(arrow_schema_, rows_, std::move(arrays));
    rows_ = 0;
    pending_bytes_ = 0;
    return batch;
  }

 private:
  struct Call {
    const std::string& topic;
    std::vector<DeadLetter>& dead_letters;
    DecodeStats stats;
  };

  void DecodeAlone(Call& call, const JsonDocument& document) {
    if (document.kind == JsonDocument::Kind::kText) {
      const JsonIndex::Verdict verdict = arena_.IndexOne(document);
      if (verdict != JsonIndex::Verdict::kOk)
        return Reject(call, document, DescribeVerdict(verdict));
    }
    JsonCursor cursor = arena_.cursor();
    DecodeDocument(call, arena_.alone(document), cursor);
  }

  void DecodeDocument(Call& call, const JsonDocument& document, JsonCursor& cursor) {
    if (document.kind != JsonDocument::Kind::kText) [[unlikely]]
      return HandleOther(call, document);
    if (!reader_.Read(cursor, document.end, rows_)) [[unlikely]] {
      while (*cursor.next < document.end) ++cursor.next;
      return Reject(call, document, reader_.error());
    }
    if (const Column* failed = metadata_.Append(call.topic, *document.record); failed != nullptr)
        [[unlikely]] {
      const bool headers = failed->type().id == iceberg::TypeId::kList;
      return Reject(
          call, document,
          {headers ? "bad_utf8" : "missing_field", failed->path(),
           failed->path() +
               (headers ? " has a name that is not UTF-8, or a value that is null but required"
                        : " is absent, and the column is required")});
    }
    ++rows_;
    ++call.stats.rows;
    call.stats.ignored_fields += reader_.ignored_fields();
  }

  void HandleOther(Call& call, const JsonDocument& document) {
    if (document.kind == JsonDocument::Kind::kTombstone) {
      ++call.stats.tombstones;
      return;
    }
    Reject(call, document,
           {"too_big", "",
            fmt::format("the record has {} bytes; at most {} are decoded",
                        document.record->value.size(), arena_.record_bytes_max())});
  }

  static RowError DescribeVerdict(JsonIndex::Verdict verdict) {
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

  void Reject(Call& call, const JsonDocument& document, const RowError& error) {
    for (auto& column : columns_) column->TruncateTo(rows_);
    ++call.stats.dead_letters;
    const Record& record = *document.record;
    DeadLetter& letter = call.dead_letters.emplace_back();
    letter.topic = call.topic;
    letter.partition = record.partition;
    letter.offset = record.offset;
    letter.timestamp_ms = record.timestamp_ms;
    letter.code = error.code;
    letter.field_path = error.field_path;
    letter.reason = error.reason;
    letter.key = record.key;
    letter.value = record.value;
    letter.key_is_null = record.key_is_null;
    letter.value_is_null = record.value_is_null;
  }

  const std::shared_ptr<arrow::Schema> arrow_schema_;
  const Columns columns_;  // in the order of the schema
  MetadataAppender metadata_;
  const std::unique_ptr<JsonNode> root_;
  JsonArena arena_;
  JsonRowReader reader_;
  int64_t rows_ = 0;
  int64_t pending_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const iceberg::Schema& schema,
                                                 JsonDecoderOptions options) {
  auto arrow_schema = TRY(ToArrowSchema(schema));
  TRY(ValidateMetadataColumns(schema));
  Columns columns;
  std::vector<iceberg::Field> payload_fields;
  std::vector<Column*> payload_columns;
  std::vector<std::pair<MetadataColumn, Column*>> metadata;
  for (const iceberg::Field& field : schema.fields) {
    Column* column = columns.emplace_back(std::make_unique<Column>(field, field.name)).get();
    if (const auto kind = FindMetadataColumn(field.name)) {
      metadata.emplace_back(*kind, column);
    } else {
      payload_fields.push_back(field);
      payload_columns.push_back(column);
    }
  }
  auto root = std::make_unique<JsonNode>(TRY(MakeJsonRoot(payload_fields, payload_columns)));
  return std::make_unique<JsonDecoder>(std::move(arrow_schema), std::move(columns),
                                       MetadataAppender(std::move(metadata)), std::move(root),
                                       options);
}

}  // namespace kafka_iceberg::decode
