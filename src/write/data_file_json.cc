// SPDX-License-Identifier: Apache-2.0
#include "write/data_file_json.h"

#include <bit>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/hashing.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::DataFile;
using iceberg::Int128;
using iceberg::Value;
using nlohmann::json;

Error Broken(std::string_view member) {
  return Error::Corrupt("data file in JSON: member {} is missing or wrong", member);
}

// Locations are the only text from outside; the rest is base64, hex or ours. A location that is not
// UTF-8 must not abort the program: nlohmann would throw.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// --- Partition values: {"int": 5}, {"double": <bits>}, {"bytes": base64}, null.

std::string ToText(Int128 number) {
  __extension__ using Unsigned = unsigned __int128;
  const bool negative = number < 0;
  Unsigned rest =
      negative ? Unsigned{0} - static_cast<Unsigned>(number) : static_cast<Unsigned>(number);
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  return negative ? "-" + text : text;
}

std::optional<Int128> ParseInt128(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  constexpr size_t kDigitsMax = 38;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  Int128 number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  return negative ? -number : number;
}

struct ValueWriter {
  json operator()(std::monostate) const { return nullptr; }
  json operator()(bool value) const { return {{"boolean", value}}; }
  json operator()(int32_t value) const { return {{"int", value}}; }
  json operator()(int64_t value) const { return {{"long", value}}; }
  json operator()(float value) const { return {{"float", std::bit_cast<uint32_t>(value)}}; }
  json operator()(double value) const { return {{"double", std::bit_cast<uint64_t>(value)}}; }
  json operator()(const iceberg::DecimalValue& value) const {
    return {{"decimal", ToText(value.unscaled)}};
  }
  json operator()(const std::string& value) const { return {{"bytes", Base64Encode(value)}}; }
};

template <typename T>
std::optional<T> Number(const json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (!std::in_range<T>(number)) return std::nullopt;
    return static_cast<T>(number);
  }
  const auto number = value.get<int64_t>();
  if (!std::in_range<T>(number)) return std::nullopt;
  return static_cast<T>(number);
}

Result<Value> ReadValue(const json& value) {
  constexpr std::string_view kMember = "partition";
  if (value.is_null()) return Value();
  if (!value.is_object() || value.size() != 1) return Broken(kMember);
  const std::string& type = value.begin().key();
  const json& content = value.begin().value();
  if (type == "boolean" && content.is_boolean()) return Value(content.get<bool>());
  if (type == "int") {
    if (const auto number = Number<int32_t>(content)) return Value(*number);
  } else if (type == "long") {
    if (const auto number = Number<int64_t>(content)) return Value(*number);
  } else if (type == "float") {
    if (const auto bits = Number<uint32_t>(content)) return Value(std::bit_cast<float>(*bits));
  } else if (type == "double") {
    if (const auto bits = Number<uint64_t>(content)) return Value(std::bit_cast<double>(*bits));
  } else if (content.is_string()) {
    const auto& text = content.get_ref<const std::string&>();
    if (type == "bytes") {
      auto bytes = Base64Decode(text);
      if (bytes.ok()) return Value(std::move(bytes).value());
    } else if (type == "decimal") {
      if (const auto number = ParseInt128(text)) return Value(iceberg::DecimalValue{*number});
    }
  }
  return Broken(kMember);
}

// --- Columns: {"1": 17, ...}; bounds in base64.

json WriteCounts(const std::map<int32_t, int64_t>& counts) {
  json object = json::object();
  for (const auto& [id, count] : counts) object[std::to_string(id)] = count;
  return object;
}

json WriteBytes(const std::map<int32_t, std::string>& bytes) {
  json object = json::object();
  for (const auto& [id, value] : bytes) object[std::to_string(id)] = Base64Encode(value);
  return object;
}

std::optional<int32_t> FieldId(const std::string& text) {
  int32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

// Reads members of one JSON object; the first that is missing or wrong is the error.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}

  template <typename T>
  Result<T> Required(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end()) return Broken(name);
    return As<T>(*found, name);
  }

  template <typename T>
  Result<std::optional<T>> Optional(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end()) return std::optional<T>();
    return std::optional<T>(TRY(As<T>(*found, name)));
  }

  template <typename T>
  Result<std::vector<T>> List(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_array()) return Broken(name);
    std::vector<T> values;
    for (const json& value : *found) values.push_back(TRY(As<T>(value, name)));
    return values;
  }

  template <typename T>
  Result<std::map<int32_t, T>> ByFieldId(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_object()) return Broken(name);
    std::map<int32_t, T> values;
    for (const auto& [key, value] : found->items()) {
      const auto id = FieldId(key);
      if (!id) return Broken(name);
      values[*id] = TRY(As<T>(value, name));
    }
    return values;
  }

  // Base64 text as bytes.
  Result<std::map<int32_t, std::string>> Bytes(const char* name) const {
    auto values = TRY(ByFieldId<std::string>(name));
    for (auto& [id, value] : values) {
      auto bytes = Base64Decode(value);
      if (!bytes.ok()) return Broken(name);
      value = std::move(bytes).value();
    }
    return values;
  }

 private:
  template <typename T>
  static Result<T> As(const json& value, const char* name) {
    if constexpr (std::is_same_v<T, std::string>) {
      if (value.is_string()) return value.get_ref<const std::string&>();
    } else if constexpr (std::is_same_v<T, Value>) {
      return ReadValue(value);
    } else {
      if (const auto number = Number<T>(value)) return *number;
    }
    return Broken(name);
  }

  const json& object_;
};

