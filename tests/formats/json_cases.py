# SPDX-License-Identifier: Apache-2.0
"""Every column type, from JSON as Python's own library writes it; and payloads that are taken as they are."""

import base64
import datetime
import decimal
import uuid

from tests.formats.cases import Case, doubles, integers, same, texts
from tests.formats.compare import nanos

D = decimal.Decimal
ID = uuid.UUID(int=0x123E4567E89B12D3A456426614174000)
MOMENTS = tuple((text, nanos(text)) for text in ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-01-08T14:30:00.123456Z"))


def as_declared(column: str, *values, name: str = "", **more) -> Case:
    name = name or column.split("(")[0].split("[")[0].split("<")[0] + "_column"
    return Case(name, more.pop("written", "JSON"), column, tuple(values), declared=column, **more)


DECLARED = [
    as_declared("boolean", *same(True, False, None)),
    as_declared("int", *same(0, (1 << 31) - 1, -(1 << 31), None), more=integers(32)),
    as_declared("long", *same(0, (1 << 63) - 1, -(1 << 63)), more=integers(64)),
    as_declared("float", *same(0.0, 1.5), ("NaN", float("nan")), (2, 2.0)),
    as_declared("double", *same(0.1, 5e-324, 1e308), ("-Infinity", float("-inf")), more=doubles),
    as_declared("decimal(38, 10)", ("0.1", D("0.1000000000")), (-12, D("-12.0000000000")),
                ("9999999999999999999999999999.9999999999", D("9999999999999999999999999999.9999999999"))),
    as_declared("date", ("2026-01-08", datetime.date(2026, 1, 8)), ("0001-01-01", datetime.date(1, 1, 1))),
    as_declared("time", ("14:30:00.5", 52_200_500_000), ("00:00:00", 0)),
    as_declared("timestamptz", *MOMENTS, ("2026-01-08T15:30:00+01:00", nanos("2026-01-08T14:30:00")),
                (1_767_882_600_123, nanos("2026-01-08T14:30:00.123"))),
    as_declared("timestamp", *((text[:-1], value) for text, value in MOMENTS)),
    as_declared("timestamptz_ns", ("2026-01-08T14:30:00.123456789Z", nanos("2026-01-08T14:30:00.123456789")),
                version=3),
    as_declared("timestamp_ns", ("2026-01-08T14:30:00.123456789", nanos("2026-01-08T14:30:00.123456789")),
                version=3),
    as_declared("string", *same("", "Grüße 🚀", 'a "quoted"\nline\0'), more=texts),
    as_declared("uuid", (str(ID), ID)),
    as_declared("binary", ("", b""), (base64.b64encode(b"\0\xff").decode(), b"\0\xff")),
    as_declared("fixed[3]", (base64.b64encode(b"abc").decode(), b"abc")),
    as_declared("struct<x: int, label: string>", *same({"x": 1, "label": "one"}, None), ({"x": 2}, {"x": 2, "label": None})),
    as_declared("list<long>", *same([], [1, None, 3], None)),
    as_declared("map<string, int>", *same({}, {"": 0, "two": None})),
    as_declared("list<struct<at: timestamptz, tags: map<string, string>>>",
                ([{"at": "2026-01-08T14:30:00Z", "tags": {"a": "b"}}], [{"at": nanos("2026-01-08T14:30:00"), "tags": {"a": "b"}}]),
                name="deep_column"),
]
INFERRED = [
    Case("a_number", "number", "long", same(1, -5)),
    Case("a_fraction", "number with a fraction", "double", same(0.5, 2.0)),
    Case("a_huge_number", "number beyond 64 bits", "decimal(38, 0)", (((1 << 70), D(1 << 70)), (1, D(1)))),
    Case("a_text", "string", "string", same("one", "two")),
    Case("a_flag", "true, false", "boolean", same(True, False)),
    Case("a_moment", "RFC 3339 with zone", "timestamptz", (("2026-01-08T14:30:00Z", nanos("2026-01-08T14:30:00")),)),
    Case("a_local_moment", "RFC 3339 without zone", "timestamp", (("2026-01-08T14:30:00", nanos("2026-01-08T14:30:00")),)),
    Case("a_day", "date", "date", (("2026-01-08", datetime.date(2026, 1, 8)),)),
    Case("an_object", "object", "struct<x: long>", same({"x": 1})),
    Case("a_list", "array", "list<string>", same(["a"], [])),
]
BINARY = [Case("value", "bytes", "binary", same(b"\0\xff", b"", b"text"))]
BINARY_TEXT = [Case("value", "bytes", "string", ((b"text", "text"), ("Grüße".encode(), "Grüße")), declared="string")]


def schema_case(name: str, schema, column: str, *values, **more) -> Case:
    return Case(name, schema, column, tuple(values), **more)


POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "label": {"type": "string"}}, "required": ["x"]}
JSON_SCHEMA = [
    schema_case("a_boolean", {"type": "boolean"}, "boolean", *same(True, False)),
    schema_case("an_integer", {"type": "integer"}, "long", *same(0, (1 << 63) - 1, -(1 << 63)), more=integers(64)),
    schema_case("a_small_integer", {"type": "integer", "minimum": -(1 << 31), "maximum": (1 << 31) - 1}, "int",
                *same(0, (1 << 31) - 1, -(1 << 31)), more=integers(32)),
    schema_case("an_unsigned_integer", {"type": "integer", "minimum": 0, "maximum": (1 << 64) - 1}, "decimal(38, 0)",
                (0, D(0)), ((1 << 64) - 1, D((1 << 64) - 1))),
    schema_case("a_number", {"type": "number"}, "double", *same(0.1, 5e-324), (2, 2.0), more=doubles),
    schema_case("a_string", {"type": "string"}, "string", *same("", "Grüße 🚀"), more=texts),
    schema_case("a_moment", {"type": "string", "format": "date-time"}, "timestamptz", *MOMENTS),
    schema_case("a_day", {"type": "string", "format": "date"}, "date", ("2026-01-08", datetime.date(2026, 1, 8))),
    schema_case("an_id", {"type": "string", "format": "uuid"}, "uuid", (str(ID), ID)),
    schema_case("some_bytes", {"type": "string", "contentEncoding": "base64"}, "binary", ("AP8=", b"\0\xff")),
    schema_case("an_enum", {"enum": ["RED", "BLUE"]}, "string", *same("RED", "BLUE")),
    schema_case("an_object", POINT, "struct<x: long, label: string>", *same({"x": 1, "label": "a"}), ({"x": 2}, {"x": 2, "label": None})),
    schema_case("a_map", {"type": "object", "additionalProperties": {"type": "integer"}}, "map<string, long>", *same({}, {"a": 1})),
    schema_case("an_array", {"type": "array", "items": {"type": "number"}}, "list<double>", *same([], [1.5])),
    schema_case("an_array_of_objects", {"type": "array", "items": {"$ref": "#/$defs/point"}},
                "list<struct<x: long, label: string>>", *same([], [{"x": 1, "label": "a"}])),
    schema_case("null_or_string", {"type": ["null", "string"]}, "string", *same(None, "x")),
    schema_case("one_of_null_and_object", {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/point"}]},
                "struct<x: long, label: string>", *same(None, {"x": 1, "label": "a"})),
    schema_case("only_null", {"type": "null"}, "", *same(None)),
]


def schema_of(cases: list[Case]) -> dict:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Everything",
        "type": "object",
        "required": [case.name for case in cases],
        "properties": {case.name: case.written for case in cases},
        "$defs": {"point": POINT},
    }
