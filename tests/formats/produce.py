# SPDX-License-Identifier: Apache-2.0
"""Producers that are not ours: Confluent's serializers with a schema registry, over librdkafka. Each turns rows (column ->
what the case says the producer is given) into payloads."""

import json
import warnings

from google.protobuf import json_format

from tests.formats import avro_cases, json_cases, protobuf_cases
from tests.formats.cases import Case
from tests.servers.apicurio import Apicurio

with warnings.catch_warnings(record=True):  # the serializers' own dependencies deprecate each other
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.schema_registry.json_schema import JSONSerializer
    from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext


def _client(registry: Apicurio) -> SchemaRegistryClient:
    return SchemaRegistryClient({"url": registry.url})


def avro(cases: list[Case], rows: list[dict], topic: str, registry: Apicurio) -> list[bytes]:
    serializer = AvroSerializer(_client(registry), json.dumps(avro_cases.schema_of(cases)))
    context = SerializationContext(topic, MessageField.VALUE)
    return [serializer(row, context) for row in rows]


def protobuf(cases: list[Case], rows: list[dict], topic: str, registry: Apicurio) -> list[bytes]:
    message = protobuf_cases.message_of(protobuf_cases.schema_of(cases))
    pool = message.DESCRIPTOR.file.pool
    serializer = ProtobufSerializer(message, _client(registry), {"use.deprecated.format": False})
    context = SerializationContext(topic, MessageField.VALUE)
    payloads = []
    for row in rows:
        value = {name: given for name, given in row.items() if given is not None}
        payloads.append(serializer(json_format.ParseDict(value, message(), descriptor_pool=pool), context))
    return payloads


def json_schema(cases: list[Case], rows: list[dict], topic: str, registry: Apicurio) -> list[bytes]:
    serializer = JSONSerializer(json.dumps(json_cases.schema_of(cases)), _client(registry))
    context = SerializationContext(topic, MessageField.VALUE)
    return [serializer(row, context) for row in rows]


def plain_json(_cases: list[Case], rows: list[dict], _topic: str, _registry: Apicurio) -> list[bytes]:
    return [json.dumps(row).encode() for row in rows]


def binary(_cases: list[Case], rows: list[dict], _topic: str, _registry: Apicurio) -> list[bytes]:
    return [value for row in rows for value in row.values()]
