"""A receiver of webhooks in a process of its own: `python hook_sink.py PORT`. `/hang` is answered after 30 s."""

import asyncio
import sys

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
HANG_SECONDS = 30


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"content-length: " in head:
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        if b" /hang " in head.split(b"\r\n")[0]:
            await asyncio.sleep(HANG_SECONDS)
        writer.write(OK)
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _serve(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
