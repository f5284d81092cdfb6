"""What is kept of an erased person: a keyed hash, which still finds them and tells nobody who they were."""

import hashlib

PREFIX = "keyed:"
_PURPOSE = b"suppression"


class Hashing:
    """BLAKE2b with a key, which every push computes twice: a third of the time of HMAC-SHA-256."""

    def __init__(self, pepper: bytes) -> None:
        self._key = hashlib.blake2b(pepper, person=_PURPOSE).digest()

    def __call__(self, kind: str, value: str) -> str:
        """`value` normalised. Stands where the value was; no phone number, address or domain looks like it."""
        text = f"{kind}:{value}".encode()
        return PREFIX + hashlib.blake2b(text, key=self._key, digest_size=16, person=_PURPOSE).hexdigest()
