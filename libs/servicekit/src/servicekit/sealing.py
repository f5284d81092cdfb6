"""Secrets that a service has to use again, encrypted in its database with a key that is only in its settings."""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class SealBroken(Exception):
    """Sealed with another key, for another place, or changed since."""


class Sealer:
    """AES-256-GCM. `key` has at least 32 random characters."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(hashlib.sha256(key.encode()).digest())

    def seal(self, secret: str, place: str) -> bytes:
        """`place` names the row that holds it: moved to another one, it cannot be opened."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """Raises SealBroken."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise SealBroken from None
        return plain.decode()
