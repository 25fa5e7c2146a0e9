# SPDX-License-Identifier: Apache-2.0
"""Exactly once under SIGKILL: at every named step of a flush in turn, and at random moments."""

import os
import random
import signal
import time

from tests.e2e.harness import Engine, Scenario, Topic
from tests.servers import process

STEPS = (
    "before_upload",
    "after_upload",
    "before_manifests",
    "before_swap",
    "after_swap",
    "before_log",
    "after_log",
    "before_offsets",
    "after_offsets",
)
RECORDS = int(os.environ.get("KAFKA_ICEBERG_TORTURE_RECORDS", "200000"))
NAMED_ROUNDS = 3  # each step is killed at this often: 27 kills
RANDOM_KILLS = 6
PARTITIONS = 8


class Torture(Scenario):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("KAFKA_ICEBERG_SEED", time.time_ns() % 1_000_000))
        self.random = random.Random(self.seed)
        self.topic = Topic(PARTITIONS)
        # Small epochs, so that one run passes each step more than once.
        self.settings_file = self.config(self.topic, {"commit": {"interval_seconds": 1, "max_mb": 4}})

    def diagnosis(self) -> str:
        return f"KAFKA_ICEBERG_SEED={self.seed}\n{super().diagnosis()}"

    def kill_at_step(self, step: str, hit: int, records: int) -> None:
        """Killed when the step is reached for the `hit`-th time; later hits need a second epoch, so more records."""
        self.topic.send(records // hit)
        ends = self.topic.ends()
        engine = Engine(self, self.settings_file, failpoint=f"{step}:{hit}")
        if hit > 1:

            def first_epoch_is_committed() -> bool:
                # What the engine adopts at its start moves the ledger too, but not to the end.
                return self.table_exists() and self.table().ledger(self.topic.name) == ends

            self.wait_for(
                "the first epoch is committed", lambda: not engine.running or first_epoch_is_committed(), engine
            )
            self.topic.send(records - records // hit)
        self.assertEqual(
            -signal.SIGKILL, engine.wait(90), f"killed at {step}:{hit}; its log ends with\n{engine.log[-1500:]}"
        )

    def kill_at_random(self, records: int) -> None:
        self.topic.send(records)
        engine = Engine(self, self.settings_file)
        rows = self.rows()
        if self.random.random() < 0.5:  # while it works
            self.wait_for("rows are committed", lambda: self.rows() > rows, engine)
        time.sleep(self.random.uniform(0, 2))  # the moment is what is tested, nothing waits for it
        engine.kill()

    def check_between(self, ledger: dict[int, int]) -> dict[int, int]:
        """After a kill the table is whole, and its ledger has not gone back."""
        if not self.table_exists():
            return ledger
        table = self.table()
        self.assertEqual([], table.problems(data=False))
        now = table.ledger(self.topic.name)
        for partition, offset in ledger.items():
            self.assertGreaterEqual(now[partition], offset, f"the ledger of partition {partition} went back")
        return now

    def test_torture_killed_at_every_step_and_at_random(self):
        kills = [(step, 1 + turn % 2) for turn in range(NAMED_ROUNDS) for step in STEPS] + [None] * RANDOM_KILLS
        self.random.shuffle(kills)
        ledger: dict[int, int] = {}
        for kill in kills:
            records = RECORDS // (len(kills) + 1)
            if kill:
                self.kill_at_step(*kill, records)
            else:
                self.kill_at_random(records)
            ledger = self.check_between(ledger)
        self.topic.send(RECORDS - self.topic.sent)
        self.assertEqual(RECORDS, self.topic.sent)
        engine = Engine(self, self.settings_file)
        self.wait_ingested(self.topic, engine, timeout=300)
        self.assertEqual(0, engine.stop())
        self.prove(self.topic, self.settings_file)
        self.assert_content(self.topic)


class Recovery(Scenario):
    def test_ready_and_committing_soon_after_a_kill(self):
        topic = Topic()
        topic.send(20_000)
        port = process.free_port()
        config = self.config(topic, {"server": {"listen": f"127.0.0.1:{port}"}})
        Engine(self, config, failpoint="after_upload:1").wait(60)
        started = time.monotonic()
        engine = Engine(self, config)
        self.wait_for("/readyz is green", lambda: self.http(port, "/readyz")[0] == 200, engine)
        ready = time.monotonic() - started
        self.wait_ingested(topic, engine)
        committed = time.monotonic() - started
        print(f"\n  after a kill: ready in {ready:.1f} s, committing in {committed:.1f} s", end=" ", flush=True)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)

    def test_files_that_were_uploaded_before_the_kill_are_adopted(self):
        # Partitions that the table's ledger does not know yet are not adopted: an epoch before may be missing from the
        # log. So the kill comes after a first commit.
        topic = Topic()
        topic.send(20_000)
        config = self.config(topic)
        first = Engine(self, config)
        self.wait_ingested(topic, first)
        self.assertEqual(0, first.stop())
        committed = set(self.warehouse.rglob("*.parquet"))
        topic.send(20_000)
        Engine(self, config, failpoint="before_manifests:1").wait(60)
        uploaded = sorted(set(self.warehouse.rglob("*.parquet")) - committed)
        self.assertTrue(uploaded)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        table = self.table()
        self.assertEqual(
            [], [path.name for path in table.orphans() if path in uploaded], "uploaded files were left behind"
        )
        self.prove(topic, config)
