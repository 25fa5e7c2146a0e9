# SPDX-License-Identifier: Apache-2.0
"""Several topics into many tables by one process: which record goes where, memory, kills, several processes."""

import json
import pathlib
import struct
import uuid

from tests.e2e.harness import Engine, Scenario, Topic, to_toml
from tests.e2e.table_check import Table
from tests.e2e.test_formats import Registry, varint
from tests.e2e.test_letter_topic import committed
from tests.servers import process

FIELDS = [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}]


class Routes(Scenario):
    def routed(self, topic: str, routes: list[dict], changes: dict | None = None, name: str = "config.toml"):
        """A configuration with these routes; `topic` is a name or a pattern."""
        subject = "topic_pattern" if topic.startswith("^") else "topic"
        settings = self.settings(Topic(1), changes)
        for key in ("topic", "topics", "topic_pattern"):
            settings["kafka"].pop(key, None)
        settings["kafka"][subject] = topic
        del settings["iceberg"]["table_name"]
        settings["schema"] = {"fields": FIELDS}
        settings["routes"] = routes
        path = self.folder / name
        path.write_text(to_toml(settings))
        return path

    def send_types(self, topic: Topic, count: int, types: int) -> None:
        """`count` records, evenly of `types` types, told by their header and spread over the partitions."""
        producer = topic.producer()
        for number in range(topic.sent, topic.sent + count):
            value = b'{"id":%d,"name":"%s"}' % (number, b"x" * 150)
            kind = f"t{number % types}"
            producer.produce(topic.name, value, partition=number // types % topic.partitions, headers={"type": kind})
            if number % 10_000 == 0:
                producer.poll(0)
        topic.sent += count
        topic._flush(producer)

    def table_named(self, name: str) -> Table:
        return Table(self.warehouse / "raw" / name)

    def rows_named(self, name: str) -> int:
        there = any((self.warehouse / "raw" / name / "metadata").glob("v*.metadata.json"))
        return self.table_named(name).rows if there else 0

    def all_rows(self, prefix: str) -> int:
        folders = (self.warehouse / "raw").glob(f"{prefix}*")
        return sum(self.rows_named(folder.name) for folder in folders)

    def verify(self, config: pathlib.Path, *options: str) -> dict:
        report = self.json_of("verify", "-c", config, *options)
        self.assertTrue(report["ok"])
        return {table["table"]: table for table in report["tables"]}

    def to_end(self, config: pathlib.Path, timeout: float = 120) -> Engine:
        engine = Engine(self, config, arguments=["run", "-c", str(config), "--json", "--stop-at-end"])
        self.assertEqual(0, engine.wait(timeout), engine.log[-3000:])
        return engine


class ManyTables(Routes):
    def test_a_hundred_tables_stay_within_512_mb(self):
        topic = Topic(4)
        self.send_types(topic, 400_000, 100)
        port = process.free_port()
        changes = {
            "hot_buffer": {"max_size_mb": 256},
            "commit": {"interval_seconds": 5},
            "server": {"listen": f"127.0.0.1:{port}"},
        }
        config = self.routed(topic.name, [{"topic": topic.name, "table": "type_{header:type}"}], changes)
        engine = Engine(self, config)
        self.wait_for("all rows are committed", lambda: self.all_rows("type_") == 400_000, engine, 240)

        def counted() -> bool:
            tables = json.loads(self.http(port, "/api/v1/status")[1])["tables"]
            return len(tables) == 100 and sum(table["rows_committed"] for table in tables) == 400_000

        self.wait_for("the status says so", counted, engine)
        self.assertEqual(200, self.http(port, "/readyz")[0])
        memory = pathlib.Path(f"/proc/{engine.child.pid}/status").read_text()
        peak = int(memory.split("VmHWM:")[1].split()[0])
        self.assertLess(peak, 512 * 1024, f"peak memory is {peak} kB")
        self.assertEqual(0, engine.stop())
        tables = self.verify(config, "--offline")  # Kafka would be read once for each table
        self.assertEqual({4000}, {table["rows"] for table in tables.values()})

    def test_each_topic_of_a_pattern_gets_its_table(self):
        prefix = f"shop.{uuid.uuid4().hex[:8]}"
        topics = []
        for name in ("orders", "returns", "users"):
            topic = Topic.__new__(Topic)
            topic.name, topic.partitions, topic.sent = f"{prefix}.{name}", 2, 0
            topic.create()
            topic.send(1000)
            topics.append(topic)
        config = self.routed(f"^{prefix}", [{"topic_pattern": f"^{prefix}", "table": "{topic}"}])
        self.to_end(config)
        for topic in topics:
            self.assertEqual(1000, self.rows_named(topic.name.replace(".", "_")))
        self.assertEqual(3, len(self.verify(config)))


class Kills(Routes):
    def test_tables_that_records_name_survive_kills(self):
        topic = Topic(4)
        routes = [{"topic": topic.name, "table": "everything"}, {"topic": topic.name, "table": "type_{header:type}"}]
        config = self.routed(topic.name, routes)
        for round_ in range(4):
            self.send_types(topic, 5_000, 3 + 2 * round_)
            engine = Engine(self, config)
            self.wait_for("some rows", lambda seen=self.rows_named("everything"): self.rows_named("everything") > seen, engine)
            engine.kill()
        self.to_end(config)
        self.assertEqual(20_000, self.rows_named("everything"))
        self.assertEqual(20_000, self.all_rows("type_"))
        self.verify(config)

    def test_two_processes_share_the_tables(self):
        topic = Topic(4)
        self.send_types(topic, 20_000, 5)
        route = [{"topic": topic.name, "table": "type_{header:type}"}]
        engines = []
        for name in ("one", "two"):
            changes = {"state": {"directory": str(self.folder / f"state-{name}")}}
            changes["kafka"] = {"consumer_group": f"group-{topic.name}"}
            config = self.routed(topic.name, route, changes, f"{name}.toml")
            engines.append(Engine(self, config))
        self.wait_for("rows", lambda: self.all_rows("type_") > 0, engines[0])
        for _ in range(3):
            self.send_types(topic, 5_000, 8)
        engines[1].kill()
        self.wait_for("all rows are committed", lambda: self.all_rows("type_") == 35_000, engines[0], 120)
        self.assertEqual(0, engines[0].stop())
        self.verify(self.folder / "one.toml")


class RecordNames(Routes):
    def test_record_types_of_one_topic_get_their_tables(self):
        registry = Registry()
        self.addCleanup(registry.close)
        for schema, record in ((1, "Order"), (2, "Click"), (3, "Visit")):
            fields = [{"name": "id", "type": "long"}]
            registry.schemas[schema] = {"type": "record", "name": record, "namespace": "shop", "fields": fields}
        topic = Topic(1)
        topic.send_values([b"\0" + struct.pack(">I", n % 3 + 1) + varint(n << 1) for n in range(300)])
        routes = [
            {"topic": topic.name, "table": "orders", "when": {"record_name": True, "equals": ["shop.Order"]}},
            {"topic": topic.name, "table": "clicks", "when": {"record_name": True, "prefix": ["shop.Cl"]}},
            {"topic": topic.name, "table": "others", "otherwise": True},
        ]
        registered = {"urls": [f"http://127.0.0.1:{registry.port}"]}
        config = self.routed(topic.name, routes, {"kafka": {"format": "avro"}, "schema_registry": registered})
        self.to_end(config)
        self.assertEqual([100, 100, 100], [self.rows_named(name) for name in ("orders", "clicks", "others")])
        self.assertEqual(3, len(self.verify(config)))


class Letters(Routes):
    def test_each_table_has_letters_of_its_own(self):
        """In tables beside them, which templates never take for tables of theirs."""
        topic = Topic(1)
        producer = topic.producer()
        for number in range(40):
            value = b'{"id":"bad"}' if number < 6 else b'{"id":%d}' % number
            producer.produce(topic.name, value, partition=0, headers={"type": f"t{number % 2}"})
        topic._flush(producer)
        config = self.routed(
            topic.name, [{"topic": topic.name, "table": "{header:type}"}], {"dead_letter": {"mode": "table"}}
        )
        for _ in range(2):
            self.to_end(config)
        for name in ("t0", "t1"):
            self.assertEqual((17, 3), (self.rows_named(name), self.rows_named(f"{name}__dlq")))
            listed = self.json_of("dlq", "list", "-c", config, "--table", f"raw.{name}")
            self.assertIn('"wrong_type"', json.dumps(listed))
        self.assertEqual({"raw.t0", "raw.t1"}, set(self.verify(config)))
        refused = self.run_command("dlq", "replay", "-c", config, "--table", "raw.t0")
        self.assertEqual(0, refused.returncode, refused.stderr)
        self.assertEqual((17, 3), (self.rows_named("t0"), self.rows_named("t0__dlq")), "they still do not fit")

    def test_the_letters_of_all_tables_share_a_topic(self):
        """Also those that no route takes; each table knows its own."""
        topic = Topic(1)
        producer = topic.producer()
        for number in range(40):
            value = b'{"id":"bad"}' if number < 6 else b'{"id":%d}' % number
            headers = {"type": f"t{number % 2}"} if number < 30 else {}
            producer.produce(topic.name, value, partition=0, headers=headers)
        topic._flush(producer)
        letters = f"{topic.name}-letters"
        routes = [{"topic": topic.name, "table": "{header:type}"}]
        nameless = self.routed(topic.name, routes, {"dead_letter": {"mode": "topic"}}, name="nameless.toml")
        refused = self.run_command("validate", "-c", nameless)
        self.assertEqual(78, refused.returncode)
        self.assertIn("dead_letter.topic", refused.stdout + refused.stderr)
        config = self.routed(topic.name, routes, {"dead_letter": {"mode": "topic", "topic": letters}})
        for _ in range(2):
            self.to_end(config)
        counts = {}
        for name in ("t0", "t1", "unrouted_records"):
            counts[name] = self.json_of("dlq", "list", "-c", config, "--table", f"raw.{name}")["letters"]
        self.assertEqual({"t0": 3, "t1": 3, "unrouted_records": 10}, counts)
        self.assertEqual(16, len(committed(letters)))
        self.assertEqual((12, 12), (self.rows_named("t0"), self.rows_named("t1")))
        self.verify(config)


class NobodyTakes(Routes):
    def test_a_record_without_a_route_is_a_dead_letter(self):
        topic = Topic(1)
        topic.send_values([b'{"id":1,"name":"a"}', b'{"id":2,"name":"b"}', b"rubbish"])
        routes = [{"topic": topic.name, "table": "a", "when": {"field": "name", "equals": ["a"]}}]
        config = self.routed(topic.name, routes)
        for _ in range(2):
            self.to_end(config)
        letters = self.dead_letters(self.state / "tables" / "raw.unrouted_records")
        self.assertEqual([(1, "no_route"), (2, "not_json")], [(one["offset"], one["code"]) for one in letters])
        self.assertEqual(1, self.rows_named("a"))
        self.verify(config)

    def test_a_route_that_cannot_be_is_explained(self):
        config = self.routed("orders", [{"topic": "orders", "table": "{header:a}.x"}])
        done = self.run_command("validate", "-c", config)
        self.assertEqual(78, done.returncode)
        self.assertIn("routes[0]", done.stderr)
