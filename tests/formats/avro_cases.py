# SPDX-License-Identifier: Apache-2.0
"""Every Avro type, as fastavro (inside Confluent's serializer) writes it."""

import datetime
import decimal
import random
import struct
import uuid

from tests.formats.cases import Case, binaries, doubles, integers, moments, same, texts
from tests.formats.compare import nanos

D = decimal.Decimal
UUIDS = tuple(uuid.UUID(int=number) for number in (0, 1, 0x123E4567E89B12D3A456426614174000, (1 << 128) - 1))


def logical(kind, name: str, **more) -> dict:
    return {"type": kind, "logicalType": name, **more}


def fixed(name: str, size: int) -> dict:
    return {"type": "fixed", "name": name, "size": size}


def decimals(digits: int, scale: int):
    def make(rng: random.Random) -> tuple:
        value = D(rng.randint(1 - 10**digits, 10**digits - 1)).scaleb(-scale, decimal.Context(prec=60))
        return value, value

    return make


def uuids(rng: random.Random) -> tuple:
    value = uuid.UUID(int=rng.getrandbits(128))
    return value, value


def moments_of_day(unit_micros: int):
    def make(rng: random.Random) -> tuple:
        value = rng.randrange(86_400_000_000 // unit_micros)
        return value, value * unit_micros

    return make


def days(rng: random.Random) -> tuple:
    value = datetime.date.fromordinal(rng.randint(1, 3_652_059))
    return value, value


MILLIS = ((0, 0), (-1, -1_000_000), (1_767_882_600_123, nanos("2026-01-08T14:30:00.123")))
MICROS = ((0, 0), (-1, -1_000), (1_767_882_600_123_456, nanos("2026-01-08T14:30:00.123456")))
NANOS = ((0, 0), (-1, -1), (1_767_882_600_123_456_789, nanos("2026-01-08T14:30:00.123456789")))
NEW_YEAR = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
POINT = {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}, {"name": "label", "type": "string"}]}
DEEP = {
    "type": "record",
    "name": "Deep",
    "fields": [{"name": "inner", "type": {**POINT, "name": "Inner"}}, {"name": "all", "type": {"type": "array", "items": "Inner"}}],
}

CASES = [
    Case("a_boolean", "boolean", "boolean", same(True, False)),
    Case("an_int", "int", "int", same(0, -1, (1 << 31) - 1, -(1 << 31)), more=integers(32)),
    Case("a_long", "long", "long", same(0, (1 << 63) - 1, -(1 << 63)), more=integers(64)),
    Case("a_float", "float", "float", same(0.0, -0.0, 1.5, float("inf"), float("nan"))),
    Case("a_double", "double", "double", same(0.0, -0.0, 0.1, 5e-324, float("-inf"), float("nan")), more=doubles),
    Case("some_bytes", "bytes", "binary", same(b"", b"\0\xff", b"text"), more=binaries),
    Case("a_string", "string", "string", same("", "text", "Grüße 🚀", 'a "quoted"\nline\0'), more=texts),
    Case("a_fixed", fixed("Five", 5), "fixed[5]", same(b"\0\1\2\3\4", b"abcde")),
    Case("an_enum", {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]}, "string", same("RED", "BLUE")),
    Case("a_decimal", logical("bytes", "decimal", precision=9, scale=2), "decimal(9, 2)",
         same(D("0.00"), D("-0.01"), D("9999999.99")), more=decimals(9, 2)),
    Case("a_wide_decimal", logical("bytes", "decimal", precision=38, scale=10), "decimal(38, 10)",
         same(D("0.0000000000"), D("-9999999999999999999999999999.9999999999")), more=decimals(38, 10)),
    Case("a_fixed_decimal", {**fixed("Money", 8), "logicalType": "decimal", "precision": 18, "scale": 4},
         "decimal(18, 4)", same(D("1.0000"), D("-99999999999999.9999")), more=decimals(18, 4)),
    Case("too_wide_decimal", logical("bytes", "decimal", precision=50, scale=5), "binary", same(b"\0\x80", b"\xff\x7f")),
    Case("a_date", logical("int", "date"), "date",
         same(datetime.date(1970, 1, 1), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)), more=days),
    Case("time_millis", logical("int", "time-millis"), "time",
         ((0, 0), (86_399_999, 86_399_999_000)), more=moments_of_day(1000)),
    Case("time_micros", logical("long", "time-micros"), "time",
         same(0, 86_399_999_999), more=moments_of_day(1)),
    Case("timestamp_millis", logical("long", "timestamp-millis"), "timestamptz",
         (*MILLIS, (NEW_YEAR, nanos("2026-01-01T00:00:00"))), more=moments(1_000_000)),
    Case("timestamp_micros", logical("long", "timestamp-micros"), "timestamptz",
         (*MICROS, (NEW_YEAR, nanos("2026-01-01T00:00:00"))), more=moments(1_000)),
    Case("timestamp_nanos", logical("long", "timestamp-nanos"), "timestamptz_ns", NANOS, version=3, more=moments(1)),
    Case("local_millis", logical("long", "local-timestamp-millis"), "timestamp", MILLIS, more=moments(1_000_000)),
    Case("local_micros", logical("long", "local-timestamp-micros"), "timestamp", MICROS, more=moments(1_000)),
    Case("local_nanos", logical("long", "local-timestamp-nanos"), "timestamp_ns", NANOS, version=3, more=moments(1)),
    Case("uuid_text", logical("string", "uuid"), "uuid", same(*UUIDS), more=uuids),
    Case("uuid_bytes", {**fixed("Id", 16), "logicalType": "uuid"}, "uuid",
         tuple((value.bytes, value) for value in UUIDS)),
    Case("a_duration", {**fixed("Duration", 12), "logicalType": "duration"},
         "struct<months: long, days: long, millis: long>",
         tuple((struct.pack("<III", *parts), dict(zip(("months", "days", "millis"), parts)))
               for parts in ((0, 0, 0), (1, 2, 3), (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)))),
    Case("a_record", POINT, "struct<x: int, label: string>", same({"x": 1, "label": "one"}, {"x": -1, "label": ""})),
    Case("records_in_records", DEEP, "struct<inner: struct<x: int, label: string>, all: list<struct<x: int, label: string>>>",
         same({"inner": {"x": 1, "label": "a"}, "all": []},
              {"inner": {"x": 2, "label": "b"}, "all": [{"x": 3, "label": "c"}, {"x": 4, "label": "d"}]})),
    Case("an_array", {"type": "array", "items": "long"}, "list<long>", same([], [1, -2, 3])),
    Case("an_array_of_arrays", {"type": "array", "items": {"type": "array", "items": ["null", "string"]}},
         "list<list<string>>", same([], [[], ["a", None], ["b"]])),
    Case("a_map", {"type": "map", "values": "int"}, "map<string, int>", same({}, {"": 0, "two": 2, "ü": -3})),
    Case("a_map_of_decimals", {"type": "map", "values": logical("bytes", "decimal", precision=5, scale=1)},
         "map<string, decimal(5, 1)>", same({}, {"a": D("1.5"), "b": D("-9999.9")})),
    Case("null_or_long", ["null", "long"], "long", same(None, 5, None)),
    Case("null_or_record", ["null", {**POINT, "name": "Maybe"}], "struct<x: int, label: string>",
         same(None, {"x": 7, "label": "seven"})),
    Case("a_union", ["null", "string", "long", {**POINT, "name": "Spot"}],
         "struct<string: string, long: long, Spot: struct<x: int, label: string>>",
         ((None, None),
          ("text", {"string": "text", "long": None, "Spot": None}),
          (42, {"string": None, "long": 42, "Spot": None}),
          ({"x": 1, "label": "one"}, {"string": None, "long": None, "Spot": {"x": 1, "label": "one"}}))),
    Case("only_null", "null", "", same(None)),
    Case("an_empty_record", {"type": "record", "name": "Nothing", "fields": []}, "", (({}, None),)),
]


