# SPDX-License-Identifier: Apache-2.0
"""What no column takes is kept beside the columns: through kills, until a field is promoted while the engine runs."""

import json
import struct

from tests.e2e import readers
from tests.e2e.harness import Engine, Scenario, Topic
from tests.e2e.test_drift import text, zigzag
from tests.e2e.test_formats import Registry

FIELDS = [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}]
COLUMN = "_rescued"
STRANGE = 50  # one record in so many has a name that is no string


def record(number: int) -> bytes:
    """Two fields without a column; now and then a value that does not fit its column."""
    name = {"first": number} if number % STRANGE == 7 else f"record {number}"
    fields = {"id": number, "name": name, "price": number + 0.25, "extra": {"k": [number]}}
    if number % 10 == 3:
        del fields["extra"]
    return json.dumps(fields).encode()


class Rescue(Scenario):
    def query(self, statement: str) -> list[tuple]:
        return readers.with_duckdb(self.table().location, statement)

    def changes(self, action: str = "warn", **schema) -> dict:
        return {
            "schema": {"fields": FIELDS, "rescue_column": COLUMN, **schema},
            "iceberg": {"table_management": {"schema_mismatch_action": action, "partition_by": []}},
        }

    def send(self, topic: Topic, count: int) -> None:
        for partition in range(topic.partitions):
            numbers = range(topic.sent, topic.sent + count)
            topic.send_values([record(n) for n in numbers if n % topic.partitions == partition], partition)
        topic.sent += count

    def promote(self, config, *arguments: str) -> dict:
        return self.json_of("schema", "promote", "-c", config, *arguments)

    def test_kept_through_kills_and_promoted_while_the_engine_runs(self):
        topic = Topic(partitions=4)
        config = self.config(topic, self.changes(breaking_change="rescue"))
        self.send(topic, 4_000)
        for rows in (1, 1_500):
            engine = Engine(self, config)
            self.wait_rows(rows, engine)
            engine.kill()
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual([], self.dead_letters())
        self.assertEqual([(4_000, 80)], self.query("SELECT count(*), count(*) FILTER (name IS NULL) FROM TABLE"))

        looked = self.promote(config, "price", "--dry-run")
        self.assertEqual(("double", True, False), (looked["type"], looked["inferred"], looked["added"]))
        self.assertNotIn("price", self.table().columns)
        self.assertTrue(self.promote(config, "price")["added"])
        self.assertTrue(self.promote(config, "price")["existed"])
        refused = self.run_command("schema", "promote", "-c", config, "name")
        self.assertEqual(1, refused.returncode, refused.stdout)
        self.assertIn("exists and has type string", refused.stderr)

        # The engine that runs takes it up with one of its next epochs.
        def taken_up() -> bool:
            self.send(topic, 40)
            self.wait_ingested(topic, engine)
            return bool(self.query("SELECT count(price) FROM TABLE")[0][0])

        self.wait_for("the new column has values", taken_up, engine)
        self.assertEqual(0, engine.stop())
        # And one that is started with a configuration that does not name the column.
        filled = self.query("SELECT count(price) FROM TABLE")[0][0]
        self.send(topic, 100)
        done = self.run_command("run", "-c", config, "--stop-at-end")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(filled + 100, self.query("SELECT count(price) FROM TABLE")[0][0])
        self.prove(topic, config)
        self.assert_values(topic)

    def assert_values(self, topic: Topic) -> None:
        """Each value is in its column or beside it, once, as it was sent."""
        for number, name, price, text in self.query(f"SELECT id, name, price, {COLUMN} FROM TABLE ORDER BY id"):
            sent = json.loads(record(number))
            rescued = json.loads(text) if text else {}
            self.assertEqual(1, (price is not None) + ("price" in rescued), number)
            self.assertEqual(1, (name is not None) + ("name" in rescued), number)
            kept = {"id": number, **rescued}
            kept.update({key: value for key, value in (("name", name), ("price", price)) if value is not None})
            self.assertEqual(sent, kept)
        self.assertEqual(
            [(topic.sent, sum(range(topic.sent)) + topic.sent * 0.25)],
            self.query(f"SELECT count(*), sum(coalesce(price, ({COLUMN} ->> '$.price')::DOUBLE)) FROM TABLE"),
        )

    def test_an_existing_table_gets_the_column_by_evolving(self):
        topic = Topic(partitions=1)
        plain = self.config(topic, self.changes(rescue_column=""), "plain.toml")
        topic.send_values([b'{"id":1,"x":1}'])
        self.assertEqual(0, self.run_command("run", "-c", plain, "--stop-at-end").returncode)
        topic.send_values([b'{"id":2,"x":12345678901234567890.10}', b'{"id":3}'])
        for action in ("warn", "fail"):
            refused = self.run_command("run", "-c", self.config(topic, self.changes(action)), "--stop-at-end")
            self.assertNotEqual(0, refused.returncode)
            self.assertIn(COLUMN, refused.stderr)
            self.assertIn("evolve", refused.stderr)
        config = self.config(topic, self.changes("evolve", columns_max=6))
        done = self.run_command("run", "-c", config, "--stop-at-end")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(
            [(1, None), (2, '{"x":12345678901234567890.10}'), (3, None)],
            self.query(f"SELECT id, {COLUMN} FROM TABLE ORDER BY id"),
        )
        self.prove(topic, config)

    def test_too_much_is_a_dead_letter(self):
        topic = Topic(partitions=1)
        config = self.config(topic, self.changes(rescue_max_kb=1))
        topic.send_values([b'{"id":1,"x":"%s"}' % (b"a" * 2_000), b'{"id":2,"x":"b"}'])
        done = self.run_command("run", "-c", config, "--stop-at-end")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual([("rescue_too_big", 0)], [(letter["code"], letter["offset"]) for letter in self.dead_letters()])
        self.assertEqual([(2, '{"x":"b"}')], self.query(f"SELECT id, {COLUMN} FROM TABLE"))
        self.prove(topic, config, {0: {0}})

    def test_rescuing_needs_a_column(self):
        topic = Topic(partitions=1)
        config = self.config(topic, self.changes(rescue_column="", breaking_change="rescue"))
        done = self.run_command("run", "-c", config)
        self.assertEqual(78, done.returncode)
        self.assertIn('rescue_column = "_rescued"', done.stderr)

    def test_an_avro_schema_that_breaks(self):
        """A field of another type and one without a column, beside records of the first schema, through routes."""
        registry = Registry()
        self.addCleanup(registry.close)
        nested = {"type": "record", "name": "S", "fields": [{"name": "at", "type": {"type": "int", "logicalType": "date"}}]}
        schemas = {
            1: [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}],
            2: [{"name": "id", "type": "long"}, {"name": "name", "type": "bytes"}, {"name": "s", "type": nested}],
            3: [{"name": "id", "type": "long"}, {"name": "name", "type": "boolean"}],
        }
        for number, fields in schemas.items():
            registry.schemas[number] = {"type": "record", "name": "E", "fields": fields}
        topic = Topic(partitions=1)
        bodies = {1: text("one"), 2: text("two") + zigzag(20461), 3: b"\1"}
        topic.send_values([b"\0" + struct.pack(">I", 1 + n % 3) + zigzag(n) + bodies[1 + n % 3] for n in range(300)])
        changes = {
            "kafka": {"format": "avro"},
            "schema_registry": {"urls": [f"http://127.0.0.1:{registry.port}"]},
            **self.changes(breaking_change="rescue"),
            "routes": [{"topic": topic.name, "table": "events"}],
        }
        changes["iceberg"]["table_name"] = None
        done = self.run_command("run", "-c", self.config(topic, changes), "--stop-at-end")
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        self.assertEqual([], self.dead_letters())
        self.assertEqual(
            [(None, '{"name":true}', 100), ("one", None, 100), ("two", '{"s":{"at":"2026-01-08"}}', 100)],
            self.query(f"SELECT name, {COLUMN}, count(*) FROM TABLE GROUP BY ALL ORDER BY name NULLS FIRST"),
        )

    def test_protobuf_fields_without_columns(self):
        topic = Topic(partitions=1)
        schema = self.folder / "event.proto"
        schema.write_text('syntax = "proto3"; message E { int64 id = 1; int32 name = 2; repeated string tags = 3; }')
        topic.send_values([b"\x08\x01\x10\x05\x1a\x01a\x1a\x01b", b"\x08\x02"])
        changes = {
            "kafka": {"format": "protobuf", "framing": "none", "schema_file": str(schema)},
            **self.changes(breaking_change="rescue"),
        }
        done = self.run_command("run", "-c", self.config(topic, changes), "--stop-at-end")
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        self.assertEqual(
            [(1, None, '{"name":5,"tags":["a","b"]}'), (2, None, None)],
            self.query(f"SELECT id, name, {COLUMN} FROM TABLE ORDER BY id"),
        )


