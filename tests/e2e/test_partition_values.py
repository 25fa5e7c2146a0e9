# SPDX-License-Identifier: Apache-2.0
"""Ten thousand partition values, late and out of order: neither memory nor open files grow with them."""

import os
import pathlib
import random

from tests.e2e.harness import Engine, Scenario, Topic

VALUES = 10_000
RECORDS = 12_000


class PartitionValues(Scenario):
    def test_ten_thousand_stay_within_the_limits(self):
        topic = Topic(4)
        order = [number % VALUES for number in range(RECORDS)]
        random.Random(5).shuffle(order)
        producer = topic.producer()
        for number, key in enumerate(order):
            value = b'{"id":%d,"key":%d,"text":"%s"}' % (number, key, b"x" * 200)
            producer.produce(topic.name, value, partition=number % 4)
            if number % 10_000 == 0:
                producer.poll(0)
        topic._flush(producer)
        fields = [{"name": "id", "type": "long"}, {"name": "key", "type": "int"}, {"name": "text", "type": "string"}]
        changes = {
            "schema": {"fields": fields},
            "iceberg": {"table_management": {"partition_by": ["key"]}},
            "hot_buffer": {"max_size_mb": 16},
            "commit": {"interval_seconds": 60},
        }
        config = self.config(topic, changes)
        engine = Engine(self, config, arguments=["run", "-c", str(config), "--json", "--stop-at-end"])
        process = pathlib.Path(f"/proc/{engine.child.pid}")
        files = memory = 0
        while engine.running:
            try:
                files = max(files, len(os.listdir(process / "fd")))
                memory = max(memory, int((process / "status").read_text().split("VmHWM:")[1].split()[0]))
            except (OSError, IndexError):
                break  # it has just ended
        self.assertEqual(0, engine.wait(300), engine.log[-2000:])
        self.assertLess(files, 300, "open files")
        self.assertLess(memory, 512 * 1024, "peak memory, kB")
        table = self.table()
        self.assertEqual([], table.problems(data=False))  # reading every file would take minutes
        self.assertEqual(RECORDS, table.rows)
        self.assertEqual(VALUES, len({pathlib.Path(file["path"]).parent.name for file in table.data_files}))
        done = self.run_command("verify", "-c", config, "--offline", "--json", timeout=120)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
