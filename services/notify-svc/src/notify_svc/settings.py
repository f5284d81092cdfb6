"""Settings of notify-svc."""

import ssl
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from servicekit.boot.checks import Check
from servicekit.settings import ServiceSettings

from notify_svc.sending.addresses import is_sendable

Pace = Annotated[int, Field(ge=0, le=1_000_000)]


class Settings(ServiceSettings):
    smtp_host: str = Field(min_length=1, description="The SMTP server that takes our mails")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port")
    smtp_username: str | None = Field(default=None, description="With a password: log in")
    smtp_password: SecretStr | None = Field(default=None, description="Belongs to the user name")
    smtp_tls: Literal["starttls", "tls", "off"] = Field(default="starttls", description="How the connection is secured")
    smtp_allow_insecure: bool = Field(default=False, description="Must be true for smtp_tls=off: development only")
    smtp_ca_file: Path | None = Field(default=None, description="PEM file to trust instead of the system's authorities")
    smtp_from: str = Field(description="The sender, `Name <address>` or an address")
    smtp_timeout_seconds: float = Field(default=60, gt=0, le=300, description="For each command's reply")
    smtp_connections: int = Field(default=8, ge=1, le=100, description="Mails under way at once, in this process")
    smtp_connections_per_domain: int = Field(default=4, ge=1, le=100, description="Of them, to one domain at most")
    mails_per_minute_per_domain: int = Field(default=0, ge=0, description="To each domain; 0: no limit")
    mails_per_minute_per_sponsor: int = Field(default=0, ge=0, description="About each sponsor's leads; 0: no limit")
    mail_domain_limits: dict[str, Pace] = Field(default={}, description='Others for some, e.g. {"example.org": 60}')
    mail_sponsor_limits: dict[str, Pace] = Field(default={}, description='Others for some, e.g. {"spo_1": 60}')
    # Longer than any message may come again: who got a mail is known by its row.
    mail_ledger_days: int = Field(default=730, ge=90, le=36500, description="Finished mails are kept so long")
    alarm_period_minutes: int = Field(default=60, ge=1, description="The same alarm is mailed once in this time")
    webhook_secret_key: SecretStr = Field(min_length=32, description="Seals the secrets of webhooks in the database")
    webhook_addresses: Literal["public", "loopback"] = Field(
        default="public", description="`loopback`: this machine, too, and there without encryption"
    )
    webhook_allow_insecure: bool = Field(
        default=False, description="Must be true for webhook_addresses=loopback: development only"
    )
    webhook_ca_file: Path | None = Field(
        default=None, description="PEM file to trust instead of the system's authorities"
    )
    webhook_timeout_seconds: float = Field(default=30, gt=0, le=300, description="For a whole attempt")
    webhook_connections: int = Field(
        default=32, ge=1, le=500, description="Attempts under way at once, in this process"
    )
    webhook_connections_per_endpoint: int = Field(default=8, ge=1, le=100, description="Of them, to one endpoint")
    webhook_ledger_days: int = Field(default=90, ge=7, le=3650, description="Finished deliveries are kept so long")

    def checks(self) -> list[Check]:
        return [*super().checks(), *((name, self._authorities(name)) for name in ("smtp_ca_file", "webhook_ca_file"))]

    def _authorities(self, name: str) -> Callable[[], object]:
        return lambda: ssl.create_default_context(cafile=getattr(self, name))

    @field_validator("smtp_from")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not is_sendable(parseaddr(value)[1]) or any(c in value for c in "\r\n"):
            raise ValueError("is not `Name <address>` or an address")
        return value

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.smtp_tls == "off" and not self.smtp_allow_insecure:
            raise ValueError(
                "LEADWIRE_SMTP_TLS=off sends mail in the clear: it needs LEADWIRE_SMTP_ALLOW_INSECURE=true"
            )
        if self.webhook_addresses != "public" and not self.webhook_allow_insecure:
            raise ValueError(
                "LEADWIRE_WEBHOOK_ADDRESSES=loopback reaches into this machine: "
                "it needs LEADWIRE_WEBHOOK_ALLOW_INSECURE=true"
            )
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("LEADWIRE_SMTP_USERNAME and LEADWIRE_SMTP_PASSWORD belong together")
        return self
