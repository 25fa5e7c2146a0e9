# SPDX-License-Identifier: Apache-2.0
"""The same ingest on every catalog: killed in the middle of a commit, before and after the swap, and read back; then
`catalog check` measures the catalog."""

import signal

from tests.catalogs import timings
from tests.catalogs.catalogs import CatalogUnderTest, for_each_catalog
from tests.catalogs.scenario import CatalogScenario
from tests.e2e.harness import Topic

RECORDS = 20_000


@for_each_catalog
class Ingest(CatalogScenario):
    def check_ingest_with_kills(self, catalog: CatalogUnderTest) -> None:
        self.use(catalog)
        topic = Topic()
        for step in ("before_swap:1", "after_swap:1"):
            topic.send(RECORDS // 3)
            engine, _ = self.engine_on_a_port(topic, failpoint=step)
            self.assertEqual(-signal.SIGKILL, engine.wait(60), f"killed {step}: {engine.log[-2000:]}")
        topic.send(RECORDS // 3)
        engine, port = self.engine_on_a_port(topic)
        self.wait_ingested(topic, engine)
        self.note_timings(port)
        self.assertEqual(0, engine.stop(), engine.log[-2000:])
        self.prove_through_catalog(topic)
        timings.note_check(catalog.name, self.json_of("catalog", "check", "--write", "-c", self.folder / "config.toml"))
