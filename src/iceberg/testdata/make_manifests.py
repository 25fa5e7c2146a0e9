# SPDX-License-Identifier: Apache-2.0
"""Writes the golden manifests and manifest lists beside this file with PyIceberg and fastavro.

Run by hand, when a case is added: pip install pyiceberg==0.12.0 pyarrow==26.0.1 fastavro==1.13.1, then run it here.
The tests know the values below.
"""
import datetime
import decimal
import io
import json
import pathlib
import uuid
import zlib

import fastavro
import pyarrow
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (DataFile, DataFileContent, FileFormat, ManifestContent, ManifestEntry,
                                ManifestEntryStatus, ManifestFile, write_manifest, write_manifest_list)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.typedef import Record
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FixedType, FloatType,
                             IntegerType, LongType, NestedField, StringType, TimestampType, TimestamptzType, TimeType,
                             UUIDType)

HERE = pathlib.Path(__file__).parent
IO = PyArrowFileIO()

TYPES = [BooleanType(), IntegerType(), LongType(), FloatType(), DoubleType(), DecimalType(9, 2), DecimalType(38, 4),
         DateType(), TimeType(), TimestampType(), TimestamptzType(), StringType(), UUIDType(), FixedType(4),
         BinaryType()]
VALUES = [True, -7, 1 << 40, 1.5, -2.25, decimal.Decimal("-14.20"), decimal.Decimal("12345678901234567890.1234"),
          20461, 3_600_000_001, 1_767_882_600_000_000, -1, "naïve/ä", uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"),
          b"\x00\x01\xfe\xff", b"\x80"]


def schema():
    return Schema(*[NestedField(i + 1, f"c{i + 1}", t, required=False) for i, t in enumerate(TYPES)], schema_id=3)


def spec(types_schema):
    fields = [PartitionField(source_id=f.field_id, field_id=1000 + i, transform=IdentityTransform(),
                             name="odd.name-1" if i == 0 else f.name) for i, f in enumerate(types_schema.fields)]
    fields.append(PartitionField(source_id=10, field_id=1015, transform=DayTransform(), name="c10_day"))
    fields.append(PartitionField(source_id=3, field_id=1016, transform=BucketTransform(16), name="c3_bucket_16"))
    fields.append(PartitionField(source_id=12, field_id=1017, transform=TruncateTransform(3), name="c12_trunc_3"))
    return PartitionSpec(*fields, spec_id=5)


def data_file(path, partition, **extra):
    return DataFile.from_args(content=DataFileContent.DATA, file_path=path, file_format=FileFormat.PARQUET,
                              partition=partition, record_count=100, file_size_in_bytes=4096, **extra)


def write_all_types():
    first = data_file("s3://b/t/data/a.parquet", Record(*VALUES, 20461, 11, "naï"), column_sizes={1: 10, 2: 20},
                      value_counts={1: 100}, null_value_counts={1: 0}, nan_value_counts={4: 1},
                      lower_bounds={2: b"\x01\x00\x00\x00"}, upper_bounds={2: b"\x09\x00\x00\x00"}, key_metadata=None,
                      split_offsets=[4, 2048], equality_ids=None, sort_order_id=0)
    second = data_file("s3://b/t/data/b.parquet", Record(*[None] * 18))
    with write_manifest(2, spec(schema()), schema(), IO.new_output(f"{HERE}/manifest_v2.avro"), 77, "deflate") as out:
        out.add(ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=None, sequence_number=None,
                                        file_sequence_number=None, data_file=first))
        out.existing(ManifestEntry.from_args(status=ManifestEntryStatus.EXISTING, snapshot_id=66, sequence_number=4,
                                             file_sequence_number=5, data_file=second))
    return out.to_manifest_file()


def write_version_1():
    one = Schema(NestedField(1, "id", LongType(), required=False), schema_id=0)
    by_id = PartitionSpec(PartitionField(source_id=1, field_id=1000, transform=IdentityTransform(), name="id"))
    with write_manifest(1, by_id, one, IO.new_output(f"{HERE}/manifest_v1.avro"), 11, "null") as out:
        out.add(ManifestEntry.from_args(
            status=ManifestEntryStatus.ADDED, snapshot_id=11,
            data_file=data_file("s3://b/t/data/v1.parquet", Record(9), block_size_in_bytes=67108864)))
    with write_manifest_list(1, IO.new_output(f"{HERE}/list_v1.avro"), 11, None, None, "deflate") as lines:
        manifest = out.to_manifest_file()
        manifest[0] = "s3://b/t/metadata/v1.avro"
        lines.add_manifests([manifest])


def write_version_2_list(manifest):
    deletes = ManifestFile.from_args(
        manifest_path="s3://b/t/metadata/d.avro", manifest_length=123, partition_spec_id=0,
        content=ManifestContent.DELETES, sequence_number=2, min_sequence_number=1, added_snapshot_id=55,
        added_files_count=0, existing_files_count=3, deleted_files_count=1, added_rows_count=0, existing_rows_count=30,
        deleted_rows_count=10, partitions=None, key_metadata=None)
    manifest[0] = "s3://b/t/metadata/m.avro"
    with write_manifest_list(2, IO.new_output(f"{HERE}/list_v2.avro"), 77, 66, 6, "zstandard") as lines:
        lines.add_manifests([manifest, deletes])


