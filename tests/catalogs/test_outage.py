# SPDX-License-Identifier: Apache-2.0
"""The catalog goes away under load, three times: rows go on being taken in, none is lost or doubled, memory stays
within its limit, and soon after the catalog is back everything is committed. All catalogs at once, an engine each."""

import functools
import os
import pathlib
import re
import threading
import time

from tests.catalogs.catalogs import NAMES, catalog
from tests.catalogs.scenario import CatalogScenario
from tests.e2e.harness import Topic

SECONDS = float(os.environ.get("KAFKA_ICEBERG_OUTAGE_SECONDS", "8"))
ROWS_PER_SECOND = 200  # of each engine
MEMORY_MB = 512
OUTAGES = ("refused", "hanging", "answers lost")


class Load(threading.Thread):
    """A steady stream of records into several topics."""

    def __init__(self, topics: list[Topic]):
        super().__init__(name="load")
        self.topics = topics
        self._producer = topics[0].producer()
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.1):
            for topic in self.topics:
                for number in range(topic.sent, topic.sent + ROWS_PER_SECOND // 10):
                    self._producer.produce(topic.name, topic.record(number), partition=number % topic.partitions)
                topic.sent += ROWS_PER_SECOND // 10
            self._producer.poll(0)

    def end(self) -> None:
        self._ended.set()
        self.join()
        if self._producer.flush(60):
            raise RuntimeError("the broker did not take all records")


class Site(CatalogScenario):
    """One catalog with an engine on it; its methods are called by the test below."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name

    def begin(self) -> None:
        under_test = catalog(self.name)
        self.use(under_test, under_test.outage())
        self.addCleanup(self.outage.close)
        self.topic = Topic(4)
        self.topic.send(1_000)
        changes = {"iceberg": {"catalog_manager": {"health_check_interval_seconds": 1}}}
        self.engine, self.port = self.engine_on_a_port(self.topic, changes=changes)

    @property
    def consumed(self) -> float:
        return self.metrics(self.port)["kafka_iceberg_records_consumed_total"]

    @property
    def memory_mb(self) -> float:
        """The most it ever had."""
        status = pathlib.Path(f"/proc/{self.engine.child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def go_away(self, how: str) -> None:
        self.outage.begin[how]()
        self.before = self.consumed

    def assert_still_working(self) -> None:
        self.assertTrue(self.engine.running, f"the engine ended with {self.engine.child.returncode}")
        self.assertGreater(self.consumed, self.before, "records are taken in while the catalog is away")
        self.assertLess(self.memory_mb, MEMORY_MB)

    def come_back(self) -> None:
        self.due = self.topic.ends()
        self.outage.end()
        self.back = time.monotonic()

    def wait_backlog(self) -> None:
        self.wait_for(
            f"everything sent before the catalog came back is committed: {self.due}",
            lambda: self.ledger_reaches(self.topic, self.due),
            self.engine,
            60 + SECONDS,
        )

    def finish(self) -> None:
        self.wait_ingested(self.topic, self.engine)
        self.assertLess(self.memory_mb, MEMORY_MB)
        self.assertEqual(0, self.engine.stop(), "exit code")
        self.prove_through_catalog(self.topic)


class Outage(CatalogScenario):
    def setUp(self):
        super().setUp()
        self.sites: list[Site] = []
        self.failed: dict[str, Site] = {}

    def diagnosis(self) -> str:
        """Of the catalog that failed last: each is told when it fails."""
        name, site = list(self.failed.items())[-1]
        return f"===== {name}\n{site.diagnosis()}"

    def on_every_site(self, step: str, action) -> None:
        """Does it for all catalogs that have not failed yet; each failure is told, the others go on."""
        for site in self.sites:
            if site.name not in self.failed:
                with self.subTest(catalog=site.name, step=step):
                    self.failed[site.name] = site
                    action(site)
                    del self.failed[site.name]

    def test_the_catalog_is_away_three_times_under_load(self):
        for name in NAMES:
            site = Site(name)
            if catalog(name).can_go_away:
                site.setUp()
                self.addCleanup(site.doCleanups)
                self.sites.append(site)
        self.on_every_site("begin", Site.begin)
        self.on_every_site("first commit", lambda site: site.wait_ingested(site.topic, site.engine))
        load = Load([site.topic for site in self.sites if site.name not in self.failed])
        load.start()
        try:
            for number, how in enumerate(OUTAGES, 1):
                self.on_every_site(f"outage {number}", functools.partial(Site.go_away, how=how))
                time.sleep(SECONDS)  # how long they are away is what is tested; nothing waits for it
                self.on_every_site(f"during outage {number}", Site.assert_still_working)
                self.on_every_site(f"end of outage {number}", Site.come_back)
                self.on_every_site(f"after outage {number}", Site.wait_backlog)
        finally:
            load.end()
        self.on_every_site("end", Site.finish)
