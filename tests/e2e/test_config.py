# SPDX-License-Identifier: Apache-2.0
"""A wrong configuration: every mistake at once, each with its place, the reason and the fix; exit 78."""

import json
import os
import re
import subprocess

from tests.e2e.harness import BINARY, Engine, Scenario, Topic

WRONG = """\
[kafka]
bootstrap_servers = "127.0.0.1:1"
topik = "events"
consumer_group = "g"

[kafka.librdkafka]
"enable.auto.commit" = "true"

[iceberg]
catalog_type = "fil"
database_name = "raw"
table_name = "events"

[iceberg.file]
warehouse_path = "${NO_SUCH_VARIABLE}/warehouse"

[hot_buffer]
ttl_seconds = "sixty"
max_size_mb = -5
"""
# Line -> what is said about it.
MISTAKES = {
    3: r"topik.*did you mean.*topic",
    7: r"enable\.auto\.commit",
    10: r"catalog_type.*file",
    15: r"NO_SUCH_VARIABLE",
    18: r"ttl_seconds",
    19: r"max_size_mb",
}


class Config(Scenario):
    def test_all_mistakes_at_once_with_their_places(self):
        path = self.folder / "wrong.toml"
        path.write_text(WRONG)
        for command in ("validate", "run"):
            with self.subTest(command):
                done = self.run_command(command, "-c", path)
                self.assertEqual(78, done.returncode, done.stderr)
                said = done.stderr
                for line, pattern in MISTAKES.items():
                    place = re.escape(f"{path}:{line}:") + r"\d+"
                    self.assertRegex(
                        said, f"(?s){place}.{{0,300}}?{pattern}" if line != 3 else place, f"line {line}\n{said}"
                    )
                self.assertRegex(said, "(?s)topik.*did you mean.*topic")

    def test_syntax_error(self):
        path = self.folder / "broken.toml"
        path.write_text('[kafka]\nbootstrap_servers = "a\n')
        done = self.run_command("validate", "-c", path)
        self.assertEqual(78, done.returncode)
        self.assertRegex(done.stderr, re.escape(f"{path}:2:"))

    def test_missing_file(self):
        done = self.run_command("run", "-c", self.folder / "none.toml")
        self.assertIn(done.returncode, (74, 78))
        self.assertIn("none.toml", done.stderr)

    def test_a_name_that_is_no_text_is_told_in_json_all_the_same(self):
        path = os.fsencode(self.folder) + b"/\xff.toml"
        with open(path, "w") as file:
            file.write(WRONG)
        done = subprocess.run([BINARY, "validate", "-c", path, "--json"], capture_output=True)
        self.assertEqual(78, done.returncode, done.stderr)
        self.assertRegex(json.loads(done.stdout)["errors"][0], "\ufffd.toml")

    def test_folder_that_cannot_be_written(self):
        (self.folder / "plain").write_text("a file, not a folder")
        for changes in (
            {"state": {"directory": str(self.folder / "plain" / "state")}},
            {"iceberg": {"file": {"warehouse_path": str(self.folder / "plain" / "warehouse")}}},
        ):
            with self.subTest(changes):
                config = self.config(Topic(partitions=1), changes)
                engine = Engine(self, config)
                self.assertIn(engine.wait(30), (74, 77, 78))
                self.assertIn("plain", engine.log)

    def test_good_configuration_is_valid_and_reachable(self):
        config = self.config(Topic())
        for arguments in (
            ("validate", "-c", config),
            ("validate", "-c", config, "--connect"),
            ("validate", "--config", config),
        ):
            done = self.run_command(*arguments)
            self.assertEqual(0, done.returncode, f"{arguments}: {done.stdout}{done.stderr}")

    def test_usage(self):
        for arguments, code in (
            ((), 2),
            (("no-such-command",), 2),
            (("run", "--no-such-flag"), 2),
            (("--help",), 0),
            (("version",), 0),
        ):
            self.assertEqual(code, self.run_command(*arguments).returncode, arguments)

    def test_config_flag_alone_means_run(self):
        topic = Topic()
        topic.send(100)
        config = self.config(topic)
        engine = Engine(self, config, arguments=["--config", str(config)])
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