template <typename T>
void WriteOptional(json& object, const char* name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

json WriteFile(const DataFile& file) {
  json partition = json::array();
  for (const Value& value : file.partition) partition.push_back(std::visit(ValueWriter(), value));
  json object = {{"content", static_cast<int32_t>(file.content)},
                 {"file_path", file.file_path},
                 {"file_format", file.file_format},
                 {"spec_id", file.spec_id},
                 {"partition", std::move(partition)},
                 {"record_count", file.record_count},
                 {"file_size_in_bytes", file.file_size_in_bytes},
                 {"column_sizes", WriteCounts(file.column_sizes)},
                 {"value_counts", WriteCounts(file.value_counts)},
                 {"null_value_counts", WriteCounts(file.null_value_counts)},
                 {"nan_value_counts", WriteCounts(file.nan_value_counts)},
                 {"lower_bounds", WriteBytes(file.lower_bounds)},
                 {"upper_bounds", WriteBytes(file.upper_bounds)},
                 {"split_offsets", file.split_offsets},
                 {"equality_ids", file.equality_ids}};
  if (file.key_metadata) object["key_metadata"] = Base64Encode(*file.key_metadata);
  WriteOptional(object, "sort_order_id", file.sort_order_id);
  WriteOptional(object, "first_row_id", file.first_row_id);
  WriteOptional(object, "referenced_data_file", file.referenced_data_file);
  WriteOptional(object, "content_offset", file.content_offset);
  WriteOptional(object, "content_size_in_bytes", file.content_size_in_bytes);
  return object;
}

Status ReadOptionalMembers(const Members& members, DataFile& file) {
  if (const auto text = TRY(members.Optional<std::string>("key_metadata"))) {
    auto bytes = Base64Decode(*text);
    if (!bytes.ok()) return Broken("key_metadata");
    file.key_metadata = std::move(bytes).value();
  }
  file.sort_order_id = TRY(members.Optional<int32_t>("sort_order_id"));
  file.first_row_id = TRY(members.Optional<int64_t>("first_row_id"));
  file.referenced_data_file = TRY(members.Optional<std::string>("referenced_data_file"));
  file.content_offset = TRY(members.Optional<int64_t>("content_offset"));
  file.content_size_in_bytes = TRY(members.Optional<int64_t>("content_size_in_bytes"));
  return {};
}

Result<DataFile> ReadFile(const json& object) {
  if (!object.is_object()) return Broken("file");
  const Members members(object);
  DataFile file;
  const auto content = TRY(members.Required<int32_t>("content"));
  if (content < 0 || content > static_cast<int32_t>(iceberg::FileContent::kEqualityDeletes)) {
    return Broken("content");
  }
  file.content = static_cast<iceberg::FileContent>(content);
  file.file_path = TRY(members.Required<std::string>("file_path"));
  file.file_format = TRY(members.Required<std::string>("file_format"));
  file.spec_id = TRY(members.Required<int32_t>("spec_id"));
  file.partition = TRY(members.List<Value>("partition"));
  file.record_count = TRY(members.Required<int64_t>("record_count"));
  file.file_size_in_bytes = TRY(members.Required<int64_t>("file_size_in_bytes"));
  file.column_sizes = TRY(members.ByFieldId<int64_t>("column_sizes"));
  file.value_counts = TRY(members.ByFieldId<int64_t>("value_counts"));
  file.null_value_counts = TRY(members.ByFieldId<int64_t>("null_value_counts"));
  file.nan_value_counts = TRY(members.ByFieldId<int64_t>("nan_value_counts"));
  file.lower_bounds = TRY(members.Bytes("lower_bounds"));
  file.upper_bounds = TRY(members.Bytes("upper_bounds"));
  file.split_offsets = TRY(members.List<int64_t>("split_offsets"));
  file.equality_ids = TRY(members.List<int32_t>("equality_ids"));
  TRY(ReadOptionalMembers(members, file));
  return file;
}

}  // namespace

std::string DataFileToJson(const DataFile& file) { return Dump(WriteFile(file)); }

Result<DataFile> DataFileFromJson(std::string_view text) {
  return ReadFile(json::parse(text, nullptr, /*allow_exceptions=*/false));
}

std::string StagedFileToJson(const StagedFile& staged) {
  return Dump({{"file", WriteFile(staged.file)}, {"sha256", staged.sha256}});
}

Result<StagedFile> StagedFileFromJson(std::string_view text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("file")) return Broken("file");
  StagedFile staged;
  staged.file = TRY(ReadFile(object["file"]));
  staged.sha256 = TRY(Members(object).Required<std::string>("sha256"));
  return staged;
}

}  // namespace kafka_iceberg::write
