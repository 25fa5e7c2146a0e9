# SPDX-License-Identifier: Apache-2.0
"""Dead letters in a table of their own: each bad record is there once, whatever is killed, and can be replayed once."""

import collections
import signal

from tests.e2e import letters, readers
from tests.e2e.harness import Engine, Topic
from tests.e2e.table_check import Table


class DeadLetterTable(letters.LetterScenario):
    STEPS = ("before_swap", "after_swap", "before_letters", "after_letters", "before_offsets")

    def store(self) -> dict:
        return {"mode": "table"}

    def letter_table(self) -> Table:
        return Table(self.warehouse / "raw" / "events__dlq")

    def assert_letters(self, topic: Topic) -> None:
        expected = self.bad
        table = self.letter_table()
        self.assertEqual([], table.problems())
        summary = {
            partition: (len(offsets), len(offsets), min(offsets), max(offsets))
            for partition, offsets in expected.items()
            if offsets
        }
        self.assertEqual(summary, readers.offsets_by_duckdb(table.location), "as DuckDB reads it")
        self.assertEqual(summary, readers.offsets_by_pyiceberg(table.location), "as PyIceberg reads it")
        found = collections.defaultdict(set)
        for letter in readers.with_pyiceberg(table.location).to_pylist():
            found[letter["_kafka_partition"]].add(letter["_kafka_offset"])
            self.assertEqual(topic.name, letter["_kafka_topic"])
            self.assertEqual(self.bad_value(letter["_kafka_offset"]), letter["_kafka_value"])
            self.assertEqual(b"k", letter["_kafka_key"])
            self.assertEqual(
                [{"key": "h", "value": b"1"}, {"key": "h", "value": None}], letter["_kafka_headers"]
            )
            self.assertEqual(("out_of_range", "n"), (letter["error_code"], letter["field_path"]))
            self.assertTrue(letter["message"] and letter["version"] and letter["written_at"])
        self.assertEqual({key: value for key, value in expected.items() if value}, dict(found))

    def test_one_percent_of_poison_under_kills(self):
        self.poison(0.01, 3000)

    def test_half_of_it_poison_under_kills(self):
        self.poison(0.5, 1000)

    def test_list_show_and_replay(self):
        topic = Topic(partitions=2)
        config = self.ingested_with_letters(topic)
        count = self.bad_count()
        listed = self.json_of("dlq", "list", "-c", config)
        self.assertEqual(count, listed["letters"])
        self.assertEqual({"out_of_range"}, {group["code"] for group in listed["groups"]})
        offset = min(self.bad[1])
        shown = self.json_of("dlq", "show", "-c", config, "--where", f"partition=1,offset={offset}")
        self.assertEqual([(1, offset)], [(letter["partition"], letter["offset"]) for letter in shown])
        self.assertEqual({"text": self.bad_value(offset).decode()}, shown[0]["value"])
        self.assertEqual([["h", {"text": "1"}], ["h", None]], shown[0]["headers"])
        dry = self.json_of("dlq", "replay", "-c", config, "--dry-run")
        self.assertEqual((count, count), (dry["matched"], dry["replayed"]))
        self.assertEqual(count, self.json_of("dlq", "list", "-c", config)["letters"])
        done = self.json_of("dlq", "replay", "-c", config, "--where", "code=out_of_range,partition=0")
        self.assertEqual(len(self.bad[0]), done["replayed"])
        self.bad[0] = set()
        self.assert_letters(topic)
        self.prove(topic, config, missing=self.bad)
        self.assertEqual(0, self.json_of("dlq", "replay", "-c", config, "--where", "partition=0")["replayed"])
        self.assertEqual(len(self.bad[1]), self.json_of("dlq", "replay", "-c", config)["replayed"])
        self.prove(topic, config)
        self.assertEqual(0, self.json_of("dlq", "list", "-c", config)["letters"])

    def test_a_killed_replay_replays_nothing_twice(self):
        topic = Topic(partitions=2)
        config = self.ingested_with_letters(topic)
        for step in ("before_replay", "after_replay"):
            killed = Engine(self, config, failpoint=step, arguments=["dlq", "replay", "-c", str(config)])
            self.assertEqual(-signal.SIGKILL, killed.wait(60), killed.log)
        # Rows and letters both are there now; nobody may count that as a difference, and the next replay settles it.
        self.prove(topic, config)
        self.assertEqual(0, self.json_of("dlq", "replay", "-c", config)["replayed"])
        self.assertEqual(0, self.json_of("dlq", "list", "-c", config)["letters"])
        self.prove(topic, config)

    def test_replays_at_once_and_an_engine_beside_them(self):
        self.check_replays_at_once_and_an_engine_beside_them()

    def test_replay_out_of_files(self):
        topic = Topic(partitions=2)
        config = self.ingested_with_letters(topic, mode="file")
        count = self.bad_count()
        self.assertEqual(count, self.json_of("dlq", "list", "-c", config)["letters"])
        killed = Engine(
            self, config, failpoint="after_replay", arguments=["dlq", "replay", "-c", str(config), "--where", "partition=1"]
        )
        self.assertEqual(-signal.SIGKILL, killed.wait(60), killed.log)
        self.assertEqual(len(self.bad[0]), self.json_of("dlq", "replay", "-c", config)["replayed"])
        self.assertEqual([], self.dead_letters())
        self.prove(topic, config)

    def test_a_flood_of_letters_holds_ingest_back(self):
        self.check_a_flood_of_letters_holds_ingest_back()
