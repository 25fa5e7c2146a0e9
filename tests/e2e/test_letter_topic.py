# SPDX-License-Identifier: Apache-2.0
"""Dead letters in a Kafka topic: a reader of committed records sees each bad record once, whatever is killed, and each
can be replayed once."""

import collections
import contextlib
import json
import pathlib
import signal
import subprocess
import time
import uuid

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import NewTopic

from tests.e2e import letters
from tests.e2e.harness import QUIET, Engine, Topic, broker

OURS = ("__connect.errors.", "kafka_iceberg.errors.")


def committed(name: str) -> list:
    """All records of the topic, as a reader with isolation.level read_committed gets them."""
    settings = {
        "bootstrap.servers": broker().bootstrap,
        "group.id": f"reader-{uuid.uuid4().hex[:8]}",
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        **QUIET,
    }
    records = []
    with contextlib.closing(Consumer(settings)) as consumer:
        partitions = list(consumer.list_topics(name, timeout=30).topics[name].partitions)
        consumer.assign([TopicPartition(name, partition, 0) for partition in partitions])
        ended = set()
        while len(ended) < len(partitions):
            message = consumer.poll(30)
            if message is None:
                raise AssertionError(f"{name} cannot be read to its end")
            if message.error() is None:
                records.append(message)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            else:
                raise AssertionError(message.error())
    return records