def write_variants():
    """A list as older Java releases wrote it (other names, other order), in every codec."""
    fields = [("partition_spec_id", "int", 502), ("manifest_path", "string", 500), ("manifest_length", "long", 501),
              ("added_data_files_count", ["null", "int"], 504), ("existing_data_files_count", ["null", "int"], 505),
              ("deleted_data_files_count", ["null", "int"], 506), ("added_snapshot_id", ["null", "long"], 503)]
    layout = {"type": "record", "name": "manifest_file",
              "fields": [{"name": n, "type": t, "field-id": i} for n, t, i in fields] +
                        [{"name": "from_the_future", "field-id": 599, "type": {
                            "type": "map", "values": ["null", "double"], "key-id": 600, "value-id": 601}}]}
    rows = [{"partition_spec_id": i, "manifest_path": f"s3://b/m{i}.avro", "manifest_length": 1000 + i,
             "added_data_files_count": 1, "existing_data_files_count": 2, "deleted_data_files_count": 3,
             "added_snapshot_id": 99, "from_the_future": {"x": 1.0, "y": None}} for i in range(3)]
    plain = io.BytesIO()
    fastavro.writer(plain, layout, rows, codec="null", sync_marker=b"s" * 16, sync_interval=1)
    (HERE / "list_old_null.avro").write_bytes(plain.getvalue())
    for codec in ("deflate", "zstandard", "snappy"):
        (HERE / f"list_old_{codec}.avro").write_bytes(recompress(plain.getvalue(), codec))


def recompress(data, codec):
    def pack(number):
        number, out = number << 1, b""
        while number > 127:
            number, out = number >> 7, out + bytes([number & 127 | 128])
        return out + bytes([number])

    def unpack(at):
        number = shift = 0
        while True:
            number |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                return number >> 1, at

    def compress(block):
        if codec == "deflate":  # with a rest of the checksum behind it, as PyIceberg leaves it
            return zlib.compress(block)[2:-1]
        if codec == "zstandard":
            return pyarrow.compress(block, codec="zstd", asbytes=True)
        return pyarrow.compress(block, codec="snappy", asbytes=True) + zlib.crc32(block).to_bytes(4, "big")

    at = data.index(b"s" * 16) + 16
    head = data[:at].replace(b"\x14avro.codec\x08null", b"\x14avro.codec" + pack(len(codec)) + codec.encode())
    while at < len(data):
        count, at = unpack(at)
        size, at = unpack(at)
        block = compress(data[at:at + size])
        head += pack(count) + pack(len(block)) + block + b"s" * 16
        at += size + 16
    return head


def write_version_3():
    """A manifest with references to named types, plain int for a day, a deletion vector's columns, nanoseconds."""
    table = {"type": "struct", "schema-id": 1, "fields": [
        {"id": 1, "name": "a", "required": False, "type": "decimal(9, 2)"},
        {"id": 2, "name": "b", "required": False, "type": "decimal(9, 2)"},
        {"id": 3, "name": "ts", "required": False, "type": "timestamptz_ns"}]}
    partition = [{"source-id": 1, "field-id": 1000, "name": "a", "transform": "identity"},
                 {"source-id": 2, "field-id": 1001, "name": "b", "transform": "identity"},
                 {"source-id": 3, "field-id": 1002, "name": "ts", "transform": "identity"},
                 {"source-id": 3, "field-id": 1003, "name": "ts_day", "transform": "day"}]
    price = {"type": "fixed", "name": "decimal_9_2", "size": 4, "logicalType": "decimal", "precision": 9, "scale": 2}
    nanos = {"type": "long", "logicalType": "timestamp-nanos", "adjust-to-utc": True}

    def optional(name, kind, field_id):
        return {"name": name, "type": ["null", kind], "default": None, "field-id": field_id}
    record = {"type": "record", "name": "r102", "fields": [
        optional("a", price, 1000), optional("b", "decimal_9_2", 1001), optional("ts", nanos, 1002),
        optional("ts_day", "int", 1003)]}
    layout = {"type": "record", "name": "manifest_entry", "fields": [
        {"name": "status", "type": "int", "field-id": 0}, optional("snapshot_id", "long", 1),
        optional("sequence_number", "long", 3), optional("file_sequence_number", "long", 4),
        {"name": "data_file", "field-id": 2, "type": {"type": "record", "name": "r2", "fields": [
            {"name": "content", "type": "int", "field-id": 134}, {"name": "file_path", "type": "string", "field-id": 100},
            {"name": "file_format", "type": "string", "field-id": 101},
            {"name": "partition", "type": record, "field-id": 102},
            {"name": "record_count", "type": "long", "field-id": 103},
            {"name": "file_size_in_bytes", "type": "long", "field-id": 104}, optional("first_row_id", "long", 142),
            optional("referenced_data_file", "string", 143), optional("content_offset", "long", 144),
            optional("content_size_in_bytes", "long", 145)]}}]}
    row = {"status": 1, "data_file": {
        "content": 1, "file_path": "s3://b/dv.puffin", "file_format": "puffin", "record_count": 5,
        "file_size_in_bytes": 600, "referenced_data_file": "s3://b/a.parquet", "content_offset": 4,
        "content_size_in_bytes": 40, "partition": {"a": decimal.Decimal("1.25"), "b": decimal.Decimal("-0.01"),
                                                  "ts": 1_767_882_600_000_000_001, "ts_day": 20461}}}
    header = {"schema": json.dumps(table), "schema-id": "1", "partition-spec": json.dumps(partition),
              "partition-spec-id": "2", "format-version": "3", "content": "deletes"}
    out = io.BytesIO()
    fastavro.writer(out, layout, [row], codec="deflate", metadata=header, sync_marker=b"s" * 16)
    (HERE / "manifest_v3_deletes.avro").write_bytes(out.getvalue())


write_version_1()
write_version_2_list(write_all_types())
write_variants()
write_version_3()
