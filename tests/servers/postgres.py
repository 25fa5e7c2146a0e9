# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL 15 with an empty database "iceberg". Its server refuses to be root, so root becomes the user postgres."""

import os
import pathlib
import pwd
import shutil
import subprocess

from tests.servers import process
from tests.servers.server import Server

USER = "postgres"
PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


class Postgres(Server):
    name = "PostgreSQL"
    database = "iceberg"

    def __init__(self, folder: str | pathlib.Path):
        super().__init__(folder)
        self.port = process.free_port()
        self.uri = f"postgresql://{USER}@127.0.0.1:{self.port}/{self.database}"
        self._data = self.folder / "data"
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            self._make_reachable()
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self._data, USER)
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")

    def _make_reachable(self) -> None:
        """The folders above must let the other user through; temporary ones are closed to everybody else."""
        for parent in self.folder.parents:
            if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o001)

    @staticmethod
    def _as_user(program: str, *arguments: object) -> list[str]:
        command = [str(PROGRAMS / program), *map(str, arguments)]
        if os.geteuid() != 0:
            return command
        # setpriv, unlike runuser, becomes the program: what is killed is the server, not a go-between.
        group = pwd.getpwnam(USER).pw_gid
        return ["setpriv", f"--reuid={USER}", f"--regid={group}", "--clear-groups", "--pdeathsig=KILL", *command]

    def _run(self, program: str, *arguments: object) -> str:
        done = subprocess.run(
            self._as_user(program, *arguments), capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def launch(self) -> "Postgres":
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        super().launch()
        return self

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "16MB",
            "max_connections": "60",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return self._as_user("postgres", "-D", self._data, "-p", self.port, *options)

    def sql(self, statement: str, database: str | None = None) -> str:
        return self._run(
            "psql", "-h", "127.0.0.1", "-p", self.port, "-U", USER, "-d", database or self.database, "-qAtc", statement
        ).strip()

    def answers(self) -> bool:
        try:
            if not self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{self.database}'", USER):
                self.sql(f"CREATE DATABASE {self.database}", USER)
            return True
        except RuntimeError:
            return False
