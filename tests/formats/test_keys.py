# SPDX-License-Identifier: Apache-2.0
"""Keys as columns, and schemas by subject: Confluent's serializers and a real schema registry."""

import base64
import json
import warnings

from tests.e2e import readers
from tests.e2e.harness import Scenario, Topic
from tests.e2e.test_formats import varint
from tests.formats.test_matrix import registry

with warnings.catch_warnings(record=True):  # the serializers' own dependencies deprecate each other
    from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext

KEY = {
    "type": "record",
    "name": "OrderKey",
    "fields": [{"name": "id", "type": "long"}, {"name": "day", "type": {"type": "int", "logicalType": "date"}}],
}
NEWER_KEY = {
    "type": "record",
    "name": "OrderKey",
    "fields": [*KEY["fields"], {"name": "region", "type": ["null", "string"], "default": None}],
}
VALUE = {"type": "record", "name": "Order", "fields": [{"name": "amount", "type": "int"}]}
EVOLVE = {"table_management": {"schema_mismatch_action": "evolve", "partition_by": ["bucket(4, _key.id)"]}}


class Keys(Scenario):
    def setUp(self):
        super().setUp()
        self.topic = Topic(partitions=2)
        self.client = SchemaRegistryClient({"url": registry().url})

    def query(self, text: str) -> list[tuple]:
        return readers.with_duckdb(self.table().location, text)

    def config_for(self, kafka: dict, iceberg: dict | None = None):
        changes = {
            "kafka": {"format": "avro", **kafka},
            "schema": {"fields": []},
            "schema_registry": {"urls": [registry().url]},
            "iceberg": iceberg or {"table_management": {"partition_by": []}},
        }
        return self.config(self.topic, changes)

    def run_to_end(self, config) -> None:
        done = self.run_command("run", "-c", config, "--stop-at-end", timeout=120)
        self.assertEqual(0, done.returncode, done.stderr)

    def serializer(self, schema, field: str):
        serialize = AvroSerializer(self.client, json.dumps(schema))
        context = SerializationContext(self.topic.name, field)
        return lambda value: serialize(value, context)

    def send(self, numbers, key_schema, key_of) -> None:
        key = self.serializer(key_schema, MessageField.KEY)
        value = self.serializer(VALUE, MessageField.VALUE)
        producer = self.topic.producer()
        for number in numbers:
            producer.produce(
                self.topic.name, value({"amount": number}), key=key(key_of(number)), partition=number % 2
            )
        producer.flush(30)

    def test_avro_keys_evolve_partition_and_fail_once(self):
        config = self.config_for({"key_format": "avro"}, EVOLVE)
        self.send(range(100), KEY, lambda number: {"id": number, "day": number})
        value = self.serializer(VALUE, MessageField.VALUE)({"amount": 1000})
        producer = self.topic.producer()
        producer.produce(self.topic.name, value, key=b"not avro", partition=0)
        producer.produce(self.topic.name, value, partition=0)
        producer.flush(30)
        self.run_to_end(config)
        self.assertEqual(
            [(101, 4950, 100, 99)],
            self.query("""SELECT count(*), sum(_key.id), count(_key), count(*) FILTER (WHERE _key.id = amount
                          AND _key.day = DATE '1970-01-01' + CAST(_key.id AS INTEGER)) - 1 FROM TABLE"""),
        )
        (letter,) = self.dead_letters()
        self.assertEqual(("bad_framing", "_key", 50), (letter["code"], letter["field"], letter["offset"]))
        self.assertEqual(b"not avro", base64.b64decode(letter["key"]))

        self.send(range(100, 200), NEWER_KEY, lambda number: {"id": number, "day": 0, "region": f"r{number % 3}"})
        self.run_to_end(config)
        self.assertEqual(
            [(201, 100, 3)], self.query("SELECT count(*), count(_key.region), count(DISTINCT _key.region) FROM TABLE")
        )
        buckets = {path.parent.name for path in (self.warehouse / "raw" / "events" / "data").glob("**/*.parquet")}
        self.assertLessEqual({f"_key.id_bucket_4={bucket}" for bucket in range(4)}, buckets)
        self.prove(self.topic, config, {0: {50}})

    def test_a_key_that_is_a_number(self):
        self.send(range(10), "long", lambda number: number * 3)
        self.run_to_end(self.config_for({"key_format": "avro", "key_column": "order_id"}))
        self.assertEqual([(10, 135)], self.query("SELECT count(*), sum(order_id) FROM TABLE"))

    def test_a_letter_of_a_key_is_replayed(self):
        schema = self.folder / "key.avsc"
        schema.write_text('"int"')
        fields = [{"name": "amount", "type": "int"}, {"name": "_key", "type": "long"}]
        key_settings = {"key_format": "avro", "key_framing": "none", "key_schema_file": str(schema)}
        config = self.config(self.topic, {"kafka": key_settings, "schema": {"fields": fields}})
        producer = self.topic.producer()
        for key in (b"\x04", varint(2 * 3_000_000_000)):
            producer.produce(self.topic.name, b'{"amount":1}', key=key, partition=0)
        producer.flush(30)
        self.run_to_end(config)
        (letter,) = self.dead_letters()
        self.assertEqual("_key", letter["field"], letter)
        schema.write_text('"long"')  # what the producer meant
        self.assertEqual(1, self.json_of("dlq", "replay", "-c", config, "--where", "field=_key")["replayed"])
        self.assertEqual([(2, 3_000_000_002)], self.query("SELECT count(*), sum(_key) FROM TABLE"))
        self.assertEqual(0, self.run_command("verify", "-c", config).returncode)

    def test_a_table_before_there_is_a_record(self):
        for part, schema in (("key", '"string"'), ("value", json.dumps(VALUE))):
            self.client.register_schema(f"{self.topic.name}-{part}", Schema(schema, "AVRO"))
        config = self.config_for({"key_format": "avro", "subject": "{topic}-value", "key_subject": "{topic}-key"})
        plan = self.json_of("plan", "-c", config)
        columns = {field["name"]: (field["type"], field["required"]) for field in plan["schema"]["fields"]}
        self.assertEqual((("int", True), ("string", False)), (columns["amount"], columns["_key"]))
        done = self.run_command("table", "create", "-c", config)
        self.assertEqual(0, done.returncode, done.stderr)
        self.send(range(5), "string", lambda number: f"key {number}")
        self.run_to_end(config)
        self.assertEqual([(5, "key 4")], self.query("SELECT count(*), max(_key) FROM TABLE"))

    def test_payloads_that_name_no_schema(self):
        self.client.register_schema("amounts", Schema(json.dumps(VALUE), "AVRO"))
        self.topic.send_values([b"\x02", b"\x04", b"\x06"])
        kafka = {"framing": "none", "subject": "amounts", "key_format": "string"}
        self.run_to_end(self.config_for(kafka))
        self.assertEqual([(3, 6, 0)], self.query("SELECT count(*), sum(amount), count(_key) FROM TABLE"))
