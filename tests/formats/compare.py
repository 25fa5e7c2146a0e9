# SPDX-License-Identifier: Apache-2.0
"""One form for values from every reader, so that they can be compared: timestamps are nanoseconds since 1970 and times
microseconds since midnight, both as numbers; uuids are UUIDs, maps dictionaries, structs dictionaries of their columns.
"""

import datetime
import math
import pathlib
import re
import uuid

import pyarrow as pa
import pyarrow.compute as pc

from tests.e2e import readers

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
NANOS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


def nanos(text: str) -> int:
    """Of an RFC 3339 time with up to nine digits; without a zone it counts as UTC."""
    main, _, rest = text.removesuffix("Z").partition(".")
    moment = datetime.datetime.fromisoformat(main).replace(tzinfo=datetime.timezone.utc)
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + int(rest.ljust(9, "0") or 0)


def spaced(text: str) -> str:
    """decimal(9,2) and decimal(9, 2) are the same type."""
    return re.sub(r",\s*", ", ", text)


def type_text(schema) -> str:
    """A type in metadata.json, as docs/FORMATS.md writes types."""
    if isinstance(schema, str):
        return spaced(schema)
    if schema["type"] == "struct":
        fields = (f"{field['name']}: {type_text(field['type'])}" for field in schema["fields"])
        return f"struct<{', '.join(fields)}>"
    if schema["type"] == "list":
        return f"list<{type_text(schema['element'])}>"
    return f"map<{type_text(schema['key'])}, {type_text(schema['value'])}>"


def value_of(scalar: pa.Scalar, schema):
    """`schema` is the column's type in metadata.json."""
    if not scalar.is_valid:
        return None
    if isinstance(schema, dict):
        if schema["type"] == "struct":
            return {field["name"]: value_of(scalar[field["name"]], field["type"]) for field in schema["fields"]}
        if schema["type"] == "list":
            return [value_of(item, schema["element"]) for item in scalar.values]
        return {value_of(pair[0], schema["key"]): value_of(pair[1], schema["value"]) for pair in scalar.values}
    if isinstance(scalar, pa.ExtensionScalar):
        scalar = scalar.value
    if pa.types.is_timestamp(scalar.type) or pa.types.is_time(scalar.type):
        factor = NANOS[scalar.type.unit]
        return scalar.value * factor if pa.types.is_timestamp(scalar.type) else scalar.value * factor // 1000
    value = scalar.as_py()
    if schema == "uuid":
        return uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(str(value))
    return value


def same(expected, found) -> bool:
    """Equal in type and value; NaN equals NaN, and 0.0 is not -0.0."""
    if isinstance(expected, float) and isinstance(found, float):
        if math.isnan(expected) or math.isnan(found):
            return math.isnan(expected) and math.isnan(found)
        return expected == found and math.copysign(1, expected) == math.copysign(1, found)
    if type(expected) is not type(found):
        return False
    if isinstance(expected, dict):
        return expected.keys() == found.keys() and all(same(expected[key], found[key]) for key in expected)
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return expected == found


# A column is named by its path: its own name, behind those of the structs it is in. It comes back under its own name.
def by_pyiceberg(metadata: pathlib.Path, path: tuple[str, ...]) -> pa.Table:
    table = readers.with_pyiceberg(metadata, (path[0], "_kafka_offset")).sort_by("_kafka_offset")
    column = table.column(path[0])
    for name in path[1:]:
        column = pc.struct_field(column, name)
    return pa.table({path[-1]: column, "_kafka_offset": table.column("_kafka_offset")})


def by_duckdb(metadata: pathlib.Path, path: tuple[str, ...]) -> pa.Table:
    column = ".".join(f'"{name}"' for name in path)
    query = f"""SELECT {column} AS "{path[-1]}", _kafka_offset FROM iceberg_scan('{metadata}') ORDER BY _kafka_offset"""
    return readers.duck().execute(query).to_arrow_table()


# Reader -> the types whose presence makes it refuse a table, and part of what it says then.
CANNOT_READ = {"DuckDB": (("timestamptz_ns",), "Unrecognized primitive type: ")}
READERS = {"PyIceberg": by_pyiceberg, "DuckDB": by_duckdb}


def difference(table: pa.Table, column: str, schema, expected: list) -> str:
    """What the first row that is not as expected shows; empty when all are."""
    if table.num_rows != len(expected):
        return f"{table.num_rows} rows, expected {len(expected)}"
    for number, (scalar, wanted) in enumerate(zip(table.column(column), expected)):
        found = value_of(scalar, schema)
        if not same(wanted, found):
            return f"row {number}: {found!r}, expected {wanted!r}"
    return ""


def outcome(metadata: pathlib.Path, path: tuple[str, ...], schema, expected: list) -> str:
    """Of all readers: "equal", "equal, but ... cannot read it", or what is DIFFERENT."""
    problems, blind = [], []
    for reader, read in READERS.items():
        types, complaint = CANNOT_READ.get(reader, ((), ""))
        cannot = schema in types
        try:
            problem = difference(read(metadata, path), path[-1], schema, expected)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            if cannot and complaint + schema in problem:
                blind.append(reader)
                continue
        if not problem and cannot:
            problem = "reads it now, though compare.py says that it cannot"
        if problem:
            problems.append(f"{reader}: {problem}")
    if problems:
        return "DIFFERENT: " + "; ".join(problems)
    return f"equal, but {' and '.join(blind)} cannot read it" if blind else "equal"
