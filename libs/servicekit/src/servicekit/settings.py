"""Settings of a process: from the environment, frozen, no default for a secret."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from servicekit.boot.checks import Check
from servicekit.identity import IdentityVerifier
from servicekit.watched_file import watched


class ServiceSettings(BaseSettings):
    """What every service needs; a service adds its own fields in a subclass. Read from `LEADWIRE_…`."""

    model_config = SettingsConfigDict(
        env_prefix="LEADWIRE_", frozen=True, extra="ignore", env_nested_delimiter="__", hide_input_in_errors=True
    )

    database_url: SecretStr = Field(
        description="postgresql://user:password@host:port/database; outside one host `?sslmode=verify-full`"
    )
    database_allow_superuser: bool = Field(
        default=False, description="Lets a role in that row-level security does not stop: development only"
    )
    database_pool: int = Field(default=10, ge=2, le=100, description="Connections at most")
    identity_keys: str = Field(
        description="JSON Web Key Set with the public Ed25519 keys of identity-svc, or the path of a file with it"
    )

    def checks(self) -> list[Check]:
        """What is tried before anything is built, by the setting that is to blame. A service adds its own."""
        return [("identity_keys", self.verifier)]

    def verifier(self) -> IdentityVerifier:
        """Raises ValueError or OSError when the key set cannot be read."""
        return IdentityVerifier(self.key_set())

    def key_set(self) -> Callable[[], Mapping[str, Any]]:
        """The public keys by key id, for now: a file is read again within a second of its change."""
        return watched(self.identity_keys, read_key_set, begins="{")


def read_key_set(document: str) -> dict[str, Any]:
    """Public keys by key id; raises ValueError unless every key is an Ed25519 public key with a `kid`."""
    keys: dict[str, Any] = {}
    try:
        for entry in json.loads(document)["keys"]:
            if entry["kty"] != "OKP" or entry["crv"] != "Ed25519" or "d" in entry or not entry["kid"]:
                raise ValueError("a key is none of ours")  # noqa: TRY301 -- told like the others below
            if entry["kid"] in keys:
                raise ValueError("a key id stands twice")  # noqa: TRY301 -- the same
            if "exp" in entry and entry["exp"] < time.time():
                raise ValueError("a key has expired")  # noqa: TRY301 -- the same
            keys[entry["kid"]] = jwt.PyJWK(entry, "EdDSA").key
    except (ValueError, KeyError, TypeError, jwt.PyJWTError):
        raise ValueError(
            "identity keys must be a key set of public Ed25519 keys, each with a kid of its own, none of them expired"
        ) from None
    if not keys:
        raise ValueError("identity keys are empty")
    return keys
