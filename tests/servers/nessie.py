# SPDX-License-Identifier: Apache-2.0
"""Nessie 0.99.0, its objects in an S3 bucket. What the catalog itself knows is in memory: gone when it is killed."""

import pathlib

from tests.servers import process
from tests.servers.server import JavaServer, http_status, newer_java

WAREHOUSE = "warehouse"


class Nessie(JavaServer):
    name = "Nessie"
    jars = "nessie"
    heap = "512m"

    def __init__(self, folder: str | pathlib.Path, s3, location: str):
        """`location` is where tables go, in a bucket of the server `s3`."""
        super().__init__(folder)
        self.port, self._management = process.free_port(), process.free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.uri = f"{self.address}/iceberg"
        self.api = f"{self.address}/api/v2"
        self._s3, self._location = s3, location

    def java(self) -> list[str]:
        return newer_java()

    def options(self) -> list[str]:
        s3 = "nessie.catalog.service.s3.default-options"
        settings = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": self.port,
            "quarkus.management.host": "127.0.0.1",
            "quarkus.management.port": self._management,
            "nessie.version.store.type": "IN_MEMORY",
            "nessie.server.authentication.enabled": "false",
            "nessie.catalog.default-warehouse": WAREHOUSE,
            f"nessie.catalog.warehouses.{WAREHOUSE}.location": self._location,
            f"{s3}.endpoint": f"{self._s3.endpoint}/",
            f"{s3}.path-style-access": "true",
            f"{s3}.region": self._s3.region,
            f"{s3}.access-key": "urn:nessie-secret:quarkus:tests.s3",
            "tests.s3.name": self._s3.access_key,
            "tests.s3.secret": self._s3.secret_key,
        }
        return [f"-D{key}={value}" for key, value in settings.items()]

    def main(self) -> list[str]:
        return ["-jar", str(next((self.home / "lib").glob("*-runner.jar")))]

    def answers(self) -> bool:
        return http_status(self.port, "/api/v2/config") == 200
