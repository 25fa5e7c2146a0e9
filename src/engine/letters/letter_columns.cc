// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_columns.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>

#include "buffer/arrow_status.h"

namespace kafka_iceberg::engine {
namespace {

using decode::DeadLetter;
using decode::LetterHeader;
using iceberg::Type;
using iceberg::TypeId;

// Arrow's binary columns hold less than 2 GB; a batch is cut long before.
constexpr size_t kBatchBytes = 32 << 20;
constexpr int64_t kMicrosPerMilli = 1000;

enum Column : int {
  kTopic,
  kPartition,
  kOffset,
  kTimestamp,
  kKey,
  kValue,
  kHeaders,
  kSchemaId,
  kErrorCode,
  kFieldPath,
  kMessage,
  kVersion,
  kWrittenAt,
  kColumns
};

iceberg::Field Make(int32_t id, std::string name, bool required, Type type) {
  return {.id = id, .name = std::move(name), .required = required, .type = std::move(type)};
}

size_t BytesOf(const DeadLetter& letter) {
  size_t bytes = letter.key.size() + letter.value.size() + letter.reason.size() + 256;
  for (const LetterHeader& header : letter.headers)
    bytes += header.key.size() + header.value.size();
  return bytes;
}

// The builders of one batch, by column.
class RowBuilder {
 public:
  static Result<RowBuilder> Open(const std::shared_ptr<arrow::Schema>& columns) {
    RowBuilder rows;
    rows.builder_ = TRY(
        buffer::FromArrow(arrow::RecordBatchBuilder::Make(columns, arrow::default_memory_pool())));
    return rows;
  }

  Status Append(const DeadLetter& letter) {
    TRY(buffer::FromArrow(Get<arrow::StringBuilder>(kTopic).Append(letter.topic)));
    TRY(buffer::FromArrow(Get<arrow::Int32Builder>(kPartition).Append(letter.partition)));
    TRY(buffer::FromArrow(Get<arrow::Int64Builder>(kOffset).Append(letter.offset)));
    TRY(AppendTime(kTimestamp, letter.timestamp_ms));
    TRY(AppendBytes(kKey, letter.key_is_null, letter.key));
    TRY(AppendBytes(kValue, letter.value_is_null, letter.value));
    TRY(AppendHeaders(letter.headers));
    TRY(AppendText(kSchemaId, letter.schema_id));
    TRY(buffer::FromArrow(Get<arrow::StringBuilder>(kErrorCode).Append(letter.code)));
    TRY(AppendText(kFieldPath, letter.field_path));
    TRY(AppendText(kMessage, letter.reason));
    TRY(AppendText(kVersion, letter.version));
    return AppendTime(kWrittenAt, letter.written_ms);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Finish() {
    return buffer::FromArrow(builder_->Flush());
  }

 private:
  RowBuilder() = default;

  template <typename Builder>
  Builder& Get(Column column) {
    return *builder_->GetFieldAs<Builder>(column);
  }
  Status AppendTime(Column column, int64_t ms) {
    auto& builder = Get<arrow::TimestampBuilder>(column);
    int64_t micros = 0;
    const bool fits = ms >= 0 && !__builtin_mul_overflow(ms, kMicrosPerMilli, &micros);
    return buffer::FromArrow(fits ? builder.Append(micros) : builder.AppendNull());
  }
  Status AppendBytes(Column column, bool is_null, const std::string& bytes) {
    auto& builder = Get<arrow::BinaryBuilder>(column);
    return buffer::FromArrow(is_null ? builder.AppendNull() : builder.Append(bytes));
  }
  Status AppendText(Column column, const std::string& text) {
    auto& builder = Get<arrow::StringBuilder>(column);
    return buffer::FromArrow(text.empty() ? builder.AppendNull() : builder.Append(text));
  }
  Status AppendHeaders(const std::vector<LetterHeader>& headers) {
    auto& list = Get<arrow::ListBuilder>(kHeaders);
    TRY(buffer::FromArrow(list.Append()));
    auto& pair = static_cast<arrow::StructBuilder&>(*list.value_builder());
    auto& key = static_cast<arrow::StringBuilder&>(*pair.field_builder(0));
    auto& value = static_cast<arrow::BinaryBuilder&>(*pair.field_builder(1));
    for (const LetterHeader& header : headers) {
      TRY(buffer::FromArrow(pair.Append()));
      TRY(buffer::FromArrow(key.Append(header.key)));
      TRY(buffer::FromArrow(header.value_is_null ? value.AppendNull()
                                                 : value.Append(header.value)));
    }
    return {};
  }

  std::unique_ptr<arrow::RecordBatchBuilder> builder_;
};

// A view of the columns of a batch, their types checked.
class RowReader {
 public:
  explicit RowReader(const arrow::RecordBatch& rows) : rows_(rows) {}

