# SPDX-License-Identifier: Apache-2.0
"""Writes the pyiceberg_*.metadata.json files of this folder (PyIceberg 0.12.0, pyarrow, sqlalchemy).

    python make_metadata.py OUTPUT_FOLDER

Ids, times and file names differ at every run; the tests look only at what is the same.
"""
import datetime
import decimal
import pathlib
import sys
import tempfile

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import (BucketTransform, DayTransform, IdentityTransform, MonthTransform,
                                  TruncateTransform)
from pyiceberg.types import (DateType, DecimalType, DoubleType, FixedType, IntegerType, ListType,
                             LongType, MapType, NestedField, StringType, StructType,
                             TimestamptzType, UUIDType)


def optional(field_id, name, field_type):
    return NestedField(field_id, name, field_type, required=False)


def nested_schema():
    address = StructType(optional(106, "zip", StringType()),
                         optional(107, "geo", StructType(optional(108, "lat", DoubleType()))))
    attribute = StructType(NestedField(114, "v", IntegerType(), required=True))
    return Schema(NestedField(101, "id", LongType(), required=True, doc="the key"),
                  NestedField(102, "ts", TimestamptzType(), required=True),
                  optional(103, "name", StringType()), optional(104, "price", DecimalType(9, 2)),
                  optional(105, "addr", address),
                  optional(109, "tags", ListType(110, StringType(), False)),
                  optional(111, "attrs", MapType(112, StringType(), 113, attribute, True)),
                  optional(115, "raw", FixedType(4)), optional(116, "uid", UUIDType()),
                  identifier_field_ids=[101])


def rows(table, first, count):
    day = datetime.datetime(2026, 1, 8, tzinfo=datetime.timezone.utc)
    values = [{"id": i, "ts": day + datetime.timedelta(days=i % 2), "name": f"n{i}",
               "price": decimal.Decimal("1.25"), "tags": ["a"], "raw": b"abcd"}
              for i in range(first, first + count)]
    return pa.Table.from_pylist(values, schema=table.schema().as_arrow())


def make_version_2(catalog, save):
    spec = PartitionSpec(PartitionField(102, 1000, DayTransform(), "ts_day"),
                         PartitionField(101, 1001, BucketTransform(4), "id_bucket_4"))
    order = SortOrder(
        SortField(101, IdentityTransform(), SortDirection.DESC, NullOrder.NULLS_LAST),
        SortField(103, TruncateTransform(3), SortDirection.ASC, NullOrder.NULLS_FIRST))
    properties = {"owner": "somebody", "write.metadata.previous-versions-max": "5",
                  "note": "caf\u00e9 \"x\"\n"}
    table = catalog.create_table("db.t", nested_schema(), partition_spec=spec, sort_order=order,
                                 properties=properties)
    save(table, "v2_empty")
    table.append(rows(table, 0, 3))
    table.append(rows(table, 3, 2), snapshot_properties={"kafka-iceberg.commit-id": "abc"})
    with table.manage_snapshots() as refs:
        refs.create_tag(table.metadata.snapshots[0].snapshot_id, "first", max_ref_age_ms=86400000)
    with table.manage_snapshots() as refs:
        refs.create_branch(table.metadata.current_snapshot_id, "audit", max_ref_age_ms=1000000,
                           max_snapshot_age_ms=2000000, min_snapshots_to_keep=3)
    with table.update_schema() as update:
        update.add_column("extra", IntegerType())
        update.add_column(("addr", "city"), StringType())
    with table.update_spec() as update:
        update.remove_field("id_bucket_4")
        update.add_field("name", TruncateTransform(2), "name_trunc_2")
    table = catalog.load_table("db.t")
    table.append(rows(table, 9, 1))
    save(catalog.load_table("db.t"), "v2_history")


def make_version_1(catalog, save):
    schema = Schema(optional(1, "x", IntegerType()), optional(2, "d", DateType()))
    spec = PartitionSpec(PartitionField(2, 1000, MonthTransform(), "d_month"))
    table = catalog.create_table("db.v1", schema, partition_spec=spec,
                                 properties={"format-version": "1"})
    table.append(pa.table({"x": pa.array([1], pa.int32()),
                           "d": pa.array([datetime.date(2026, 1, 8)])}))
    save(catalog.load_table("db.v1"), "v1")


def main():
    output = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        catalog = SqlCatalog("golden", uri=f"sqlite:///{folder}/catalog.db",
                             warehouse=f"file://{folder}")
        catalog.create_namespace("db")

        def save(table, name):
            text = pathlib.Path(table.metadata_location.removeprefix("file://")).read_text()
            text = text.replace(f"file://{folder}", "file:///warehouse")
            (output / f"pyiceberg_{name}.metadata.json").write_text(text)

        make_version_2(catalog, save)
        make_version_1(catalog, save)


if __name__ == "__main__":
    main()
