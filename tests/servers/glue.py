# SPDX-License-Identifier: Apache-2.0
"""AWS Glue as moto plays it, with the check of VersionId that moto lacks; S3 and STS are there too. All in memory.

Run as a program this is the server itself: python -m tests.servers.glue -H HOST -p PORT
"""

import pathlib
import sys

import boto3

from tests.servers import process
from tests.servers.server import Server, http_status


class Glue(Server):
    name = "Glue (moto)"
    region = "us-east-1"
    access_key, secret_key = "test-key", "test-secret"  # taken unseen
    bucket = "warehouse"

    def __init__(self, folder: str | pathlib.Path):
        super().__init__(folder)
        self.port = process.free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        root = pathlib.Path(__file__).parent.parent.parent
        return {
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.servers.glue", "-H", "127.0.0.1", "-p", str(self.port)]

    def answers(self) -> bool:
        return http_status(self.port, "/moto-api/data.json") == 200

    def ready(self) -> "Glue":
        super().ready()
        self.client("s3").create_bucket(Bucket=self.bucket)
        return self

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )


def serve(arguments: list[str]) -> None:
    import threading

    from moto.core.exceptions import JsonRESTError
    from moto.glue import responses
    from moto.server import main

    update = responses.GlueResponse.update_table
    lock = threading.Lock()

    def update_table(self):
        """As Glue does: an update of a version that is no longer the newest is refused."""
        expected = self.parameters.get("VersionId")
        with lock:
            if expected is not None:
                name = self.parameters["TableInput"]["Name"]
                table = self.glue_backend.get_table(self.parameters["DatabaseName"], name)
                if str(table.as_dict()["VersionId"]) != str(expected):
                    raise JsonRESTError(
                        "ConcurrentModificationException", "Update table failed due to concurrent modifications."
                    )
            return update(self)

    responses.GlueResponse.update_table = update_table
    main(arguments)


if __name__ == "__main__":
    serve(sys.argv[1:])
