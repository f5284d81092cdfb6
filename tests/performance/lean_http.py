"""One caller on one keep-alive connection, at a tenth of the cost of a full HTTP client."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any


class Caller:
    """Asks one thing after the other. Connects when it first asks, and again after the server has closed."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._port = port
        self._common = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "127.0.0.1", **headers}.items())
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and decoded body. Raises ConnectionError when the server goes away before it has answered."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        content = b"" if body is None else json.dumps(body).encode()
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        typed = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if content else ""
        length = "" if content or method == "GET" else "Content-Length: 0\r\n"
        head = f"{method} {path} HTTP/1.1\r\n{self._common}{lines}{typed}{length}\r\n"
        self._writer.write(head.encode() + content)
        try:
            return await self._answer(self._reader)
        except asyncio.IncompleteReadError as error:
            self.close()
            raise ConnectionError(f"no answer to {method} {path}") from error

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, Any]:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            content = await _chunks(reader)
        else:
            content = await reader.readexactly(int(_header(head, b"content-length") or 0))
        if _header(head, b"connection") == b"close":
            self.close()
        return int(head[9:12]), json.loads(content) if b"json" in (_header(head, b"content-type") or b"") else None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    content = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        content += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return content


def _header(head: bytes, name: bytes) -> bytes | None:
    mark = b"\r\n" + name + b": "
    at = head.find(mark)
    return None if at < 0 else head[at + len(mark) : head.index(b"\r\n", at + 2)].strip()
