"""Where traces are sent to: keeps the bytes of every export."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class SpanSink:
    url: str = ""
    exports: list[bytes] = field(default_factory=list[bytes])

    def said(self) -> bytes:
        return b"\n".join(self.exports)


@contextmanager
def span_sink() -> Generator[SpanSink]:
    sink = SpanSink()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sink.exports.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the library's
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    sink.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
