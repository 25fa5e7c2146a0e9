# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: the engine waits or stops with a clear message, and nothing is lost when there is room again."""

import contextlib
import os
import random
import subprocess

from tests.e2e.harness import Engine, Scenario, Topic


class DiskFull(Scenario):
    def mount(self, name: str, megabytes: int):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a small file system")
        folder = self.folder / name
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder

    @staticmethod
    def grow(folder, megabytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", folder], check=True)

    def send_incompressible(self, topic: Topic, megabytes: int) -> None:
        source = random.Random(1)
        for partition in range(topic.partitions):
            topic.send_values(
                [
                    b'{"id": %d, "name": "%s"}' % (number, source.randbytes(500).hex().encode())
                    for number in range(megabytes * 1000 // topic.partitions)
                ],
                partition,
            )

    def survive(self, folder, config, topic: Topic) -> None:
        self.send_incompressible(topic, 40)
        engine = Engine(self, config)
        self.wait_log("no space left|disk full|enospc|disk is full", engine, timeout=120)
        self.grow(folder, 400)
        try:
            code = engine.wait(20)
        except AssertionError:
            code = None  # it waits for room and goes on by itself, which is as good
        if code is not None:
            self.assertIn(code, (1, 74), engine.log[-2000:])
            engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)

    def test_warehouse(self):
        folder = self.mount("warehouse", 12)
        topic = Topic(partitions=4)
        self.survive(folder, self.config(topic, {"commit": {"max_mb": 8}}), topic)

    def test_state_folder(self):
        folder = self.mount("state", 4)
        topic = Topic(partitions=4)
        filler = folder / "filler"
        config = self.config(topic)
        topic.send(1_000)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 512):  # all the room there is
                pass
        topic.send(20_000)
        self.wait_for(
            "it stops, or goes on without its log", lambda: not engine.running or self.rows() == 21_000, timeout=60
        )
        if not engine.running:
            self.assertIn(engine.child.returncode, (1, 74), engine.log[-2000:])
            self.assertRegex(engine.log.lower(), "no space left|disk full|full")
        else:
            engine.kill()
        filler.unlink()
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.prove(topic, config)
