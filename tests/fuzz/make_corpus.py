#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the corpora: a few small inputs for each fuzz target, made with libraries that are not ours.

usage, with the tests' Python environment and protoc:  python -m tests.fuzz.make_corpus
"""

import base64
import gzip
import io
import json
import pathlib
import re
import shutil
import struct
import uuid
import zlib

import fastavro
from google.protobuf import json_format

from tests.formats import json_cases
from tests.formats.protobuf_cases import message_of

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
SCHEMAS = (HERE / "fuzz_schemas.h").read_text()


def constant(name: str) -> str:
    return re.search(rf'{name}\[\] = R"\((.*?)\)"', SCHEMAS, re.DOTALL)[1]


def put(target: str, name: str, data: bytes) -> None:
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def json_records() -> None:
    whole = {
        "c0": True, "c1": -5, "c2": 1 << 40, "c3": 1.5, "c4": "NaN", "c5": "1.50", "c6": 12.0000000001, "c7": "2026-01-08",
        "c8": "14:30:00.5", "c9": "2026-01-08T14:30:00", "c10": "2026-01-08T14:30:00+01:00", "c11": "2026-01-08T14:30:00.123456789",
        "c12": 1767882600123, "c13": "Gr\u00fc\u00dfe \U0001f680 \\ \"", "c14": str(uuid.UUID(int=5)), "c15": "AP8=", "c16": "YWJj",
        "c17": [1, None, 3], "c18": {"a": 1, "": 2}, "c19": {"x": 1, "y": [{"z": "t", "w": {"k": 1.5}}]},
    }
    lines = [json.dumps(whole), json.dumps(whole, ensure_ascii=False), '{"c1":1,"c1":2}', "{}", "null", "", '{"c19":{"y":[{}]}}']
    put("json", "all_kinds", b"\xff\xff".join(line.encode() for line in lines))
    put("json", "broken", b'{"c13":"\\ud83d\\x"}\xff\xff{"c1":1e5}\xff\xff{"c2":\xff\xff[1]\xff\xff{"c13":"\x80"}\xff\xff{"c1":1}}')
    put("json", "deep", b'{"other":' + b"[" * 200 + b"]" * 200 + b"}")
    keyed = [b'{"id":1,"tags":["a"]}\0{"v":1}', b'5\0{"v":2}', b'{"id":"x"}\0{"v":"y"}', b'{"v":3}', b'null\0{"v":4}', b'{"id":1\0{}']
    put("keyed", "both_fail_and_fit", b"\xff\xff".join(keyed))
    put("json_inference", "all_kinds", b"\xff\xff".join(line.encode() for line in lines))
    put("json_inference", "they_disagree", b'{"a":1,"b":[1]}\xff\xff{"a":"x","b":{"c":1}}\xff\xff{"a":1.5,"b":[[]]}\xff\xff{"a":' + b"9" * 40 + b"}")


def json_schemas() -> None:
    other = {"$defs": {"n": {"type": ["null", "number"]}}, "properties": {"i": {"$ref": "#/$defs/n"}}}
    put("json_schema", "all_kinds", json.dumps(json_cases.schema_of(json_cases.JSON_SCHEMA)).encode())
    put("json_schema", "references", json.dumps({"properties": {"a": {"$ref": "other.json"}, "b": {"$ref": "other.json#/$defs/n"}}}).encode()
        + b"\0" + json.dumps(other).encode())
    put("json_schema", "recursive", b'{"properties":{"a":{"items":{"$ref":"#"},"type":"array"}}}')


def avro_records() -> None:
    schema = json.loads(constant("kAvroFuzzSchema"))
    row = {"b": True, "i": -5, "l": 1 << 40, "f": 1.5, "d": 0.1, "by": b"\0\xff", "s": "text", "fx": b"abc", "e": "B", "dec": b"\x80\0",
           "day": 20000, "tm": 5, "ts": 1767882600123, "u": str(uuid.UUID(int=5)), "du": bytes(12), "a": ["x", None], "m": {"k": [1, 2]},
           "un": ("R", {"x": 1, "y": [0.5]}), "o": {"x": 2, "y": []}}
    parsed, records = fastavro.parse_schema(schema), []
    for changes in ({}, {"a": [], "m": {}, "un": None, "o": None}, {"un": "text", "s": ""}):
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, {**row, **changes})
        records.append(buffer.getvalue())
    put("avro", "rows", b"\xff\xff".join(records))
    put("avro", "cut_short", records[0][:40])
    blocks = b"\x01\x02\x02\x00"  # a block of one item that says how many bytes it has
    put("avro_schema", "all_kinds", json.dumps(schema).encode() + b"\0" + b"\xff\xff".join(records))
    put("avro_schema", "array_of_empty_records", b'{"type":"array","items":{"type":"record","name":"E","fields":[{"name":"n","type":"null"}]}}\0' + blocks)
    put("avro_schema", "recursive", b'{"type":"record","name":"L","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","L"]}]}\0\x02\x00')
    put("avro_schema", "references", b'{"type":"record","name":"A","namespace":"n","fields":[{"name":"x","type":{"type":"enum","name":"E","symbols":["S"]}},{"name":"y","type":"n.E"},{"name":"z","type":["E","string"]}]}\0\x00\x00\x02\x02t')
    put("avro_schema", "many_items", b'{"type":"array","items":"int"}\0' + b"\xfe\xff\xff\xff\x0f" + b"\0" * 20)


def protobuf_records() -> None:
    text = constant("kProtobufFuzzSchema").replace("syntax = \"proto3\";", "syntax = \"proto3\"; package matrix;").replace("message M {", "message Everything {")
    message = message_of(text)
    pool = message.DESCRIPTOR.file.pool
    rows = [
        {"a": True, "b": -5, "c": "-7", "d": str((1 << 64) - 1), "e": 5, "f": "-6", "g": 1.5, "h": "NaN", "i": "text", "j": "AP8=", "k": 0, "l": "ONE",
         "m": {"x": 1, "y": "z", "z": [0.5]}, "n": [1, -2], "o": ["", "b"], "p": [{}, {"x": 3}], "q": {"k": {"x": 1}}, "r": {"5": True}, "t": "one"},
        {"u": {"x": 1}, "v": "2026-01-08T14:30:00.123456789Z", "w": "-1.5s", "x": {"a": [1, None, {"b": "c"}]}, "y": "text", "z": [True], "aa": "",
         "bb": "5", "cc": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}, "dd": {"year": 2026, "month": 1, "day": 8}, "ee": ["ONE", "ZERO"]},
    ]
    records = [json_format.ParseDict(row, message(), descriptor_pool=pool).SerializeToString() for row in rows]
    put("protobuf", "rows", b"\xff\xff".join([*records, b""]))
    put("protobuf", "unknown_fields", b"\xfa\x3e\x02hi\x80\x7d\x05\x9b\x7d\x08\x01\x9c\x7d")
    put("proto_text", "all_kinds", constant("kProtobufFuzzSchema").encode() + b"\0\0" + b"\xff\xff".join(records))
    put("proto_text", "proto2_with_import",
        b'syntax = "proto2"; package a.b; import "other.proto"; message M { required int32 x = 1 [default = 5]; optional group G = 2 { optional '
        b'c.E e = 3; } extensions 100 to max; reserved 9, 11 to 12; oneof o { c.N n = 7; } map<int32, c.N> m = 8; } extend M { optional int32 y = 100; }'
        b'\0syntax = "proto2"; package c; enum E { option allow_alias = true; A = 0; B = 0; } message N { repeated E e = 1 [packed = true]; }\0\x08\x01\x13\x18\x01\x14')
    put("proto_text", "recursive", b'syntax = "proto3"; message A { A a = 1; repeated A b = 2; }\0\0\x0a\0')
    described = message.DESCRIPTOR.file.serialized_pb
    put("proto_text", "descriptor", base64.b64encode(described) + b"\0\0" + records[0])


def wire() -> None:
    glue = b"\x03" + b"%c" + uuid.UUID(int=7).bytes
    put("framing", "confluent", b"\0\1\0" + struct.pack(">I", 7) + b"payload")
    put("framing", "confluent_protobuf", b"\1\1\0" + struct.pack(">I", 7) + b"\x04\x02\x04payload")
    put("framing", "apicurio", b"\0\2\0" + struct.pack(">Q", 7) + b"payload")
    put("framing", "glue_plain", b"\0\3" + glue.replace(b"%c", b"\0") + b"payload")
    put("framing", "glue_zlib", b"\0\5" + glue.replace(b"%c", b"\5") + zlib.compress(b"payload" * 100))
    put("framing", "glue_zlib_protobuf", b"\1\3" + glue.replace(b"%c", b"\5") + zlib.compress(b"\2payload"))
    put("framing", "header", b"\x44\4\0" + struct.pack(">I", 7) + b"payload")
    schema = {"id": 7, "schema": '"string"', "schemaType": "AVRO", "references": [{"name": "a", "subject": "s", "version": 1}]}
    put("registry", "schema", b"\0\1" + json.dumps(schema).encode())
    put("registry", "version", b"\0\7" + json.dumps({**schema, "version": 3, "guid": "0f8fad5b-d9cb-469f-a165-70867728950e"}).encode())
    put("registry", "unknown", b"\3\0" + b'{"error_code":40403,"message":"Schema not found"}')
    put("registry", "page_of_a_proxy", b"\6\0<html>")


def tables() -> None:
    known = ROOT / "src" / "iceberg" / "testdata"
    for file in sorted(known.glob("*.avro")):
        target = HERE / "corpus" / ("manifest_list" if file.name.startswith("list") else "manifest")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target / file.stem)
    for file in sorted(known.glob("*.metadata.json")):
        put("metadata", file.name.removesuffix(".metadata.json"), file.read_bytes())
    put("metadata", "gzip", gzip.compress((known / "pyiceberg_v2_empty.metadata.json").read_bytes(), mtime=0))
    for number, text in enumerate(("decimal(9, 2)", "struct<a: int, b: list<map<string, fixed[3]>>>", "map<int,struct<x.y:timestamptz_ns>>", "list<" * 40)):
        put("type_text", f"type_{number}", text.encode())


def main() -> None:
    shutil.rmtree(HERE / "corpus", ignore_errors=True)
    for part in (json_records, json_schemas, avro_records, protobuf_records, wire, tables):
        part()


if __name__ == "__main__":
    main()
