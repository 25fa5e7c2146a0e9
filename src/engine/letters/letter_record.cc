// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace kafka_iceberg::engine {
namespace {

// In their order.
enum Index : size_t {
  kTopic,
  kPartition,
  kOffset,
  kConnector,
  kTask,
  kStage,
  kClass,
  kException,
  kMessage,
  kStacktrace,
  kCode,
  kField,
  kSchemaId,
  kTimestamp,
  kWrittenAt,
  kVersion,
  kTable,
  kTableUuid,
  kDelivery,
  kNumber,
  kKeptAt,
  kCount
};
constexpr std::array<std::string_view, kCount> kNames = {
    "__connect.errors.topic",
    "__connect.errors.partition",
    "__connect.errors.offset",
    "__connect.errors.connector.name",
    "__connect.errors.task.id",
    "__connect.errors.stage",
    "__connect.errors.class.name",
    "__connect.errors.exception.class.name",
    "__connect.errors.exception.message",
    "__connect.errors.exception.stacktrace",
    "kafka_iceberg.errors.code",
    "kafka_iceberg.errors.field",
    "kafka_iceberg.errors.schema_id",
    "kafka_iceberg.errors.timestamp",
    "kafka_iceberg.errors.written_at",
    "kafka_iceberg.errors.version",
    "kafka_iceberg.errors.table",
    "kafka_iceberg.errors.table_uuid",
    "kafka_iceberg.errors.delivery",
    "kafka_iceberg.errors.number",
    "kafka_iceberg.errors.kept_at",
};

constexpr std::string_view kProgram = "kafka-iceberg";
// Of texts for people, in a record that must be small: whole they are where the letter is kept.
constexpr size_t kShortBytes = 256;
// Of a record in a batch, and of a header in a record, beyond their bytes; generous.
constexpr int64_t kRecordOverhead = 256;
constexpr int64_t kHeaderOverhead = 12;

std::optional<std::string> OrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> TimeOrNull(int64_t ms) {
  return ms < 0 ? std::nullopt : std::optional(std::to_string(ms));
}

// What Connect calls the step that failed.
std::string StageOf(const std::string& code) {
  return code == "no_route" || code == "table_refused" ? "TRANSFORMATION" : "VALUE_CONVERTER";
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// From the last header that begins a block to the end; a later version's block is longer.
std::optional<std::span<const Header>> BlockOf(const Record& record) {
  const auto all = record.headers.all();
  const auto last = std::ranges::find(all.rbegin(), all.rend(), kNames.front(), &Header::key);
  if (last == all.rend()) return std::nullopt;
  const auto block = all.last(static_cast<size_t>(last - all.rbegin()) + 1);
  if (block.size() < kCount) return std::nullopt;
  const bool fits = std::ranges::equal(block.first(kCount), kNames, {}, &Header::key);
  return fits ? std::optional(block) : std::nullopt;
}

std::string TextOf(const Header& header) { return std::string(header.value); }

std::optional<LetterStamp> StampOf(std::span<const Header> block) {
  const std::string_view numbers = block[kNumber].value;
  const size_t slash = numbers.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto number = Number(numbers.substr(0, slash));
  const auto total = Number(numbers.substr(slash + 1));
  if (!number || !total || *number < 1 || *number > *total) return std::nullopt;
  return LetterStamp{.table = TextOf(block[kTable]),
                     .table_uuid = TextOf(block[kTableUuid]),
                     .delivery = TextOf(block[kDelivery]),
                     .number = *number,
                     .total = *total,
                     .kept_at = TextOf(block[kKeptAt])};
}

}  // namespace

LetterRecord::LetterRecord(const decode::DeadLetter& letter, const LetterStamp& stamp)
    : letter_(letter), is_kept_elsewhere_(!stamp.kept_at.empty()) {
  const auto shorten = [&](const std::string& text) {
    return is_kept_elsewhere_ ? text.substr(0, kShortBytes) : text;
  };
  std::array<std::optional<std::string>, kCount> values;
  values[kTopic] = letter.topic;
  values[kPartition] = std::to_string(letter.partition);
  values[kOffset] = std::to_string(letter.offset);
  values[kConnector] = stamp.table;
  values[kTask] = "0";
  values[kStage] = StageOf(letter.code);
  values[kClass] = kProgram;
  values[kException] = letter.code;
  values[kMessage] = shorten(letter.reason);
  values[kCode] = letter.code;
  values[kField] = OrNull(shorten(letter.field_path));
  values[kSchemaId] = OrNull(shorten(letter.schema_id));
  values[kTimestamp] = TimeOrNull(letter.timestamp_ms);
  values[kWrittenAt] = TimeOrNull(letter.written_ms);
  values[kVersion] = letter.version;
  values[kTable] = stamp.table;
  values[kTableUuid] = stamp.table_uuid;
  values[kDelivery] = stamp.delivery;
  values[kNumber] = fmt::format("{}/{}", stamp.number, stamp.total);
  values[kKeptAt] = OrNull(stamp.kept_at);
  for (size_t i = 0; i < kCount; ++i) block_.push_back({kNames[i], std::move(values[i])});
}

kafka::OutgoingRecord LetterRecord::record() const {
  kafka::OutgoingRecord record{.value = letter_.value,
                               .key = letter_.key,
                               .value_is_null = letter_.value_is_null,
                               .key_is_null = letter_.key_is_null,
                               .timestamp_ms = 0,
                               .headers = {}};
  if (is_kept_elsewhere_) {
    record = {.value = {}, .key = {}, .value_is_null = true, .key_is_null = true, .headers = {}};
  } else {
    for (const decode::LetterHeader& header : letter_.headers)
      record.headers.push_back({header.key, header.value, header.value_is_null});
  }
  for (const Text& text : block_) {
    record.headers.push_back(
        {text.name, text.value ? std::string_view(*text.value) : std::string_view(), !text.value});
  }
  return record;
}

int64_t LetterRecord::bytes() const {
  const kafka::OutgoingRecord all = record();
  auto bytes = kRecordOverhead + static_cast<int64_t>(all.value.size() + all.key.size());
  for (const Header& header : all.headers)
    bytes += kHeaderOverhead + static_cast<int64_t>(header.key.size() + header.value.size());
  return bytes;
}

std::optional<LetterStamp> StampOfRecord(const Record& record) {
  const auto block = BlockOf(record);
  return block ? StampOf(*block) : std::nullopt;
}

std::optional<ReadLetter> LetterOfRecord(const Record& record) {
  const auto block = BlockOf(record);
  if (!block) return std::nullopt;
  auto stamp = StampOf(*block);
  const auto partition = Number((*block)[kPartition].value);
  const auto offset = Number((*block)[kOffset].value);
  if (!stamp || !partition || !offset || *partition > std::numeric_limits<int32_t>::max())
    return std::nullopt;
  ReadLetter read{.letter = {}, .stamp = *std::move(stamp)};
  decode::DeadLetter& letter = read.letter;
  letter.topic = TextOf((*block)[kTopic]);
  letter.partition = static_cast<int32_t>(*partition);
  letter.offset = *offset;
  letter.timestamp_ms = Number((*block)[kTimestamp].value).value_or(-1);
  letter.code = TextOf((*block)[kCode]);
  letter.field_path = TextOf((*block)[kField]);
  letter.reason = TextOf((*block)[kMessage]);
  letter.key = std::string(record.key);
  letter.value = std::string(record.value);
  letter.key_is_null = record.key_is_null;
  letter.value_is_null = record.value_is_null;
  const auto all = record.headers.all();
  for (const Header& header : all.first(all.size() - block->size())) {
    letter.headers.push_back(
        {std::string(header.key), std::string(header.value), header.value_is_null});
  }
  letter.schema_id = TextOf((*block)[kSchemaId]);
  letter.version = TextOf((*block)[kVersion]);
  letter.written_ms = Number((*block)[kWrittenAt].value).value_or(-1);
  return read;
}

}  // namespace kafka_iceberg::engine
