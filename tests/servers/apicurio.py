# SPDX-License-Identifier: Apache-2.0
"""Apicurio 3.3.3, a schema registry with Confluent's API. What it knows is in memory: gone when it is killed."""

import pathlib

from tests.servers import process
from tests.servers.server import JavaServer, http_status, newer_java


class Apicurio(JavaServer):
    name = "Apicurio"
    jars = "apicurio"

    def __init__(self, folder: str | pathlib.Path):
        super().__init__(folder)
        self.port, self._management = process.free_port(), process.free_port()
        self.url = f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def java(self) -> list[str]:
        return newer_java()

    def options(self) -> list[str]:
        settings = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": self.port,
            "quarkus.management.host": "127.0.0.1",
            "quarkus.management.port": self._management,
            "quarkus.otel.sdk.disabled": "true",
            "quarkus.http.access-log.enabled": "false",
        }
        return [f"-D{key}={value}" for key, value in settings.items()]

    def main(self) -> list[str]:
        return ["-jar", str(self.home / "unpacked" / "quarkus-run.jar")]

    def answers(self) -> bool:
        return http_status(self.port, "/apis/ccompat/v7/subjects") == 200
