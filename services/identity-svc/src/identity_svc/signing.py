"""The key that signs identities, exchanged while running (docs/adr/0019)."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from servicekit.identity import Identity, IdentitySigner
from servicekit.keys import signer_of, split_keys

logger = logging.getLogger(__name__)


class SigningKeys:
    """Signs with the first private key, as soon as the pinned set names it: until then with the one before."""

    def __init__(self, private: Callable[[], IdentitySigner], public: Callable[[], Mapping[str, Any]]) -> None:
        """Raises ValueError when the set does not name the key."""
        self._private = private
        self._public = public
        self._signer = private()
        if self._signer.key_id not in public():
            raise ValueError("the identity key set does not hold the public half of the private key")

    @staticmethod
    def parse(private_pems: str) -> IdentitySigner:
        """Raises ValueError unless all of them are Ed25519 keys."""
        first, *_ = [signer_of(pem) for pem in split_keys(private_pems)]
        return first

    def sign(self, identity: Identity) -> str:
        wanted = self._private()
        if wanted is not self._signer and wanted.key_id in self._public():
            self._signer = wanted
            logger.info("identities are signed with another key")
        return self._signer.sign(identity)
