# SPDX-License-Identifier: Apache-2.0
"""Signals, several processes, and the local files of a process: none of them may cost or double a row."""

import json
import shutil
import signal
import socket
import time

from tests.e2e.harness import Engine, Scenario, Topic, broker
from tests.servers import process


class Shutdown(Scenario):
    def test_sigterm_flushes_commits_and_exits_0(self):
        topic = Topic()
        topic.send(10_000)
        port = process.free_port()
        config = self.config(
            topic,
            {
                "commit": {"interval_seconds": 60},
                "engine": {"shutdown_timeout_seconds": 30},
                "server": {"listen": f"127.0.0.1:{port}"},
            },
        )
        engine = Engine(self, config)

        def consumed() -> bool:
            status, body = self.http(port, "/api/v1/status")
            return status == 200 and json.loads(body)["records_consumed"] == 10_000

        self.wait_for("all records are consumed", consumed, engine)
        self.assertEqual(0, self.rows(), "the interval has not passed: nothing is committed yet")
        self.assertEqual(0, engine.stop(30))
        self.assertEqual(10_000, self.rows(), "what was consumed was committed on the way out")
        self.assertRegex(engine.log.lower(), "stopp")
        self.prove(topic, config)

    def test_stop_at_end(self):
        topic = Topic()
        topic.send(10_000)
        config = self.config(topic, {"commit": {"interval_seconds": 60}})
        for _ in range(2):  # the second finds nothing to do
            engine = Engine(self, config, arguments=["run", "-c", str(config), "--stop-at-end"])
            self.assertEqual(0, engine.wait(60), engine.log[-2000:])
        self.prove(topic, config)
        self.assert_content(topic)

    def test_sigint_is_as_good(self):
        topic = Topic()
        topic.send(1_000)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        engine.signal(signal.SIGINT)
        self.assertEqual(0, engine.wait(30))

    def test_a_command_that_waits_for_an_answer_ends_soon(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(30)
            catalog = {"catalog_type": "rest", "rest": {"uri": f"http://127.0.0.1:{silent.getsockname()[1]}"}}
            config = self.config(Topic(), {"iceberg": catalog})
            engine = Engine(self, config, arguments=["catalog", "check", "-c", str(config)])
            connection, _ = silent.accept()  # and never an answer
            with connection:
                engine.signal(signal.SIGTERM)
                self.assertEqual(128 + signal.SIGTERM, engine.wait(15))

    def test_second_signal_leaves_at_once(self):
        topic = Topic()
        topic.send(10_000)
        config = self.config(topic, {"commit": {"interval_seconds": 60}})
        engine = Engine(self, config)
        self.wait_log("assign|partition", engine)
        broker().freeze()  # so that leaving the group takes its time
        try:
            engine.signal(signal.SIGTERM)
            self.wait_log("stop|shut|signal", engine)
            started = time.monotonic()
            engine.signal(signal.SIGTERM)
            code = engine.wait(10)
            self.assertLess(time.monotonic() - started, 5)
            self.assertIn(code, (128 + signal.SIGTERM, -signal.SIGTERM, 0))
        finally:
            broker().thaw()
        config = self.config(topic)
        again = Engine(self, config)
        self.wait_ingested(topic, again)
        self.assertEqual(0, again.stop())
        self.prove(topic, config)


class SeveralProcesses(Scenario):
    def pair(self, topic: Topic) -> tuple[Engine, Engine]:
        """Two engines of one group, each with a state folder of its own."""
        engines = []
        for name in ("one", "two"):
            config = self.config(topic, {"state": {"directory": str(self.folder / f"state-{name}")}}, f"{name}.toml")
            engines.append(Engine(self, config))
        return engines[0], engines[1]

    def test_they_share_the_work_and_double_nothing(self):
        topic = Topic()
        topic.send(40_000)
        one, two = self.pair(topic)
        self.wait_rows(1, one)
        for _ in range(4):
            topic.send(10_000)
        self.wait_ingested(topic, one)
        for engine in (one, two):
            self.assertTrue(engine.running, engine.log[-2000:])
            self.assertEqual(0, engine.stop())
        self.prove(topic, self.folder / "one.toml")
        self.assert_content(topic)

    def test_one_leaves_and_the_other_takes_over(self):
        topic = Topic()
        topic.send(20_000)
        one, two = self.pair(topic)
        self.wait_rows(1, one)
        topic.send(20_000)
        one.kill()
        topic.send(20_000)
        self.wait_ingested(topic, two)
        self.assertEqual(0, two.stop())
        self.prove(topic, self.folder / "two.toml")

    def test_one_is_stopped_and_resumed_late(self):
        topic = Topic()
        topic.send(20_000)
        one, two = self.pair(topic)
        self.wait_rows(1, one)
        topic.send(20_000)  # so that it holds records that are not committed yet
        one.signal(signal.SIGSTOP)
        topic.send(20_000)
        self.wait_ingested(topic, two)  # the group has given its partitions to the other
        one.signal(signal.SIGCONT)
        topic.send(20_000)
        self.wait_ingested(topic, two)
        self.wait_log("fenced|lost|took over|another writer|owns", one)
        for engine in (one, two):
            if engine.running:
                self.assertEqual(0, engine.stop())
        self.prove(topic, self.folder / "two.toml")
        self.assert_content(topic)


class LocalState(Scenario):
    def ingest(self, topic: Topic, config, count: int) -> Engine:
        topic.send(count)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        return engine

    def test_deleted_state_folder(self):
        topic = Topic()
        config = self.config(topic)
        self.assertEqual(0, self.ingest(topic, config, 5_000).stop())
        shutil.rmtree(self.state)
        self.ingest(topic, config, 5_000).kill()
        shutil.rmtree(self.state)
        self.assertEqual(0, self.ingest(topic, config, 5_000).stop())
        self.prove(topic, config)
        self.assert_content(topic)

    def test_state_folder_deleted_after_upload(self):
        topic = Topic()
        topic.send(5_000)
        config = self.config(topic)
        for step in ("after_upload", "before_swap", "after_swap"):
            Engine(self, config, failpoint=f"{step}:1").wait(60)
            shutil.rmtree(self.state)
            topic.send(5_000)
        self.assertEqual(0, self.ingest(topic, config, 5_000).stop())
        self.prove(topic, config)

    def damage(self, how) -> None:
        """The log of a run that has ended in order is damaged; the next run says so and goes on from the table."""
        topic = Topic()
        config = self.config(topic)
        self.assertEqual(0, self.ingest(topic, config, 5_000).stop())
        logs = [
            path for path in self.state.rglob("*") if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"
        ]
        self.assertTrue(logs, f"no transaction log under {self.state}")
        for path in logs:
            for sidecar in path.parent.glob(path.name + "-*"):
                sidecar.unlink()
            how(path)
        engine = self.ingest(topic, config, 5_000)
        self.assertRegex(engine.log.lower(), "corrupt|torn|rebuil|damaged|moved aside")
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)

    def test_torn_transaction_log(self):
        def tear(path):
            data = path.read_bytes()
            self.assertGreater(len(data), 8192)
            path.write_bytes(data[: len(data) // 2 + 100])

        self.damage(tear)

    def test_overwritten_transaction_log(self):
        self.damage(lambda path: path.write_bytes(b"\x5a" * path.stat().st_size))

    def test_torn_write_ahead_log_after_a_kill(self):
        topic = Topic()
        config = self.config(topic)
        for keep in (0, 1, 3):
            self.ingest(topic, config, 5_000).kill()
            for sidecar in self.state.rglob("*-wal"):
                data = sidecar.read_bytes()
                sidecar.write_bytes(data[: len(data) * keep // 4 + 7 * keep])
        self.assertEqual(0, self.ingest(topic, config, 5_000).stop())
        self.prove(topic, config)
