# SPDX-License-Identifier: Apache-2.0
"""What somebody sees who tries the program for the first time: the demo, and the query that it prints."""

import json
import re

from tests.e2e import readers, table_check
from tests.e2e.harness import Scenario

KEYS = {"table", "metadata_location", "rows", "seconds", "rows_per_second", "snapshots", "data_files"}


class Demo(Scenario):
    def test_demo_prints_a_query_that_works(self):
        done = self.run_command("demo", "--rows", 200_000, timeout=180)
        self.assertEqual(0, done.returncode, done.stderr)
        for word in ("rows/s", "lag", "files", "snapshots"):
            self.assertIn(word, done.stdout.lower())
        query = re.search(r"(?is)\b(select\b[^\"`;]*iceberg_scan\([^)]*\)[^\"`;]*)", done.stdout)
        self.assertTrue(query, f"no query in\n{done.stdout}")
        rows = readers.duck().execute(query[1].replace("\\\n", " ")).fetchall()
        self.assertTrue(rows)

    def test_demo_as_json(self):
        done = self.run_command("demo", "--rows", 100_000, "--json", timeout=180)
        self.assertEqual(0, done.returncode, done.stderr)
        summary = json.loads(done.stdout)
        self.assertEqual(set(), KEYS - summary.keys())
        self.assertEqual(100_000, summary["rows"])
        location = table_check.local(summary["metadata_location"])
        table = table_check.Table(location.parent.parent)
        self.assertEqual([], table.problems())
        self.assertEqual(
            (summary["rows"], summary["data_files"], summary["snapshots"]),
            (table.rows, len(table.data_files), len(table.snapshots)),
        )
        self.assertEqual([(100_000,)], readers.with_duckdb(location, "SELECT count(*) FROM TABLE"))
        self.assertEqual(100_000, readers.with_pyiceberg(location).num_rows)

    def test_demo_twice_in_one_folder(self):
        for _ in range(2):
            done = self.run_command("demo", "--rows", 20_000, "--json", timeout=180)
            self.assertEqual(0, done.returncode, done.stderr)

    def test_bench_measures_and_reports(self):
        done = self.run_command("bench", "--profile", "small", "--rows", 100_000, "--json", timeout=180)
        self.assertEqual(0, done.returncode, done.stderr)
        text = json.dumps(json.loads(done.stdout))
        for key in ("rows_per_second", "cpu", "memory", "files", "bytes"):
            self.assertIn(key, text)

    def test_bench_in_other_formats(self):
        for format_name in ("avro", "protobuf"):
            done = self.run_command("bench", "--profile", "big", "--format", format_name, "--rows", 20_000, "--json")
            self.assertEqual(0, done.returncode, done.stderr)
            run = json.loads(done.stdout)["runs"][0]
            self.assertEqual((format_name, 20_000), (run["format"], run["rows"]))
