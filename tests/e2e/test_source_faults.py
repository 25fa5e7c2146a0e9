# SPDX-License-Identifier: Apache-2.0
"""What Kafka can do to a reader: transactions, brokers that go away, topics that are missing, recreated or cut."""

from confluent_kafka import TopicPartition

from tests.e2e.harness import Engine, Scenario, Topic, broker
from tests.servers import process


class SourceFaults(Scenario):
    def tearDown(self):
        if broker()._child is None:  # a failed test left it down
            broker().start()

    def assert_stops_and_explains(self, engine: Engine, *patterns: str, timeout: float = 60) -> None:
        code = engine.wait(timeout)
        self.assertGreater(code, 0, "it must stop by itself and say that it failed")
        for pattern in patterns:
            self.assertRegex(engine.log.lower(), pattern)

    def test_aborted_transactions_leave_legal_gaps(self):
        topic = Topic(partitions=2)
        producer = topic.producer(**{"transactional.id": topic.name})
        producer.init_transactions(30)
        aborted: dict[int, set[int]] = {0: set(), 1: set()}
        position = 0  # the same in both partitions
        for turn in range(6):
            producer.begin_transaction()
            for number in range(100):
                producer.produce(topic.name, Topic.record(turn * 100 + number), partition=number % 2)
            producer.flush(30)
            if turn % 3 == 1:
                producer.abort_transaction(30)
                for gaps in aborted.values():
                    gaps |= set(range(position, position + 50))
            else:
                producer.commit_transaction(30)
            for gaps in aborted.values():
                gaps.add(position + 50)  # the transaction's own marker
            position += 51
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_rows(400, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config, missing=aborted)

    def test_broker_killed_and_restarted_while_running(self):
        topic = Topic()
        topic.send(20_000)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_rows(1, engine)
        broker().kill()
        try:
            self.wait_log("broker|kafka|connect", engine)
            self.assertTrue(engine.running)
        finally:
            broker().start()
        topic.send(20_000)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)
        self.assert_content(topic)

    def test_kafka_away_at_start_then_back(self):
        topic = Topic()
        topic.send(1_000)
        port = process.free_port()
        config = self.config(topic, {"server": {"listen": f"127.0.0.1:{port}"}})
        broker().stop()
        try:
            done = self.run_command("validate", "-c", config, "--connect")
            self.assertEqual(69, done.returncode, done.stdout + done.stderr)
            self.assertRegex(done.stdout + done.stderr, broker().bootstrap)
            engine = Engine(self, config)
            self.wait_for("the trouble is told", lambda: broker().bootstrap in engine.log, engine)
            status, body = self.wait_for(
                "/readyz answers", lambda: self.http(port, "/readyz")[0] and self.http(port, "/readyz"), engine
            )
            self.assertEqual(503, status, body)
            self.assertIn("kafka", body.lower())
            self.assertEqual(200, self.http(port, "/livez")[0], "alive, though not ready")
        finally:
            broker().start()
        self.wait_ingested(topic, engine)
        self.wait_for("/readyz is green", lambda: self.http(port, "/readyz")[0] == 200, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)

    def test_missing_topic(self):
        topic = Topic()
        config = self.config(topic, {"kafka": {"topic": "no-such-topic"}})
        self.assert_stops_and_explains(Engine(self, config), "no-such-topic", "exist|unknown|not found|missing")

    def test_recreated_topic(self):
        topic = Topic()
        topic.send(1_000)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        rows = self.rows()
        topic.delete()
        topic.create()
        topic.send(500)
        engine = Engine(self, config)
        self.assert_stops_and_explains(engine, "recreated", topic.name, "another table|accept-new-topic")
        self.assertEqual(rows, self.rows(), "nothing of the new topic is in the table")

    def test_topic_deleted_while_running(self):
        topic = Topic()
        topic.send(1_000)
        engine = Engine(self, self.config(topic))
        self.wait_ingested(topic, engine)
        topic.delete()
        self.assert_stops_and_explains(engine, topic.name, timeout=120)
        self.assertEqual(1_000, self.rows())

    def test_oldest_offset_is_beyond_the_ledger(self):
        topic = Topic(partitions=2)
        topic.send(1_000)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        topic.send(1_000)
        for future in Topic.admin().delete_records([TopicPartition(topic.name, 0, 800)]).values():
            future.result(30)
        self.assert_stops_and_explains(Engine(self, config), "800", "500", "retention|removed|oldest")
        self.assertEqual(1_000, self.rows(), "no silent jump")

    def test_partitions_added_while_running(self):
        from confluent_kafka.admin import NewPartitions

        topic = Topic(partitions=2)
        topic.send(1_000)
        config = self.config(
            topic,
            {"kafka": {"librdkafka": {"topic.metadata.refresh.interval.ms": "1000", "metadata.max.age.ms": "3000"}}},
        )
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        Topic.admin().create_partitions([NewPartitions(topic.name, 4)])[topic.name].result(30)
        topic.partitions = 4
        for partition in range(4):
            topic.send_values([Topic.record(number) for number in range(100)], partition)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)
