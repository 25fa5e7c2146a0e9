# SPDX-License-Identifier: Apache-2.0
"""Another writer of the same table: its rows stay, the engine's ledger survives it, and commits go on."""

import threading

import pyarrow as pa

from tests.e2e.foreign_writer import ForeignWriter
from tests.e2e.harness import Engine, Scenario, Topic


class Foreign(Scenario):
    def foreign_rows(self, writer: ForeignWriter, count: int) -> pa.Table:
        """Rows without a place in Kafka, in the shape of the table."""
        schema = writer.read().schema
        stamps = pa.array([1_767_882_600_000_000] * count, pa.timestamp("us", "UTC"))
        columns = {"id": pa.array(range(-count, 0), pa.int64()), "_kafka_timestamp": stamps}
        return pa.table(
            [
                columns[field.name].cast(field.type) if field.name in columns else pa.nulls(count, field.type)
                for field in schema
            ],
            schema=schema,
        )

    def test_append_between_two_runs(self):
        topic = Topic()
        topic.send(5_000)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        writer = ForeignWriter(self.warehouse / "raw" / "events")
        writer.append(self.foreign_rows(writer, 100))
        self.assertEqual(5_100, self.rows())
        topic.send(5_000)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertEqual(10_100, self.rows())
        self.prove(topic, config)

    def test_appends_while_the_engine_runs(self):
        topic = Topic()
        topic.send(5_000)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        writer = ForeignWriter(self.warehouse / "raw" / "events")
        rows = self.foreign_rows(writer, 10)
        appended = [0]

        def append():
            for _ in range(5):
                try:
                    writer.append(rows)
                    appended[0] += 10
                except Exception:  # PyIceberg gives up when the engine was first: that is its right
                    pass

        other = threading.Thread(target=append)
        other.start()
        for _ in range(4):
            topic.send(2_500)
        other.join()
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertGreater(appended[0], 0)
        self.assertEqual(15_000 + appended[0], self.rows())
        self.prove(topic, config)

    def test_properties_of_others_survive(self):
        topic = Topic()
        topic.send(1_000)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        writer = ForeignWriter(self.warehouse / "raw" / "events")
        writer.set_property("owner", "somebody")
        topic.send(1_000)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertEqual("somebody", writer.properties()["owner"])
        self.prove(topic, config)
