# SPDX-License-Identifier: Apache-2.0
"""Metrics, health, status, log lines and the commands that look at a table."""

import json
import re

from tests.e2e.harness import Engine, Scenario, Topic, broker
from tests.servers import process

# Names and labels are part of the product's contract.
SAMPLES = (
    r'iceberg_catalog_operation_duration_seconds_count\{.*operation="(create_table|load_table|commit_snapshot)".*\}',
    r'iceberg_catalog_operation_duration_seconds_count\{.*catalog_type="file".*\}',
    r'iceberg_catalog_health_status\{catalog_type="file"\} 1',
    r'iceberg_snapshot_commits_total\{database="raw",table="events"\}',
    r'iceberg_snapshot_commit_duration_seconds_count\{database="raw",table="events"\}',
    r'iceberg_metadata_cache_hits_total\{key="[a-z_]+"\}',
    r'iceberg_metadata_cache_misses_total\{key="[a-z_]+"\}',
    r'iceberg_metadata_cache_hit_rate\{key="[a-z_]+"\}',
    r'kafka_iceberg_consumer_lag\{partition="0",topic="',
    r"kafka_iceberg_rows_committed_total",
    r"kafka_iceberg_records_consumed_total",
    r"kafka_iceberg_bytes_consumed_total",
    r"kafka_iceberg_hot_buffer_bytes",
    r"kafka_iceberg_flushes_total",
    r"kafka_iceberg_dead_letters_total",
)
LOG_FIELDS = {
    "timestamp",
    "level",
    "message",
    "catalog_type",
    "database",
    "table",
    "snapshot_id",
    "kafka_offset_range",
    "files_added",
    "duration_ms",
    "committed_at",
}


class Endpoints(Scenario):
    def setUp(self):
        super().setUp()
        self.topic = Topic()
        self.topic.send(5_000)
        self.topic.send_values([b"bad"])
        self.port = process.free_port()
        changes = {
            "server": {"listen": f"127.0.0.1:{self.port}"},
            "iceberg": {"catalog_manager": {"health_check_interval_seconds": 1}},
        }
        self.settings_file = self.config(self.topic, changes)
        self.engine = Engine(self, self.settings_file)
        self.wait_ingested(self.topic, self.engine)

    def get(self, path: str) -> str:
        status, body = self.http(self.port, path)
        self.assertEqual(200, status, body)
        return body

    def test_metrics_have_their_exact_names(self):
        self.wait_for("the catalog was checked", lambda: "iceberg_catalog_health_status" in self.get("/metrics"))
        self.wait_for("a commit was counted", lambda: "iceberg_snapshot_commits_total" in self.get("/metrics"))
        text = self.get("/metrics")
        for sample in SAMPLES:
            if not re.search("^" + sample, text, re.MULTILINE):
                self.fail(f"no sample like {sample} in\n{text}")
        rows = re.search(r"^kafka_iceberg_rows_committed_total(?:\{.*\})? (\S+)$", text, re.MULTILINE)
        self.assertEqual(5_000, float(rows[1]))
        families = re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)
        self.assertEqual(len(families), len(set(families)))
        for family in families:
            self.assertTrue(family.startswith(("iceberg_", "kafka_iceberg_")), family)

    def test_health_follows_kafka(self):
        self.get("/livez")
        self.wait_for("/readyz is green", lambda: self.http(self.port, "/readyz")[0] == 200, self.engine)
        json.loads(self.get("/readyz"))
        broker().stop()
        try:
            self.wait_for("/readyz is red", lambda: self.http(self.port, "/readyz")[0] == 503, self.engine)
            body = self.http(self.port, "/readyz")[1]
            self.assertIn("kafka", json.dumps(json.loads(body)).lower(), "it says which check fails")
            self.get("/livez")
        finally:
            broker().start()
        self.wait_for("/readyz is green again", lambda: self.http(self.port, "/readyz")[0] == 200, self.engine)

    def test_status(self):
        text = json.dumps(json.loads(self.get("/api/v1/status")))
        self.assertIn(self.topic.name, text)
        self.assertIn("raw.events", text)
        shown = self.run_command("status", "-c", self.settings_file)
        self.assertEqual(0, shown.returncode, shown.stderr)
        self.assertIn("raw.events", shown.stdout)
        self.json_of("status", "-c", self.settings_file)

    def test_unknown_paths_and_methods(self):
        self.assertEqual(404, self.http(self.port, "/no/such/page")[0])

    def test_log_lines_are_json_with_the_agreed_fields(self):
        self.wait_log("Iceberg snapshot committed", self.engine)
        lines = [json.loads(line) for line in self.engine.log.splitlines() if line.strip()]
        commits = [line for line in lines if line["message"] == "Iceberg snapshot committed"]
        self.assertTrue(commits, self.engine.log[-2000:])
        self.assertEqual(set(), LOG_FIELDS - commits[0].keys())
        self.assertEqual(
            ("file", "raw", "events"), tuple(commits[0][key] for key in ("catalog_type", "database", "table"))
        )
        self.assertEqual(len({line["snapshot_id"] for line in commits}), len(commits), "one line a commit")

    def test_table_commands_agree_with_the_metadata(self):
        self.assertEqual(0, self.engine.stop())
        table = self.table()
        self.json_of("table", "describe", "-c", self.settings_file)
        self.assertIn(
            str(table.snapshot["snapshot-id"]), json.dumps(self.json_of("table", "snapshots", "-c", self.settings_file))
        )
        files = json.dumps(self.json_of("table", "files", "-c", self.settings_file))
        for file in table.data_files:
            self.assertIn(file["path"].rsplit("/", 1)[1], files)
        for what in ("describe", "snapshots", "files"):
            self.assertEqual(0, self.run_command("table", what, "-c", self.settings_file).returncode)

    def test_verify_finds_a_lost_file_and_a_doubled_one(self):
        self.assertEqual(0, self.engine.stop())
        self.assertEqual(0, self.run_command("verify", "-c", self.settings_file).returncode)
        from tests.e2e.foreign_writer import ForeignWriter

        writer = ForeignWriter(self.warehouse / "raw" / "events")
        rows = writer.read().slice(0, 3)
        writer.append(rows)  # rows that are in the table already
        done = self.run_command("verify", "-c", self.settings_file)
        self.assertEqual(10, done.returncode, done.stdout + done.stderr)
        self.assertRegex((done.stdout + done.stderr).lower(), "duplicate|doubled|twice")
