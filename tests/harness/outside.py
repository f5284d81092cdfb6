"""What a platform says outside of its databases and mails: logs, metrics, listings."""

import asyncio
import sys

import httpx2

from harness.platform import Platform


def logs_of(platform: Platform) -> dict[str, bytes]:
    """Of services, gateway, PostgreSQL and RabbitMQ, and what the command itself printed."""
    folder = platform.data_dir
    files = [*folder.glob("logs/*.log"), *folder.glob("*/server.log"), *folder.glob("nginx/server/*.log")]
    return {
        **{str(file.relative_to(folder)): file.read_bytes() for file in files},
        "output": "".join(platform.output).encode(),
    }


async def metrics_of(platform: Platform, http: httpx2.AsyncClient) -> dict[str, bytes]:
    """Of every process that has them."""
    answers: dict[str, bytes] = {}
    for file in sorted((platform.data_dir / "ports").glob("*-svc-*")) if platform.mode == "split" else ():
        answers[file.name] = (await http.get(f"http://127.0.0.1:{file.read_text()}/metrics")).content
    return answers


async def command_output(platform: Platform, *command: str) -> str:
    """What `leadwire …` says about this platform."""
    words = [sys.executable, "-m", "leadwire", *command, "--data-dir", str(platform.data_dir)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    output, _ = await process.communicate()
    assert process.returncode == 0, output
    return output.decode()
