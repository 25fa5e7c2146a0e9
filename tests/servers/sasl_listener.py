# SPDX-License-Identifier: Apache-2.0
"""A port that speaks as much of Kafka as a client needs to send its SASL token, and keeps the tokens.

It offers OAUTHBEARER, notes what the client sends and closes the connection.
"""

import re
import socket
import struct
import threading

_API_VERSIONS, _SASL_HANDSHAKE, _SASL_AUTHENTICATE = 18, 17, 36


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


class SaslListener:
    def __init__(self):
        self.tokens: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")
        while True:
            size = stream.read(4)
            if len(size) < 4:
                return
            request = stream.read(struct.unpack(">i", size)[0])
            key, version, correlation = struct.unpack(">hhi", request[:8])
            if key == _SASL_AUTHENTICATE:
                found = re.search(rb"auth=Bearer ([^\x01]+)\x01", request)
                if found:
                    self.tokens.append(found[1].decode())
                return
            answer = self._answer(key, version)
            if answer is None:
                return
            stream.write(struct.pack(">ii", len(answer) + 4, correlation) + answer)
            stream.flush()

    @staticmethod
    def _answer(key: int, version: int) -> bytes | None:
        if key == _API_VERSIONS:
            keys = [(_API_VERSIONS, 0, 2), (_SASL_HANDSHAKE, 0, 1), (_SASL_AUTHENTICATE, 0, 1), (3, 0, 4), (1, 0, 11)]
            listed = struct.pack(">i", len(keys)) + b"".join(struct.pack(">hhh", *entry) for entry in keys)
            if version > 2:  # unsupported version: the client asks again with an older one
                return struct.pack(">h", 35) + listed
            return struct.pack(">h", 0) + listed + (struct.pack(">i", 0) if version > 0 else b"")
        if key == _SASL_HANDSHAKE:
            return struct.pack(">hi", 0, 1) + _text("OAUTHBEARER")
        return None
