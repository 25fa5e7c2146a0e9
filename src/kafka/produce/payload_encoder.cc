// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/payload_encoder.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>

namespace kafka_iceberg::kafka {
namespace {

constexpr size_t kTimeToSecond = 19;  // "2026-01-08T14:30:00"

void AppendVarint(uint64_t value, std::string& out) {
  for (; value > 0x7f; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void AppendZigZag(int64_t value, std::string& out) {
  AppendVarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63), out);
}

void AppendDouble(double value, std::string& out) {
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift);
}

template <typename Number>
bool ParseNumber(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && next == end;
}

// The digits of a decimal as one number, "12.50" as 1250.
bool ParseUnscaled(std::string_view text, int64_t& number) {
  std::string digits(text);
  std::erase(digits, '.');
  return ParseNumber(digits, number);
}

// Two's complement, most significant byte first, as short as it can be.
void AppendAvroDecimal(int64_t value, std::string& out) {
  size_t size = 8;
  while (size > 1 && (value >> (size * 8 - 9) == 0 || value >> (size * 8 - 9) == -1)) --size;
  AppendZigZag(static_cast<int64_t>(size), out);
  while (size > 0) out += static_cast<char>(value >> (--size * 8));
}

// One value of a flat JSON object: text without its quotes, anything else as it stands.
bool TakeMember(std::string_view& json, std::string_view name, std::string_view& value) {
  const size_t head = name.size() + 4;  // the byte before it, two quotes, a colon
  if (json.size() < head || json[1] != '"' || json.substr(2, name.size()) != name) return false;
  if (json.substr(head - 2, 2) != "\":") return false;
  json.remove_prefix(head);
  const bool is_text = json.starts_with('"');
  if (is_text) json.remove_prefix(1);
  const size_t end = is_text ? json.find('"') : json.find_first_of(",}");
  if (end == std::string_view::npos) return false;
  value = json.substr(0, end);
  json.remove_prefix(end + (is_text ? 1 : 0));
  return !json.empty();
}

std::string AvroType(const std::string& type) {
  if (type == "timestamptz") return R"({"type":"long","logicalType":"timestamp-micros"})";
  if (!type.starts_with("decimal(")) return '"' + type + '"';
  const size_t comma = type.find(',');
  return fmt::format(R"({{"type":"bytes","logicalType":"decimal","precision":{},"scale":{}}})",
                     type.substr(8, comma - 8), type.substr(comma + 1, type.size() - comma - 2));
}

std::string_view ProtobufType(std::string_view type) {
  if (type == "long") return "int64";
  if (type == "int") return "int32";
  if (type == "boolean") return "bool";
  if (type == "double") return "double";
  return type == "timestamptz" ? "google.protobuf.Timestamp" : "string";
}

}  // namespace

Result<PayloadEncoding> ParsePayloadEncoding(std::string_view name) {
  if (name == "json") return PayloadEncoding::kJson;
  if (name == "avro") return PayloadEncoding::kAvro;
  if (name == "protobuf") return PayloadEncoding::kProtobuf;
  return Error::Invalid("unknown format '{}': use json, avro or protobuf", name);
}

std::string PayloadSchemaText(PayloadEncoding encoding, Profile profile) {
  std::string fields;
  size_t number = 0;
  for (const auto& [name, type] : ProfileSchema(profile)) {
    ++number;
    if (encoding == PayloadEncoding::kAvro) {
      fields += fmt::format(R"({}{{"name":"{}","type":{}}})", number == 1 ? "" : ",", name,
                            AvroType(type));
    } else {
      fields += fmt::format("  {} {} = {};\n", ProtobufType(type), name, number);
    }
  }
  switch (encoding) {
    case PayloadEncoding::kJson: return "";
    case PayloadEncoding::kAvro:
      return fmt::format(R"({{"type":"record","name":"Event","fields":[{}]}})", fields);
    case PayloadEncoding::kProtobuf:
      return "syntax = \"proto3\";\nimport \"google/protobuf/timestamp.proto\";\nmessage Event "
             "{\n" +
             fields + "}\n";
  }
  return "";
}

PayloadEncoder::PayloadEncoder(PayloadEncoding encoding, Profile profile)
    : encoding_(encoding), fields_(ProfileSchema(profile)) {}

