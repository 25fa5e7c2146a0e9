// SPDX-License-Identifier: Apache-2.0
//
// Messages encoded by Google's own library (testdata/protobuf/make_records.py), and the rows they
// become in the table that the mapping proposes.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/hashing.h"
#include "core/random.h"
#include "decode/protobuf/fake_proto_records.h"
#include "decode/protobuf/proto_mapping.h"
#include "decode/protobuf/proto_text.h"

namespace kafka_iceberg::decode {
namespace {

using Json = nlohmann::json;

std::string ReadTestdata(const std::string& name) {
  std::ifstream file(std::string(TESTDATA_DIR) + "/protobuf/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

Json Render(const arrow::Array& array, int64_t row);

Json RenderRange(const arrow::Array& values, int64_t from, int64_t to) {
  Json list = Json::array();
  for (int64_t i = from; i < to; ++i) list.push_back(Render(values, i));
  return list;
}

Json RenderStruct(const arrow::StructArray& array, int64_t row) {
  Json object = Json::object();
  for (int i = 0; i < array.num_fields(); ++i)
    object[array.struct_type()->field(i)->name()] = Render(*array.field(i), row);
  return object;
}

Json RenderMap(const arrow::MapArray& array, int64_t row) {
  std::vector<Json> pairs;
  for (int64_t i = array.value_offset(row); i < array.value_offset(row + 1); ++i)
    pairs.push_back(Json::array({Render(*array.keys(), i), Render(*array.items(), i)}));
  std::sort(pairs.begin(), pairs.end(), [](const Json& a, const Json& b) {
    return a[0].dump(-1, ' ', true) < b[0].dump(-1, ' ', true);
  });
  return pairs;
}

template <typename ArrayType>
auto ValueOf(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).GetView(row);
}

Json RenderFloating(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

// A cell in the notation of make_records.py.
Json Render(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL: return ValueOf<arrow::BooleanArray>(array, row);
    case arrow::Type::INT32: return ValueOf<arrow::Int32Array>(array, row);
    case arrow::Type::INT64: return ValueOf<arrow::Int64Array>(array, row);
    case arrow::Type::TIMESTAMP: return ValueOf<arrow::TimestampArray>(array, row);
    case arrow::Type::FLOAT: return RenderFloating(ValueOf<arrow::FloatArray>(array, row));
    case arrow::Type::DOUBLE: return RenderFloating(ValueOf<arrow::DoubleArray>(array, row));
    case arrow::Type::STRING: return std::string(ValueOf<arrow::StringArray>(array, row));
    case arrow::Type::BINARY: return "hex:" + ToHex(ValueOf<arrow::BinaryArray>(array, row));
    case arrow::Type::DECIMAL128:
      return static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
    case arrow::Type::STRUCT:
      return RenderStruct(static_cast<const arrow::StructArray&>(array), row);
    case arrow::Type::MAP: return RenderMap(static_cast<const arrow::MapArray&>(array), row);
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      return RenderRange(*list.values(), list.value_offset(row), list.value_offset(row + 1));
    }
    default: return "unexpected " + array.type()->ToString();
  }
}

// Expected cells that are JSON texts stand as values.
bool SameCell(const Json& expected, const Json& actual) {
  if (expected.is_object() && expected.contains("json"))
    return actual.is_string() &&
           Json::parse(actual.get<std::string>(), nullptr, false) == expected["json"];
  return expected == actual;
}

struct GoldenRecord {
  std::string file;
  std::string message;
  std::string payload;
  Json row;
};

std::vector<GoldenRecord> ReadGoldenRecords() {
  std::vector<GoldenRecord> records;
  for (const Json& record : Json::parse(ReadTestdata("records.json"), nullptr, false)) {
    records.push_back(
        {record["file"], record["message"], FromHex(record["payload"]), record["row"]});
  }
  return records;
}

std::unique_ptr<Decoder> DecoderFor(const std::string& file, const std::string& message) {
  ProtobufDecoderOptions options;
  options.framing = Framing::kNone;
  options.schema = ProtoText(ReadTestdata(file));
  options.message = message;
  auto parsed = ParseProtoText(*options.schema);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message();
  auto schema = ProtobufToIceberg(*parsed, *parsed->FindByName(message));
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  auto decoder = MakeProtobufDecoder(*schema, options);
  EXPECT_TRUE(decoder.ok()) << decoder.error().message();
  return std::move(decoder).value();
}

TEST(ProtobufGolden, MessagesBecomeTheirRows) {
  const auto records = ReadGoldenRecords();
  ASSERT_GT(records.size(), 60U);
  std::map<std::string, std::unique_ptr<Decoder>> decoders;
  for (size_t i = 0; i < records.size(); ++i) {
    const GoldenRecord& record = records[i];
    auto& decoder = decoders[record.message];
    if (decoder == nullptr) decoder = DecoderFor(record.file, record.message);
    const DecodedRows rows = DecodeWith(*decoder, {record.payload});
    ASSERT_NE(rows.batch, nullptr) << i << ' ' << rows.letters.at(0).reason;
    EXPECT_EQ(rows.stats.ignored_fields, 0);
    ASSERT_EQ(record.row.size(), static_cast<size_t>(rows.batch->num_columns()));
    for (const auto& [name, expected] : record.row.items()) {
      const Json actual = Render(*rows.batch->GetColumnByName(name), 0);
      EXPECT_TRUE(SameCell(expected, actual))
          << "record " << i << " field " << name << "\n  expected " << expected.dump()
          << "\n  actual   " << actual.dump();
    }
  }
}

TEST(ProtobufGolden, ManyRowsInOneBatchAreTheSameRows) {
  std::map<std::string, std::vector<std::string>> payloads;
  std::map<std::string, std::string> files;
  for (const GoldenRecord& record : ReadGoldenRecords()) {
    payloads[record.message].push_back(record.payload);
    files[record.message] = record.file;
  }
  for (const auto& [message, all] : payloads) {
    const auto decoder = DecoderFor(files[message], message);
    const DecodedRows together = DecodeWith(*decoder, all);
    ASSERT_EQ(together.stats.rows, static_cast<int64_t>(all.size()));
    for (size_t i = 0; i < all.size(); ++i) {
      const DecodedRows alone = DecodeWith(*decoder, {all[i]});
      ASSERT_TRUE(alone.batch->Equals(*together.batch->Slice(static_cast<int64_t>(i), 1),
                                      arrow::EqualOptions().nans_equal(true)))
          << message << ' ' << i;
    }
  }
}

// Truncated at every byte, or with random bytes changed: a row or a dead letter, never both, never
// a trace.
TEST(ProtobufGolden, BrokenMessagesNeverHarm) {
  constexpr int kMutationsPerRecord = 1500;
  SeededRandom random(20260108);
  std::map<std::string, std::unique_ptr<Decoder>> decoders;
  for (const GoldenRecord& record : ReadGoldenRecords()) {
    auto& decoder = decoders[record.message];
    if (decoder == nullptr) decoder = DecoderFor(record.file, record.message);
    std::vector<std::string> payloads;
    for (size_t size = 0; size < record.payload.size(); ++size)
      payloads.push_back(record.payload.substr(0, size));
    for (int i = 0; i < kMutationsPerRecord && !record.payload.empty(); ++i) {
      std::string& payload = payloads.emplace_back(record.payload);
      for (uint64_t n = 1 + random.Below(4); n > 0; --n) {
        const size_t at = random.Below(payload.size());
        if (random.Below(4) == 0) {
          payload.insert(at, 1, static_cast<char>(random.Next()));
        } else {
          payload[at] = static_cast<char>(random.Next());
        }
      }
    }
    const DecodedRows rows = DecodeWith(*decoder, payloads);
    EXPECT_EQ(rows.stats.records, static_cast<int64_t>(payloads.size()));
    const DecodedRows after = DecodeWith(*decoder, {record.payload});
    EXPECT_EQ(after.stats.rows, 1);
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
