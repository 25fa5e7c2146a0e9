# SPDX-License-Identifier: Apache-2.0
"""The reference server of the Iceberg REST catalog (Iceberg 1.11.0); tables in a local folder."""

import pathlib

from tests.servers import process
from tests.servers.server import JavaServer, http_status


class RestReference(JavaServer):
    name = "the REST reference server"
    jars = "rest"

    def __init__(self, folder: str | pathlib.Path):
        super().__init__(folder)
        self.port = process.free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.warehouse = self.folder / "warehouse"
        self.warehouse.mkdir(exist_ok=True)

    def main(self) -> list[str]:
        return [
            "-cp",
            self.class_path(),
            "org.apache.iceberg.rest.LocalRestServer",
            str(self.port),
            str(self.folder / "catalog.db"),
            f"file://{self.warehouse}",
        ]

    def answers(self) -> bool:
        return http_status(self.port, "/v1/config") == 200
