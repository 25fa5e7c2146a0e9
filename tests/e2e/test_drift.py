# SPDX-License-Identifier: Apache-2.0
"""Schemas that change while the engine runs: new columns come in the commit of the rows that need them, and nothing is lost."""

import json
import struct
import threading

from tests.e2e import readers
from tests.e2e.harness import Engine, Scenario, Topic
from tests.e2e.test_formats import Registry, varint

EVOLVE = {"iceberg": {"table_management": {"schema_mismatch_action": "evolve", "partition_by": []}}}
CHANGES = 200
PER_CHANGE = 100


def drifting(number: int) -> bytes:
    """Every PER_CHANGE records have a field of their own; now and then one is nested, one does not fit."""
    change = number // PER_CHANGE
    record = {"id": number, f"f{change}": number, "s": {f"n{change % 7}": "x"}}
    if number % 50 == 7:
        record["id"] = f"not a number: {number}"
    return json.dumps(record).encode()


def zigzag(number: int) -> bytes:
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def text(value: str) -> bytes:
    return zigzag(len(value.encode())) + value.encode()


class Drift(Scenario):
    def query(self, statement: str) -> list[tuple]:
        return readers.with_duckdb(self.table().location, statement)

    def settings_with(self, changes: dict) -> dict:
        return {"schema": {"fields": [{"name": "id", "type": "long"}]}, **changes}

    def test_two_hundred_changes_under_load_and_kills(self):
        topic = Topic()
        config = self.config(topic, self.settings_with(EVOLVE))
        total = CHANGES * PER_CHANGE
        bad = {number for number in range(total) if number % 50 == 7}

        def send():
            producer = topic.producer()
            for number in range(total):
                producer.produce(topic.name, drifting(number), partition=number % topic.partitions)
                producer.poll(0)
            producer.flush(120)

        sender = threading.Thread(target=send)
        sender.start()
        for share in (0.1, 0.3, 0.6):
            engine = Engine(self, config)
            self.wait_rows(int(total * share), engine)
            engine.kill()
        sender.join()
        done = self.run_command("run", "-c", config, "--stop-at-end", timeout=240)
        self.assertEqual(0, done.returncode, done.stderr)

        self.assertEqual({("wrong_type", "id")}, {(letter["code"], letter["field"]) for letter in self.dead_letters()})
        missing: dict[int, set[int]] = {}
        for number in bad:
            missing.setdefault(number % topic.partitions, set()).add(number // topic.partitions)
        self.prove(topic, config, missing)
        wanted = ", ".join(f"count(f{change}), sum(f{change})" for change in range(CHANGES))
        found = self.query(f"SELECT {wanted} FROM TABLE")[0]
        for change in range(CHANGES):
            numbers = set(range(change * PER_CHANGE, (change + 1) * PER_CHANGE)) - bad
            self.assertEqual((len(numbers), sum(numbers)), found[2 * change : 2 * change + 2], f"column f{change}")
        nested = self.query(f"SELECT {', '.join(f'count(s.n{name})' for name in range(7))} FROM TABLE")[0]
        self.assertEqual(total - len(bad), sum(nested))

    def test_what_warn_leaves_out_is_said_once(self):
        topic = Topic(partitions=1)
        changes = {"iceberg": {"table_management": {"schema_mismatch_action": "warn", "partition_by": []}}}
        config = self.config(topic, self.settings_with(changes))
        topic.send_values([b'{"id":%d,"extra":1,"more":{"a":"b"}}' % number for number in range(100)])
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        lines = [line for line in engine.log.splitlines() if "no column for" in line]
        self.assertEqual({"extra", "more"}, {json.loads(line)["column"] for line in lines}, engine.log)
        self.assertEqual(2, len(lines))
        self.assertEqual([(100, 4950)], self.query("SELECT count(*), sum(id) FROM TABLE"))

    def test_a_breaking_change_stops_the_engine_when_told_so(self):
        topic = Topic(partitions=1)
        changes = self.settings_with(EVOLVE)
        changes["schema"] = {"fields": [{"name": "id", "type": "long"}, {"name": "User", "type": "string"}],
                             "breaking_change": "fail"}
        topic.send_values([b'{"id":1,"User":"a"}', b'{"id":2,"user":"b"}'])
        engine = Engine(self, self.config(topic, changes))
        self.assertGreater(engine.wait(60), 0)
        self.assertIn("'user' differs from 'User'", engine.log)

    def test_avro_schemas_of_one_topic(self):
        """Add, widen, rename, drop, nest, and a type that no column can become."""
        base = [{"name": "id", "type": "int"}, {"name": "name", "type": "string"}]
        nested = {"type": "record", "name": "S", "fields": [{"name": "x", "type": "int"}]}
        wider = {"type": "record", "name": "S2", "fields": [*nested["fields"], {"name": "y", "type": ["null", "string"]}]}
        schemas = {
            1: (base, lambda n: zigzag(n) + text("one")),
            2: ([*base, {"name": "more", "type": ["null", "double"]}],
                lambda n: zigzag(n) + text("two") + b"\x02" + struct.pack("<d", 0.5)),
            3: ([{"name": "id", "type": "long"}, base[1]], lambda n: zigzag(n + (1 << 40)) + text("three")),
            4: ([{"name": "id", "type": "long"}, {"name": "title", "aliases": ["name"], "type": "string"}],
                lambda n: zigzag(n) + text("four")),
            5: ([{"name": "id", "type": "long"}], zigzag),
            6: ([{"name": "id", "type": "long"}, {"name": "s", "type": nested}], lambda n: zigzag(n) + zigzag(6)),
            7: ([{"name": "id", "type": "long"}, {"name": "s", "type": wider}],
                lambda n: zigzag(n) + zigzag(7) + b"\x02" + text("seven")),
            8: ([{"name": "id", "type": "long"}, {"name": "name", "type": "boolean"}], lambda n: zigzag(n) + b"\1"),
        }

        def schema_of(number: int) -> int:
            return number % 8 + 1 if number >= 100 else 1

        registry = Registry()
        self.addCleanup(registry.close)
        for number, (fields, _) in schemas.items():
            registry.schemas[number] = {"type": "record", "name": "E", "fields": fields}
        topic = Topic(partitions=2)
        values: dict[int, list[bytes]] = {0: [], 1: []}
        for number in range(800):
            schema = schema_of(number)
            values[number % 2].append(b"\0" + struct.pack(">I", schema) + schemas[schema][1](number))
        for partition, payloads in values.items():
            topic.send_values(payloads, partition)
        config = self.config(topic, {
            "kafka": {"format": "avro"},
            "schema": {"fields": []},
            "schema_registry": {"urls": [f"http://127.0.0.1:{registry.port}"]},
            **EVOLVE,
        })
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        letters = self.dead_letters()
        eighth = [number for number in range(800) if schema_of(number) == 8]
        self.assertEqual(len(eighth), len(letters))
        self.assertEqual({("schema_mismatch", "name")}, {(letter["code"], letter["field"]) for letter in letters})
        missing: dict[int, set[int]] = {}
        for number in eighth:
            missing.setdefault(number % 2, set()).add(number // 2)
        self.prove(topic, config, missing)
        count = [sum(schema_of(number) == schema for number in range(800)) for schema in range(9)]
        self.assertEqual(
            [("four", count[4], 0), ("one", count[1], 0), ("three", count[3], 0), ("two", count[2], count[2])],
            self.query("SELECT name, count(*), count(more) FROM TABLE WHERE name IS NOT NULL GROUP BY 1 ORDER BY 1"),
        )
        self.assertEqual(
            [(6, count[6], 0), (7, count[7], count[7])],
            self.query("SELECT s.x, count(*), count(s.y) FROM TABLE WHERE s IS NOT NULL GROUP BY 1 ORDER BY 1"),
        )
        self.assertEqual([(count[3],)], self.query(f"SELECT count(*) FROM TABLE WHERE id >= {1 << 40}"))

    def test_partitioning_evolves_for_new_rows(self):
        topic = Topic(partitions=2)
        management = {"schema_mismatch_action": "evolve", "partition_by": []}
        first = self.config(topic, {"iceberg": {"table_management": management}})
        topic.send(1_000)
        self.assertEqual(0, self.run_command("run", "-c", first, "--stop-at-end", timeout=120).returncode)
        topic.send(1_000)
        management["partition_by"] = ["bucket(4, id)", "day(at)"]
        second = self.config(topic, {"iceberg": {"table_management": management}})
        done = self.run_command("run", "-c", second, "--stop-at-end", timeout=120)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("partitioning evolved", done.stderr)
        self.assertEqual(2, len({file["spec"] for file in self.table().data_files}))
        self.prove(topic, second)
        self.assert_content(topic)
