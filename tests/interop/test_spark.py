# SPDX-License-Identifier: Apache-2.0
"""Apache Spark and the engine take turns on one table."""

from tests.e2e.harness import Engine, Scenario, Topic
from tests.interop import spark

TABLE = "local.raw.events"


class Spark(Scenario):
    def setUp(self):
        super().setUp()
        self.topic = Topic()
        self.settings_file = self.config(self.topic)
        self.foreign = 0

    def ingest(self, slices: int, records: int) -> None:
        """One run of the engine that makes several snapshots."""
        engine = Engine(self, self.settings_file)
        for _ in range(slices):
            self.topic.send(records)
            self.wait_ingested(self.topic, engine)
        self.assertEqual(0, engine.stop())

    def assert_spark_reads_all(self) -> None:
        row = self.session.sql(f"""
            SELECT count(*) AS all_rows, count(_kafka_offset) AS ours,
                   count(DISTINCT struct(_kafka_partition, _kafka_offset)) AS places,
                   sum(CASE WHEN _kafka_offset IS NOT NULL THEN id END) AS ids,
                   count_if(_kafka_offset IS NOT NULL AND name <> concat('record ', id)) AS wrong
            FROM {TABLE}""").first()
        sent = self.topic.sent
        self.assertEqual((sent + self.foreign, sent, sum(range(sent)), 0), (row.all_rows, row.ours, row.ids, row.wrong))
        self.assertEqual(sent + (1 if self.foreign else 0), row.places, "no place in Kafka is in the table twice")

    def insert(self, count: int) -> None:
        columns = [
            "id" if name == "id" else "now() AS _kafka_timestamp" if name == "_kafka_timestamp" else f"NULL AS {name}"
            for name in self.table().columns
        ]
        self.session.sql(f"INSERT INTO {TABLE} SELECT {', '.join(columns)} FROM range(-{count}, 0)")
        self.foreign += count

    def test_read_append_compact_and_expire_between_two_runs(self):
        self.ingest(slices=4, records=5_000)
        self.session = spark.session(self.warehouse, self.folder)
        self.addCleanup(self.session.stop)
        self.assert_spark_reads_all()
        for view in ("files", "manifests", "snapshots", "history", "partitions", "refs", "entries"):
            self.assertGreater(self.session.sql(f"SELECT * FROM {TABLE}.{view}").count(), 0, view)

        self.insert(100)
        self.ingest(slices=2, records=5_000)
        self.assert_spark_reads_all()

        compacted = self.session.sql(
            "CALL local.system.rewrite_data_files(table => 'raw.events', options => map('rewrite-all', 'true'))"
        ).first()
        self.assertGreater(compacted.rewritten_data_files_count, compacted.added_data_files_count)
        self.ingest(slices=2, records=5_000)
        self.session.sql("CALL local.system.rewrite_manifests('raw.events')")
        self.ingest(slices=1, records=5_000)
        self.assert_spark_reads_all()

        self.session.sql(
            "CALL local.system.expire_snapshots(table => 'raw.events', older_than => TIMESTAMP '2999-01-01 00:00:00', "
            "retain_last => 1)"
        )
        self.assertEqual(1, len(self.table().snapshots), "the ranges in the summaries of old snapshots are gone")
        self.ingest(slices=2, records=5_000)
        self.assert_spark_reads_all()
        self.prove(self.topic, self.settings_file)

    def test_change_of_the_partitioning_between_two_runs(self):
        self.ingest(slices=2, records=5_000)
        self.session = spark.session(self.warehouse, self.folder)
        self.addCleanup(self.session.stop)
        self.session.sql(f"ALTER TABLE {TABLE} ADD PARTITION FIELD bucket(4, id)")
        self.session.sql(f"ALTER TABLE {TABLE} SET TBLPROPERTIES ('maintainer' = 'somebody')")
        self.ingest(slices=2, records=5_000)
        self.assertEqual("somebody", self.table().metadata["properties"]["maintainer"])
        self.assert_spark_reads_all()
        self.prove(self.topic, self.settings_file)
