# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: one broker, topics, the engine as a process, and the proof that nothing was lost.

A test makes a Scenario's topic, starts engines on it, waits for facts (never for time), and ends with `prove()`.
"""

import atexit
import base64
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.e2e import readers
from tests.e2e.table_check import Table
from tests.servers import process
from tests.servers.kafka import Kafka

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("KAFKA_ICEBERG_BINARY", ROOT / "build" / "kafka-iceberg"))
QUIET = {"log_level": 0}  # the tests stop brokers on purpose; the client need not tell
FIELDS = [
    {"name": "id", "type": "long", "required": True},
    {"name": "name", "type": "string"},
    {"name": "price", "type": "decimal(9,2)"},
    {"name": "at", "type": "timestamptz"},
]


@functools.lru_cache(maxsize=1)
def broker() -> Kafka:
    """The broker of the whole run."""
    folder = tempfile.mkdtemp(prefix="kafka-iceberg-broker-")
    server = Kafka(folder)
    atexit.register(lambda: (server.stop(), shutil.rmtree(folder, ignore_errors=True)))
    return server.start()


def to_toml(sections: dict, prefix: str = "") -> str:
    """TOML of nested dictionaries; lists of dictionaries become inline tables."""

    def value(item) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f"{json.dumps(key)} = {value(inner)}" for key, inner in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(map(value, item)) + "]"
        return json.dumps(item)

    plain = "".join(
        f"{json.dumps(key)} = {value(item)}\n" for key, item in sections.items() if not isinstance(item, dict)
    )
    text = (f"[{prefix}]\n" if prefix and plain else "") + plain
    for key, item in sections.items():
        if isinstance(item, dict):
            text += to_toml(item, f"{prefix}.{key}" if prefix else key)
    return text


def merged(base: dict, changes: dict) -> dict:
    """`base` with `changes` laid over it; a value of None removes the key."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key, {}), value) if isinstance(value, dict) else value
    return result


class Topic:
    """A topic with a name of its own on the shared broker."""

    def __init__(self, partitions: int = 8, config: dict | None = None):
        self.name = f"events-{uuid.uuid4().hex[:8]}"
        self.partitions = partitions
        self.sent = 0
        self.create(config)

    @staticmethod
    @functools.lru_cache(maxsize=1)
    def admin() -> AdminClient:
        return AdminClient({"bootstrap.servers": broker().bootstrap, **QUIET})

    def create(self, config: dict | None = None) -> None:
        self.admin().create_topics([NewTopic(self.name, self.partitions, 1, config=config or {})])[self.name].result(30)

    def delete(self) -> None:
        admin = self.admin()
        admin.delete_topics([self.name])[self.name].result(30)
        process.wait_until("the topic is deleted", lambda: self.name not in admin.list_topics(timeout=10).topics)

    def producer(self, **config) -> Producer:
        return Producer(
            {
                "bootstrap.servers": broker().bootstrap,
                "compression.type": "lz4",
                "linger.ms": 20,
                "queue.buffering.max.messages": 1_000_000,
                "enable.idempotence": True,
                **QUIET,
                **config,
            }
        )

    @staticmethod
    def record(number: int) -> bytes:
        return b'{"id":%d,"name":"record %d","price":%d.%02d,"at":"2026-01-08T14:30:00.%06dZ"}' % (
            number,
            number,
            number % 10_000,
            number % 100,
            number % 1_000_000,
        )

    def send(self, count: int) -> None:
        """The next `count` records, numbered on from the last, spread evenly over the partitions."""
        producer = self.producer()
        for number in range(self.sent, self.sent + count):
            producer.produce(self.name, self.record(number), partition=number % self.partitions)
            if number % 10_000 == 0:
                producer.poll(0)
        self.sent += count
        self._flush(producer)

    def send_values(self, values: list[bytes | None], partition: int = 0) -> None:
        """These payloads as they are, into one partition."""
        producer = self.producer()
        for value in values:
            producer.produce(self.name, value, partition=partition)
        self._flush(producer)

    @staticmethod
    def _flush(producer: Producer) -> None:
        if producer.flush(120):
            raise RuntimeError("the broker did not take all records")

    def ends(self) -> dict[int, int]:
        """Partition -> the offset after its last record."""
        with contextlib.closing(
            Consumer({"bootstrap.servers": broker().bootstrap, "group.id": "ends", **QUIET})
        ) as consumer:
            return {partition: self._end(consumer, partition) for partition in range(self.partitions)}

    def _end(self, consumer: Consumer, partition: int) -> int:
        """Asked again while a broker that has just started does not lead its partitions yet."""

        def ask() -> tuple[int] | None:
            try:
                return (consumer.get_watermark_offsets(TopicPartition(self.name, partition), timeout=30)[1],)
            except KafkaException as error:
                if error.args[0].code() not in (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError._UNKNOWN_PARTITION):
                    raise
                return None

        return process.wait_until(f"the end of partition {partition} is known", ask, 30)[0]


