"""What a partner key looks like: `lw_live_<key id>_<secret><checksum>`, and how it is stored."""

import base64
import hashlib
import hmac
import secrets
import zlib
from dataclasses import dataclass

SECRET_BYTES = 32
_ID_LENGTH = 16
_SECRET_LENGTH = 52
_CHECKSUM_LENGTH = 7


@dataclass(frozen=True, slots=True)
class NewKey:
    """`text` is shown once and never stored."""

    id: str
    text: str


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _checksum(text: str) -> str:
    return _letters(zlib.crc32(text.encode()).to_bytes(4, "big"))


def new_key_id() -> str:
    return _letters(secrets.token_bytes(10))


def make_key(*, test: bool, key_id: str | None = None) -> NewKey:
    key_id = key_id or new_key_id()
    body = f"lw_{'test' if test else 'live'}_{key_id}_{_letters(secrets.token_bytes(SECRET_BYTES))}"
    return NewKey(key_id, body + _checksum(body))


def key_id_of(text: str) -> str | None:
    """The id inside a well-formed key. The checksum lets a mistyped or cut key be told without a look-up."""
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    parts = body.split("_")
    if len(parts) != 4 or parts[0] != "lw" or parts[1] not in {"live", "test"}:
        return None
    if len(parts[2]) != _ID_LENGTH or len(parts[3]) != _SECRET_LENGTH or not text.isascii():
        return None
    return parts[2] if hmac.compare_digest(_checksum(body), checksum) else None


def digest(pepper: bytes, text: str) -> bytes:
    """What is stored: useless without the pepper, which is not in the database."""
    return hmac.digest(pepper, text.encode(), hashlib.sha256)