class Widening(Scenario):
    def test_every_column_of_one_record_is_widened(self):
        """More columns than a decoder may ask for without progress; decimals as well."""
        topic = Topic(partitions=1)
        numbers = [f"i{number}" for number in range(12)]
        fields = [{"name": name, "type": "int"} for name in numbers] + [{"name": "price", "type": "decimal(5,2)"}]
        config = self.config(
            topic,
            {
                "schema": {"fields": fields, "rescue_column": COLUMN, "breaking_change": "rescue"},
                "iceberg": {"table_management": {"schema_mismatch_action": "evolve", "partition_by": []}},
            },
        )
        small = {**dict.fromkeys(numbers, 1), "price": 1.25}
        large = {**dict.fromkeys(numbers, 1 << 40), "price": 123456.5}
        exact = b'{"price":1.125}'  # another scale is not another precision
        topic.send_values([json.dumps(small).encode(), json.dumps(large).encode(), exact])
        done = self.run_command("run", "-c", config, "--stop-at-end")
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        self.assertEqual(
            [(3, (1 << 40) + 1, (1 << 40) + 1, 123457.75, '{"price":1.125}')],
            readers.with_duckdb(
                self.table().location,
                f"SELECT count(*), sum(i0), sum(i11), sum(price)::DOUBLE, max({COLUMN}) FROM TABLE",
            ),
        )
        self.assertEqual([("DECIMAL(8,2)",)], readers.with_duckdb(self.table().location, "SELECT typeof(any_value(price)) FROM TABLE"))
        self.prove(topic, config)
