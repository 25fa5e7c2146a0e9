// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_reader.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "decode/letters/dead_letter_line.h"
#include "engine/letters/letter_columns.h"
#include "iceberg/table_scan.h"
#include "write/parquet_reader.h"

namespace kafka_iceberg::engine {
namespace {

Result<int64_t> ParseNumber(std::string_view part, std::string_view text, int64_t max) {
  int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > max)
    return Error::Invalid("\"{}\": \"{}\" is not a number from 0 to {}", part, text, max);
  return number;
}

Result<OffsetRange> ParseOffsets(std::string_view part, std::string_view text) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max() - 1;
  const size_t dots = text.find("..");
  const int64_t first = TRY(ParseNumber(part, text.substr(0, dots), kMax));
  const int64_t last =
      dots == std::string_view::npos ? first : TRY(ParseNumber(part, text.substr(dots + 2), kMax));
  if (last < first) return Error::Invalid("\"{}\": the last offset is before the first", part);
  return OffsetRange{.start = first, .end = last + 1};
}

Status ParsePart(const std::string& part, LetterFilter& filter) {
  const size_t equals = part.find('=');
  const std::string key = part.substr(0, equals);
  const bool known =
      key == "code" || key == "topic" || key == "field" || key == "partition" || key == "offset";
  if (equals == std::string_view::npos || !known) {
    return Error::Invalid(
        "\"{}\" is not one of code=, topic=, partition=, offset=<first>..<last>, field=", part);
  }
  const std::string value = part.substr(equals + 1);
  const auto set_text = [&](std::optional<std::string>& text) -> Status {
    if (text) return Error::Invalid("\"{}\" is given twice", key);
    text = value;
    return {};
  };
  if (key == "code") return set_text(filter.code);
  if (key == "topic") return set_text(filter.topic);
  if (key == "field") return set_text(filter.field);
  if (key == "partition" ? filter.partition.has_value() : filter.offsets.has_value())
    return Error::Invalid("\"{}\" is given twice", key);
  if (key == "offset") {
    filter.offsets = TRY(ParseOffsets(part, value));
  } else {
    filter.partition =
        static_cast<int32_t>(TRY(ParseNumber(part, value, std::numeric_limits<int32_t>::max())));
  }
  return {};
}

// Ends a scan from inside; never seen outside.
Error Enough() { return Error::Cancelled("enough"); }

}  // namespace

bool LetterFilter::Matches(const decode::DeadLetter& letter) const {
  return (!code || letter.code == *code) && (!topic || letter.topic == *topic) &&
         (!field || letter.field_path == *field) &&
         (!partition || letter.partition == *partition) &&
         (!offsets || (letter.offset >= offsets->start && letter.offset < offsets->end));
}

Result<LetterFilter> ParseLetterFilter(std::string_view text) {
  LetterFilter filter;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    TRY(ParsePart(std::string(text.substr(0, end)), filter));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return filter;
}

Status VisitTableLetters(const catalog::TableVersion& version, storage::ObjectStore& store,
                         const VisitLetter& visit) {
  const iceberg::Snapshot* snapshot = version.metadata->current_snapshot();
  if (snapshot == nullptr) return {};
  std::vector<int32_t> columns;
  for (const iceberg::Field& field : LetterTableSchema().fields) columns.push_back(field.id);
  bool enough = false;
  const auto visit_rows = [&](const arrow::RecordBatch& rows) -> Status {
    for (decode::DeadLetter& letter : TRY(LettersOfRows(rows))) {
      enough = !TRY(visit(std::move(letter)));
      if (enough) return Enough();
    }
    return {};
  };
  const Status status = iceberg::VisitLiveEntries(
      *snapshot, store,
      [&](const iceberg::ManifestFile&, const iceberg::ManifestEntry& entry) -> Status {
        if (entry.file.content != iceberg::FileContent::kData)
          return Error::Unsupported("the table of dead letters has delete files");
        const auto reader = TRY(
            write::ParquetReader::Open(store, entry.file.file_path, entry.file.file_size_in_bytes));
        return reader->Read(columns, visit_rows);
      });
  return enough ? Status() : status;
}

Status VisitFileLetters(const std::string& folder, const VisitLetter& visit) {
  std::set<std::filesystem::path> paths;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".jsonl") paths.insert(entry.path());
  }
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      auto letter = decode::FromJsonLine(line);
      if (!letter.ok()) return letter.error().WithContext(path.string());
      if (!TRY(visit(*std::move(letter)))) return {};
    }
  }
  return {};
}

}  // namespace kafka_iceberg::engine
