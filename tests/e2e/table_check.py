# SPDX-License-Identifier: Apache-2.0
"""Checks a table in a local folder against the Iceberg specification, without any Iceberg library.

`Table(folder)` reads the newest metadata; `Table.problems()` lists everything that is wrong: metadata, manifests and
data files must agree with each other, with the rows themselves, and with the ledger of the engine.
"""

import collections
import datetime
import functools
import json
import pathlib
import re
import struct

import fastavro
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

LEDGER = "kafka-iceberg.ledger"
EPOCH = datetime.date(1970, 1, 1)
# Field ids of the specification, by the names used here.
LIST_FIELDS = {
    "path": 500,
    "length": 501,
    "spec": 502,
    "content": 517,
    "sequence": 515,
    "min_sequence": 516,
    "snapshot": 503,
    "added": 504,
    "existing": 505,
    "deleted": 506,
    "added_rows": 512,
    "existing_rows": 513,
    "deleted_rows": 514,
}
ENTRY_FIELDS = {"status": 0, "snapshot": 1, "data_file": 2, "sequence": 3, "file_sequence": 4}
FILE_FIELDS = {
    "content": 134,
    "path": 100,
    "format": 101,
    "partition": 102,
    "rows": 103,
    "size": 104,
    "value_counts": 109,
    "null_counts": 110,
    "lower": 125,
    "upper": 128,
    "splits": 132,
}
EXISTING, ADDED, DELETED = 0, 1, 2


def local(location: str) -> pathlib.Path:
    return pathlib.Path(
        location.removeprefix("file://") if location.startswith("file:///") else location.removeprefix("file:")
    )


def _names(schema: dict | list) -> dict[int, str]:
    if isinstance(schema, list):
        schema = next(branch for branch in schema if branch != "null")
    return {field["field-id"]: field["name"] for field in schema["fields"] if "field-id" in field}


def _branch(schema, name: str):
    field = next(field for field in schema["fields"] if field["name"] == name)["type"]
    return field if isinstance(field, dict) else next(branch for branch in field if branch != "null")


class Avro:
    """An Avro file whose records are read by field id."""

    def __init__(self, path: pathlib.Path):
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            self.schema = reader.writer_schema
            self.metadata = reader.metadata
            self.records = list(reader)

    @staticmethod
    def pick(record: dict, names: dict[int, str], wanted: dict[str, int]) -> dict:
        return {key: record.get(names[field]) if field in names else None for key, field in wanted.items()}


