// SPDX-License-Identifier: Apache-2.0
#include "catalog/file/hadoop_layout.h"

#include <algorithm>
#include <charconv>

#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

constexpr std::string_view kHintName = "version-hint.text";
// Other writers leave a checksum beside each local file; one that is out of date makes them
// distrust our hint.
constexpr std::string_view kHintChecksumName = ".version-hint.text.crc";
constexpr std::string_view kPlainSuffix = ".metadata.json";
constexpr std::string_view kCompressedSuffixes[] = {".gz.metadata.json", ".metadata.json.gz"};
// A hint further behind than this costs more in look-ups than one listing.
constexpr int kProbesMax = 64;
constexpr int64_t kVersionMax = INT32_MAX;

std::optional<int64_t> ParseVersionNumber(std::string_view digits) {
  int64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size();
  if (!is_whole || number < 1 || number > kVersionMax || digits.starts_with('0'))
    return std::nullopt;
  return number;
}

}  // namespace

std::optional<int64_t> ParseVersionFileName(std::string_view name) {
  if (!name.starts_with('v')) return std::nullopt;
  name.remove_prefix(1);
  for (const std::string_view suffix :
       {kCompressedSuffixes[0], kCompressedSuffixes[1], kPlainSuffix}) {
    if (name.ends_with(suffix))
      return ParseVersionNumber(name.substr(0, name.size() - suffix.size()));
  }
  return std::nullopt;
}

HadoopLayout::HadoopLayout(storage::ObjectStore& store, const std::string& table_location)
    : store_(store), metadata_folder_(storage::JoinLocation(table_location, "metadata")) {}

std::string HadoopLayout::VersionLocation(int64_t number) const {
  return storage::JoinLocation(metadata_folder_, fmt::format("v{}{}", number, kPlainSuffix));
}

Result<MetadataVersion> HadoopLayout::FindVersion(int64_t number) const {
  for (const std::string_view suffix :
       {kPlainSuffix, kCompressedSuffixes[0], kCompressedSuffixes[1]}) {
    std::string location =
        storage::JoinLocation(metadata_folder_, fmt::format("v{}{}", number, suffix));
    const auto info = store_.Stat(location);
    if (info.ok()) return MetadataVersion{number, std::move(location)};
    if (info.error().code() != ErrorCode::kNotFound) return info.error();
  }
  return Error::NotFound("{} has no version {}", metadata_folder_, number);
}

Result<bool> HadoopLayout::HasCompressedVersion(int64_t number) const {
  for (const std::string_view suffix : kCompressedSuffixes) {
    const auto info =
        store_.Stat(storage::JoinLocation(metadata_folder_, fmt::format("v{}{}", number, suffix)));
    if (info.ok()) return true;
    if (info.error().code() != ErrorCode::kNotFound) return info.error();
  }
  return false;
}

Result<MetadataVersion> HadoopLayout::FindCurrent(int64_t known) const {
  // The higher of the two first: below it there may be gaps, left by writers that delete old
  // metadata.
  const int64_t hint = ReadHint().value_or(0);
  for (const int64_t start : {std::max(hint, known), std::min(hint, known)}) {
    if (start == 0) continue;
    auto found = FindVersion(start);
    if (found.ok()) return ProbeUpwards(std::move(found).value());
    if (found.error().code() != ErrorCode::kNotFound) return found;
  }
  return FindHighest();
}

Result<MetadataVersion> HadoopLayout::ProbeUpwards(MetadataVersion start) const {
  for (int probe = 0; probe < kProbesMax; ++probe) {
    auto next = FindVersion(start.number + 1);
    if (!next.ok()) {
      if (next.error().code() == ErrorCode::kNotFound) return start;
      return next;
    }
    start = std::move(next).value();
  }
  return FindHighest();
}

Result<MetadataVersion> HadoopLayout::FindHighest() const {
  MetadataVersion highest;
  TRY(store_.List(metadata_folder_, [&](const storage::ObjectInfo& object) {
    if (storage::ParentLocation(object.location) != metadata_folder_) return;
    const auto number = ParseVersionFileName(storage::FileName(object.location));
    if (number && *number > highest.number) highest = {*number, object.location};
  }));
  if (highest.number == 0) return Error::NotFound("no table metadata in {}", metadata_folder_);
  return highest;
}

std::optional<int64_t> HadoopLayout::ReadHint() const {
  const auto text = store_.ReadRange(storage::JoinLocation(metadata_folder_, kHintName), 0, 32);
  if (!text.ok()) return std::nullopt;
  std::string_view digits = *text;
  while (digits.ends_with('\n') || digits.ends_with('\r') || digits.ends_with(' '))
    digits.remove_suffix(1);
  return ParseVersionNumber(digits);
}

void HadoopLayout::WriteHint(int64_t number) const {
  if (!store_.Write(storage::JoinLocation(metadata_folder_, kHintName), std::to_string(number))
           .ok())
    return;
  (void)store_.Delete(storage::JoinLocation(metadata_folder_, kHintChecksumName));
}

Status HadoopLayout::DeleteHint() const {
  TRY(store_.Delete(storage::JoinLocation(metadata_folder_, kHintChecksumName)));
  return store_.Delete(storage::JoinLocation(metadata_folder_, kHintName));
}

}  // namespace kafka_iceberg::catalog
