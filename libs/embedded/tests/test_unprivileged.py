"""All three run for an ordinary user who may install nothing (O7.1)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from embedded.account import UNPRIVILEGED_ID

SOURCE = Path(__file__).parents[1] / "src"
SCRIPT = """
import os, sys, urllib.request
from pathlib import Path
from embedded import NginxServer, PostgresServer, RabbitServer, free_port
folder, cache, port = Path(sys.argv[1]), Path(sys.argv[1]) / "cache", free_port()
http = 'events {} http { server { listen 127.0.0.1:%d; location / { return 200 "here"; } } }' % port
servers = [
    PostgresServer(folder / "pg", fast=True),
    RabbitServer(folder / "rabbit", package_cache=cache),
    NginxServer(folder / "nginx", package_cache=cache, config=http.replace(" http", "\\nhttp")),
]
try:
    for server in servers:
        server.start()
        assert os.stat(f"/proc/{server.pid}").st_uid == os.getuid() != 0
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/").read() == b"here"
    assert "leadwire" in servers[1].ctl("list_users")
finally:
    for server in servers:
        server.kill()
print("all three ran as", os.getuid())
"""


def test_an_ordinary_user_runs_all_three_with_packages_fetched_for_himself(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("not root: every other test of this folder ran as an ordinary user already")
    os.chown(folder, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    packages = Path(sys.prefix) / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", SCRIPT, folder],
        env={"PATH": os.defpath, "PYTHONPATH": f"{SOURCE}:{packages}"},
        cwd="/",
        user=UNPRIVILEGED_ID,
        group=UNPRIVILEGED_ID,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"all three ran as {UNPRIVILEGED_ID}\n", done.stderr