class DeadLetterTopic(letters.LetterScenario):
    STEPS = ("before_swap", "after_swap", "before_letters", "letters_written", "after_letters", "before_offsets")

    def setUp(self):
        super().setUp()
        self.letters = f"dead-{uuid.uuid4().hex[:8]}"

    def store(self) -> dict:
        return {"mode": "topic", "topic": self.letters, "topic_partitions": 2}

    def assert_letters(self, topic: Topic) -> None:
        """By a reader that is not ours: each once, with what it held and why it is there."""
        found = collections.Counter()
        numbers = collections.defaultdict(list)
        for message in committed(self.letters):
            own = [header for header in message.headers() if not header[0].startswith(OURS)]
            self.assertEqual([("h", b"1"), ("h", None)], own)
            self.assertEqual(own, message.headers()[:2], "the record's own headers come first")
            ours = dict(message.headers()[2:])
            self.assertEqual(topic.name.encode(), ours["__connect.errors.topic"])
            place = (int(ours["__connect.errors.partition"]), int(ours["__connect.errors.offset"]))
            found[place] += 1
            self.assertEqual((b"k", self.bad_value(place[1])), (message.key(), message.value()))
            self.assertEqual(b"out_of_range", ours["__connect.errors.exception.class.name"])
            self.assertTrue(ours["__connect.errors.exception.message"])
            self.assertEqual(b"raw.events", ours["__connect.errors.connector.name"])
            self.assertEqual((b"out_of_range", b"n"), (ours["kafka_iceberg.errors.code"], ours["kafka_iceberg.errors.field"]))
            self.assertTrue(ours["kafka_iceberg.errors.version"] and int(ours["kafka_iceberg.errors.written_at"]) > 0)
            number, total = map(int, ours["kafka_iceberg.errors.number"].split(b"/"))
            numbers[ours["kafka_iceberg.errors.delivery"], total].append(number)
        expected = {(partition, offset) for partition, offsets in self.bad.items() for offset in offsets}
        self.assertEqual([], [place for place, times in found.items() if times > 1][:10], "twice")
        self.assertEqual([], sorted(expected - set(found))[:10], "missing")
        self.assertEqual([], sorted(set(found) - expected)[:10], "not bad")
        for (delivery, total), seen in numbers.items():
            self.assertTrue(list(range(1, total + 1)) == sorted(seen), delivery)

    def test_one_percent_of_poison_under_kills(self):
        self.poison(0.01, 3000)

    def test_half_of_it_poison_under_kills(self):
        self.poison(0.5, 1000)

    def test_two_processes_and_a_deleted_state_folder(self):
        topic = Topic(partitions=4)
        configs = [self.letters_config(topic, name=f"config-{number}.toml") for number in range(2)]
        for number, config in enumerate(configs):
            config.write_text(config.read_text().replace(str(self.state), f"{self.state}-{number}"))
        for round in range(3):
            self.produce(topic, 600, 0.3)
            engines = [Engine(self, config) for config in configs]
            self.produce(topic, 600, 0.3)
            if round == 0:
                self.wait_ingested(topic, engines[0])
            else:
                time.sleep(self.random.uniform(1, 3))  # the moment is what is tested, nothing waits for it
            for engine in engines:
                engine.kill()
            for number in range(2):
                subprocess.run(["rm", "-rf", f"{self.state}-{number}"], check=True)
        engine = Engine(self, configs[0], arguments=["run", "-c", str(configs[0]), "--stop-at-end"])
        self.assertEqual(0, engine.wait(), engine.log[-2000:])
        self.assert_letters(topic)
        self.prove(topic, configs[0], missing=self.bad)

    def test_a_process_that_slept_through_its_commit_writes_nothing(self):
        topic = Topic(partitions=2)
        config = self.letters_config(topic)
        other = self.letters_config(topic, name="sleeper.toml")
        other.write_text(other.read_text().replace(str(self.state), f"{self.state}-sleeper"))
        self.produce(topic, 100, 0.3)
        sleeper = Engine(self, other, failpoint="stop:letters_written")

        def stopped() -> bool:
            return "State:\tT" in pathlib.Path(f"/proc/{sleeper.child.pid}/status").read_text()

        self.wait_for("the engine has written its letters and not committed", stopped)
        self.assertEqual([], committed(self.letters))
        engine = Engine(self, config)
        self.produce(topic, 100, 0.3)
        self.wait_ingested(topic, engine)
        self.wait_for("the letters of both are delivered", lambda: len(committed(self.letters)) == self.bad_count(), engine)
        sleeper.signal(signal.SIGCONT)
        self.produce(topic, 200, 0.3)
        self.wait_ingested(topic, engine)
        for process in (sleeper, engine):
            process.signal(signal.SIGTERM)
        for process in (sleeper, engine):
            process.wait()
        self.assert_letters(topic)
        self.prove(topic, config, missing=self.bad)

    def test_verify_misses_a_letter_and_a_row(self):
        topic = Topic(partitions=2)
        config = self.letters_config(topic)
        self.produce(topic, 300, 0.2)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config, missing=self.bad)
        offline = self.json_of("verify", "-c", config, "--offline")
        self.assertRegex(" ".join(offline["notes"]), self.letters)
        # Somebody removes the first letters.
        ends = TopicPartition(self.letters, 0, 3)
        Topic.admin().delete_records([ends])[ends].result(30)
        done = self.run_command("verify", "-c", config, "--json")
        self.assertEqual(10, done.returncode, done.stdout)
        lost = [tuple(range_) for partition in json.loads(done.stdout)["partitions"] for range_ in partition["lost"]]
        self.assertEqual(3, sum(end - start for start, end in lost))

    def test_list_show_and_replay(self):
        topic = Topic(partitions=2)
        config = self.ingested_with_letters(topic)
        count = self.bad_count()
        listed = self.json_of("dlq", "list", "-c", config)
        self.assertEqual(count, listed["letters"])
        offset = min(self.bad[1])
        shown = self.json_of("dlq", "show", "-c", config, "--where", f"partition=1,offset={offset}")
        self.assertEqual([(1, offset)], [(letter["partition"], letter["offset"]) for letter in shown])
        self.assertEqual({"text": self.bad_value(offset).decode()}, shown[0]["value"])
        self.assertEqual([["h", {"text": "1"}], ["h", None]], shown[0]["headers"])
        dry = self.json_of("dlq", "replay", "-c", config, "--dry-run")
        self.assertEqual((count, count), (dry["matched"], dry["replayed"]))
        done = self.json_of("dlq", "replay", "-c", config, "--where", "code=out_of_range,partition=0")
        self.assertEqual(len(self.bad[0]), done["replayed"])
        self.assert_letters(topic)
        self.bad[0] = set()
        self.assertEqual(len(self.bad[1]), self.json_of("dlq", "list", "-c", config)["letters"])
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
        self.assertEqual(0, self.json_of("dlq", "list", "-c", config)["letters"])
        self.assertEqual(0, self.json_of("dlq", "replay", "-c", config)["replayed"])
        self.prove(topic, config)

    def test_replays_at_once_and_an_engine_beside_them(self):
        self.check_replays_at_once_and_an_engine_beside_them()

    def test_a_letter_that_is_too_large_is_in_a_file_that_the_topic_names(self):
        Topic.admin().create_topics([self.new_topic({"max.message.bytes": "20000"})])[self.letters].result(30)
        topic = Topic(partitions=1)
        config = self.letters_config(topic)
        large = b'{"id":0,"n":"%s"}' % (b"x" * 50_000)
        topic.send_values([b'{"id":1,"n":1}', large, b'{"id":2,"n":"y"}'])
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertRegex(engine.log, "too large for its topic")
        records = committed(self.letters)
        self.assertEqual([None, b'{"id":2,"n":"y"}'], [record.value() for record in records])
        self.assertTrue(dict(records[0].headers())["kafka_iceberg.errors.kept_at"])
        shown = self.json_of("dlq", "show", "-c", config)
        self.assertEqual([{"text": large.decode()}, {"text": '{"id":2,"n":"y"}'}], [letter["value"] for letter in shown])
        self.prove(topic, config, missing={0: {1, 2}})

    def new_topic(self, config: dict) -> NewTopic:
        return NewTopic(self.letters, 2, 1, config=config)

    def test_a_flood_of_letters_holds_ingest_back(self):
        self.check_a_flood_of_letters_holds_ingest_back()

    def test_what_cannot_work_is_said_at_the_start(self):
        topic = Topic(partitions=1)
        for change, pattern in (
            ({"topic": topic.name}, "which is read by"),
            ({"topic": "not a name"}, "is not a legal name"),
        ):
            config = self.letters_config(topic, name="refused.toml", **change)
            engine = Engine(self, config)
            self.assertNotEqual(0, engine.wait())
            self.assertRegex(engine.log, pattern)
        config = self.letters_config(topic)
        probed = self.run_command("validate", "--connect", "-c", config)
        self.assertRegex(probed.stdout, f"letters +ok +topic {self.letters} does not exist and will be created")
        Topic.admin().create_topics([self.new_topic({"cleanup.policy": "compact"})])[self.letters].result(30)
        probed = self.run_command("validate", "--connect", "-c", config)
        self.assertNotEqual(0, probed.returncode)
        self.assertRegex(probed.stdout, "letters +FAILED +cannot keep dead letters: topic .* is compacted")
        engine = Engine(self, config)
        self.assertNotEqual(0, engine.wait())
        self.assertRegex(engine.log, "is compacted")
