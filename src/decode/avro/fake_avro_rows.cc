// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/fake_avro_rows.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/hashing.h"

namespace kafka_iceberg::decode {
namespace {

using nlohmann::json;

json Cell(const arrow::Array& array, int64_t row);

template <typename Array>
json FloatCell(const arrow::Array& array, int64_t row) {
  const double value = static_cast<const Array&>(array).Value(row);
  return std::isfinite(value) ? json(value) : json(std::to_string(value));
}

json ListCell(const arrow::ListArray& array, int64_t row) {
  json cells = json::array();
  for (int64_t i = array.value_offset(row); i < array.value_offset(row + 1); ++i) {
    cells.push_back(Cell(*array.values(), i));
  }
  return cells;
}

json MapCell(const arrow::MapArray& array, int64_t row) {
  json cells = json::array();
  for (int64_t i = array.value_offset(row); i < array.value_offset(row + 1); ++i) {
    cells.push_back(json::array({Cell(*array.keys(), i), Cell(*array.items(), i)}));
  }
  return cells;
}

json StructCell(const arrow::StructArray& array, int64_t row) {
  json cells = json::object();
  for (int i = 0; i < array.num_fields(); ++i) {
    cells[array.type()->field(i)->name()] = Cell(*array.field(i), row);
  }
  return cells;
}

json Cell(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL: return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return array.data()->GetValues<int32_t>(1)[row];
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: return array.data()->GetValues<int64_t>(1)[row];
    case arrow::Type::FLOAT: return FloatCell<arrow::FloatArray>(array, row);
    case arrow::Type::DOUBLE: return FloatCell<arrow::DoubleArray>(array, row);
    case arrow::Type::STRING: return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::BINARY:
      return ToHex(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::FIXED_SIZE_BINARY:
      return ToHex(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row));
    case arrow::Type::EXTENSION:
      return Cell(*static_cast<const arrow::ExtensionArray&>(array).storage(), row);
    case arrow::Type::DECIMAL128:
      return static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
    case arrow::Type::LIST: return ListCell(static_cast<const arrow::ListArray&>(array), row);
    case arrow::Type::MAP: return MapCell(static_cast<const arrow::MapArray&>(array), row);
    case arrow::Type::STRUCT: return StructCell(static_cast<const arrow::StructArray&>(array), row);
    default: return "a type the test does not know";
  }
}

}  // namespace

Result<std::shared_ptr<const PayloadSchema>> FakeAvroSchemas::Find(const SchemaId& id) {
  ++calls;
  const auto error = errors.find(id);
  if (error != errors.end()) return error->second;
  const auto found = schemas.find(id);
  if (found == schemas.end()) return Error::NotFound("there is no such schema");
  return found->second;
}

std::string AvroRows::Row(int64_t row) const {
  if (batch == nullptr) return letters.empty() ? "no rows" : Letter() + ": " + letters[0].reason;
  json cells = json::object();
  for (int i = 0; i < batch->num_columns(); ++i) {
    cells[batch->column_name(i)] = Cell(*batch->column(i), row);
  }
  return cells.dump();
}

std::string AvroRows::Letter() const {
  if (letters.size() != 1) return std::to_string(letters.size()) + " letters";
  return letters[0].code + (letters[0].field_path.empty() ? "" : " " + letters[0].field_path);
}

AvroSchema ParsedAvro(const std::string& text) {
  auto schema = ParseAvroSchema({PayloadFormat::kAvro, text, {}});
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return schema.ok() ? std::move(schema).value() : AvroSchema();
}

iceberg::Schema MappedAvro(const std::string& text) {
  auto schema = AvroToIceberg(ParsedAvro(text));
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return schema.ok() ? std::move(schema).value() : iceberg::Schema();
}

std::string TypeWithRequired(const iceberg::Type& type) {
  if (type.is_primitive()) return iceberg::ToString(type);
  const bool is_map = type.id == iceberg::TypeId::kMap;
  std::string text = is_map ? "map<" + TypeWithRequired(type.fields[0].type) : "";
  if (type.id == iceberg::TypeId::kList) text = "list<";
  if (type.id == iceberg::TypeId::kStruct) text = "struct<";
  for (size_t i = is_map ? 1 : 0; i < type.fields.size(); ++i) {
    if (i > 0) text += ", ";
    if (type.id == iceberg::TypeId::kStruct) text += type.fields[i].name + ": ";
    text += type.fields[i].required ? "required " : "optional ";
    text += TypeWithRequired(type.fields[i].type);
  }
  return text + ">";
}

std::string Framed(uint32_t schema_id, const std::string& payload) {
  std::string framed(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) framed += static_cast<char>(schema_id >> shift);
  return framed + payload;
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

AvroRows DecodeAvro(Decoder& decoder, const std::vector<std::string>& payloads) {
  std::vector<Record> records(payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) {
    records[i].value = payloads[i];
    records[i].offset = static_cast<int64_t>(i);
  }
  AvroRows rows;
  rows.stats = decoder.Decode("topic", records, rows.letters);
  rows.batch = decoder.Seal();
  EXPECT_TRUE(rows.stats.stopped || rows.stats.records == static_cast<int64_t>(payloads.size()));
  EXPECT_EQ(rows.stats.records, rows.stats.rows + rows.stats.dead_letters + rows.stats.tombstones);
  EXPECT_EQ(rows.stats.dead_letters, static_cast<int64_t>(rows.letters.size()));
  EXPECT_EQ(rows.stats.rows, rows.batch == nullptr ? 0 : rows.batch->num_rows());
  if (rows.batch != nullptr) {
    const auto status = rows.batch->ValidateFull();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  return rows;
}

AvroRows DecodeAvro(const iceberg::Schema& table, const std::string& schema,
                    const std::vector<std::string>& payloads) {
  AvroDecoderOptions options;
  options.schema = PayloadSchema{PayloadFormat::kAvro, schema, {}};
  auto decoder = MakeAvroDecoder(table, std::move(options));
  EXPECT_TRUE(decoder.ok()) << decoder.error().message();
  return decoder.ok() ? DecodeAvro(**decoder, payloads) : AvroRows();
}

std::string DecodeAvroValue(const std::string& column_type, const std::string& avro_type,
                            const std::string& payload, bool required) {
  auto table = DeclaredSchema({{"v", column_type, required}}, {});
  EXPECT_TRUE(table.ok()) << table.error().message();
  const AvroRows rows = DecodeAvro(
      *table, R"({"type":"record","name":"Row","fields":[{"name":"v","type":)" + avro_type + "}]}",
      {payload});
  if (rows.batch == nullptr) return rows.Letter();
  return Cell(*rows.batch->column(0), 0).dump();
}

}  // namespace kafka_iceberg::decode
