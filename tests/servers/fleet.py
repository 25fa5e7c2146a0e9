# SPDX-License-Identifier: Apache-2.0
"""All test servers together, each started once, when first asked for; and where they are, for programs that are told so
by environment variables.

python -m tests.servers.fleet COMMAND...     runs COMMAND with every server up; without one, prints the variables and
                                             waits for the end of its input
"""

import contextlib
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.servers.glue import Glue
from tests.servers.hive import Hive3, Hive4
from tests.servers.nessie import WAREHOUSE, Nessie
from tests.servers.postgres import Postgres
from tests.servers.rest_reference import RestReference
from tests.servers.seaweedfs import SeaweedFS
from tests.servers.server import Server

PREFIX = "KAFKA_ICEBERG_TEST_"


class Fleet:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kafka-iceberg-servers-"))
        self._started: list[Server] = []
        self._broken: dict[type, str] = {}

    def _start(self, kind: type, *arguments) -> Server:
        """Started at the first call; a server that could not be started is not tried again for every test."""
        if kind in self._broken:
            raise RuntimeError(self._broken[kind])
        try:
            server = kind(self.folder / kind.__name__.lower(), *arguments)
            self._started.append(server)
            return server.start()
        except Exception as error:
            self._broken[kind] = str(error)
            raise

    @functools.cached_property
    def seaweedfs(self) -> SeaweedFS:
        return self._start(SeaweedFS)

    @functools.cached_property
    def rest(self) -> RestReference:
        return self._start(RestReference)

    @functools.cached_property
    def nessie(self) -> Nessie:
        s3 = self.seaweedfs
        return self._start(Nessie, s3, f"s3://{s3.bucket}/nessie")

    @functools.cached_property
    def hive3(self) -> Hive3:
        return self._start(Hive3)

    @functools.cached_property
    def hive4(self) -> Hive4:
        return self._start(Hive4)

    @functools.cached_property
    def glue(self) -> Glue:
        return self._start(Glue)

    @functools.cached_property
    def postgres(self) -> Postgres:
        return self._start(Postgres)

    def environment(self) -> dict[str, str]:
        """The addresses of all servers, which are started for it."""
        weed, glue = self.seaweedfs, self.glue
        values = {
            "S3_ENDPOINT": weed.endpoint,
            "S3_REGION": weed.region,
            "S3_ACCESS_KEY": weed.access_key,
            "S3_SECRET_KEY": weed.secret_key,
            "S3_BUCKET": weed.bucket,
            "S3_READER_ACCESS_KEY": weed.reader_key,
            "S3_READER_SECRET_KEY": weed.reader_secret,
            "STS_ROLE_ARN": weed.writer_role,
            "REST_URI": self.rest.uri,
            "REST_WAREHOUSE": str(self.rest.warehouse),
            "SEAWEEDFS_REST_URI": weed.uri,
            "SEAWEEDFS_REST_WAREHOUSE": weed.warehouse,
            "SEAWEEDFS_REST_CREDENTIAL": f"{weed.access_key}:{weed.secret_key}",
            "SEAWEEDFS_REST_TOKEN_URI": weed.token_uri,
            "NESSIE_URI": self.nessie.uri,
            "NESSIE_API_URI": self.nessie.api,
            "NESSIE_WAREHOUSE": WAREHOUSE,
            "HIVE": self.hive3.uri,
            "HIVE_COMMIT_LOCK": "lock",
            "GLUE_ENDPOINT": glue.endpoint,
            "GLUE_REGION": glue.region,
            "GLUE_ACCESS_KEY": glue.access_key,
            "GLUE_SECRET_KEY": glue.secret_key,
            "GLUE_BUCKET": glue.bucket,
            "POSTGRES": self.postgres.uri,
        }
        return {PREFIX + name: value for name, value in values.items()}

    def hive4_environment(self) -> dict[str, str]:
        """For a second round of what runs on a Hive Metastore."""
        return {PREFIX + "HIVE": self.hive4.uri, PREFIX + "HIVE_COMMIT_LOCK": "compare-and-set"}

    def diagnosis(self) -> str:
        return "\n".join(server.diagnosis() for server in self._started)

    def end(self) -> None:
        for server in reversed(self._started):
            server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def fleet() -> Iterator[Fleet]:
    servers = Fleet()
    try:
        yield servers
    finally:
        servers.end()


def main() -> None:
    with fleet() as servers:
        values = servers.environment()
        if sys.argv[1:]:
            sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **values}).returncode)
        for name, value in values.items():
            print(f"export {name}={value}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
