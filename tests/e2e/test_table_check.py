# SPDX-License-Identifier: Apache-2.0
"""The checker itself: a good table made by PyIceberg passes, and each kind of damage is noticed."""

import datetime
import json
import pathlib
import shutil
import tempfile
import unittest

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog

from tests.e2e import readers, table_check
from tests.e2e.foreign_writer import ForeignWriter

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("_kafka_partition", pa.int32()),
        ("_kafka_offset", pa.int64()),
        ("_kafka_timestamp", pa.timestamp("us", "UTC")),
    ]
)


def rows(count: int) -> pa.Table:
    stamps = [datetime.datetime(2026, 1, 1 + number % 2, tzinfo=datetime.timezone.utc) for number in range(count)]
    return pa.table(
        [
            list(range(count)),
            [f"record {number}" for number in range(count)],
            [number % 4 for number in range(count)],
            [number // 4 for number in range(count)],
            stamps,
        ],
        schema=SCHEMA,
    )


class TableCheck(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kafka-iceberg-check-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        location = cls.folder / "good"
        catalog = SqlCatalog("made", uri=f"sqlite:///{cls.folder}/catalog.db", warehouse=str(cls.folder))
        catalog.create_namespace("raw")
        made = catalog.create_table("raw.events", SCHEMA, location=str(location))
        with made.update_spec() as update:
            update.add_field("_kafka_timestamp", "day", "_kafka_timestamp_day")
        shutil.copy(table_check.local(made.metadata_location), location / "metadata" / "v1.metadata.json")
        writer = ForeignWriter(location)
        writer.append(rows(1000))
        ledger = {
            "version": 1,
            "sources": [{"cluster-id": "c", "topic": "t", "topic-id": "i", "next": {str(n): 250 for n in range(4)}}],
        }
        writer.set_property(table_check.LEDGER, json.dumps(ledger))
        cls.good = location

    def setUp(self):
        # The table's paths are absolute, so damage is done in place and undone from a copy.
        self.kept = self.folder / "kept"
        shutil.copytree(self.good, self.kept)
        self.addCleanup(lambda: (shutil.rmtree(self.good), self.kept.rename(self.good)))

    def problems(self) -> str:
        return "\n".join(table_check.Table(self.good).problems())

    def data_file(self) -> pathlib.Path:
        return sorted(self.good.rglob("*.parquet"))[0]

    def edit_metadata(self, change) -> None:
        path = table_check.Table(self.good).location
        metadata = json.loads(path.read_text())
        change(metadata)
        path.write_text(json.dumps(metadata))

    def edit_manifest(self, change) -> None:
        path = table_check.local(table_check.Table(self.good).manifests[0]["path"])
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            schema, header, records = reader.writer_schema, reader.metadata, list(reader)
        change(records)
        with path.open("wb") as file:
            fastavro.writer(
                file,
                schema,
                records,
                codec="deflate",
                metadata={key: value for key, value in header.items() if not key.startswith("avro.")},
            )

    def test_good_table_passes_and_readers_agree(self):
        table = table_check.Table(self.good)
        self.assertEqual([], table.problems())
        self.assertEqual([], table.orphans())
        expected = {partition: (250, 250, 0, 249) for partition in range(4)}
        self.assertEqual(expected, readers.offsets_by_duckdb(table.location))
        self.assertEqual(expected, readers.offsets_by_pyiceberg(table.location))
        self.assertEqual({partition: 250 for partition in range(4)}, table.ledger("t"))

    def test_doubled_rows(self):
        ForeignWriter(self.good).append(rows(5))
        self.assertIn("offsets are doubled", self.problems())

    def test_rows_beyond_the_ledger(self):
        self.edit_metadata(
            lambda metadata: metadata["properties"].update(
                {table_check.LEDGER: metadata["properties"][table_check.LEDGER].replace("250", "200")}
            )
        )
        self.assertIn("the ledger says 200", self.problems())

    def test_missing_data_file(self):
        self.data_file().unlink()
        self.assertIn("does not exist", self.problems())

    def test_data_file_of_another_size(self):
        with self.data_file().open("ab") as file:
            file.write(b"x")
        with self.assertRaises(pa.ArrowInvalid):
            self.problems()

    def test_flipped_byte(self):
        rewritten = pq.read_table(self.data_file())
        pq.write_table(rewritten, self.data_file(), write_page_checksum=True)
        data = bytearray(self.data_file().read_bytes())
        data[200] ^= 0x55
        self.data_file().write_bytes(data)
        with self.assertRaises(OSError):
            self.problems()

    def test_orphan(self):
        shutil.copy(self.data_file(), self.data_file().with_name("orphan.parquet"))
        self.assertEqual(["orphan.parquet"], [path.name for path in table_check.Table(self.good).orphans()])

    def test_wrong_totals(self):
        def change(metadata):
            metadata["snapshots"][-1]["summary"]["total-records"] = "1"

        self.edit_metadata(change)
        self.assertIn("total-records is 1", self.problems())

    def test_wrong_counts_bounds_and_partition(self):
        def change(records):
            data_file = records[0]["data_file"]
            data_file["record_count"] += 1
            data_file["upper_bounds"][0]["value"] = b"\x00" * 8
            data_file["null_value_counts"][0]["value"] = 3
            data_file["partition"]["_kafka_timestamp_day"] = datetime.date(2020, 1, 1)

        self.edit_manifest(change)
        found = self.problems()
        for expected in ("added_rows", "recorded", "upper bound", "null count", "partition _kafka_timestamp_day"):
            self.assertIn(expected, found)

    def test_wrong_snapshot_log_and_sequence(self):
        def change(metadata):
            metadata["snapshot-log"][-1]["snapshot-id"] = 1
            metadata["last-sequence-number"] = 9

        self.edit_metadata(change)
        found = self.problems()
        self.assertIn("snapshot log", found)
        self.assertIn("last-sequence-number", found)
