# SPDX-License-Identifier: Apache-2.0
"""Makes records.json: messages encoded by Google's own library, with the rows they should become.

usage: make_records.py        needs protoc (3.21 or later) and PyPI's protobuf (made with 7.36.2)

A row is written as JSON: timestamps, dates and times as numbers of their column, decimals as text, bytes as "hex:...",
maps as sorted pairs, JSON texts as {"json": value}.
"""

import json
import math
import pathlib
import random
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as Field

HERE = pathlib.Path(__file__).parent
UNSIGNED64 = (Field.TYPE_UINT64, Field.TYPE_FIXED64)
RANGES = {
    Field.TYPE_INT32: (-(2**31), 2**31 - 1),
    Field.TYPE_SINT32: (-(2**31), 2**31 - 1),
    Field.TYPE_SFIXED32: (-(2**31), 2**31 - 1),
    Field.TYPE_UINT32: (0, 2**32 - 1),
    Field.TYPE_FIXED32: (0, 2**32 - 1),
    Field.TYPE_INT64: (-(2**63), 2**63 - 1),
    Field.TYPE_SINT64: (-(2**63), 2**63 - 1),
    Field.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    Field.TYPE_UINT64: (0, 2**64 - 1),
    Field.TYPE_FIXED64: (0, 2**64 - 1),
}
TEXTS = ["", "a", "plain text of some length", "é", "日本語", "😀 and more", 'with "quotes" \\ and \n', "x" * 200, "\0"]


def load(pool, name):
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(
            ["protoc", f"--proto_path={HERE}", "--include_imports", f"--descriptor_set_out={out.name}", name], check=True
        )
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())
    for file in files.file:
        pool.Add(file)


def random_scalar(rng, field):
    if field.type in RANGES:
        low, high = RANGES[field.type]
        near = rng.choice([0, 1, -1, 127, 128, 300, low, high, low + 1, high - 1, rng.randint(low, high)])
        return min(max(near, low), high)
    if field.type == Field.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type == Field.TYPE_DOUBLE:
        return rng.choice([0.0, -0.0, 1.5, -1e300, 5e-324, math.inf, -math.inf, rng.random()])
    if field.type == Field.TYPE_FLOAT:
        return rng.choice([0.0, 1.5, -2.0**100, math.inf, float(rng.randint(-1000, 1000)) / 8])
    if field.type == Field.TYPE_STRING:
        return rng.choice(TEXTS)
    if field.type == Field.TYPE_BYTES:
        return bytes(rng.randrange(256) for _ in range(rng.choice([0, 1, 7, 40])))
    numbers = [value.number for value in field.enum_type.values]
    return rng.choice([*numbers, 12345] if not field.enum_type.is_closed else numbers)


def random_json(rng, depth=0):
    kind = rng.randrange(6 if depth < 3 else 4)
    if kind == 4:
        return [random_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 5:
        return {rng.choice(TEXTS) + str(i): random_json(rng, depth + 1) for i in range(rng.randrange(4))}
    return [None, rng.choice([0, -1.5, 1e300, 123456789]), rng.choice(TEXTS), rng.random() < 0.5][kind]


def fill(rng, message, depth=0):
    """Sets some of the fields."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.seconds = rng.choice([0, 1, -1, 1767882600, -62135596800, 253402300799])
        message.nanos = rng.choice([0, 1, 999, 1000, 123456789, 999999999])
    elif name in ("google.protobuf.Struct", "google.protobuf.ListValue", "google.protobuf.Value"):
        made = random_json(rng)
        while name != "google.protobuf.Value" and not isinstance(made, dict if name.endswith("Struct") else list):
            made = random_json(rng)
        json_format.ParseDict(made, message)
    else:
        for field in message.DESCRIPTOR.fields:
            if field.has_default_value is False and field.is_required or rng.random() < (0.6 if depth < 2 else 0.3):
                fill_field(rng, message, field, depth)
    return message


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def fill_field(rng, message, field, depth):
    value = getattr(message, field.name)
    if is_map(field):
        key, entry = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
        for _ in range(rng.randrange(4)):
            made = random_scalar(rng, key)
            if entry.message_type is None:
                value[made] = random_scalar(rng, entry)
            else:
                fill(rng, value[made], depth + 1)
    elif field.is_repeated:
        for _ in range(rng.randrange(4)):
            if field.message_type is None:
                value.append(random_scalar(rng, field))
            else:
                fill(rng, value.add(), depth + 1)
    elif field.message_type is None:
        setattr(message, field.name, random_scalar(rng, field))
    else:
        value.SetInParent()
        fill(rng, value, depth + 1)


def cell_of_scalar(field, value):
    if field.type in (Field.TYPE_DOUBLE, Field.TYPE_FLOAT):
        return value if math.isfinite(value) else str(value)
    if field.type == Field.TYPE_BYTES:
        return "hex:" + value.hex()
    if field.type in UNSIGNED64:
        return str(value)
    if field.type == Field.TYPE_ENUM:
        names = [known.name for known in field.enum_type.values if known.number == value]
        return names[0] if names else str(value)
    return value


def cell_of_message(message):
    kind = message.DESCRIPTOR.full_name
    if kind == "google.protobuf.Timestamp":
        return message.seconds * 1_000_000 + message.nanos // 1000
    if kind in ("google.protobuf.Struct", "google.protobuf.ListValue", "google.protobuf.Value"):
        return {"json": json_format.MessageToDict(message) if message.ByteSize() else {"google.protobuf.Struct": {}, "google.protobuf.ListValue": []}.get(kind)}
    if not message.DESCRIPTOR.fields:
        return True
    if kind.startswith("google.protobuf.") and kind.endswith("Value"):
        return cell_of_scalar(message.DESCRIPTOR.fields_by_name["value"], message.value)
    return row_of(message)


def cell_of(field, value):
    return cell_of_scalar(field, value) if field.message_type is None else cell_of_message(value)


def row_of(message):
    row = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if is_map(field):
            key, entry = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            pairs = [[cell_of(key, each), cell_of(entry, value[each])] for each in value]
            row[field.name] = sorted(pairs, key=lambda pair: json.dumps(pair[0]))
        elif field.is_repeated:
            row[field.name] = [cell_of(field, each) for each in value]
        elif field.has_presence and not message.HasField(field.name) and not field.has_default_value:
            row[field.name] = None
        else:
            row[field.name] = cell_of(field, value)
    return row


def main():
    pool = descriptor_pool.DescriptorPool()
    rng = random.Random(20260108)
    records = []
    for file, name, count in (
        ("everything3.proto", "golden.Everything", 25),
        ("everything3.proto", "golden.Branch", 15),
        ("everything2.proto", "golden2.Everything", 25),
    ):
        load(pool, file) if not any(record["file"] == file for record in records) else None
        make = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        empty = make()
        if name == "golden2.Everything":
            empty.id = 1
        for message in [empty, *(fill(rng, make()) for _ in range(count))]:
            records.append(
                {"file": file, "message": name, "payload": message.SerializeToString().hex(), "row": row_of(message)}
            )
    text = ",\n".join(json.dumps(record, ensure_ascii=True) for record in records)
    (HERE / "records.json").write_text("[\n" + text + "\n]\n")


if __name__ == "__main__":
    main()
