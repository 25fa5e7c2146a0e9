# SPDX-License-Identifier: Apache-2.0
"""What the tests of the engine on a catalog share: its configuration, and the proof through that same catalog."""

import collections
import json
import os
import re
import subprocess
import unittest.mock
import uuid

import pyarrow as pa
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from tests.catalogs import timings
from tests.catalogs.catalogs import CatalogUnderTest, Locked, Proxied, servers
from tests.e2e.harness import Engine, Scenario, Topic, merged
from tests.e2e.table_check import LEDGER
from tests.servers import process


class CatalogTable:
    """A table as PyIceberg sees it through its catalog."""

    def __init__(self, table: Table):
        self.table = table

    @property
    def rows(self) -> int:
        snapshot = self.table.current_snapshot()
        return int(snapshot.summary["total-records"]) if snapshot else 0

    def ledger(self, topic: str) -> dict[int, int]:
        """Partition -> next offset."""
        sources = json.loads(self.table.properties.get(LEDGER, '{"sources":[]}'))["sources"]
        return {
            int(partition): offset
            for source in sources
            if source["topic"] == topic
            for partition, offset in source["next"].items()
        }

    def history_problems(self) -> list[str]:
        """Snapshots that are not one line, each with the rows of the one before and its own."""
        problems = []
        by_id = {snapshot.snapshot_id: snapshot for snapshot in self.table.metadata.snapshots}
        line, snapshot = [], self.table.current_snapshot()
        while snapshot is not None:
            line.append(snapshot.snapshot_id)
            parent = by_id.get(snapshot.parent_snapshot_id)
            before = int(parent.summary["total-records"]) if parent else 0
            added = int(snapshot.summary.additional_properties.get("added-records", 0))
            if int(snapshot.summary["total-records"]) != before + added:
                problems.append(f"snapshot {snapshot.snapshot_id}: {snapshot.summary} after {before} rows")
            snapshot = parent
        if lost := by_id.keys() - set(line):
            problems.append(f"not in the line of the current snapshot: {sorted(lost)}")
        return problems

    def read(self) -> pa.Table:
        return self.table.scan().to_arrow()


class CatalogScenario(Scenario):
    """Base of the tests: as Scenario, but the table is in `self.catalog`, in a namespace of its own."""

    catalog: CatalogUnderTest

    def use(self, catalog: CatalogUnderTest, outage: Proxied | Locked | None = None) -> None:
        self.catalog = catalog
        self.namespace = f"raw_{uuid.uuid4().hex[:8]}"
        self.outage = outage

    def settings(self, topic: Topic, changes: dict | None = None) -> dict:
        section = {
            "database_name": self.namespace,
            "table_name": "events",
            **self.catalog.settings(self.outage),
        }
        return merged({**super().settings(topic), "iceberg": section}, changes or {})

    def diagnosis(self) -> str:
        return f"{super().diagnosis()}\n{servers().diagnosis()}"

    # -------------------------------------------------------------------------------- the table
    def table(self) -> CatalogTable:
        return CatalogTable(self.catalog.python.load_table((self.namespace, "events")))

    def table_exists(self) -> bool:
        try:
            self.table()
        except NoSuchTableError:
            return False
        return True

    def ledger_reaches(self, topic: Topic, ends: dict[int, int]) -> bool:
        if not self.table_exists():
            return False
        ledger = self.table().ledger(topic.name)
        return all(ledger.get(partition, 0) >= end for partition, end in ends.items() if end)

    # -------------------------------------------------------------------------------- metrics
    def metrics(self, port: int) -> dict[str, float]:
        """Family -> sum over its labels, of an engine that listens on `port`."""
        status, text = self.http(port, "/metrics")
        self.assertEqual(200, status, "/metrics")
        sums: dict[str, float] = collections.Counter()
        for family, value in re.findall(r"^(\w+)(?:\{.*\})? (\S+)$", text, re.MULTILINE):
            sums[family] += float(value)
        return sums

    def note_timings(self, port: int) -> None:
        """For the table at the end: how long this engine's commits took."""
        timings.note_metrics(self.catalog.name, port, self.http(port, "/metrics")[1])

    def engine_on_a_port(
        self, topic: Topic, name: str = "config", changes: dict | None = None, failpoint: str | None = None
    ) -> tuple[Engine, int]:
        """An engine with a state folder and a port of its own."""
        port = process.free_port()
        own = {"state": {"directory": str(self.folder / f"state-{name}")}, "server": {"listen": f"127.0.0.1:{port}"}}
        config = self.config(topic, merged(own, changes or {}), f"{name}.toml")
        with unittest.mock.patch.dict(os.environ, self.catalog.environment):
            return Engine(self, config, failpoint=failpoint), port

    def run_command(self, *arguments, env: dict | None = None, **rest) -> subprocess.CompletedProcess:
        return super().run_command(*arguments, env={**(env or os.environ), **self.catalog.environment}, **rest)

    # -------------------------------------------------------------------------------- proofs
    def prove_through_catalog(self, topic: Topic, config_name: str = "config") -> pa.Table:
        """Every record is in the table exactly once, with its values: so says PyIceberg through the same catalog, and
        the engine's `verify`. Returns the rows that came from Kafka."""
        table = self.table()
        if self.catalog.keeps_all_snapshots:
            self.assertEqual([], table.history_problems())
        rows = table.read()
        rows = rows.filter(rows["_kafka_partition"].is_valid())
        ends = {partition: end for partition, end in topic.ends().items() if end}
        found: dict[int, list[int]] = {}
        for partition, offset in zip(rows["_kafka_partition"].to_pylist(), rows["_kafka_offset"].to_pylist()):
            found.setdefault(partition, []).append(offset)
        self.assertEqual(sorted(ends), sorted(found))
        for partition, end in ends.items():
            self.assertEqual(end, len(found[partition]), f"rows of partition {partition}")
            self.assertEqual(set(range(end)), set(found[partition]), f"offsets of partition {partition}")
        self.assertEqual(list(range(topic.sent)), sorted(rows["id"].to_pylist()))
        done = self.run_command("verify", "-c", self.folder / f"{config_name}.toml", "--json")
        self.assertEqual(0, done.returncode, f"verify: {done.stdout}{done.stderr}")
        return rows