class Table:
    def __init__(self, folder: str | pathlib.Path):
        self.folder = pathlib.Path(folder)
        versions = {
            int(found[1]): path
            for path in (self.folder / "metadata").glob("v*.metadata.json")
            if (found := re.fullmatch(r"v(\d+)\.metadata\.json", path.name))
        }
        if not versions:
            raise FileNotFoundError(f"no metadata in {self.folder}")
        self.version = max(versions)
        self.location = versions[self.version]
        self.metadata = json.loads(self.location.read_text())
        self._found: list[str] = []

    # -------------------------------------------------------------------------------- what the tests ask for
    @property
    def snapshot(self) -> dict | None:
        current = self.metadata.get("current-snapshot-id")
        return next(
            (snapshot for snapshot in self.metadata.get("snapshots", []) if snapshot["snapshot-id"] == current), None
        )

    @property
    def snapshots(self) -> list[dict]:
        return self.metadata.get("snapshots", [])

    @property
    def rows(self) -> int:
        """As the current snapshot's summary says."""
        return int(self.snapshot["summary"]["total-records"]) if self.snapshot else 0

    @property
    def columns(self) -> list[str]:
        return [field["name"] for field in self._schema["fields"]]

    def ledger(self, topic: str) -> dict[int, int]:
        """Partition -> next offset."""
        text = self.metadata.get("properties", {}).get(LEDGER)
        sources = json.loads(text)["sources"] if text else []
        return {
            int(partition): offset
            for source in sources
            if source["topic"] == topic
            for partition, offset in source["next"].items()
        }

    @functools.cached_property
    def _schema(self) -> dict:
        return next(
            schema for schema in self.metadata["schemas"] if schema["schema-id"] == self.metadata["current-schema-id"]
        )

    @functools.cached_property
    def data_files(self) -> list[dict]:
        """The live data files of the current snapshot."""
        return [
            entry["file"] for manifest in self.manifests for entry in manifest["entries"] if entry["status"] != DELETED
        ]

    @functools.cached_property
    def manifests(self) -> list[dict]:
        if not self.snapshot:
            return []
        listing = Avro(local(self.snapshot["manifest-list"]))
        names = _names(listing.schema)
        self._expect(
            names.keys() >= set(LIST_FIELDS.values()),
            f"manifest list lacks field ids {set(LIST_FIELDS.values()) - names.keys()}",
        )
        return [self._manifest(Avro.pick(record, names, LIST_FIELDS)) for record in listing.records]

    def _manifest(self, manifest: dict) -> dict:
        avro = Avro(local(manifest["path"]))
        entry_names = _names(avro.schema)
        file_schema = _branch(avro.schema, entry_names[ENTRY_FIELDS["data_file"]])
        file_names = _names(file_schema)
        manifest["avro"] = avro
        manifest["entries"] = []
        for record in avro.records:
            entry = Avro.pick(record, entry_names, ENTRY_FIELDS)
            entry["file"] = Avro.pick(entry.pop("data_file"), file_names, FILE_FIELDS)
            entry["file"]["spec"] = manifest["spec"]
            for side in ("value_counts", "null_counts", "lower", "upper"):
                pairs = entry["file"][side]
                entry["file"][side] = {pair["key"]: pair["value"] for pair in pairs} if pairs is not None else {}
            manifest["entries"].append(entry)
        return manifest

    # -------------------------------------------------------------------------------- checks
    def _expect(self, condition: object, problem: str) -> None:
        if not condition:
            self._found.append(problem)

    def problems(self, data: bool = True) -> list[str]:
        """Everything that is wrong; with data=False the data files are only looked up, not read."""
        self._check_metadata()
        self._check_manifests()
        self._check_totals()
        missing = [file["path"] for file in self.data_files if not local(file["path"]).exists()]
        if missing:
            return [*self._found, *(f"data file {path} does not exist" for path in missing)]
        for file in self.data_files:
            self._expect(
                local(file["path"]).stat().st_size == file["size"], f"{file['path']}: not of the recorded size"
            )
            if data:
                self._check_data_file(file)
        if data:
            self._check_ledger()
        return self._found

    def _check_metadata(self) -> None:
        metadata = self.metadata
        for key in (
            "format-version",
            "table-uuid",
            "location",
            "last-sequence-number",
            "last-updated-ms",
            "last-column-id",
            "schemas",
            "current-schema-id",
            "partition-specs",
            "default-spec-id",
            "last-partition-id",
            "sort-orders",
            "default-sort-order-id",
        ):
            self._expect(key in metadata, f"metadata: {key} is missing")
        self._expect(
            local(metadata["location"]) == self.folder,
            f"metadata: location is {metadata['location']}, not {self.folder}",
        )
        ids = [snapshot["snapshot-id"] for snapshot in self.snapshots]
        sequences = [snapshot["sequence-number"] for snapshot in self.snapshots]
        self._expect(len(set(ids)) == len(ids), "metadata: a snapshot id is used twice")
        self._expect(sequences == sorted(set(sequences)), f"metadata: sequence numbers do not grow: {sequences}")
        self._expect(
            not sequences or sequences[-1] == metadata["last-sequence-number"],
            "metadata: last-sequence-number is wrong",
        )
        if self.snapshot:
            self._expect(
                metadata["snapshot-log"][-1]["snapshot-id"] == self.snapshot["snapshot-id"],
                "metadata: the snapshot log does not end with the current snapshot",
            )
            self._expect(
                metadata["refs"]["main"]["snapshot-id"] == self.snapshot["snapshot-id"], "metadata: main is elsewhere"
            )
        for before, after in zip(self.snapshots, self.snapshots[1:]):
            self._expect(
                after.get("parent-snapshot-id") in (before["snapshot-id"], None)
                or after.get("parent-snapshot-id") in ids,
                f"metadata: snapshot {after['snapshot-id']} has an unknown parent",
            )
        for entry in metadata.get("metadata-log", []):
            self._expect(
                local(entry["metadata-file"]).exists(), f"metadata log names {entry['metadata-file']}, which is gone"
            )
        hint = self.folder / "metadata" / "version-hint.text"
        self._expect(
            not hint.exists() or int(hint.read_text()) <= self.version, "version-hint.text is ahead of the metadata"
        )

    def _check_manifests(self) -> None:
        paths = collections.Counter(file["path"] for file in self.data_files)
        for path, times in paths.items():
            self._expect(times == 1, f"data file {path} is in the table {times} times")
        sequences = {snapshot["snapshot-id"]: snapshot["sequence-number"] for snapshot in self.snapshots}
        for manifest in self.manifests:
            where = f"manifest {manifest['path'].rsplit('/', 1)[-1]}"
            self._expect(
                local(manifest["path"]).stat().st_size == manifest["length"], f"{where}: not of the recorded length"
            )
            for key in ("schema", "partition-spec", "partition-spec-id", "format-version", "content"):
                self._expect(key in manifest["avro"].metadata, f"{where}: header {key} is missing")
            for status, files, rows in (
                (ADDED, "added", "added_rows"),
                (EXISTING, "existing", "existing_rows"),
                (DELETED, "deleted", "deleted_rows"),
            ):
                entries = [entry for entry in manifest["entries"] if entry["status"] == status]
                self._expect(
                    len(entries) == manifest[files], f"{where}: {files} is {manifest[files]}, found {len(entries)}"
                )
                counted = sum(entry["file"]["rows"] for entry in entries)
                self._expect(counted == manifest[rows], f"{where}: {rows} is {manifest[rows]}, found {counted}")
            for entry in manifest["entries"]:
                self._expect(
                    entry["status"] == ADDED or entry["sequence"] is not None,
                    f"{where}: an old entry without sequence number",
                )
                self._expect(entry["file"]["format"].upper() == "PARQUET", f"{where}: format {entry['file']['format']}")
            self._expect(
                manifest["snapshot"] not in sequences or sequences[manifest["snapshot"]] == manifest["sequence"],
                f"{where}: sequence number {manifest['sequence']} is not that of its snapshot",
            )

    def _check_totals(self) -> None:
        if not self.snapshot:
            return
        summary = self.snapshot["summary"]
        for key, value in (
            ("total-records", sum(file["rows"] for file in self.data_files)),
            ("total-data-files", len(self.data_files)),
            ("total-files-size", sum(file["size"] for file in self.data_files)),
        ):
            self._expect(
                summary.get(key) == str(value), f"snapshot summary: {key} is {summary.get(key)}, counted {value}"
            )
        for before, after in zip(self.snapshots, self.snapshots[1:]):
            if after["summary"]["operation"] == "append" and after.get("parent-snapshot-id") == before["snapshot-id"]:
                grown = int(after["summary"]["total-records"]) - int(before["summary"]["total-records"])
                self._expect(
                    grown == int(after["summary"].get("added-records", 0)),
                    f"snapshot {after['snapshot-id']}: added-records "
                    f"is {after['summary'].get('added-records')}, the total grew by {grown}",
                )

    def _check_data_file(self, file: dict) -> None:
        path = local(file["path"])
        where = f"data file {path.name}"
        parquet = pq.ParquetFile(path, page_checksum_verification=True)
        rows = parquet.read()
        self._expect(rows.num_rows == file["rows"], f"{where}: {rows.num_rows} rows, recorded {file['rows']}")
        starts = [_group_start(parquet.metadata.row_group(group)) for group in range(parquet.num_row_groups)]
        self._expect(
            not file["splits"] or file["splits"] == starts,
            f"{where}: split offsets are {file['splits']}, row groups start at {starts}",
        )
        fields = {field["id"]: field for schema in self.metadata["schemas"] for field in schema["fields"]}
        for index, arrow_field in enumerate(rows.schema):
            field_id = int((arrow_field.metadata or {}).get(b"PARQUET:field_id", -1))
            self._expect(
                field_id in fields, f"{where}: column {arrow_field.name} has field id {field_id}, unknown to the table"
            )
            if field_id in fields and isinstance(fields[field_id]["type"], str):
                self._check_column(where, file, fields[field_id], rows.column(index))
        self._check_partition(where, file, rows)

    def _check_column(self, where: str, file: dict, field: dict, column: pa.ChunkedArray) -> None:
        where, field_id = f"{where}: column {field['name']}", field["id"]
        self._expect(file["value_counts"].get(field_id, len(column)) == len(column), f"{where}: value count")
        self._expect(file["null_counts"].get(field_id, column.null_count) == column.null_count, f"{where}: null count")
        self._expect(not field["required"] or column.null_count == 0, f"{where}: required, with nulls")
        decode = _BOUNDS.get(field["type"])
        if decode is None or column.null_count == len(column):
            return
        bounds = pc.min_max(column.cast(pa.int64()) if not pa.types.is_string(column.type) else column).as_py()
        for side, actual in (("lower", bounds["min"]), ("upper", bounds["max"])):
            if field_id in file[side]:
                bound = decode(file[side][field_id])
                good = bound <= actual if side == "lower" else bound >= actual
                self._expect(good, f"{where}: {side} bound {bound!r} does not hold for {actual!r}")
                self._expect(
                    isinstance(bound, str) or bound == actual,
                    f"{where}: {side} bound {bound!r} is not the {actual!r} it has",
                )

    def _check_partition(self, where: str, file: dict, rows: pa.Table) -> None:
        spec = next(spec for spec in self.metadata["partition-specs"] if spec["spec-id"] == file["spec"])
        for field in spec["fields"]:
            column = next(
                (
                    rows.column(index)
                    for index, arrow_field in enumerate(rows.schema)
                    if int((arrow_field.metadata or {}).get(b"PARQUET:field_id", -1)) == field["source-id"]
                ),
                None,
            )
            unit = {"day": 86_400_000_000, "hour": 3_600_000_000}.get(field["transform"])
            if column is None or unit is None or not pa.types.is_timestamp(column.type):
                continue
            recorded = file["partition"][field["name"]]
            if isinstance(recorded, datetime.date):
                recorded = (recorded - EPOCH).days
            found = {
                None if value is None else value // unit for value in pc.unique(column.cast(pa.int64())).to_pylist()
            }
            self._expect(
                found == {recorded}, f"{where}: partition {field['name']} is {recorded}, its rows have {found}"
            )

    def _check_ledger(self) -> None:
        text = self.metadata.get("properties", {}).get(LEDGER)
        if not text or not {"_kafka_partition", "_kafka_offset"} <= set(self.columns):
            return
        next_offsets: dict[int, int] = {}
        for source in json.loads(text)["sources"]:
            for partition, offset in source["next"].items():
                next_offsets[int(partition)] = max(offset, next_offsets.get(int(partition), 0))
        for partition, offsets in self.offsets().items():
            self._expect(
                len(set(offsets)) == len(offsets),
                f"partition {partition}: {len(offsets) - len(set(offsets))} offsets are doubled",
            )
            self._expect(
                max(offsets) < next_offsets.get(partition, 0),
                f"partition {partition}: offset {max(offsets)} is in the table, "
                f"the ledger says {next_offsets.get(partition)}",
            )

    def offsets(self) -> dict[int, list[int]]:
        """Partition -> all offsets in the data files, as they are found."""
        found: dict[int, list[int]] = collections.defaultdict(list)
        for file in self.data_files:
            rows = pq.read_table(local(file["path"]), columns=["_kafka_partition", "_kafka_offset"])
            for partition, offset in zip(rows.column(0).to_pylist(), rows.column(1).to_pylist()):
                if partition is not None:
                    found[partition].append(offset)
        return dict(found)

    def orphans(self) -> list[pathlib.Path]:
        """Data files that the current snapshot does not name."""
        named = {local(file["path"]) for file in self.data_files}
        return sorted(path for path in self.folder.rglob("*.parquet") if path not in named)


def _group_start(group) -> int:
    column = group.column(0)
    return min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset)


_BOUNDS = {
    "int": lambda raw: struct.unpack("<i", raw)[0],
    # A file that was written while the column was an int keeps its bounds.
    "long": lambda raw: struct.unpack("<q" if len(raw) == 8 else "<i", raw)[0],
    "timestamp": lambda raw: struct.unpack("<q", raw)[0],
    "timestamptz": lambda raw: struct.unpack("<q", raw)[0],
    "string": lambda raw: raw.decode(errors="surrogateescape"),
}
