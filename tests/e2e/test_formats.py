# SPDX-License-Identifier: Apache-2.0
"""Avro, Protobuf and plain bytes from a topic into a table whose columns come from the payloads' own schema."""

import http.server
import json
import struct
import threading

from tests.e2e import readers
from tests.e2e.harness import Engine, Scenario, Topic

AVRO = {
    "type": "record",
    "name": "Event",
    "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": ["null", "string"]}],
}
PROTOBUF = 'syntax = "proto3"; message Event { int64 id = 1; string name = 2; }'


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def avro(number: int, schema_id: int = 7) -> bytes:
    """An Event in Confluent's framing; every tenth has no name."""
    body = varint(number << 1)
    if number % 10 == 0:
        return b"\0" + struct.pack(">I", schema_id) + body + b"\0"
    name = f"record {number}".encode()
    return b"\0" + struct.pack(">I", schema_id) + body + b"\x02" + varint(len(name) << 1) + name


def protobuf(number: int) -> bytes:
    name = f"record {number}".encode()
    return b"\x08" + varint(number) + b"\x12" + varint(len(name)) + name


class Registry:
    """Knows its `schemas`, as Confluent's registry would tell them."""

    def __init__(self, port: int = 0):
        self.schemas = schemas = {7: AVRO}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.path.removeprefix("/schemas/ids/").split("?")[0]
                found = schemas.get(int(asked)) if asked.isdigit() else None
                body = {"schema": json.dumps(found)} if found else {"error_code": 40403, "message": "Schema not found"}
                text = json.dumps(body).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Formats(Scenario):
    def ingest(self, topic: Topic, changes: dict) -> None:
        config = self.config(topic, {"schema": {"fields": []}, **changes})
        done = self.run_command("run", "-c", config, "--stop-at-end", timeout=120)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual([], self.table().problems())

    def query(self, text: str) -> list[tuple]:
        return readers.with_duckdb(self.table().location, text)

    def avro_settings(self, registry: Registry) -> dict:
        return {
            "kafka": {"format": "avro"},
            "schema_registry": {"urls": [f"http://127.0.0.1:{registry.port}"]},
        }

    def test_avro_by_a_registry(self):
        registry = Registry()
        self.addCleanup(registry.close)
        topic = Topic(partitions=1)
        topic.send_values([avro(number) for number in range(1000)])
        topic.send_values([avro(5, schema_id=99), avro(6)[:7], b"no framing"])
        self.ingest(topic, self.avro_settings(registry))
        self.assertEqual(
            [(1000, 499_500, 900, "record 1")],
            self.query("SELECT count(*), sum(id), count(name), min(name) FROM TABLE"),
        )
        letters = {letter["offset"]: letter["code"] for letter in self.dead_letters()}
        self.assertEqual({1000: "unknown_schema", 1001: "bad_avro"}, {k: letters[k] for k in (1000, 1001)})
        self.assertEqual({1000, 1001, 1002}, set(letters))

    def test_the_schema_id_in_a_header(self):
        registry = Registry()
        self.addCleanup(registry.close)
        topic = Topic(partitions=1)
        producer = topic.producer()
        for number in range(100):
            body = avro(number)
            key_id = b"\0" + struct.pack(">I", 8)
            headers = {"__value_schema_id": body[:5], "__key_schema_id": key_id}
            producer.produce(topic.name, body[5:], key=varint(number << 1), partition=0, headers=headers)
        producer.flush(30)
        registry.schemas[8] = "long"
        changes = self.avro_settings(registry)
        changes["kafka"]["key_format"] = "avro"
        self.ingest(topic, changes)
        self.assertEqual([(100, 4950, 4950)], self.query("SELECT count(*), sum(id), sum(_key) FROM TABLE"))
        self.assertEqual([], self.dead_letters())

    def test_a_registry_that_is_away_makes_records_wait(self):
        registry = Registry()
        topic = Topic(partitions=1)
        topic.send_values([avro(number) for number in range(100)])
        changes = self.avro_settings(registry)
        changes["schema"] = {"fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}]}
        registry.close()
        engine = Engine(self, self.config(topic, changes))
        self.wait_log("a schema cannot be had", engine)
        self.assertEqual(0, self.rows())
        again = Registry(registry.port)
        self.addCleanup(again.close)
        self.wait_rows(100, engine)
        self.assertEqual([], self.dead_letters())
        self.assertEqual(0, engine.stop())

    def test_protobuf_by_a_schema_file(self):
        schema = self.folder / "event.proto"
        schema.write_text(PROTOBUF)
        topic = Topic(partitions=1)
        topic.send_values([protobuf(number) for number in range(1, 501)])
        topic.send_values([b"\x08"])
        settings = {"kafka": {"format": "protobuf", "framing": "none", "schema_file": str(schema)}}
        self.ingest(topic, settings)
        self.assertEqual(
            [(500, 125_250, 500)], self.query("SELECT count(*), sum(id), count(DISTINCT name) FROM TABLE")
        )
        self.assertEqual(["bad_protobuf"], [letter["code"] for letter in self.dead_letters()])

    def test_bytes_as_they_are(self):
        topic = Topic(partitions=1)
        topic.send_values([b"\0\xff", b"", b"text"])
        self.ingest(topic, {"kafka": {"format": "binary", "value_column": "body"}})
        found = self.query("SELECT body FROM TABLE ORDER BY _kafka_offset")
        self.assertEqual([b"\0\xff", b"", b"text"], [row[0] for row in found])
