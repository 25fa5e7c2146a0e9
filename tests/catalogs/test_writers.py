# SPDX-License-Identifier: Apache-2.0
"""Two engines and PyIceberg append to one table at the same time: no row and no snapshot is lost, none is doubled."""

import collections
import logging
import os
import threading
import time

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException

from tests.catalogs.catalogs import CatalogUnderTest, for_each_catalog
from tests.catalogs.scenario import CatalogScenario
from tests.e2e.harness import Engine, Topic

COMMITS = int(os.environ.get("KAFKA_ICEBERG_CATALOG_COMMITS", "30"))
BATCH = 10  # rows of a foreign commit
FIRST_FOREIGN_ID = 1_000_000_000


logging.getLogger("pyiceberg.table").setLevel(logging.ERROR)  # it warns of each conflict, and here are many


class ForeignWriter(threading.Thread):
    """PyIceberg with a catalog of its own, appending batch after batch until it is told to stop."""

    def __init__(self, catalog: CatalogUnderTest, namespace: str):
        super().__init__(name="foreign writer")
        self._table = catalog.another_python().load_table((namespace, "events"))
        self._ended = threading.Event()
        # Batch -> True: acknowledged, False: refused, None: nobody knows.
        self.outcomes: dict[int, bool | None] = {}
        self.last_error: Exception | None = None

    def _rows(self, batch: int) -> pa.Table:
        schema = self._table.schema().as_arrow()
        first = FIRST_FOREIGN_ID + batch * BATCH
        values = {
            "id": pa.array(range(first, first + BATCH), pa.int64()),
            "_kafka_timestamp": pa.array([1_767_882_600_000_000] * BATCH, pa.timestamp("us", "UTC")),
        }
        columns = [
            values[field.name].cast(field.type) if field.name in values else pa.nulls(BATCH, field.type)
            for field in schema
        ]
        return pa.table(columns, schema=schema)

    def run(self) -> None:
        batch = 0
        while not self._ended.is_set():
            try:
                self._table.refresh()
                self._table.append(self._rows(batch))
                self.outcomes[batch] = True
            except CommitFailedException as error:
                self.outcomes[batch], self.last_error = False, error
            except Exception as error:  # whatever else it says, it may have been applied
                self.outcomes[batch], self.last_error = None, error
            batch += 1
            self._ended.wait(0.4)

    def end(self) -> None:
        self._ended.set()
        self.join()

    @property
    def acknowledged(self) -> int:
        return sum(outcome is True for outcome in list(self.outcomes.values()))


@for_each_catalog
class ThreeWriters(CatalogScenario):
    def commits(self, ports: list[int]) -> float:
        return sum(self.metrics(port)["iceberg_snapshot_commits_total"] for port in ports)

    def write_until_enough(self, topic: Topic, engines: list[Engine], ports: list[int], foreign: ForeignWriter) -> None:
        deadline = time.monotonic() + 60 + COMMITS * 2
        while self.commits(ports) + foreign.acknowledged < COMMITS:
            for engine in engines:
                self.assertTrue(engine.running, engine.log[-2000:])
            self.assertLess(
                time.monotonic(),
                deadline,
                f"{self.commits(ports)} commits of the engines, the foreign writer's: "
                f"{collections.Counter(foreign.outcomes.values())}, its last error: {foreign.last_error!r}",
            )
            topic.send(200)
            time.sleep(0.1)  # paces the load; nothing waits for it

    def check_two_engines_and_a_foreign_writer(self, catalog: CatalogUnderTest) -> None:
        self.use(catalog)
        topic = Topic()
        topic.send(1_000)
        first, first_port = self.engine_on_a_port(topic, "one")
        self.wait_ingested(topic, first)
        second, second_port = self.engine_on_a_port(topic, "two")
        foreign = ForeignWriter(catalog, self.namespace)
        foreign.start()
        self.addCleanup(foreign.end)
        ports = [first_port, second_port]
        self.wait_for("the second engine listens", lambda: self.http(second_port, "/metrics")[0] == 200, second)
        self.write_until_enough(topic, [first, second], ports, foreign)
        foreign.end()
        self.wait_ingested(topic, first)
        commits = [self.metrics(port)["iceberg_snapshot_commits_total"] for port in ports]
        for port in ports:
            self.note_timings(port)
        for engine in (first, second):
            self.assertEqual(0, engine.stop(), engine.log[-2000:])
        self.assertTrue(all(commits), f"both engines commit: {commits}")
        self.assertGreater(foreign.acknowledged, 0, f"the foreign writer's last error: {foreign.last_error!r}")
        self.prove_through_catalog(topic, "one")
        self.prove_foreign_rows(foreign, topic)
        print(f"\n  commits: {commits[0]:.0f} + {commits[1]:.0f} + {foreign.acknowledged} foreign", end=" ", flush=True)

    def prove_foreign_rows(self, foreign: ForeignWriter, topic: Topic) -> None:
        rows = self.table().read()
        times = collections.Counter(number for number in rows["id"].to_pylist() if number >= FIRST_FOREIGN_ID)
        self.assertEqual({1}, set(times.values()), "foreign rows are doubled")
        found = {(number - FIRST_FOREIGN_ID) // BATCH for number in times}
        self.assertEqual(len(found) * BATCH, len(times), "part of a batch is missing")
        acknowledged = {batch for batch, outcome in foreign.outcomes.items() if outcome is True}
        refused = {batch for batch, outcome in foreign.outcomes.items() if outcome is False}
        self.assertEqual(set(), acknowledged - found, "acknowledged and lost")
        self.assertEqual(set(), refused & found, "refused and applied")
        self.assertEqual(topic.sent + len(found) * BATCH, rows.num_rows)
        self.assertEqual(rows.num_rows, self.table().rows)
