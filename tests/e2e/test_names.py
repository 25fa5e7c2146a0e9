# SPDX-License-Identifier: Apache-2.0
"""Tables that are wide, and columns with names that other programs stumble over."""

import json

from tests.e2e import readers
from tests.e2e.harness import Engine, Scenario, Topic

NAMES = ["a.b", "a b", "select", "Straße", "列", "1st", "with-dash", 'quo"te', "per%cent", "sla/sh", "emoji 🚀", "_id"]
EVOLVE = {"iceberg": {"table_management": {"schema_mismatch_action": "evolve", "partition_by": []}}}


class Names(Scenario):
    def ingest(self, topic: Topic, changes: dict) -> Engine:
        engine = Engine(self, self.config(topic, changes))
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        return engine

    def columns_read(self) -> dict:
        """name -> its values, as PyIceberg reads them."""
        return readers.with_pyiceberg(self.table().location).to_pydict()

    def test_any_text_is_a_name(self):
        """Inferred, then added while running, then used for partitions; both readers find every value."""
        topic = Topic(partitions=1)
        half = len(NAMES) // 2
        values = [{name: f"{name}={number}" for name in NAMES[:half]} for number in range(10)]
        values += [{name: f"{name}={number}" for name in NAMES} for number in range(10, 20)]
        topic.send_values([json.dumps(value).encode() for value in values])
        changes = {**EVOLVE, "schema": {"fields": [], "infer_records": 5}}
        self.ingest(topic, changes)
        self.assertEqual([], self.dead_letters())
        found = self.columns_read()
        for position, name in enumerate(NAMES):
            first = 0 if position < half else 10
            wanted = [None] * first + [f"{name}={number}" for number in range(first, 20)]
            self.assertEqual(wanted, found[name], name)
        quoted = ", ".join('count("{}")'.format(name.replace('"', '""')) for name in NAMES)
        counts = readers.with_duckdb(self.table().location, f"SELECT {quoted} FROM TABLE")
        self.assertEqual([(20,) * half + (10,) * (len(NAMES) - half)], counts)
        self.assertEqual([], self.table().problems())

    def test_names_that_differ_in_case_are_one_column(self):
        topic = Topic(partitions=1)
        topic.send_values([b'{"id":1,"Name":"a"}', b'{"id":2,"name":"b"}', b'{"id":3,"NAME":"c","Name":"d"}'])
        fields = [{"name": "id", "type": "long"}, {"name": "Name", "type": "string"}]
        engine = self.ingest(topic, {**EVOLVE, "schema": {"fields": fields}})
        self.assertEqual(["a", None, "d"], self.columns_read()["Name"])
        self.assertIn("differs from 'Name' of the table by case only", engine.log)

    def test_two_thousand_columns(self):
        topic = Topic(partitions=1)
        record = {f"column_{number}": number for number in range(1_990)}
        topic.send_values([json.dumps({**record, "late": 5} if number == 9 else record).encode() for number in range(10)])
        config = {**EVOLVE, "schema": {"fields": [], "infer_records": 5}, "hot_buffer": {"max_size_mb": 128}}
        self.ingest(topic, config)
        self.assertEqual([], self.dead_letters())
        self.assertEqual(1_990 + 1 + 3, len(self.table().columns))
        self.assertEqual(
            [(10, 19_890, 1)],
            readers.with_duckdb(self.table().location, "SELECT count(*), sum(column_1989), count(late) FROM TABLE"),
        )
