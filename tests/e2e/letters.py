# SPDX-License-Identifier: Apache-2.0
"""What tests of dead letters share, wherever the letters go: poison among good records, kills, and replays."""

import collections
import json
import os
import random
import subprocess
import time

from tests.e2e.harness import BINARY, Engine, Scenario, Topic
from tests.servers import process

FIELDS = [
    {"name": "id", "type": "long"},
    {"name": "n", "type": "int"},
]


class LetterScenario(Scenario):
    STEPS: tuple[str, ...] = ()  # where an engine is killed while it commits

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("KAFKA_ICEBERG_SEED", time.time_ns() % 1_000_000))
        self.random = random.Random(self.seed)
        self.bad: dict[int, set[int]] = collections.defaultdict(set)
        self.listen = ""

    def diagnosis(self) -> str:
        return f"KAFKA_ICEBERG_SEED={self.seed}\n{super().diagnosis()}"

    def store(self) -> dict:
        """The section [dead_letter]."""
        raise NotImplementedError

    def assert_letters(self, topic: Topic) -> None:
        """By readers that are not ours: each of self.bad is there once, with what it held and why it is there."""
        raise NotImplementedError

    def letters_config(self, source: Topic, n: str = "int", name: str = "", **dead_letter):
        return self.config(
            source,
            {
                "dead_letter": {**self.store(), **dead_letter},
                "server": {"listen": self.listen},
                "schema": {"fields": [FIELDS[0], {"name": "n", "type": n}]},
                "iceberg": {"table_management": {"schema_mismatch_action": "fail" if n == "int" else "evolve"}},
                "commit": {"interval_seconds": 1, "max_mb": 1},
            },
            name=name or f"config-{n}.toml",
        )

    @staticmethod
    def bad_value(offset: int) -> bytes:
        return b'{"id":%d,"n":%d}' % (offset, 1 << 40)

    def produce(self, topic: Topic, count: int, share: float) -> None:
        """`share` of the records hold a number that does not fit."""
        producer = topic.producer()
        ends = topic.ends()
        for _ in range(count):
            partition = self.random.randrange(topic.partitions)
            offset = ends[partition]
            is_bad = self.random.random() < share
            if is_bad:
                self.bad[partition].add(offset)
            value = self.bad_value(offset) if is_bad else b'{"id":%d,"n":7}' % offset
            producer.produce(topic.name, value, key=b"k", headers=[("h", b"1"), ("h", None)], partition=partition)
            ends[partition] += 1
        topic._flush(producer)

    def bad_count(self) -> int:
        return sum(map(len, self.bad.values()))

    def done(self, topic: Topic) -> bool:
        return self.table_exists() and self.table().ledger(topic.name) == topic.ends()

    def poison(self, share: float, records: int) -> None:
        topic = Topic(partitions=3)
        config = self.letters_config(topic)
        for step in self.STEPS:
            self.produce(topic, records, share)
            # One delivery is certain, a second one is not.
            hit = 1 if "letters" in step else self.random.randint(1, 2)
            engine = Engine(self, config, failpoint=f"{step}:{hit}")
            self.wait_for("the engine was killed or is done", lambda: not engine.running or self.done(topic), None, 90)
            engine.kill()
        for _ in range(3):
            self.produce(topic, records, share)
            engine = Engine(self, config)
            time.sleep(self.random.uniform(0.5, 3))  # the moment is what is tested, nothing waits for it
            engine.kill()
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assert_letters(topic)
        self.prove(topic, config, missing=self.bad)

    def ingested_with_letters(self, topic: Topic, **dead_letter):
        """Everything is ingested, the numbers that did not fit would fit by now: the configuration says so."""
        self.produce(topic, 300, 0.3)
        engine = Engine(self, self.letters_config(topic, **dead_letter))
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        config = self.letters_config(topic, n="long", **dead_letter)
        engine = Engine(self, config, arguments=["run", "-c", str(config), "--stop-at-end"])
        self.assertEqual(0, engine.wait(), engine.log[-2000:])
        return config

    def check_replays_at_once_and_an_engine_beside_them(self) -> None:
        topic = Topic(partitions=2)
        config = self.ingested_with_letters(topic)
        count = self.bad_count()
        engine = Engine(self, config)
        commands = [
            subprocess.Popen(
                [str(BINARY), "dlq", "replay", "-c", str(config), "--json"], stdout=subprocess.PIPE, text=True
            )
            for _ in range(3)
        ]
        self.bad.clear()
        self.produce(topic, 300, 0)
        reports = [json.loads(command.communicate(timeout=120)[0]) for command in commands]
        self.assertEqual(count, sum(report["replayed"] for report in reports), reports)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)

    def check_a_flood_of_letters_holds_ingest_back(self):
        topic = Topic(partitions=1)
        port = process.free_port()
        self.listen = f"127.0.0.1:{port}"
        config = self.letters_config(topic, max_rate=100)
        self.produce(topic, 700, 1)
        engine = Engine(self, config)
        self.wait_log("too many dead letters", engine)

        def ready() -> dict:
            status, body = self.http(port, "/readyz")
            return {"status": status} | {check["name"]: check["detail"] for check in json.loads(body)["checks"]}

        seen = ready()
        self.assertEqual(503, seen["status"])
        self.assertRegex(seen["dead_letters"], "max_rate.*out_of_range")
        self.assertIn("kafka_iceberg_dead_letters_limited 1", self.http(port, "/metrics")[1])
        self.produce(topic, 50, 0)
        self.wait_ingested(topic, engine)
        self.wait_for("the engine is ready again", lambda: ready()["status"] == 200, engine)
        self.assertEqual(1, engine.log.count("too many dead letters"))
        self.assertEqual(0, engine.stop())
        self.assert_letters(topic)
        self.prove(topic, config, missing=self.bad)
