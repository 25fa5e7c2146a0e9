# SPDX-License-Identifier: Apache-2.0
"""`offsets show`, `reset` and `rewind`: what they show, what they refuse, and that `verify` understands what was done."""

import json
import signal

from tests.e2e.harness import Engine, Scenario, Topic


class Offsets(Scenario):
    def ingest(self, topic: Topic, config, count: int | None = None) -> None:
        engine = Engine(self, config, arguments=["run", "-c", str(config), "--stop-at-end"])
        self.assertEqual(0, engine.wait(90), engine.log[-2000:])
        if count is not None:
            self.assertEqual(count, self.rows())

    def started(self, partitions: int = 2, changes: dict | None = None):
        topic = Topic(partitions)
        topic.send(200)
        config = self.config(topic, changes)
        self.ingest(topic, config, 200)
        return topic, config

    def show(self, config) -> dict:
        return self.json_of("offsets", "show", "-c", config)

    def assert_refuses(self, config, *arguments: str, says: str) -> None:
        before = self.show(config)
        done = self.run_command("offsets", *arguments, "-c", config)
        self.assertNotEqual(0, done.returncode, done.stdout)
        self.assertRegex(done.stderr, says)
        self.assertEqual(before, self.show(config), "nothing was moved")

    def ledger(self, topic: Topic) -> dict[int, int]:
        return self.table().ledger(topic.name)

    def verify(self, config, code: int = 0) -> dict:
        done = self.run_command("verify", "-c", config, "--json")
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_show(self):
        topic, config = self.started()
        topic.send(20)
        shown = self.show(config)
        self.assertEqual(0, shown["group_members"])
        self.assertEqual(0, shown["ledger_generation"])
        expected = [
            {"topic": topic.name, "partition": p, "ledger": 100, "group": 100, "low": 0, "high": 110, "lag": 10}
            for p in range(2)
        ]
        self.assertEqual(expected, shown["partitions"])
        self.assertIn("lag", self.run_command("offsets", "show", "-c", config).stdout)

    def test_rewind_doubles_only_when_told_to(self):
        topic, config = self.started()
        self.assert_refuses(
            config, "rewind", "--to", "earliest", says="100 rows a second time.*--accept-duplicates"
        )
        dry = self.run_command("offsets", "rewind", "--to", "earliest", "--dry-run", "-c", config)
        self.assertEqual(0, dry.returncode)
        self.assertRegex(dry.stdout, "dry run: would be refused.*--accept-duplicates")
        self.assertEqual(200, self.rows())
        moved = self.json_of("offsets", "rewind", "--to", f"{topic.name}:0:40", "--accept-duplicates", "-c", config)
        self.assertEqual(60, moved["moves"][0]["doubled_rows"])
        self.assertEqual({0: 40, 1: 100}, self.ledger(topic))
        self.assertEqual(1, self.show(config)["ledger_generation"])
        self.verify(config)  # nothing was read again yet, and nothing is wrong
        self.ingest(topic, config, 260)
        report = self.verify(config)
        self.assertEqual([60, 0], [partition["accepted_duplicates"] for partition in report["partitions"]])
        topic.send(20)
        self.ingest(topic, config, 280)
        self.verify(config)

    def test_going_ahead_loses_only_when_told_to(self):
        topic, config = self.started()
        topic.send(100)
        self.assert_refuses(config, "reset", "--to", "latest", says="50 offsets that were never read.*--accept-loss")
        self.assert_refuses(
            config, "reset", "--to", "latest", "--accept-duplicates", says="--accept-loss"
        )
        self.json_of("offsets", "reset", "--to", f"{topic.name}:1:150", "--accept-loss", "-c", config)
        self.ingest(topic, config, 250)
        self.assertEqual([0, 50], [p["accepted_losses"] for p in self.verify(config)["partitions"]])
        # And back again, to fetch what was left out: that doubles nothing.
        self.json_of("offsets", "rewind", "--to", f"{topic.name}:1:100", "-c", config)
        self.ingest(topic, config, 300)
        self.prove(topic, config)

    def test_to_a_time(self):
        topic = Topic(1)
        producer = topic.producer()
        for number in range(20):
            producer.produce(topic.name, Topic.record(number), timestamp=1_767_000_000_000 + number * 1000)
        producer.flush(30)
        config = self.config(topic)
        self.ingest(topic, config, 20)
        # 1_767_000_000 is 2025-12-29T09:20:00Z
        self.json_of("offsets", "rewind", "--to", "2025-12-29T09:20:14.5Z", "--accept-duplicates", "-c", config)
        self.assertEqual({0: 15}, self.ledger(topic))
        self.json_of("offsets", "reset", "--to", "2030-01-01T00:00:00Z", "-c", config)
        self.assertEqual({0: 20}, self.ledger(topic))

    def test_refuses_what_kafka_does_not_have(self):
        topic, config = self.started(partitions=1)
        self.assert_refuses(config, "reset", "--to", f"{topic.name}:0:201", says="not in Kafka, which has 0 to 200")
        self.assert_refuses(config, "reset", "--to", f"{topic.name}:7:1", says="no partition")
        self.assert_refuses(config, "reset", "--to", "yesterday", says="expected earliest, latest")

    def refuses_while_running(self, protocol: str, librdkafka: dict | None) -> None:
        topic = Topic(1)
        topic.send(100)
        config = self.config(topic, {"kafka": {"group_protocol": protocol, "librdkafka": librdkafka}})
        engine = Engine(self, config)
        self.wait_rows(100, engine)
        done = self.run_command("offsets", "rewind", "--to", "earliest", "--accept-duplicates", "-c", config)
        self.assertNotEqual(0, done.returncode, done.stdout)
        self.assertRegex(done.stderr, "live members: stop every process")
        self.assertEqual({0: 100}, self.ledger(topic))
        topic.send(100)
        self.wait_rows(200, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)
        self.json_of("offsets", "rewind", "--to", "earliest", "--accept-duplicates", "-c", config)

    def test_refuses_while_a_process_runs(self):
        self.refuses_while_running("classic", {})

    def test_refuses_while_a_process_of_the_new_protocol_runs(self):
        self.refuses_while_running("consumer", None)

    def test_a_frozen_process_that_wakes_up_is_fenced(self):
        """Its member has timed out, the ledger was moved, another process reads: then it goes on."""
        topic = Topic(1)
        topic.send(100)
        zombie_config = self.config(topic, {"state": {"directory": str(self.folder / "zombie")}}, "zombie.toml")
        zombie = Engine(self, zombie_config)
        self.wait_rows(100, zombie)
        zombie.signal(signal.SIGSTOP)
        topic.send(50)
        config = self.config(topic)
        self.wait_for("the member is forgotten", lambda: self.show(config)["group_members"] == 0)
        self.json_of("offsets", "rewind", "--to", f"{topic.name}:0:60", "--accept-duplicates", "-c", config)
        self.ingest(topic, config, 100 + 40 + 50)
        zombie.signal(signal.SIGCONT)
        topic.send(10)
        self.wait_rows(200, zombie)
        self.assertEqual(0, zombie.stop())
        report = self.verify(config)
        self.assertEqual(40, report["partitions"][0]["accepted_duplicates"])
        self.assertEqual(200, self.rows())
