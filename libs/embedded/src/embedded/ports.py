"""Free TCP ports on the loopback interface."""

import secrets
import socket

# Below the range from which Linux (32768) and macOS (49152) take ports of outgoing connections: a remembered
# port from inside it would now and then be taken by some client when the server comes back.
FIRST_PORT, LAST_PORT = 20_000, 32_000


def is_free(port: int) -> bool:
    """Tell whether a server could listen on 127.0.0.1:port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port on which nobody listens; drawn at random, so that concurrent callers rarely meet."""
    while True:
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)
        if is_free(port):
            return port
