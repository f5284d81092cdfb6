"""Secrets of one installation of `leadwire up`, made once and kept beside its data."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from embedded.remembered import replace
from servicekit.keys import generate_signing_key

from leadwire.key_folder import KeyFolder
from leadwire.services import SERVICES

_NAMES = ("key_pepper", "webhook_secret_key", "second_factor_key", "admin_password")


class Secrets:
    """Read from `<data-dir>/secrets.json` (mode 0600) and `<data-dir>/keys`; what is missing is made and written."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "secrets.json"
        stored: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._values = {**_fresh(stored), **stored}
        if self._values != stored:
            replace(self._file, json.dumps(self._values, indent=1))
        self.identity_keys = KeyFolder(data_dir / "keys")
        # The keys stood in this file, too, before they could be exchanged.
        self.identity_keys.make(lambda: stored.get("identity_private_key") or generate_signing_key())

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    @property
    def database_passwords(self) -> Mapping[str, str]:
        """Of the login roles, by the service's key."""
        return {service.key: self[f"database_{service.key}"] for service in SERVICES}

    @property
    def broker_passwords(self) -> Mapping[str, str]:
        """Of the services' users, by the service's key."""
        return {service.key: self[f"amqp_{service.key}"] for service in SERVICES}


def fresh_password() -> str:
    """192 bits, in characters that need no quoting in an address."""
    return secrets.token_urlsafe(24)


def _fresh(stored: Mapping[str, str]) -> dict[str, str]:
    names = [*_NAMES, *(f"{kind}_{service.key}" for kind in ("database", "amqp") for service in SERVICES)]
    return {name: fresh_password() for name in names if name not in stored}