  Status Check() const {
    constexpr arrow::Type::type kTypes[kColumns] = {
        arrow::Type::STRING,   arrow::Type::INT32,  arrow::Type::INT64,  arrow::Type::TIMESTAMP,
        arrow::Type::BINARY,   arrow::Type::BINARY, arrow::Type::LIST,   arrow::Type::STRING,
        arrow::Type::STRING,   arrow::Type::STRING, arrow::Type::STRING, arrow::Type::STRING,
        arrow::Type::TIMESTAMP};
    bool fits = rows_.num_columns() == kColumns;
    for (int i = 0; fits && i < kColumns; ++i) fits = rows_.column(i)->type_id() == kTypes[i];
    if (fits) {
      const auto& pair = *rows_.column(kHeaders)->type()->field(0)->type();
      fits = pair.id() == arrow::Type::STRUCT && pair.num_fields() == 2 &&
             pair.field(0)->type()->id() == arrow::Type::STRING &&
             pair.field(1)->type()->id() == arrow::Type::BINARY;
    }
    if (!fits) return Error::Corrupt("the columns are not those of a table of dead letters");
    return {};
  }

  Result<DeadLetter> Read(int64_t row) const {
    for (const Column column : {kTopic, kPartition, kOffset, kErrorCode}) {
      if (rows_.column(column)->IsNull(row))
        return Error::Corrupt("a dead letter lacks its {}", rows_.schema()->field(column)->name());
    }
    DeadLetter letter;
    letter.topic = Text(kTopic, row);
    letter.partition = As<arrow::Int32Array>(kPartition).Value(row);
    letter.offset = As<arrow::Int64Array>(kOffset).Value(row);
    letter.timestamp_ms = Time(kTimestamp, row);
    letter.key_is_null = rows_.column(kKey)->IsNull(row);
    if (!letter.key_is_null) letter.key = As<arrow::BinaryArray>(kKey).GetString(row);
    letter.value_is_null = rows_.column(kValue)->IsNull(row);
    if (!letter.value_is_null) letter.value = As<arrow::BinaryArray>(kValue).GetString(row);
    letter.headers = Headers(row);
    letter.schema_id = Text(kSchemaId, row);
    letter.code = Text(kErrorCode, row);
    letter.field_path = Text(kFieldPath, row);
    letter.reason = Text(kMessage, row);
    letter.version = Text(kVersion, row);
    letter.written_ms = Time(kWrittenAt, row);
    return letter;
  }

 private:
  template <typename Array>
  const Array& As(Column column) const {
    return static_cast<const Array&>(*rows_.column(column));
  }
  std::string Text(Column column, int64_t row) const {
    const auto& texts = As<arrow::StringArray>(column);
    return texts.IsNull(row) ? std::string() : texts.GetString(row);
  }
  int64_t Time(Column column, int64_t row) const {
    const auto& times = As<arrow::TimestampArray>(column);
    return times.IsNull(row) ? -1 : times.Value(row) / kMicrosPerMilli;
  }
  std::vector<LetterHeader> Headers(int64_t row) const {
    std::vector<LetterHeader> headers;
    const auto& lists = As<arrow::ListArray>(kHeaders);
    if (lists.IsNull(row)) return headers;
    const auto& pairs = static_cast<const arrow::StructArray&>(*lists.values());
    const auto& keys = static_cast<const arrow::StringArray&>(*pairs.field(0));
    const auto& values = static_cast<const arrow::BinaryArray&>(*pairs.field(1));
    for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
      LetterHeader header{.key = keys.GetString(i), .value_is_null = values.IsNull(i)};
      if (!header.value_is_null) header.value = values.GetString(i);
      headers.push_back(std::move(header));
    }
    return headers;
  }

  const arrow::RecordBatch& rows_;
};

}  // namespace

iceberg::Schema LetterTableSchema() {
  const Type text = Type::Primitive(TypeId::kString);
  const Type binary = Type::Primitive(TypeId::kBinary);
  const Type time = Type::Primitive(TypeId::kTimestamptz);
  const Type header = Type::Struct({Make(15, "key", true, text), Make(16, "value", false, binary)});
  return {.fields = {Make(1, "_kafka_topic", true, text),
                     Make(2, "_kafka_partition", true, Type::Primitive(TypeId::kInt)),
                     Make(3, "_kafka_offset", true, Type::Primitive(TypeId::kLong)),
                     Make(4, "_kafka_timestamp", false, time), Make(5, "_kafka_key", false, binary),
                     Make(6, "_kafka_value", false, binary),
                     Make(7, "_kafka_headers", true, Type::List(14, true, header)),
                     Make(8, "schema_id", false, text), Make(9, "error_code", true, text),
                     Make(10, "field_path", false, text), Make(11, "message", false, text),
                     Make(12, "version", false, text), Make(13, "written_at", false, time)}};
}

Status VisitLetterRows(const std::vector<DeadLetter>& letters,
                       const std::shared_ptr<arrow::Schema>& columns,
                       const std::function<Status(const arrow::RecordBatch&)>& visit) {
  for (size_t next = 0; next < letters.size();) {
    RowBuilder rows = TRY(RowBuilder::Open(columns));
    for (size_t bytes = 0; next < letters.size() && bytes < kBatchBytes; ++next) {
      bytes += BytesOf(letters[next]);
      TRY(rows.Append(letters[next]));
    }
    TRY(visit(*TRY(rows.Finish())));
  }
  return {};
}

Result<std::vector<DeadLetter>> LettersOfRows(const arrow::RecordBatch& rows) {
  const RowReader reader(rows);
  TRY(reader.Check());
  std::vector<DeadLetter> letters;
  letters.reserve(static_cast<size_t>(rows.num_rows()));
  for (int64_t row = 0; row < rows.num_rows(); ++row) letters.push_back(TRY(reader.Read(row)));
  return letters;
}

}  // namespace kafka_iceberg::engine
