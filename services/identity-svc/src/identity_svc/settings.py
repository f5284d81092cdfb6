"""Settings of identity-svc."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from servicekit.boot.checks import Check
from servicekit.boot.environment import check_private
from servicekit.identity import IdentitySigner
from servicekit.keys import key_id, signer_of
from servicekit.settings import ServiceSettings, read_key_set


class Settings(ServiceSettings):
    identity_private_key: SecretStr = Field(description="Ed25519 private key: PEM, or the path of a file with it")
    session_lifetime: timedelta = Field(default=timedelta(hours=12), description="After it a person signs in again")

    def checks(self) -> list[Check]:
        key = ("identity_private_key", self._check_key_file)
        return [
            *super().checks(),
            key,
            ("identity_private_key", self.signer),
            ("session_lifetime", self._check_lifetime),
        ]

    def _check_key_file(self) -> None:
        setting = self.identity_private_key.get_secret_value()
        if not setting.lstrip().startswith("-----BEGIN"):
            check_private("identity_private_key", Path(setting))

    def _check_lifetime(self) -> None:
        """Raises ValueError."""
        if not timedelta(minutes=5) <= self.session_lifetime <= timedelta(days=31):
            raise ValueError("people stay signed in for 5 minutes at least and 31 days at most")

    def signer(self) -> IdentitySigner:
        """Raises ValueError unless it is a key that the key set names, too: otherwise no service would believe us."""
        private_key = read_private_key(self.identity_private_key.get_secret_value())
        if key_id(private_key) not in read_key_set(self.identity_keys):
            raise ValueError("the identity key set does not hold the public half of the private key")
        return signer_of(private_key)


def read_private_key(setting: str) -> str:
    """Raises OSError when it names a file that cannot be read."""
    if setting.lstrip().startswith("-----BEGIN"):
        return setting.replace("\\n", "\n")
    return Path(setting).read_text("ascii")