def into(column: str, case_name: str, written, *values, **more) -> Case:
    return Case(case_name, written, column.replace("(9,2)", "(9, 2)"), tuple(values), declared=column, **more)


# Columns of another type than the one made for the payload's.
DECLARED = [
    into("long", "int_to_long", "int", (5, 5), (-(1 << 31), -(1 << 31))),
    into("double", "int_to_double", "int", (5, 5.0)),
    into("float", "int_to_float", "int", (1 << 24, 16_777_216.0)),
    into("double", "long_to_double", "long", (1 << 53, float(1 << 53))),
    into("double", "float_to_double", "float", (0.1, struct.unpack("f", struct.pack("f", 0.1))[0])),
    into("string", "bytes_to_string", "bytes", ("Grüße".encode(), "Grüße")),
    into("binary", "string_to_binary", "string", ("Grüße", "Grüße".encode())),
    into("uuid", "string_to_uuid", "string", *((str(value), value) for value in UUIDS)),
    into("binary", "fixed_to_binary", fixed("Three", 3), (b"abc", b"abc")),
    into("decimal(20, 2)", "decimal_to_wider", logical("bytes", "decimal", precision=9, scale=2), (D("1.25"), D("1.25"))),
    into("int", "date_to_int", logical("int", "date"), (datetime.date(1970, 1, 3), 2)),
    into("long", "timestamp_to_long", logical("long", "timestamp-micros"), (1_767_882_600_123_456, 1_767_882_600_123_456)),
    into("long", "nanos_to_long", logical("long", "timestamp-nanos"), (1_767_882_600_123_456_789, 1_767_882_600_123_456_789)),
    into("timestamptz_ns", "millis_to_nanos", logical("long", "timestamp-millis"), *MILLIS, version=3),
    into("timestamp_ns", "local_micros_to_nanos", logical("long", "local-timestamp-micros"), *MICROS, version=3),
    into("string", "uuid_to_string", logical("string", "uuid"), (UUIDS[2], str(UUIDS[2]))),
    into("fixed[16]", "uuid_to_fixed", {**fixed("Id", 16), "logicalType": "uuid"}, (UUIDS[2].bytes, UUIDS[2].bytes)),
    into("fixed[12]", "duration_to_fixed", {**fixed("Duration", 12), "logicalType": "duration"}, (b"\1" + bytes(11),) * 2),
]


def schema_of(cases: list[Case]) -> dict:
    fields = [{"name": case.name, "type": case.written} for case in cases]
    return {"type": "record", "name": "Everything", "namespace": "matrix", "fields": fields}
