"""Settings of identity-svc."""

from datetime import timedelta

from pydantic import Field, SecretStr
from servicekit.sealing import Sealer
from servicekit.settings import ServiceSettings
from servicekit.watched_file import watched

from identity_svc.signing import SigningKeys


class Settings(ServiceSettings):
    identity_private_key: SecretStr = Field(
        description="Ed25519 private keys in PEM, the first of which signs, or the path of a file with them"
    )
    session_lifetime: timedelta = Field(default=timedelta(hours=12), description="After it a person signs in again")

    second_factor_key: SecretStr | None = Field(
        default=None, min_length=32, description="Seals the secrets of second factors; without it there are none"
    )

    def sealer(self) -> Sealer | None:
        return None if self.second_factor_key is None else Sealer(self.second_factor_key.get_secret_value())

    def signer(self) -> SigningKeys:
        """Raises ValueError unless the key set names the key that signs: otherwise no service would believe us."""
        private = watched(self.identity_private_key.get_secret_value(), SigningKeys.parse, begins="-----BEGIN")
        return SigningKeys(private, self.key_set())
