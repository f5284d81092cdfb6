"""What is kept of an erased person: a keyed hash, which still finds them and tells nobody who they were."""

import hashlib
import hmac

PREFIX = "hmac:"
_PURPOSE = b"suppression\0"


class Hashing:
    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper

    def __call__(self, kind: str, value: str) -> str:
        """`value` normalised. Stands where the value was; no phone number, address or domain looks like it."""
        digest = hmac.digest(self._pepper, _PURPOSE + f"{kind}:{value}".encode(), hashlib.sha256)
        return PREFIX + digest[:16].hex()
