"""Settings of identity-svc."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from servicekit.identity import IdentitySigner
from servicekit.keys import key_id, signer_of
from servicekit.settings import ServiceSettings, read_key_set


class Settings(ServiceSettings):
    identity_private_key: SecretStr = Field(description="Ed25519 private key: PEM, or the path of a file with it")
    session_lifetime: timedelta = Field(default=timedelta(hours=12), description="After it a person signs in again")

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
