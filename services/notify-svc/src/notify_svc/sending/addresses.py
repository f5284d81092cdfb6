"""Which addresses we hand to an SMTP server, and take at our door."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

# No quoting, no white space, no control characters, ASCII only: what passes cannot leave its header or command.
_SENDABLE = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


def is_sendable(address: str) -> bool:
    return len(address) <= 254 and _SENDABLE.fullmatch(address) is not None


def one_line(text: str, limit: int = 200) -> str:
    """For headers: line breaks and other control characters become spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:limit]


def _sendable(address: str) -> str:
    if not is_sendable(address):
        raise ValueError("The address is none that we could send to.")
    return address.lower()


Address = Annotated[str, Field(max_length=254), AfterValidator(_sendable)]
