# SPDX-License-Identifier: Apache-2.0
"""Avro behind the UUIDs of the Glue schema registry: plain and compressed, and an id that Glue does not know."""

import io
import json
import tempfile
import uuid
import zlib

import fastavro

from tests.e2e import readers
from tests.e2e.harness import Scenario, Topic
from tests.servers.glue import Glue

SCHEMA = {"type": "record", "name": "Event", "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}]}


def body(number: int) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(SCHEMA), {"id": number, "name": f"record {number}"})
    return buffer.getvalue()


class GlueRegistry(Scenario):
    def test_avro_by_uuid(self):
        glue = Glue(tempfile.mkdtemp(dir=self.folder)).start()
        self.addCleanup(glue.kill)
        made = glue.client("glue").create_schema(
            SchemaName="events",
            DataFormat="AVRO",
            Compatibility="NONE",
            SchemaDefinition=json.dumps(SCHEMA),
        )
        known = uuid.UUID(made["SchemaVersionId"]).bytes
        topic = Topic(partitions=1)
        topic.send_values([b"\x03\x00" + known + body(number) for number in range(100)])
        topic.send_values([b"\x03\x05" + known + zlib.compress(body(number)) for number in range(100, 200)])
        topic.send_values([b"\x03\x00" + uuid.uuid4().bytes + body(0)])
        config = self.config(
            topic,
            {
                "kafka": {"format": "avro", "framing": "glue"},
                "schema": {"fields": []},
                "schema_registry": {
                    "type": "glue",
                    "endpoint": glue.endpoint,
                    "region": glue.region,
                    "access_key": glue.access_key,
                    "secret_key": glue.secret_key,
                },
            },
        )
        done = self.run_command("run", "-c", config, "--stop-at-end", timeout=120)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(
            [(200, 19_900, "record 199")],
            readers.with_duckdb(self.table().location, "SELECT count(*), sum(id), max_by(name, id) FROM TABLE"),
        )
        self.assertEqual(["unknown_schema"], [letter["code"] for letter in self.dead_letters()])
