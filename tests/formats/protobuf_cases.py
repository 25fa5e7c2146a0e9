# SPDX-License-Identifier: Apache-2.0
"""Every Protobuf type, as Google's library (inside Confluent's serializer) writes it. Values are given in Protobuf's JSON
form, which that library reads."""

import base64
import datetime
import decimal
import pathlib
import subprocess
import tempfile
import uuid

import google.type
from google.protobuf import descriptor_pb2, message_factory

from tests.formats.cases import Case, doubles, integers, same, texts
from tests.formats.compare import nanos

D = decimal.Decimal
IMPORTS = (
    *(f"google/protobuf/{name}.proto" for name in ("any", "duration", "struct", "timestamp", "wrappers")),
    *(f"google/type/{name}.proto" for name in ("date", "decimal", "timeofday")),
)
TYPES = """
enum Colour { UNKNOWN = 0; RED = 1; BLUE = 5; }
message Point { int32 x = 1; string label = 2; }
message Deep { Point inner = 1; repeated Point all = 2; }
message Nothing {}
message Choice { oneof kind { string text = 1; int64 number = 2; Point point = 3; } }
"""
POINT = "struct<x: int, label: string>"


def encoded(*values: bytes) -> tuple:
    return tuple((base64.b64encode(value).decode(), value) for value in values)


def numbered(*values: int) -> tuple:
    """64-bit numbers, whose JSON form is text; those beyond 63 bits become decimals."""
    return tuple((str(value), value) for value in values)


UNSIGNED = tuple((str(value), D(value)) for value in (0, (1 << 64) - 1))


def unsigned(rng) -> tuple:
    value = rng.getrandbits(64)
    return str(value), D(value)


def longs(rng) -> tuple:
    value = rng.getrandbits(64) - (1 << 63)
    return str(value), value


