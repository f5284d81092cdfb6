"""The first frames of AMQP 0-9-1: enough to tell whether the broker on a port is the one that knows a password.

Source: the specification's sections 1.4.2 and 2.3.5, https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf
"""

import socket
import struct
from typing import Final

PROTOCOL_HEADER: Final = b"AMQP\x00\x00\x09\x01"
FRAME_END: Final = b"\xce"
START: Final = (10, 10)
START_OK: Final = (10, 11)
TUNE: Final = (10, 30)
NO_PROPERTIES: Final = struct.pack(">I", 0)


def accepts(port: int, user: str, password: str, *, seconds: float) -> bool:
    """Log in at 127.0.0.1:port and leave. False when nobody, or somebody else, answers there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(PROTOCOL_HEADER)
            if _method(connection) != START:
                return False
            connection.sendall(_start_ok(user, password))
            return _method(connection) == TUNE
    except (OSError, struct.error):
        return False


def _start_ok(user: str, password: str) -> bytes:
    response = f"\0{user}\0{password}".encode()
    method = struct.pack(">HH", *START_OK) + NO_PROPERTIES + _short(b"PLAIN")
    method += struct.pack(">I", len(response)) + response + _short(b"en_US")
    return struct.pack(">BHI", 1, 0, len(method)) + method + FRAME_END


def _short(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def _method(connection: socket.socket) -> tuple[int, int]:
    """Return class and method of the next frame; ConnectionError when the broker leaves instead."""
    _type, _channel, size = struct.unpack(">BHI", _read(connection, 7))
    body = _read(connection, size + len(FRAME_END))
    return struct.unpack_from(">HH", body)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data