void PayloadEncoder::Append(std::string_view json, std::string& out) {
  const size_t start = out.size();
  if (encoding_ != PayloadEncoding::kJson) {
    out.append({0, 0, 0, 0, kSchemaId});
    // The path to the first message, in its short form.
    if (encoding_ == PayloadEncoding::kProtobuf) out += '\0';
    if (AppendFields(json, out)) return;
    out.resize(start);
  }
  out += json;
}

bool PayloadEncoder::AppendFields(std::string_view json, std::string& out) {
  if (!json.starts_with('{')) return false;
  for (size_t column = 0; column < fields_.size(); ++column) {
    std::string_view value;
    if (!TakeMember(json, fields_[column].name, value)) return false;
    const bool appended = encoding_ == PayloadEncoding::kAvro
                              ? AppendAvro(fields_[column], value, out)
                              : AppendProtobuf(column, value, out);
    if (!appended) return false;
  }
  return json == "}";
}

bool PayloadEncoder::ParseTime(std::string_view text, int64_t& micros) {
  if (text.size() != kTimeToSecond + 5) return false;
  const auto number = [&](size_t at, size_t size) {
    int value = 0;
    return ParseNumber(text.substr(at, size), value) ? value : 0;
  };
  if (text.substr(0, kTimeToSecond) != second_text_) {
    using std::chrono::year_month_day, std::chrono::year, std::chrono::month, std::chrono::day;
    const year_month_day date(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2))));
    if (!date.ok()) return false;
    second_ = std::chrono::sys_days(date).time_since_epoch().count() * 86'400LL +
              number(11, 2) * 3600LL + number(14, 2) * 60LL + number(17, 2);
    second_text_ = text.substr(0, kTimeToSecond);
  }
  micros = second_ * 1'000'000 + number(kTimeToSecond + 1, 3) * 1000LL;
  return true;
}

bool PayloadEncoder::AppendAvro(const ProfileField& field, std::string_view value,
                                std::string& out) {
  int64_t number = 0;
  if (field.type == "string") {
    AppendZigZag(static_cast<int64_t>(value.size()), out);
    out += value;
    return true;
  }
  if (field.type == "boolean") {
    out += static_cast<char>(value == "true");
    return true;
  }
  if (field.type == "double") {
    double real = 0;
    const bool parsed = ParseNumber(value, real);
    AppendDouble(real, out);
    return parsed;
  }
  if (field.type.starts_with("decimal")) {
    const bool parsed = ParseUnscaled(value, number);
    AppendAvroDecimal(number, out);
    return parsed;
  }
  const bool parsed =
      field.type == "timestamptz" ? ParseTime(value, number) : ParseNumber(value, number);
  AppendZigZag(number, out);
  return parsed;
}

bool PayloadEncoder::AppendProtobuf(size_t column, std::string_view value, std::string& out) {
  constexpr uint64_t kVarint = 0;
  constexpr uint64_t kEightBytes = 1;
  constexpr uint64_t kBytes = 2;
  const std::string_view type = ProtobufType(fields_[column].type);
  const auto tag = [&](uint64_t wire) { AppendVarint((column + 1) << 3 | wire, out); };
  int64_t number = 0;
  if (type == "string") {
    tag(kBytes);
    AppendVarint(value.size(), out);
    out += value;
    return true;
  }
  if (type == "double") {
    double real = 0;
    tag(kEightBytes);
    const bool parsed = ParseNumber(value, real);
    AppendDouble(real, out);
    return parsed;
  }
  if (type == "bool") {
    tag(kVarint);
    out += static_cast<char>(value == "true");
    return true;
  }
  if (type != "google.protobuf.Timestamp") {
    tag(kVarint);
    const bool parsed = ParseNumber(value, number);
    AppendVarint(static_cast<uint64_t>(number), out);
    return parsed;
  }
  const bool parsed = ParseTime(value, number);
  std::string message = "\x08";
  AppendVarint(static_cast<uint64_t>(number / 1'000'000), message);
  message += '\x10';
  AppendVarint(static_cast<uint64_t>(number % 1'000'000 * 1000), message);
  tag(kBytes);
  AppendVarint(message.size(), out);
  out += message;
  return parsed;
}

}  // namespace kafka_iceberg::kafka
