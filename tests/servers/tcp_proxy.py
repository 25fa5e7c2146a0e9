# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on the loopback address that can go away: what stands between the engine and a server that has died.

    proxy = TcpProxy(server.port); ... proxy.port ...; proxy.refuse(); proxy.restore()
    proxy.hang(); proxy.restore(); proxy.lose_answers(); proxy.restore()
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from tests.servers import process


class TcpProxy:
    def __init__(self, target: int):
        self.target = target
        self.port = process.free_port()
        self._lock = threading.Lock()
        self._pairs: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._passes_requests = self._passes_answers = True
        self._listen()

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._pairs.add(client)
        if not self._passes_requests:
            return  # held open and never answered
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            self._reset(client)
            return
        server.settimeout(None)
        with self._lock:
            self._pairs.add(server)
        for source, sink, passes in (
            (client, server, lambda: self._passes_requests),
            (server, client, lambda: self._passes_answers),
        ):
            threading.Thread(target=self._copy, args=(source, sink, passes), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, passes: Callable[[], bool]) -> None:
        try:
            while data := source.recv(1 << 16):
                if passes():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._reset(source)
            self._reset(sink)

    def _reset(self, connection: socket.socket) -> None:
        with self._lock:
            self._pairs.discard(connection)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RD)  # wakes who reads from it, and tells the other side nothing yet
        connection.close()

    def _drop_all(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for connection in pairs:
            self._reset(connection)

    # -------------------------------------------------------------------------------- for the tests
    def refuse(self) -> None:
        """As if the server had died: connections are reset, new ones refused."""
        if self._listener:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self._listener.close()
            self._listener = None
        self._drop_all()

    def hang(self) -> None:
        """As if the network swallowed everything: connections stay open and nothing passes."""
        self._passes_requests = self._passes_answers = False

    def lose_answers(self) -> None:
        """Requests reach the server, which does what they ask; nobody hears of it."""
        self._passes_answers = False

    def restore(self) -> None:
        if not self._passes_answers:
            self._drop_all()  # what hung is answered by a reset
            self._passes_requests = self._passes_answers = True
        if not self._listener:
            self._listen()

    def close(self) -> None:
        self.refuse()
