# SPDX-License-Identifier: Apache-2.0
"""A table that has another schema than the configuration, and schemas that are inferred."""

from tests.e2e import readers
from tests.e2e.harness import FIELDS, Engine, Scenario, Topic

WITH_NOTE = [*FIELDS, {"name": "note", "type": "string"}]


class SchemaMismatch(Scenario):
    def first_run(self, topic: Topic) -> None:
        topic.send(1_000)
        engine = Engine(self, self.config(topic))
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())

    def changed(self, topic: Topic, action: str | None, fields: list = WITH_NOTE):
        management = {"schema_mismatch_action": action} if action else {}
        return self.config(topic, {"schema": {"fields": fields}, "iceberg": {"table_management": management}})

    def send_noted(self, topic: Topic) -> None:
        for partition in range(topic.partitions):
            topic.send_values([b'{"id": 5000, "note": "new"}'], partition)

    def test_fail_is_the_default_and_names_the_column(self):
        topic = Topic()
        self.first_run(topic)
        version = self.table().version
        engine = Engine(self, self.changed(topic, None))
        self.assertGreater(engine.wait(60), 0)
        self.assertIn("note", engine.log)
        self.assertIn("schema_mismatch_action", engine.log)
        self.assertEqual(version, self.table().version, "the table is as it was")

    def test_evolve_adds_the_column(self):
        topic = Topic()
        self.first_run(topic)
        self.send_noted(topic)
        config = self.changed(topic, "evolve")
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertIn("note", self.table().columns)
        counts = readers.with_duckdb(self.table().location, "SELECT count(*), count(note) FROM TABLE")
        self.assertEqual([(1_000 + topic.partitions, topic.partitions)], counts)
        self.prove(topic, config)

    def test_warn_goes_on_with_the_tables_columns(self):
        topic = Topic()
        self.first_run(topic)
        self.send_noted(topic)
        config = self.changed(topic, "warn")
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertNotIn("note", self.table().columns)
        self.assertIn("note", engine.log)
        self.prove(topic, config)

    def test_incompatible_change_is_refused_even_by_evolve(self):
        topic = Topic()
        self.first_run(topic)
        fields = [dict(field, type="boolean") if field["name"] == "name" else field for field in FIELDS]
        engine = Engine(self, self.changed(topic, "evolve", fields))
        self.assertGreater(engine.wait(60), 0)
        self.assertIn("name", engine.log)
        self.assertEqual(1_000, self.rows())

    def test_table_is_not_created_when_told_so(self):
        topic = Topic()
        config = self.config(topic, {"iceberg": {"table_management": {"auto_create_if_missing": False}}})
        engine = Engine(self, config)
        self.assertGreater(engine.wait(60), 0)
        self.assertIn("auto_create_if_missing", engine.log)
        self.assertFalse(self.table_exists())


class Inference(Scenario):
    def test_schema_is_inferred_and_plan_says_so_beforehand(self):
        topic = Topic()
        for partition in range(topic.partitions):
            topic.send_values(
                [
                    b'{"user": {"id": %d, "tags": ["a", "b"]}, "score": 1.5, "ok": true, "big": 12345678901, '
                    b'"when": "2026-01-08T14:30:00Z"}' % number
                    for number in range(100)
                ],
                partition,
            )
        config = self.config(topic, {"schema": None})
        plan = self.run_command("plan", "-c", config)
        self.assertEqual(0, plan.returncode, plan.stderr)
        for word in ("user", "tags", "score", "double", "big", "long", "when", "timestamptz"):
            self.assertIn(word, plan.stdout)
        self.assertFalse(self.table_exists(), "plan changes nothing")
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)
        found = readers.with_duckdb(
            self.table().location, 'SELECT count(*), sum("user".id), min(len("user".tags)) FROM TABLE'
        )
        self.assertEqual([(800, 8 * sum(range(100)), 2)], found)

    def test_partitioning_by_columns(self):
        topic = Topic()
        topic.send(1_000)
        config = self.config(topic, {"iceberg": {"table_management": {"partition_by": ["day(at)", "bucket(4, id)"]}}})
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        spec = self.table().metadata["partition-specs"][0]["fields"]
        self.assertEqual(["day", "bucket[4]"], [field["transform"] for field in spec])
        self.prove(topic, config)
        self.assert_content(topic)

    def test_all_metadata_columns(self):
        topic = Topic(partitions=1)
        producer = topic.producer()
        producer.produce(
            topic.name, Topic.record(0), key=b"the key", headers=[("trace", b"1"), ("trace", b"2")], partition=0
        )
        producer.flush(30)
        columns = [
            "_kafka_topic",
            "_kafka_partition",
            "_kafka_offset",
            "_kafka_timestamp",
            "_kafka_key",
            "_kafka_headers",
        ]
        config = self.config(topic, {"schema": {"metadata_columns": columns}})
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        row = readers.with_pyiceberg(self.table().location).to_pylist()[0]
        self.assertEqual(topic.name, row["_kafka_topic"])
        self.assertEqual(
            b"the key",
            bytes(row["_kafka_key"]) if not isinstance(row["_kafka_key"], str) else row["_kafka_key"].encode(),
        )
        self.assertEqual([b"1", b"2"], [header["value"] for header in row["_kafka_headers"]])
        self.prove(topic, config)
