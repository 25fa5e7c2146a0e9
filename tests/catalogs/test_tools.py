# SPDX-License-Identifier: Apache-2.0
"""The tools of these tests: the proxy that can go away, and the table of timings."""

import contextlib
import socket
import socketserver
import threading
import unittest

from tests.catalogs import timings
from tests.servers import process
from tests.servers.tcp_proxy import TcpProxy


class _Shout(socketserver.StreamRequestHandler):
    """Answers a line with itself in capitals, and remembers it."""

    def handle(self):
        for line in self.rfile:
            self.server.heard.append(line)
            self.wfile.write(line.upper())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # connections are reset here on purpose


class Proxy(unittest.TestCase):
    def setUp(self):
        self.server = _Server(("127.0.0.1", 0), _Shout)
        self.server.heard = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.proxy = TcpProxy(self.server.server_address[1])
        self.addCleanup(self.proxy.close)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=1)
        self.addCleanup(connection.close)
        return connection

    @staticmethod
    def ask(connection: socket.socket, text: bytes) -> bytes | None:
        """The answer; empty when the connection has ended, None when there is no answer."""
        with contextlib.suppress(ConnectionError):
            connection.sendall(text)
            try:
                return connection.recv(100)
            except TimeoutError:
                return None
        return b""

    def test_passes_and_refuses(self):
        before = self.connect()
        self.assertEqual(b"ONE\n", self.ask(before, b"one\n"))
        self.proxy.refuse()
        self.assertEqual(b"", self.ask(before, b"two\n"))
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.proxy.restore()
        self.assertEqual(b"THREE\n", self.ask(self.connect(), b"three\n"))
        self.assertEqual([b"one\n", b"three\n"], self.server.heard)

    def test_hangs(self):
        before = self.connect()
        self.assertEqual(b"ONE\n", self.ask(before, b"one\n"))
        self.proxy.hang()
        self.assertIsNone(self.ask(before, b"two\n"))
        self.assertIsNone(self.ask(self.connect(), b"three\n"))
        self.proxy.restore()
        self.assertEqual(b"", self.ask(before, b"four\n"))
        self.assertEqual(b"FIVE\n", self.ask(self.connect(), b"five\n"))
        self.assertEqual([b"one\n", b"five\n"], self.server.heard)

    def test_loses_answers(self):
        before = self.connect()
        self.assertEqual(b"ONE\n", self.ask(before, b"one\n"))
        self.proxy.lose_answers()
        self.assertIsNone(self.ask(before, b"two\n"))
        self.assertIsNone(self.ask(self.connect(), b"three\n"))
        process.wait_until("the server heard them", lambda: len(self.server.heard) == 3)
        self.proxy.restore()
        self.assertEqual(b"", self.ask(before, b"four\n"))
        self.assertEqual(b"FIVE\n", self.ask(self.connect(), b"five\n"))
        self.assertEqual([b"one\n", b"two\n", b"three\n", b"five\n"], self.server.heard)


class Quantile(unittest.TestCase):
    def test_is_interpolated_within_its_bucket(self):
        buckets = {0.01: 0, 0.02: 50, 0.04: 100, float("inf"): 100}
        self.assertAlmostEqual(0.02, timings.quantile(buckets, 0.5))
        self.assertAlmostEqual(0.03, timings.quantile(buckets, 0.75))

    def test_is_the_last_bound_when_beyond_it(self):
        self.assertEqual(0.04, timings.quantile({0.04: 1, float("inf"): 10}, 0.99))
