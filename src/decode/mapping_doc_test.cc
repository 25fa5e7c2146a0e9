// SPDX-License-Identifier: Apache-2.0
//
// docs/FORMATS.md says what the code does: its tables of Avro and Protobuf types are those of the
// code, and each value in its table of JSON goes into the column it stands beside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/result_matchers.h"
#include "decode/avro/avro_type_rules.h"
#include "decode/json_decoder.h"
#include "decode/json_schema/json_schema_to_iceberg.h"
#include "decode/protobuf/proto_mapping.h"
#include "decode/type_text.h"

namespace kafka_iceberg::decode {
namespace {

using testing::ElementsAreArray;

// The lines of the table behind the comment <!-- name -->, without its two lines of heading.
std::vector<std::string> DocumentedRows(const std::string& name) {
  std::ifstream file(TESTDATA_DIR "/../../../docs/FORMATS.md");
  std::vector<std::string> rows;
  std::string line;
  while (std::getline(file, line) && line != "<!-- " + name + " -->") continue;
  for (int number = 0; std::getline(file, line) && line.starts_with('|'); ++number) {
    if (number >= 2) rows.push_back(line);
  }
  return rows;
}

std::vector<std::string> CellsOf(const std::string& row) {
  const std::string_view text = std::string_view(row).substr(2, row.size() - 3);
  std::vector<std::string> cells;
  size_t from = 0;
  for (size_t to = text.find(" | "); to != std::string::npos; to = text.find(" | ", from)) {
    cells.emplace_back(text.substr(from, to - from));
    from = to + 3;
  }
  cells.emplace_back(text.substr(from));
  return cells;
}

// As Markdown shows it unharmed.
std::string Shown(std::string_view type) {
  return type.find('<') == std::string_view::npos ? std::string(type) : fmt::format("`{}`", type);
}

std::string AlsoOf(const AvroTypeRule& rule) {
  std::string also;
  for (const iceberg::TypeId id : rule.also) {
    std::string type = "decimal";
    if (id == iceberg::TypeId::kFixed)
      type = "fixed";
    else if (id != iceberg::TypeId::kDecimal)
      type = ToString(iceberg::Type::Primitive(id));
    also += (also.empty() ? "" : ", ") + type;
  }
  return also;
}

std::string Cell(std::string_view text) { return text.empty() ? "" : fmt::format("{} ", text); }

TEST(MappingDoc, HasTheRulesOfAvro) {
  std::vector<std::string> rows;
  for (const AvroTypeRule& rule : AvroTypeRules()) {
    rows.push_back(fmt::format("| {} | {} | {}| {}|", rule.avro,
                               Shown(rule.column) + (rule.format_version > 2 ? " (v3)" : ""),
                               Cell(AlsoOf(rule)), Cell(rule.note)));
  }
  EXPECT_THAT(DocumentedRows("avro"), ElementsAreArray(rows));
}

TEST(MappingDoc, HasTheMappingOfProtobuf) {
  std::vector<std::string> rows;
  for (const ProtobufMappingRow& row : ProtobufMapping()) {
    rows.push_back(fmt::format("| {} | {} | {}| {}|", row.protobuf, Shown(row.iceberg),
                               Cell(row.also), Cell(row.remark)));
  }
  EXPECT_THAT(DocumentedRows("protobuf"), ElementsAreArray(rows));
}

TEST(MappingDoc, HasTheMappingOfJsonSchema) {
  std::vector<std::string> rows;
  for (const JsonSchemaMappingRow& row : JsonSchemaMapping()) {
    rows.push_back(
        fmt::format("| {} | {} | {}|", row.json_schema, Shown(row.column), Cell(row.remark)));
  }
  EXPECT_THAT(DocumentedRows("json_schema"), ElementsAreArray(rows));
}

// Whether the JSON value becomes a row of a table with one column.
bool IsTaken(const std::string& type, const std::string& json) {
  const auto schema = DeclaredSchema({{.name = "c", .type = type}}, {});
  EXPECT_THAT(schema, IsOk()) << type;
  const auto decoder = MakeJsonDecoder(*schema, {});
  EXPECT_THAT(decoder, IsOk());
  const std::string payload = fmt::format(R"({{"c":{}}})", json);
  Record record;
  record.value = payload;
  std::vector<DeadLetter> letters;
  return (*decoder)->Decode("t", std::span(&record, 1), letters).rows == 1;
}

TEST(MappingDoc, GivesJsonThatItsColumnTakes) {
  const std::vector<std::string> rows = DocumentedRows("json");
  ASSERT_FALSE(rows.empty());
  for (const std::string& row : rows) {
    const std::vector<std::string> cells = CellsOf(row);
    ASSERT_EQ(cells.size(), 4) << row;
    const auto bare = [](const std::string& cell) { return cell.substr(1, cell.size() - 2); };
    EXPECT_TRUE(IsTaken(bare(cells[0]), bare(cells[1]))) << row;
    EXPECT_FALSE(IsTaken(bare(cells[0]), bare(cells[2]))) << row;
  }
}

TEST(MappingDoc, HasEveryColumnTypeInTheTableOfJson) {
  std::vector<std::string> documented;
  for (const std::string& row : DocumentedRows("json")) {
    const std::string type = CellsOf(row)[0];
    documented.push_back(type.substr(1, type.find_first_of("`([<", 1) - 1));
  }
  EXPECT_THAT(documented, testing::UnorderedElementsAre(
                              "boolean", "int", "long", "float", "double", "decimal", "date",
                              "time", "timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns",
                              "string", "uuid", "binary", "fixed", "struct", "list", "map"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