class Engine:
    """One process of the engine. Its log is in `.log`, its standard output in `.output`."""

    def __init__(
        self,
        scenario: "Scenario",
        config: pathlib.Path,
        failpoint: str | None = None,
        arguments: list[str] | None = None,
    ):
        scenario.engines.append(self)
        folder = scenario.folder / f"engine-{len(scenario.engines)}"
        folder.mkdir()
        self._log, self._output = folder / "log", folder / "output"
        self._output.touch()
        env = {key: value for key, value in os.environ.items() if not key.startswith("KAFKA_ICEBERG_")}
        if failpoint:
            env["KAFKA_ICEBERG_FAILPOINT"] = failpoint
        self.child = process.start(
            [str(BINARY), *(arguments or ["run", "-c", str(config), "--json"])],
            str(self._output),
            env=env,
            cwd=str(folder),
            separate_errors=str(self._log),
        )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self.child.poll() is None

    def signal(self, number: int) -> None:
        self.child.send_signal(number)

    def kill(self) -> None:
        if self.running:
            self.child.kill()
        self.child.wait()

    def wait(self, timeout: float = 60) -> int:
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the engine still runs after {timeout} s") from None

    def stop(self, timeout: float = 60) -> int:
        # A process that has not said a word may not listen yet, and would just end.
        deadline = time.monotonic() + 10
        while self.running and not self.log and not self.output and time.monotonic() < deadline:
            time.sleep(0.01)
        self.signal(signal.SIGTERM)
        return self.wait(timeout)


