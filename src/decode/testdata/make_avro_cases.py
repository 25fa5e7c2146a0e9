# SPDX-License-Identifier: Apache-2.0
"""Writes avro_cases.json beside this file: Avro schemas, rows, and the bytes that fastavro makes of them.

Run by hand, when a case is added: pip install fastavro==1.13.1, then run it here.

A case has the writer's schema, what the columns made from it must be (or the columns of a table that is there already),
and rows. A row has the bytes in hex and the cells as they must come out: dates in days, times and timestamps in
microseconds (nanoseconds in the _ns types) as integers, decimals as text, bytes in hex, maps as lists of pairs.
"""
import datetime
import decimal
import io
import json
import pathlib
import struct
import uuid

import fastavro

HERE = pathlib.Path(__file__).parent
UTC = datetime.timezone.utc


def record(*fields, name="Row", **more):
    return {"type": "record", "name": name, **more,
            "fields": [{"name": n, "type": t} for n, t in fields]}


def logical(type_, name, **more):
    return {"type": type_, "logicalType": name, **more}


def encode(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue().hex()


def as_float(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def rows(schema, *pairs):
    return [{"hex": encode(schema, value), "row": cells} for value, cells in pairs]


def same(*values):
    return [(value, value) for value in values]


def primitives():
    schema = record(("b", "boolean"), ("i", "int"), ("l", "long"), ("f", "float"), ("d", "double"), ("y", "bytes"),
                    ("s", "string"))
    base = {"b": True, "i": 0, "l": 0, "f": 0.0, "d": 0.0, "y": b"", "s": ""}
    cells = []
    for change in ({}, {"b": False}, {"i": 1}, {"i": -1}, {"i": 63}, {"i": 64}, {"i": -64}, {"i": -65},
                   {"i": 2**31 - 1}, {"i": -2**31}, {"l": 2**63 - 1}, {"l": -2**63}, {"l": 2**34}, {"l": -2**41},
                   {"l": 2**55}, {"l": 2**56 - 1}, {"l": 2**62}, {"f": 1.5}, {"f": -0.1}, {"d": 0.1}, {"d": -1e308},
                   {"y": bytes(range(256))}, {"s": "x" * 15}, {"s": "x" * 16}, {"s": "x" * 17}, {"s": "x" * 63},
                   {"s": "x" * 64}, {"s": "x" * 65}, {"s": "x" * 5000}, {"s": "naïve/ä 日本 \U0001f600"},
                   {"s": "y" * 2000 + "ß"}):
        value = {**base, **change}
        cells.append((value, {**value, "y": value["y"].hex(), "f": as_float(value["f"])}))
    return {"name": "primitives", "schema": schema,
            "columns": [["b", "boolean", True], ["i", "int", True], ["l", "long", True], ["f", "float", True],
                        ["d", "double", True], ["y", "binary", True], ["s", "string", True]],
            "rows": rows(schema, *cells)}


def logical_types():
    when = datetime.datetime(2026, 1, 8, 14, 30, 0, 123456, tzinfo=UTC)
    early = datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    some = uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7")
    micros = 1767882600123456
    schema = record(
        ("d", logical("int", "date")), ("tm", logical("int", "time-millis")), ("tu", logical("long", "time-micros")),
        ("sm", logical("long", "timestamp-millis")), ("su", logical("long", "timestamp-micros")),
        ("sn", logical("long", "timestamp-nanos")), ("lm", logical("long", "local-timestamp-millis")),
        ("lu", logical("long", "local-timestamp-micros")), ("ln", logical("long", "local-timestamp-nanos")),
        ("u", logical("string", "uuid")),
        ("p", {"type": "fixed", "name": "Pause", "size": 12, "logicalType": "duration"}),
        ("db", logical("bytes", "decimal", precision=9, scale=2)),
        ("df", {"type": "fixed", "name": "Money", "size": 16, "logicalType": "decimal", "precision": 38, "scale": 4}),
        ("unknown", logical("long", "fortnights")), ("misplaced", logical("string", "timestamp-millis")))
    first = {"d": datetime.date(2026, 1, 8), "tm": datetime.time(14, 30, 0, 123000), "tu": when.time(), "sm": when,
             "su": when, "sn": micros * 1000 + 789, "lm": when.replace(tzinfo=None), "lu": when.replace(tzinfo=None),
             "ln": micros * 1000 + 789, "u": some, "p": struct.pack("<III", 1, 2, 4294967295),
             "db": decimal.Decimal("-14.20"), "df": decimal.Decimal("12345678901234567890.1234"), "unknown": 5,
             "misplaced": "text"}
    second = {"d": datetime.date(1969, 12, 31), "tm": datetime.time(0), "tu": datetime.time(23, 59, 59, 999999),
              "sm": early.replace(microsecond=999000), "su": early, "sn": -1,
              "lm": early.replace(microsecond=999000, tzinfo=None), "lu": early.replace(tzinfo=None), "ln": -1,
              "u": uuid.UUID(int=0), "p": bytes(12), "db": decimal.Decimal("9999999.99"),
              "df": decimal.Decimal("-9999999999999999999999999999999999.9999"), "unknown": -5, "misplaced": ""}
    return {"name": "logical types", "schema": schema,
            "columns": [["d", "date", True], ["tm", "time", True], ["tu", "time", True], ["sm", "timestamptz", True],
                        ["su", "timestamptz", True], ["sn", "timestamptz_ns", True], ["lm", "timestamp", True],
                        ["lu", "timestamp", True], ["ln", "timestamp_ns", True], ["u", "uuid", True],
                        ["p", "struct<months: required long, days: required long, millis: required long>", True],
                        ["db", "decimal(9, 2)", True], ["df", "decimal(38, 4)", True], ["unknown", "long", True],
                        ["misplaced", "string", True]],
            "rows": rows(schema,
                         (first, {"d": 20461, "tm": 52200123000, "tu": 52200123456, "sm": micros - 456, "su": micros,
                                  "sn": micros * 1000 + 789, "lm": micros - 456, "lu": micros,
                                  "ln": micros * 1000 + 789, "u": some.hex,
                                  "p": {"months": 1, "days": 2, "millis": 4294967295}, "db": "-14.20",
                                  "df": "12345678901234567890.1234", "unknown": 5, "misplaced": "text"}),
                         (second, {"d": -1, "tm": 0, "tu": 86399999999, "sm": -1000, "su": -1, "sn": -1, "lm": -1000,
                                   "lu": -1, "ln": -1, "u": "0" * 32, "p": {"months": 0, "days": 0, "millis": 0},
                                   "db": "9999999.99", "df": "-9999999999999999999999999999999999.9999",
                                   "unknown": -5, "misplaced": ""}))}


def optional_fields():
    schema = record(("a", ["null", "long"]), ("b", ["string", "null"]), ("c", ["null", "boolean"]),
                    ("t", ["null", logical("long", "timestamp-micros")]), ("only", ["double"]))
    return {"name": "optional fields", "schema": schema,
            "columns": [["a", "long", False], ["b", "string", False], ["c", "boolean", False],
                        ["t", "timestamptz", False], ["only", "double", True]],
            "rows": rows(schema, *same({"a": 1, "b": "x", "c": True, "t": None, "only": 1.5},
                                       {"a": None, "b": None, "c": None, "t": None, "only": -1.5},
                                       {"a": -2**40, "b": "", "c": False, "t": None, "only": 0.0}))}


def nested():
    item = record(("sku", "string"), ("count", "int"), ("notes", ["null", {"type": "array", "items": "string"}]),
                  name="Item")
    schema = record(
        ("order", record(("id", "long"), ("lines", {"type": "array", "items": item}), name="Order")),
        ("extra", ["null", "Item"]),
        ("numbers", {"type": "map", "values": {"type": "array", "items": ["null", "double"]}}),
        ("color", {"type": "enum", "name": "Color", "symbols": ["RED", "GREEN", "BLUE"]}),
        ("hash", {"type": "fixed", "name": "Hash", "size": 3}),
        ("again", {"type": "map", "values": "Color"}), namespace="org.shop")
    full = {"order": {"id": 1, "lines": [{"sku": "a", "count": 2, "notes": ["x", "y"]},
                                         {"sku": "b", "count": -3, "notes": None}]},
            "extra": {"sku": "z", "count": 0, "notes": []}, "numbers": {"k": [1.5, None], "m": []},
            "color": "GREEN", "hash": b"\x00\xff\x01", "again": {"p": "RED"}}
    empty = {"order": {"id": -1, "lines": []}, "extra": None, "numbers": {}, "color": "BLUE", "hash": b"abc",
             "again": {}}

    def cells(value):
        return {**value, "numbers": [[k, v] for k, v in value["numbers"].items()], "hash": value["hash"].hex(),
                "again": [[k, v] for k, v in value["again"].items()]}

    line = "struct<sku: required string, count: required int, notes: optional list<required string>>"
    return {"name": "nested", "schema": schema,
            "columns": [["order", f"struct<id: required long, lines: required list<required {line}>>", True],
                        ["extra", line, False],
                        ["numbers", "map<string, required list<optional double>>", True],
                        ["color", "string", True], ["hash", "fixed[3]", True],
                        ["again", "map<string, required string>", True]],
            "rows": rows(schema, (full, cells(full)), (empty, cells(empty)), (full, cells(full)))}


def unions():
    point = record(("x", "int"), name="Point")
    schema = record(("u", ["null", "long", "string", point, {"type": "array", "items": "int"}]),
                    ("v", ["int", "boolean"]), ("w", {"type": "array", "items": ["string", "double"]}))
    none = {"long": None, "string": None, "Point": None, "array": None}
    return {"name": "unions", "schema": schema,
            "columns": [["u", "struct<long: optional long, string: optional string, "
                              "Point: optional struct<x: required int>, array: optional list<required int>>", False],
                        ["v", "struct<int: optional int, boolean: optional boolean>", True],
                        ["w", "list<required struct<string: optional string, double: optional double>>", True]],
            "rows": rows(schema,
                         ({"u": None, "v": 5, "w": []}, {"u": None, "v": {"int": 5, "boolean": None}, "w": []}),
                         ({"u": 7, "v": True, "w": ["a", 1.5]},
                          {"u": {**none, "long": 7}, "v": {"int": None, "boolean": True},
                           "w": [{"string": "a", "double": None}, {"string": None, "double": 1.5}]}),
                         ({"u": "s", "v": 5, "w": []},
                          {"u": {**none, "string": "s"}, "v": {"int": 5, "boolean": None}, "w": []}),
                         ({"u": {"x": 9}, "v": 5, "w": []},
                          {"u": {**none, "Point": {"x": 9}}, "v": {"int": 5, "boolean": None}, "w": []}),
                         ({"u": [1, 2], "v": 5, "w": []},
                          {"u": {**none, "array": [1, 2]}, "v": {"int": 5, "boolean": None}, "w": []}))}


def top_level_union():
    schema = [record(("id", "long"), name="Created", namespace="a"), record(("id", "long"), ("why", "string"),
                                                                            name="Deleted", namespace="a")]
    return {"name": "top-level union", "schema": schema,
            "columns": [["Created", "struct<id: required long>", False],
                        ["Deleted", "struct<id: required long, why: required string>", False]],
            "rows": rows(schema,
                         (("a.Created", {"id": 1}), {"Created": {"id": 1}, "Deleted": None}),
                         (("a.Deleted", {"id": 2, "why": "x"}), {"Created": None, "Deleted": {"id": 2, "why": "x"}}))}


def widening():
    schema = record(("i", "int"), ("j", "int"), ("k", "int"), ("l", "long"), ("m", "long"), ("f", "float"),
                    ("s", "string"), ("y", "bytes"), ("u", "string"), ("t", logical("long", "timestamp-millis")),
                    ("e", logical("bytes", "decimal", precision=5, scale=2)), ("raw", logical("long", "time-micros")))
    value = {"i": 7, "j": -7, "k": 8, "l": 2**53, "m": -2**24, "f": 0.1, "s": "text", "y": b"bytes",
             "u": "F79C3E09-677C-4BBD-A479-3F349CB785E7", "t": datetime.datetime(2026, 1, 8, tzinfo=UTC),
             "e": decimal.Decimal("123.45"), "raw": datetime.time(0, 0, 1)}
    cells = {"i": 7, "j": -7.0, "k": 8.0, "l": float(2**53), "m": float(-2**24), "f": as_float(0.1),
             "s": b"text".hex(), "y": "bytes", "u": "f79c3e09677c4bbda4793f349cb785e7",
             "t": 1767830400000000000, "e": "123.45", "raw": 1000000}
    return {"name": "widening", "schema": schema,
            "table": [["i", "long", True], ["j", "double", True], ["k", "float", True], ["l", "double", True],
                      ["m", "float", True], ["f", "double", True], ["s", "binary", True], ["y", "string", True],
                      ["u", "uuid", True], ["t", "timestamptz_ns", True], ["e", "decimal(20,2)", True],
                      ["raw", "long", True]],
            "rows": rows(schema, (value, cells))}


def other_columns():
    schema = record(("gone", "string"), ("b", "int"), ("list", {"type": "array", "items": record(
        ("skipped", ["null", {"type": "map", "values": "bytes"}]), ("kept", "long"), name="Element")}),
        ("gone_too", {"type": "array", "items": ["null", "double", "string"]}), ("A", "string"),
        ("lastly", ["null", logical("long", "timestamp-millis")]))
    value = {"gone": "x" * 100, "b": 3, "list": [{"skipped": {"k": b"v"}, "kept": 5}, {"skipped": None, "kept": 6}],
             "gone_too": [None, 1.5, "z"], "A": "upper", "lastly": None}
    return {"name": "other columns", "schema": schema, "ignored_fields": 4,
            "table": [["a", "string", False], ["new", "string", False], ["lastly", "timestamptz", False],
                      ["b", "int", True], ["list", "list<struct<fresh:int,kept:long>>", False]],
            "rows": rows(schema, (value, {"a": "upper", "new": None, "lastly": None, "b": 3,
                                          "list": [{"fresh": None, "kept": 5}, {"fresh": None, "kept": 6}]}))}


def main():
    cases = [primitives(), logical_types(), optional_fields(), nested(), unions(), top_level_union(), widening(),
             other_columns()]
    (HERE / "avro_cases.json").write_text(json.dumps(cases, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