MOMENTS = tuple((text, nanos(text)) for text in
                ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-01-08T14:30:00.123456Z"))

CASES = [
    Case("a_bool", "bool", "boolean", same(True, False)),
    *(Case(f"an_{kind}", kind, "int", same(0, -1, (1 << 31) - 1, -(1 << 31)), more=integers(32))
      for kind in ("int32", "sint32", "sfixed32")),
    *(Case(f"an_{kind}", kind, "long", numbered(0, -1, (1 << 63) - 1, -(1 << 63)), more=longs)
      for kind in ("int64", "sint64", "sfixed64")),
    *(Case(f"a_{kind}", kind, "long", same(0, (1 << 32) - 1), more=integers(32, False)) for kind in ("uint32", "fixed32")),
    *(Case(f"a_{kind}", kind, "decimal(20, 0)", UNSIGNED, more=unsigned) for kind in ("uint64", "fixed64")),
    Case("a_float", "float", "float", (*same(0.0, 1.5), ("NaN", float("nan")), ("-Infinity", float("-inf")))),
    Case("a_double", "double", "double", (*same(0.0, 0.1, 5e-324), ("Infinity", float("inf"))), more=doubles),
    Case("a_string", "string", "string", same("", "text", "Grüße 🚀"), more=texts),
    Case("some_bytes", "bytes", "binary", encoded(b"", b"\0\xff")),
    Case("an_optional", "optional int32", "int", same(None, 0, 5)),
    Case("an_optional_string", "optional string", "string", same(None, "", "x")),
    Case("an_enum", "Colour", "string", same("UNKNOWN", "BLUE")),
    Case("an_open_enum", "Colour", "string", ((7, "7"), ("RED", "RED"))),
    Case("a_message", "Point", POINT, (({"x": 1, "label": "one"},) * 2, (None, None), ({}, {"x": 0, "label": ""}))),
    Case("messages_in_messages", "Deep", f"struct<inner: {POINT}, all: list<{POINT}>>",
         (({"inner": {"x": 2}, "all": [{"x": 3}, {"label": "d"}]},
           {"inner": {"x": 2, "label": ""}, "all": [{"x": 3, "label": ""}, {"x": 0, "label": "d"}]}),
          ({}, {"inner": None, "all": []}))),
    Case("a_oneof", "Choice", f"struct<text: string, number: long, point: {POINT}>",
         (({"text": ""}, {"text": "", "number": None, "point": None}),
          ({"number": "42"}, {"text": None, "number": 42, "point": None}),
          ({"point": {"x": 1}}, {"text": None, "number": None, "point": {"x": 1, "label": ""}}),
          ({}, {"text": None, "number": None, "point": None}))),
    Case("an_empty_message", "Nothing", "boolean", (({}, True), (None, None))),
    Case("a_packed_list", "repeated int32", "list<int>", ((None, []), *same([1, -2, 3]))),
    Case("a_list_of_strings", "repeated string", "list<string>", ((None, []), *same(["", "b"]))),
    Case("a_list_of_messages", "repeated Point", f"list<{POINT}>", ((None, []), *same([{"x": 1, "label": "a"}]))),
    Case("a_list_of_enums", "repeated Colour", "list<string>", same(["RED", "BLUE"])),
    Case("a_map", "map<string, int32>", "map<string, int>", ((None, {}), *same({"": 0, "two": 2}))),
    Case("a_map_of_messages", "map<string, Point>", f"map<string, {POINT}>", same({"a": {"x": 1, "label": "one"}})),
    Case("a_map_by_number", "map<int64, bool>", "map<long, boolean>", (({"-5": True, "7": False}, {-5: True, 7: False}),)),
    Case("a_timestamp", "google.protobuf.Timestamp", "timestamptz",
         (*MOMENTS, ("2026-01-08T14:30:00.123456789Z", nanos("2026-01-08T14:30:00.123456")), (None, None))),
    Case("a_duration", "google.protobuf.Duration", "struct<seconds: long, nanos: int>",
         (("1.5s", {"seconds": 1, "nanos": 500_000_000}), ("-0.000000001s", {"seconds": 0, "nanos": -1}))),
    Case("a_bool_value", "google.protobuf.BoolValue", "boolean", same(None, False, True)),
    Case("an_int32_value", "google.protobuf.Int32Value", "int", same(None, 0, -5)),
    Case("an_int64_value", "google.protobuf.Int64Value", "long", ((None, None), *numbered(0, -5))),
    Case("a_uint32_value", "google.protobuf.UInt32Value", "long", same(None, 0, (1 << 32) - 1)),
    Case("a_uint64_value", "google.protobuf.UInt64Value", "decimal(20, 0)", ((None, None), *UNSIGNED)),
    Case("a_float_value", "google.protobuf.FloatValue", "float", same(None, 0.0, 1.5)),
    Case("a_double_value", "google.protobuf.DoubleValue", "double", same(None, 0.0, 0.1)),
    Case("a_string_value", "google.protobuf.StringValue", "string", same(None, "", "text")),
    Case("a_bytes_value", "google.protobuf.BytesValue", "binary", ((None, None), *encoded(b"", b"\0\xff"))),
    Case("a_struct", "google.protobuf.Struct", "string", (({"a": [1, None]}, '{"a":[1,null]}'), (None, None))),
    Case("a_value", "google.protobuf.Value", "string", (("text", '"text"'), (True, "true"))),
    Case("a_list_value", "google.protobuf.ListValue", "string", (([1.5, "x"], '[1.5,"x"]'), (None, None))),
    Case("an_any", "google.protobuf.Any", "struct<type_url: string, value: binary>",
         (({"@type": "type.googleapis.com/google.protobuf.Int32Value", "value": 5},
           {"type_url": "type.googleapis.com/google.protobuf.Int32Value", "value": b"\x08\x05"}), (None, None))),
    Case("a_date", "google.type.Date", "date",
         (({"year": 2026, "month": 1, "day": 8}, datetime.date(2026, 1, 8)), (None, None))),
    Case("a_time_of_day", "google.type.TimeOfDay", "time",
         (({"hours": 14, "minutes": 30, "nanos": 5_000}, 52_200_000_005), (None, None))),
    Case("a_google_decimal", "google.type.Decimal", "string", (({"value": "-1.50"}, "-1.50"), (None, None))),
]


def into(column: str, name: str, written: str, *values, **more) -> Case:
    return Case(name, written, column, tuple(values), declared=column, **more)


ID = uuid.UUID(int=0x123E4567E89B12D3A456426614174000)
DECLARED = [
    into("long", "int32_to_long", "int32", (5, 5)),
    into("decimal(12, 2)", "int64_to_decimal", "int64", ("5", D("5.00"))),
    into("long", "uint64_to_long", "uint64", (str((1 << 63) - 1), (1 << 63) - 1)),
    into("timestamptz", "int64_to_timestamptz", "int64", ("1767882600123", nanos("2026-01-08T14:30:00.123"))),
    into("timestamp", "int64_to_timestamp", "int64", ("1767882600123", nanos("2026-01-08T14:30:00.123"))),
    into("double", "float_to_double", "float", (1.5, 1.5)),
    into("binary", "string_to_binary", "string", ("Grüße", "Grüße".encode())),
    into("uuid", "string_to_uuid", "string", (str(ID), ID)),
    into("decimal(9, 2)", "string_to_decimal", "string", ("-1.5", D("-1.50"))),
    into("date", "string_to_date", "string", ("2026-01-08", datetime.date(2026, 1, 8))),
    into("time", "string_to_time", "string", ("14:30:00.5", 52_200_500_000)),
    into("timestamptz", "string_to_timestamptz", "string", ("2026-01-08T15:30:00.5+01:00", nanos("2026-01-08T14:30:00.5"))),
    into("fixed[3]", "bytes_to_fixed", "bytes", (base64.b64encode(b"abc").decode(), b"abc")),
    into("uuid", "bytes_to_uuid", "bytes", (base64.b64encode(ID.bytes).decode(), ID)),
    into("timestamptz_ns", "timestamp_to_nanos", "google.protobuf.Timestamp",
         ("2026-01-08T14:30:00.123456789Z", nanos("2026-01-08T14:30:00.123456789")), version=3),
    into("long", "duration_to_long", "google.protobuf.Duration", ("1.5s", 1_500_000), ("-0.000000001s", -1)),
    into("decimal(9, 2)", "decimal_to_decimal", "google.type.Decimal", ({"value": "-1.5"}, D("-1.50"))),
    into("int", "enum_to_int", "Colour", ("BLUE", 5)),
    into("binary", "message_to_binary", "Point", ({"x": 1}, b"\x08\x01")),
]


def schema_of(cases: list[Case]) -> str:
    """A file whose first message has a field for each case."""
    fields = "".join(f"  {case.written} {case.name} = {number};\n" for number, case in enumerate(cases, 1))
    imports = "".join(f'import "{name}";\n' for name in IMPORTS)
    return f'syntax = "proto3";\npackage matrix;\n{imports}message Everything {{\n{fields}}}\n{TYPES}'


def message_of(text: str):
    """The class of the first message of a .proto file, made by protoc and Google's library."""
    include = next(iter(google.type.__path__)) + "/../.."
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "everything.proto"), pathlib.Path(folder, "everything.pb")
        source.write_text(text)
        # protoc brings the google/protobuf files itself.
        subprocess.run(
            ["protoc", f"-I{folder}", f"-I{include}", "--include_imports", f"--descriptor_set_out={binary}", source],
            check=True,
            stderr=subprocess.DEVNULL,  # warnings of imports that a shorter list of cases does not use
        )
        files = descriptor_pb2.FileDescriptorSet.FromString(binary.read_bytes()).file
    return message_factory.GetMessages(files)["matrix.Everything"]