class Scenario(unittest.TestCase):
    """Base of the tests: a folder, a warehouse, a configuration, engines that are gone at the end."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kafka-iceberg-e2e-"))
        self.warehouse = self.folder / "warehouse"
        self.state = self.folder / "state"
        self.engines: list[Engine] = []
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(self._end_engines)

    def _end_engines(self):
        for engine in self.engines:
            if engine.running:
                engine.signal(signal.SIGCONT)
                engine.kill()

    def diagnosis(self) -> str:
        """Shown by the runner when the test failed: the end of each engine's log."""
        return "\n".join(
            f"--- log of engine {number}, exit {engine.child.poll()}\n{engine.log[-2500:]}"
            for number, engine in enumerate(self.engines[-3:], max(1, len(self.engines) - 2))
        )

    # -------------------------------------------------------------------------------- configuration and commands
    def settings(self, topic: Topic, changes: dict | None = None) -> dict:
        base = {
            "kafka": {
                "bootstrap_servers": broker().bootstrap,
                "topic": topic.name,
                "consumer_group": f"group-{topic.name}",
                # A killed member is forgotten soon, so that a restart need not wait for it.
                "librdkafka": {"session.timeout.ms": "2000", "heartbeat.interval.ms": "400"},
            },
            "iceberg": {
                "catalog_type": "file",
                "database_name": "raw",
                "table_name": "events",
                "file": {"warehouse_path": str(self.warehouse)},
            },
            "schema": {"fields": FIELDS},
            "hot_buffer": {"ttl_seconds": 60, "max_size_mb": 64},
            "commit": {"interval_seconds": 1},
            "state": {"directory": str(self.state)},
            "server": {"listen": ""},
        }
        return merged(base, changes or {})

    def config(self, topic: Topic, changes: dict | None = None, name: str = "config.toml") -> pathlib.Path:
        path = self.folder / name
        path.write_text(to_toml(self.settings(topic, changes)))
        return path

    def run_command(
        self, *arguments: object, timeout: float = 60, env: dict | None = None
    ) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(BINARY), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            env=env,
        )

    def json_of(self, *arguments: object) -> dict:
        done = self.run_command(*arguments, "--json")
        self.assertEqual(0, done.returncode, f"{arguments}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    # -------------------------------------------------------------------------------- waiting
    def table(self) -> Table:
        return Table(self.warehouse / "raw" / "events")

    def table_exists(self) -> bool:
        return any((self.warehouse / "raw" / "events" / "metadata").glob("v*.metadata.json"))

    def rows(self) -> int:
        return self.table().rows if self.table_exists() else 0

    def wait_for(self, what: str, condition, engine: Engine | None = None, timeout: float = 90):
        """Waits until `condition()` holds; fails at once when the engine has ended meanwhile."""

        def check():
            value = condition()
            if not value and engine is not None and not engine.running:
                value = condition()  # its last act may have been what is waited for
                if not value:
                    self.fail(f"the engine ended with {engine.child.returncode} before {what}:\n{engine.log[-2000:]}")
            return value

        return process.wait_until(what, check, timeout)

    def wait_ingested(self, topic: Topic, engine: Engine | None = None, timeout: float = 120) -> None:
        """Until the ledger has reached the end of every partition."""
        ends = {partition: end for partition, end in topic.ends().items() if end}
        self.wait_for(
            f"the ledger reaches {ends}",
            lambda: (
                self.table_exists()
                and all(self.table().ledger(topic.name).get(partition, 0) >= end for partition, end in ends.items())
            ),
            engine,
            timeout,
        )

    def wait_rows(self, count: int, engine: Engine | None = None, timeout: float = 90) -> None:
        self.wait_for(f"{count} rows are committed", lambda: self.rows() >= count, engine, timeout)

    def wait_log(self, pattern: str, engine: Engine, timeout: float = 60) -> None:
        self.wait_for(
            f"the log says {pattern!r}", lambda: re.search(pattern, engine.log, re.IGNORECASE), engine, timeout
        )

    def http(self, port: int, path: str) -> tuple[int, str]:
        """Status and body; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    # -------------------------------------------------------------------------------- proofs
    def assert_table_is_sound(self) -> Table:
        table = self.table()
        self.assertEqual([], table.problems())
        return table

    def prove(self, topic: Topic, config: pathlib.Path, missing: dict[int, set[int]] | None = None) -> None:
        """Every (partition, offset) of the topic is in the table exactly once, except `missing` (dead letters, control
        records): so say the table's own files, DuckDB, PyIceberg and the engine's `verify`."""
        missing = missing or {}
        expected = {
            partition: set(range(end)) - missing.get(partition, set()) for partition, end in topic.ends().items()
        }
        expected = {partition: offsets for partition, offsets in expected.items() if offsets}
        table = self.assert_table_is_sound()
        found = table.offsets()
        self.assertEqual(sorted(expected), sorted(found))
        for partition, offsets in expected.items():
            self.assertEqual(len(offsets), len(found[partition]), f"rows of partition {partition}")
            self.assertEqual(offsets, set(found[partition]), f"offsets of partition {partition}")
        summary = {
            partition: (len(offsets), len(offsets), min(offsets), max(offsets))
            for partition, offsets in expected.items()
        }
        self.assertEqual(summary, readers.offsets_by_duckdb(table.location), "as DuckDB reads it")
        self.assertEqual(summary, readers.offsets_by_pyiceberg(table.location), "as PyIceberg reads it")
        done = self.run_command("verify", "-c", config, "--json")
        self.assertEqual(0, done.returncode, f"verify: {done.stdout}{done.stderr}")

    def assert_content(self, topic: Topic) -> None:
        """The rows are the records that Topic.send() made, value by value."""
        found = readers.with_duckdb(
            self.table().location,
            f"""
            SELECT count(*), count(DISTINCT id), sum(id), sum(price),
                   count(*) FILTER (WHERE name <> 'record ' || id OR _kafka_partition <> id % {topic.partitions}
                                    OR epoch_us("at") % 1000000 <> id % 1000000)
            FROM TABLE""",
        )[0]
        numbers = range(topic.sent)
        cents = sum(number % 10_000 * 100 + number % 100 for number in numbers)
        self.assertEqual((topic.sent, topic.sent, sum(numbers), cents, 0), (*found[:3], int(found[3] * 100), found[4]))

    def dead_letters(self, state: pathlib.Path | None = None) -> list[dict]:
        """All finished dead letters, with `value` decoded."""
        letters = []
        for path in sorted((state or self.state).glob("dead_letters/**/*.jsonl")):
            for line in path.read_text().splitlines():
                letter = json.loads(line)
                letter["value"] = (
                    base64.b64decode(letter["value"], validate=True) if letter["value"] is not None else None
                )
                letters.append(letter)
        return letters
