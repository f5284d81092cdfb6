"""`python -m performance.smtp_sink MILLISECONDS`: an SMTP server that takes that long for a mail, and keeps none.

Says its port on the first line. A recipient whose number ends in 0 or 5 is put off once (451). `VRFY` tells how many
mails were taken, how many of them had a Message-ID that was taken before, and how many recipients were put off.
"""

import asyncio
import re
import sys

_NUMBER = re.compile(rb"<(\d+)")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Counts:
    def __init__(self) -> None:
        self.taken = 0
        self.repeats = 0
        self.put_off: set[bytes] = set()
        self._ids: set[bytes] = set()

    def take(self, content: bytes) -> None:
        found = _MESSAGE_ID.search(content)
        message_id = found.group(1) if found else b""
        self.repeats += message_id in self._ids
        self._ids.add(message_id)
        self.taken += 1

    def answer_to(self, line: bytes) -> bytes:
        found = _NUMBER.search(line)
        number = found.group(1) if found else b"1"
        if number[-1:] not in b"05" or number in self.put_off:
            return b"250 OK\r\n"
        self.put_off.add(number)
        return b"451 4.7.1 come back later\r\n"


async def serve(milliseconds: float) -> None:
    counts = Counts()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                counts.take(await reader.readuntil(b"\r\n.\r\n"))
                await asyncio.sleep(milliseconds / 1000)
                writer.write(b"250 OK\r\n")
            elif verb == b"RCPT":
                writer.write(counts.answer_to(line))
            elif verb == b"VRFY":
                writer.write(f"252 {counts.taken} {counts.repeats} {len(counts.put_off)}\r\n".encode())
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 sink\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1_000_000)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
