// SPDX-License-Identifier: Apache-2.0
//
// Bytes made to harm the Protobuf decoder: each becomes a row or a dead letter, in bounded time and
// memory.
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/protobuf/fake_proto_records.h"
#include "decode/protobuf/wire_reader.h"

namespace kafka_iceberg::decode {
namespace {

using Writer = ProtoWriter;

TEST(ProtobufHostile, VarintsOfEveryLengthAreReadAlikeEverywhere) {
  for (uint32_t bits = 0; bits < 64; ++bits) {
    for (const uint64_t value :
         {uint64_t{1} << bits, (uint64_t{1} << bits) - 1, ~uint64_t{0} >> bits}) {
      std::string bytes = Writer::VarintBytes(value);
      const size_t size = bytes.size();
      for (size_t padding = 0; padding <= 10; ++padding) {
        std::string padded = bytes + std::string(padding, '\xff');
        const auto* at = reinterpret_cast<WireAt>(padded.data());
        uint64_t read = 0;
        EXPECT_EQ(ReadVarint(at, at + padded.size(), read), at + size);
        EXPECT_EQ(read, value);
        EXPECT_EQ(ReadVarint(at, at + size - 1, read), nullptr);
      }
    }
  }
}

TEST(ProtobufHostile, VarintsMayBeLongerThanNeededButNotForEver) {
  const std::string zeros(9, '\x80');
  EXPECT_EQ(DecodeProtoValue("int64", "long", Writer().Tag(1, 0).Raw("\x85" + zeros.substr(1))),
            "bad_protobuf v");
  EXPECT_EQ(
      DecodeProtoValue("int64", "long",
                       Writer().Tag(1, 0).Raw("\x85" + zeros.substr(1) + std::string(1, '\0'))),
      "5");
  EXPECT_EQ(DecodeProtoValue("int64", "long",
                             Writer().Tag(1, 0).Raw("\x85" + zeros + std::string(1, '\0'))),
            "bad_protobuf v");
  EXPECT_EQ(DecodeProtoValue("int64", "long", Writer().Tag(1, 0).Raw(std::string(100, '\xff'))),
            "bad_protobuf v");
  // A tag too may be written in more bytes.
  EXPECT_EQ(DecodeProtoValue("int64", "long", Writer().Raw(std::string("\x88\x80\x00\x05", 4))),
            "5");
}

TEST(ProtobufHostile, TagsThatAreNone) {
  for (const std::string& bytes :
       {std::string("\0", 1), std::string("\x00\x01", 2), std::string("\x07"), std::string("\x0e"),
        std::string("\x0f"), std::string("\x80"), std::string("\x80\x00", 2),
        std::string("\xff\xff\xff\xff\x7f\x01"), std::string("\x0c")}) {
    EXPECT_EQ(DecodeProtoValue("int64", "long", Writer().Raw(bytes)).substr(0, 12), "bad_protobuf");
  }
}

TEST(ProtobufHostile, LengthsBeyondTheEnd) {
  for (const uint64_t length : {uint64_t{4}, uint64_t{1} << 31, uint64_t{1} << 32,
                                (uint64_t{1} << 63) - 1, uint64_t{1} << 63, ~uint64_t{0}}) {
    const Writer known = Writer().Tag(1, 2).Raw(Writer::VarintBytes(length)).Raw("abc");
    const Writer unknown = Writer().Tag(9, 2).Raw(Writer::VarintBytes(length)).Raw("abc");
    for (const char* type : {"string", "bytes", "repeated string", "repeated int32", "B"}) {
      const std::string column = std::string(type) == "B"                 ? "struct<x:int>"
                                 : std::string(type) == "bytes"           ? "binary"
                                 : std::string(type) == "repeated int32"  ? "list<int>"
                                 : std::string(type) == "repeated string" ? "list<string>"
                                                                          : "string";
      EXPECT_EQ(DecodeProtoValue(type, column, known, "message B { int32 x = 1; }"),
                "bad_protobuf v");
    }
    EXPECT_EQ(DecodeProtoValue("string", "string", unknown), "bad_protobuf");
  }
}

TEST(ProtobufHostile, GroupsAreSkippedToABound) {
  const auto nested = [](uint32_t depth) {
    Writer writer;
    for (uint32_t i = 0; i < depth; ++i) writer.Tag(9 + i, 3);
    for (uint32_t i = depth; i > 0; --i) writer.Tag(8 + i, 4);
    return writer;
  };
  EXPECT_EQ(DecodeProtoValue("int64", "long", nested(100)), "0");
  EXPECT_EQ(DecodeProtoValue("int64", "long", nested(101)), "bad_protobuf");
  EXPECT_EQ(DecodeProtoValue("int64", "long", nested(1'000'000)), "bad_protobuf");
  EXPECT_EQ(DecodeProtoValue("int64", "long", Writer().Tag(9, 3)), "bad_protobuf");
  EXPECT_EQ(DecodeProtoValue("int64", "long", Writer().Tag(9, 3).Tag(8, 4)), "bad_protobuf");
}

TEST(ProtobufHostile, MessagesNestedBeyondTheColumnsAreSkipped) {
  Writer deep;
  for (int i = 0; i < 10'000; ++i) deep = Writer().Message(2, deep);
  EXPECT_EQ(DecodeProtoValue("Node", "struct<x:int,next:struct<x:int>>", Writer().Message(1, deep),
                             "message Node { int32 x = 1; Node next = 2; }"),
            "{x:int32 = 0, next:struct<x: int32> = {x:int32 = 0}}");
}

TEST(ProtobufHostile, PiecesWithinPiecesEndInTime) {
  // Each level is read again once the second piece is met: 2^levels times without a limit.
  const std::string more = "message Node { int32 x = 1; Node next = 2; }";
  std::string column = "int";
  std::string type = "struct<x:int>";
  Writer deep = Writer().Varint(1, 1);
  for (int i = 0; i < 40; ++i) {
    deep = Writer().Message(2, deep).Message(2, Writer());
    type = "struct<x:int,next:" + type + ">";
  }
  EXPECT_EQ(DecodeProtoValue("Node", type, Writer().Message(1, deep), more).substr(0, 20),
            "unsupported_encoding");
  Writer wide;
  for (int i = 0; i < 200'000; ++i) wide.Message(1, Writer());
  EXPECT_EQ(DecodeProtoValue("Node", "struct<x:int>", wide, more), "{x:int32 = 0}");
  Writer entries;
  for (int i = 0; i < 100'000; ++i) entries.Message(1, Writer().Varint(1, 7).Varint(2, 8));
  EXPECT_EQ(DecodeProtoValue("map<int32, int32>", "map<int,int>", entries),
            "map<int32, int32>[{key:int32 = 7, value:int32 = 8}]");
}

TEST(ProtobufHostile, ARecordMayNotBecomeMoreCellsThanItHasBytesAtMost) {
  iceberg::Schema schema = SchemaOf({{"v", "list<struct<a:long,b:long,c:string,d:string>>"}});
  const std::string text =
      "message A { repeated B v = 1; } message B { int64 a = 1; int64 b = 2; string c = 3; string "
      "d = 4; }";
  Writer elements;
  for (int i = 0; i < 1000; ++i) elements.Message(1, Writer());
  ProtobufDecoderOptions options;
  options.record_bytes_max = 5000;
  EXPECT_EQ(DecodeProto(text, schema, {elements.bytes()}, options).stats.rows, 1);
  elements.Message(1, Writer());
  EXPECT_EQ(DecodeProto(text, schema, {elements.bytes()}, options).Letter(), "too_big v");
  options.record_bytes_max = 100;
  EXPECT_EQ(DecodeProto(text, schema, {std::string(101, ' ')}, options).Letter(), "too_big");
}

TEST(ProtobufHostile, TwoThousandFields) {
  std::string text = "message A {";
  std::vector<DeclaredField> columns;
  Writer forwards;
  Writer backwards;
  for (uint32_t i = 1; i <= 2000; ++i) {
    const uint32_t number = i < 1500 ? i : i * 1000;
    text += fmt::format(" int32 f{} = {};", i, number);
    columns.push_back({fmt::format("f{}", i), "int"});
    forwards.Varint(number, i);
  }
  for (uint32_t i = 2000; i >= 1; --i) backwards.Varint(i < 1500 ? i : i * 1000, i);
  const auto schema = SchemaOf(columns);
  const auto rows =
      DecodeProto(text + " }", schema, {forwards.bytes(), backwards.bytes(), "", forwards.bytes()});
  ASSERT_EQ(rows.stats.rows, 4);
  for (int i = 1; i <= 2000; ++i) {
    const std::string name = fmt::format("f{}", i);
    ASSERT_EQ(rows.Cell(name, 0), std::to_string(i));
    ASSERT_EQ(rows.Cell(name, 1), std::to_string(i));
    ASSERT_EQ(rows.Cell(name, 2), "0");
    ASSERT_EQ(rows.Cell(name, 3), std::to_string(i));
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
