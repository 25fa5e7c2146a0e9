// SPDX-License-Identifier: Apache-2.0
//
// The schemas of the targets whose input is payloads alone: a column of every kind. Constants.
// make_corpus.py writes records of the same schemas: change both together.
#pragma once

#include <vector>

#include "decode/type_text.h"

namespace kafka_iceberg::fuzz {

inline std::vector<decode::DeclaredField> JsonFuzzColumns() {
  std::vector<decode::DeclaredField> fields;
  for (const char* type : {"boolean",
                           "int",
                           "long",
                           "float",
                           "double",
                           "decimal(9,2)",
                           "decimal(38,10)",
                           "date",
                           "time",
                           "timestamp",
                           "timestamptz",
                           "timestamp_ns",
                           "timestamptz_ns",
                           "string",
                           "uuid",
                           "binary",
                           "fixed[3]",
                           "list<long>",
                           "map<string,int>",
                           "struct<x:int,y:list<struct<z:string,w:map<string,decimal(5,1)>>>>"}) {
    fields.push_back({.name = fmt::format("c{}", fields.size()), .type = type});
  }
  return fields;
}

inline constexpr char kAvroFuzzSchema[] = R"({"type":"record","name":"Fuzz","fields":[
{"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},
{"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"by","type":"bytes"},
{"name":"s","type":"string"},{"name":"fx","type":{"type":"fixed","name":"F","size":3}},
{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
{"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
{"name":"day","type":{"type":"int","logicalType":"date"}},
{"name":"tm","type":{"type":"int","logicalType":"time-millis"}},
{"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"u","type":{"type":"string","logicalType":"uuid"}},
{"name":"du","type":{"type":"fixed","name":"Du","size":12,"logicalType":"duration"}},
{"name":"a","type":{"type":"array","items":["null","string"]}},
{"name":"m","type":{"type":"map","values":{"type":"array","items":"int"}}},
{"name":"un","type":["null","string","long",{"type":"record","name":"R","fields":[
{"name":"x","type":"int"},{"name":"y","type":{"type":"array","items":"double"}}]}]},
{"name":"o","type":["null","R"]}]})";

inline constexpr char kProtobufFuzzSchema[] = R"(syntax = "proto3";
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto"; import "google/type/date.proto";
message M { bool a = 1; int32 b = 2; sint64 c = 3; uint64 d = 4; fixed32 e = 5; sfixed64 f = 6;
float g = 7; double h = 8; string i = 9; bytes j = 10; optional int32 k = 11; E l = 12; N m = 13;
repeated int32 n = 14; repeated string o = 15; repeated N p = 16; map<string, N> q = 17;
map<int64, bool> r = 18; oneof s { string t = 19; N u = 20; }
google.protobuf.Timestamp v = 21; google.protobuf.Duration w = 22; google.protobuf.Struct x = 23;
google.protobuf.Value y = 24; google.protobuf.ListValue z = 25; google.protobuf.StringValue aa = 26;
google.protobuf.UInt64Value bb = 27; google.protobuf.Any cc = 28; google.type.Date dd = 29;
repeated E ee = 30; }
enum E { ZERO = 0; ONE = 1; }
message N { int32 x = 1; string y = 2; repeated double z = 3; }
)";

}  // namespace kafka_iceberg::fuzz
