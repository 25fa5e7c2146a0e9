# SPDX-License-Identifier: Apache-2.0
"""Every format, type and table version: written by producers that are not ours, through the engine, and read back equal by
PyIceberg and DuckDB. A cell is equal, or it is refused for the reason the case names.

KAFKA_ICEBERG_FORMAT_ROWS is how many rows are written at least; the cases' own values come first, random ones follow.
"""

import atexit
import functools
import os
import re
import tempfile

from tests.e2e.harness import Scenario, Topic
from tests.e2e.table_check import Table
from tests.formats import avro_cases, compare, json_cases, produce, protobuf_cases, report
from tests.formats.cases import Case
from tests.servers.apicurio import Apicurio

ROWS = int(os.environ.get("KAFKA_ICEBERG_FORMAT_ROWS", "40"))
EQUAL = "equal"


@functools.lru_cache(maxsize=1)
def registry() -> Apicurio:
    """One for the whole run."""
    server = Apicurio(tempfile.mkdtemp(prefix="kafka-iceberg-registry-"))
    atexit.register(server.kill)
    return server.start()


class Matrix(Scenario):
    def settings_for(self, topic: Topic, cases: list[Case], version: int, kafka: dict) -> dict:
        fields = [{"name": case.name, "type": case.declared.replace(", ", ",")} for case in cases if case.declared]
        has_ids = {kafka["format"], kafka.get("key_format")} & {"avro", "protobuf", "json_schema"}
        return {
            "kafka": kafka,
            "schema": {"fields": fields},
            "schema_registry": {"urls": [registry().url]} if has_ids else {},
            "iceberg": {"table_management": {"format_version": version}},
        }

    def write(self, name: str, cases: list[Case], version: int, kafka: dict, make) -> tuple:
        """Produces, ingests; the finished command and the pairs of each case."""
        pairs = {case.name: case.pairs(ROWS) for case in cases}
        count = max(map(len, pairs.values()))
        pairs = {case.name: case.pairs(count) for case in cases}
        rows = [{case.name: pairs[case.name][number][0] for case in cases} for number in range(count)]
        topic = Topic(partitions=1)
        payloads = make(cases, rows, topic.name, registry())
        if "key_format" in kafka:
            producer = topic.producer()
            for payload in payloads:
                producer.produce(topic.name, b'{"value":1}', key=payload, partition=0)
            producer.flush(120)
        else:
            topic.send_values(payloads)
        changes = self.settings_for(topic, cases, version, kafka)
        changes["iceberg"]["table_name"] = name
        changes["state"] = {"directory": str(self.folder / f"state-{name}")}
        config = self.config(topic, changes, f"{name}.toml")
        return self.run_command("run", "-c", config, "--stop-at-end", timeout=120), pairs

    def outcome(self, table: Table, case: Case, pairs: list[tuple], above: tuple[str, ...]) -> str:
        fields = {field["name"]: field["type"] for field in table.metadata["schemas"][-1]["fields"]}
        for name in above:
            fields = {field["name"]: field["type"] for field in fields[name]["fields"]}
        schema = fields.get(case.name)
        if not case.column:
            return EQUAL if schema is None else f"DIFFERENT: a column {schema} was made"
        if schema is None or compare.type_text(schema) != case.column:
            return f"DIFFERENT: the column is {schema and compare.type_text(schema)}"
        return compare.outcome(table.location, (*above, case.name), schema, [pair[1] for pair in pairs])

    def judge(self, format_name: str, case: Case, version: int, outcome: str) -> None:
        report.add(format_name, case.label, case.column or "none", version, outcome.splitlines()[0][:60])
        with self.subTest(format=format_name, case=case.name, version=version):
            self.assertFalse(outcome.startswith("DIFFERENT"), outcome)

    def fill(self, format_name: str, cases: list[Case], kafka: dict, make) -> None:
        """One table for the types that every version has; the others have their own, which not every reader reads."""
        common = [case for case in cases if case.version == min(report.VERSIONS)]
        newer = [case for case in cases if case not in common]
        for version in report.VERSIONS:
            self.filled(format_name, common, version, kafka, make)
            for case in newer:
                if case.version <= version:
                    self.filled(format_name, [case], version, kafka, make)
                else:
                    self.refused(format_name, case, version, kafka, make)

    def filled(self, format_name: str, cases: list[Case], version: int, kafka: dict, make) -> None:
        name = re.sub(r"\W+", "_", f"{format_name} {cases[0].name} v{version}")
        done, pairs = self.write(name, cases, version, kafka, make)
        self.assertEqual(0, done.returncode, done.stderr)
        table = Table(self.warehouse / "raw" / name)
        self.assertEqual([], table.problems())
        above = ("_key",) if "key_format" in kafka else ()
        for case in cases:
            self.judge(format_name, case, version, self.outcome(table, case, pairs[case.name], above))

    def refused(self, format_name: str, case: Case, version: int, kafka: dict, make) -> None:
        """The engine says why it cannot be, and makes no table."""
        name = f"refused_{case.name}_v{version}"
        done, _ = self.write(name, [case], version, kafka, make)
        said = f"of type {case.column} needs format version {case.version}" in done.stderr
        made = (self.warehouse / "raw" / name / "metadata").exists()
        outcome = f"not possible: needs v{case.version}"
        if done.returncode == 0 or not said or made:
            outcome = f"DIFFERENT: exit {done.returncode}, expected a refusal: {done.stderr[-500:]}"
        self.judge(format_name, case, version, outcome)

    def test_avro(self):
        self.fill("avro", avro_cases.CASES, {"format": "avro"}, produce.avro)

    def test_avro_into_declared_columns(self):
        self.fill("avro, declared", avro_cases.DECLARED, {"format": "avro"}, produce.avro)

    def test_protobuf(self):
        self.fill("protobuf", protobuf_cases.CASES, {"format": "protobuf"}, produce.protobuf)

    def test_protobuf_into_declared_columns(self):
        self.fill("protobuf, declared", protobuf_cases.DECLARED, {"format": "protobuf"}, produce.protobuf)

    def test_json_into_declared_columns(self):
        self.fill("json, declared", json_cases.DECLARED, {"format": "json"}, produce.plain_json)

    def test_json_inferred(self):
        self.fill("json", json_cases.INFERRED, {"format": "json"}, produce.plain_json)

    def test_json_schema(self):
        self.fill("json_schema", json_cases.JSON_SCHEMA, {"format": "json_schema"}, produce.json_schema)

    def test_keys(self):
        for format_name, cases, make in (
            ("avro", avro_cases.CASES, produce.avro),
            ("protobuf", protobuf_cases.CASES, produce.protobuf),
            ("json_schema", json_cases.JSON_SCHEMA, produce.json_schema),
            ("json", json_cases.INFERRED, produce.plain_json),
        ):
            self.fill(f"{format_name}, keys", cases, {"format": "json", "key_format": format_name}, make)

    def test_binary(self):
        self.fill("binary", json_cases.BINARY, {"format": "binary"}, produce.binary)
        self.fill("binary, declared", json_cases.BINARY_TEXT, {"format": "binary"}, produce.binary)
