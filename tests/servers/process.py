# SPDX-License-Identifier: Apache-2.0
"""What every test server needs: a free port, and a child process that cannot outlive the tests."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def free_port() -> int:
    """A port nobody listens on, below the ephemeral range, so that no outgoing connection takes it meanwhile."""
    for _ in range(1000):
        port = random.randrange(20000, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 20000 and 32767")


def start(
    command: list[str],
    log_path: str,
    env: dict[str, str] | None = None,
    cwd: str | None = None,
    separate_errors: str | None = None,
) -> subprocess.Popen:
    """Starts `command` with its output in `log_path`; the kernel kills it should the test process die."""
    with open(log_path, "ab") as log, open(separate_errors or os.devnull, "ab") as errors:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=errors if separate_errors else subprocess.STDOUT,
            env=env,
            cwd=cwd,
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
        )


def wait_until(what: str, condition: Callable[[], object], timeout: float = 60, interval: float = 0.02):
    """Polls until `condition()` is true and returns its value; raises TimeoutError naming `what` otherwise."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(interval)
        interval = min(interval * 1.3, 0.25)
