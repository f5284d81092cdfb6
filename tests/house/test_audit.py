"""`make audit` asks about everything that is locked, and fails when something is known about it."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
KNOWN = {
    "package": {"name": "idna", "ecosystem": "PyPI"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
}


class Vulnerabilities(ThreadingHTTPServer):
    """Answers as osv.dev does, which machines that test cannot always reach."""

    def __init__(self, vulnerable: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.vulnerable = vulnerable
        self.asked: set[str] = set()


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Vulnerabilities)
        name = json.loads(self.rfile.read(int(self.headers["content-length"])))["package"]["name"]
        server.asked.add(name)
        found = [{"id": "OSV-1", "summary": "s", "details": "d", "affected": [KNOWN]}]
        body = json.dumps({"vulns": found if name == server.vulnerable else []}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
        pass


@pytest.fixture(params=["idna", ""])
def vulnerabilities(request: pytest.FixtureRequest) -> Iterator[Vulnerabilities]:
    with Vulnerabilities(request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_everything_that_is_locked_is_looked_up(vulnerabilities: Vulnerabilities):
    url = f"http://127.0.0.1:{vulnerabilities.server_port}/v1/query"
    command = ["make", "--silent", "audit", f"ARGS=--osv-url {url}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert vulnerabilities.asked == LOCKED
    assert (done.returncode == 0) is (vulnerabilities.vulnerable == ""), done.stderr
    assert ("OSV-1" in done.stdout) is (vulnerabilities.vulnerable == "idna")
