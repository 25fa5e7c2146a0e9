# SPDX-License-Identifier: Apache-2.0
"""Records without a value, aborted transactions and compacted topics: counted, legal, and nothing is missing."""

import json

from tests.e2e import readers
from tests.e2e.harness import FIELDS, Engine, Scenario, Topic
from tests.servers import process

OPTIONAL = [{"name": field["name"], "type": field["type"]} for field in FIELDS]
ALL_COLUMNS = [f"_kafka_{name}" for name in ("topic", "partition", "offset", "timestamp", "key", "headers")]


class NullValues(Scenario):
    def ingest(self, config) -> Engine:
        engine = Engine(self, config, arguments=["run", "-c", str(config), "--stop-at-end"])
        self.assertEqual(0, engine.wait(90), engine.log[-2000:])
        return engine

    def verify(self, config) -> dict:
        return self.json_of("verify", "-c", config)["partitions"][0]

    def produce_mixed(self, topic: Topic) -> None:
        producer = topic.producer()
        headers = [("trace", b"1"), ("trace", None), ("kind", b"\xff")]
        for number in range(30):
            value = None if number % 3 == 2 else Topic.record(number)
            producer.produce(topic.name, value, key=f"k{number % 5}", headers=headers, partition=0)
        producer.flush(30)

    def settings_for(self, null_values: str, fields: list) -> dict:
        return {
            "kafka": {"null_values": null_values},
            "schema": {"fields": fields, "metadata_columns": ALL_COLUMNS},
        }

    def test_skipped_by_default_and_legal(self):
        topic = Topic(1)
        self.produce_mixed(topic)
        config = self.config(topic)
        self.ingest(config)
        self.prove(topic, config, missing={0: set(range(2, 30, 3))})
        self.assertEqual(10, self.verify(config)["legal_gaps"])

    def test_stored_as_rows(self):
        topic = Topic(1)
        self.produce_mixed(topic)
        config = self.config(topic, self.settings_for("store", OPTIONAL))
        self.ingest(config)
        self.prove(topic, config)
        self.assertEqual(0, self.verify(config)["legal_gaps"])
        rows = readers.with_duckdb(
            self.table().location,
            "select id, name, _kafka_topic, _kafka_partition, _kafka_offset, _kafka_timestamp is null,"
            " _kafka_key, _kafka_headers from TABLE where _kafka_offset in (1, 2) order by _kafka_offset",
        )
        headers = [{"key": "trace", "value": b"1"}, {"key": "trace", "value": None}, {"key": "kind", "value": b"\xff"}]
        self.assertEqual((1, "record 1", topic.name, 0, 1, False, b"k1", headers), rows[0])
        self.assertEqual((None, None, topic.name, 0, 2, False, b"k2", headers), rows[1])

    def test_required_columns_make_stored_ones_dead_letters(self):
        topic = Topic(1)
        self.produce_mixed(topic)
        config = self.config(topic, self.settings_for("store", FIELDS))
        self.ingest(config)
        self.assertEqual(20, self.rows())
        letters = [
            json.loads(line)
            for path in (self.state / "dead_letters").rglob("*.jsonl")
            for line in path.read_text().splitlines()
        ]
        self.assertEqual(set(range(2, 30, 3)), {letter["offset"] for letter in letters})
        self.assertEqual({"missing_field"}, {letter["code"] for letter in letters})
        self.assertEqual(10, self.verify(config)["dead_letters"])

    def test_transactions_with_aborts_and_tombstones(self):
        topic = Topic(1)
        producer = topic.producer(**{"transactional.id": topic.name})
        producer.init_transactions(30)
        missing: set[int] = set()
        offset = 0
        for turn in range(5):
            producer.begin_transaction()
            for number in range(20):
                tombstone = number % 10 == 9
                producer.produce(topic.name, None if tombstone else Topic.record(number), key=str(number), partition=0)
                if turn % 2 or tombstone:
                    missing.add(offset)
                offset += 1
            producer.flush(30)
            (producer.abort_transaction if turn % 2 else producer.commit_transaction)(30)
            missing.add(offset)  # the marker
            offset += 1
        config = self.config(topic)
        self.ingest(config)
        self.prove(topic, config, missing={0: missing})
        verdict = self.verify(config)
        self.assertEqual((54, len(missing)), (verdict["rows"], verdict["legal_gaps"]))

    def test_compacted_topic(self):
        topic = Topic(
            1,
            {
                "cleanup.policy": "compact",
                "min.cleanable.dirty.ratio": "0.01",
                "segment.ms": "100",
                "max.compaction.lag.ms": "100",
                "min.compaction.lag.ms": "0",
            },
        )
        producer = topic.producer()

        def produce(numbers) -> None:
            for number in numbers:
                producer.produce(topic.name, Topic.record(number), key=str(number % 10), partition=0)
            producer.flush(30)

        produce(range(500))
        end = topic.ends()[0]

        def left() -> set[int]:
            produce([0])  # a new segment begins with a record, and only closed ones are cleaned
            return self.offsets_in_kafka(topic)

        process.wait_until("the log is compacted", lambda: len(left()) < end // 2, 120, interval=0.2)
        config = self.config(topic)
        self.ingest(config)
        self.verify(config)
        found = set(self.table().offsets()[0])
        self.assertLess(len(found), topic.ends()[0])
        self.assertLessEqual(self.offsets_in_kafka(topic), found, "what Kafka still has is in the table")

    def offsets_in_kafka(self, topic: Topic) -> set[int]:
        from confluent_kafka import Consumer, KafkaError, TopicPartition

        from tests.e2e.harness import QUIET, broker

        consumer = Consumer(
            {"bootstrap.servers": broker().bootstrap, "group.id": "look", "enable.partition.eof": True, **QUIET}
        )
        consumer.assign([TopicPartition(topic.name, 0, 0)])
        offsets: set[int] = set()
        while True:
            message = consumer.poll(10)
            if message is None:
                raise TimeoutError("no answer from the broker")
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    consumer.close()
                    return offsets
                continue
            offsets.add(message.offset())
