"""Settings of identity-svc."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict
from servicekit.boot.checks import Check
from servicekit.boot.environment import check_private
from servicekit.sealing import Sealer
from servicekit.settings import ServiceSettings
from servicekit.watched_file import watched

from identity_svc.signing import SigningKeys
from identity_svc.single_sign_on.provider import CALLBACK, Provider, Registration

# Never one with a shared secret, nor none: they would take the provider's public key for a password.
_ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"})
_SAFE_URL: Final = re.compile(r"(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^?#\s]*)?")


class Settings(ServiceSettings):
    # Compose hands empty ones on where nothing is set: these are not set.
    model_config = SettingsConfigDict(env_ignore_empty=True)

    identity_private_key: SecretStr = Field(
        description="Ed25519 private keys in PEM, the first of which signs, or the path of a file with them"
    )
    session_lifetime: timedelta = Field(default=timedelta(hours=12), description="After it a person signs in again")
    session_idle_timeout: timedelta = Field(
        default=timedelta(hours=1), description="A session that nobody made use of for so long is over"
    )

    second_factor_key: SecretStr | None = Field(
        default=None, min_length=32, description="Seals the secrets of second factors; without it there are none"
    )

    public_url: str | None = Field(
        default=None, description="Where people reach Leadwire, e.g. https://leads.example.org"
    )
    oidc_issuer: str | None = Field(default=None, description="Single sign-on: the provider's issuer, to the letter")
    oidc_client_id: str | None = Field(default=None, description="What the provider calls us")
    oidc_client_secret: SecretStr | None = Field(default=None, description="What we prove it with")
    oidc_algorithms: tuple[str, ...] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA"), description="With which the provider may sign"
    )

    @model_validator(mode="after")
    def _sign_on_is_whole(self) -> Self:
        given = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(given) and not all((*given, self.public_url)):
            raise ValueError("single sign-on needs oidc_issuer, oidc_client_id, oidc_client_secret and public_url")
        for name, url in (("oidc_issuer", self.oidc_issuer), ("public_url", self.public_url)):
            if url is not None and not _SAFE_URL.fullmatch(url):
                raise ValueError(f"{name} must be https:// (http:// on this machine only), without query or fragment")
        if not set(self.oidc_algorithms) <= _ALGORITHMS:
            raise ValueError(f"oidc_algorithms may be {', '.join(sorted(_ALGORITHMS))}")
        return self

    def provider(self) -> Provider | None:
        """None without single sign-on."""
        if not self.oidc_issuer or not self.oidc_client_id or not self.oidc_client_secret or not self.public_url:
            return None
        return Provider(
            Registration(
                issuer=self.oidc_issuer,
                client_id=self.oidc_client_id,
                client_secret=self.oidc_client_secret.get_secret_value(),
                redirect_uri=self.public_url.rstrip("/") + CALLBACK,
                algorithms=self.oidc_algorithms,
            )
        )

    def checks(self) -> list[Check]:
        return [
            *super().checks(),
            ("identity_private_key", self._check_key_file),
            ("identity_private_key", self.signer),
            ("session_lifetime", self._check_lifetime),
            ("session_idle_timeout", self._check_idle),
        ]

    def _check_key_file(self) -> None:
        setting = self.identity_private_key.get_secret_value()
        if not setting.lstrip().startswith("-----BEGIN"):
            check_private("identity_private_key", Path(setting))

    def _check_lifetime(self) -> None:
        """Raises ValueError."""
        if not timedelta(minutes=5) <= self.session_lifetime <= timedelta(days=31):
            raise ValueError("people stay signed in for 5 minutes at least and 31 days at most")

    def _check_idle(self) -> None:
        """Raises ValueError. A use is noted once a minute: less would end sessions that are in use."""
        if not timedelta(minutes=5) <= self.session_idle_timeout <= timedelta(days=31):
            raise ValueError("idle sessions end after 5 minutes at least and 31 days at most")

    def only_https(self) -> bool:
        """Whether people reach Leadwire by TLS only, whoever ends it."""
        return self.public_url is not None and self.public_url.startswith("https://")

    def sealer(self) -> Sealer | None:
        return None if self.second_factor_key is None else Sealer(self.second_factor_key.get_secret_value())

    def signer(self) -> SigningKeys:
        """Raises ValueError unless the key set names the key that signs: otherwise no service would believe us."""
        private = watched(self.identity_private_key.get_secret_value(), SigningKeys.parse, begins="-----BEGIN")
        return SigningKeys(private, self.key_set())
