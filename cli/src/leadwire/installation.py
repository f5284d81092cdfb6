"""Where an installation of `leadwire up` keeps things, and the settings that each of its services gets."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded.ports import free_port, is_free
from embedded.remembered import remember, replace

from leadwire.announcement import Login
from leadwire.provision import Databases
from leadwire.secrets_file import Secrets
from leadwire.services import SERVICES, Service

# For who tries webhooks on one machine.
_PASSED_ON = ("LEADWIRE_WEBHOOK_ADDRESSES", "LEADWIRE_WEBHOOK_ALLOW_INSECURE")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Installation:
    """`package_cache` holds programs that were fetched once; it may be shared by installations."""

    data_dir: Path
    package_cache: Path
    host: str
    port: int
    ports: Mapping[str, int]
    secrets: Secrets
    databases: Databases
    admin: Login

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 -- compared, not bound
        return f"http://{host}:{self.port}"

    @property
    def shows_mails(self) -> bool:
        """On this machine only: they are other people's."""
        return self.host in _LOOPBACK

    def environment(self, service: Service) -> dict[str, str]:
        """The `LEADWIRE_…` settings of one service: the same in one process and in many."""
        settings = {
            "LEADWIRE_DATABASE_URL": self.databases.login_dsn(service),
            "LEADWIRE_IDENTITY_KEYS": str(self.secrets.identity_keys.published),
        }
        match service.name:
            case "identity-svc":
                settings["LEADWIRE_IDENTITY_PRIVATE_KEY"] = str(self.secrets.identity_keys.signing)
                settings["LEADWIRE_SECOND_FACTOR_KEY"] = self.secrets["second_factor_key"]
            case "lead-intake-svc":
                settings["LEADWIRE_KEY_PEPPER"] = self.secrets["key_pepper"]
            case "notify-svc":
                settings |= {
                    "LEADWIRE_SMTP_HOST": "127.0.0.1",
                    "LEADWIRE_SMTP_PORT": str(self.ports["smtp"]),
                    "LEADWIRE_SMTP_TLS": "off",
                    "LEADWIRE_SMTP_ALLOW_INSECURE": "true",
                    "LEADWIRE_SMTP_TIMEOUT_SECONDS": "5",  # the sink is on this machine: a lost sender is soon replaced
                    "LEADWIRE_SMTP_FROM": "Leadwire <leadwire@leadwire.local>",
                    "LEADWIRE_WEBHOOK_SECRET_KEY": self.secrets["webhook_secret_key"],
                    **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                }
            case _:
                pass
        return settings


def settings_from(service: Service, environment: Mapping[str, str]) -> object:
    """The service's settings object for use in this process."""
    values = {name.removeprefix("LEADWIRE_").lower(): value for name, value in environment.items()}
    return service.settings_class()(**values)


PORT_NAMES = ("smtp", "mail-pages", *(f"{service.name}-{role}" for service in SERVICES for role in ("api", "worker")))


def choose_ports(data_dir: Path) -> dict[str, int]:
    """Ports that were free when they were first asked for; the same at every start while they stay free."""
    return {name: _remembered_port(data_dir / "ports" / name) for name in PORT_NAMES}


def _remembered_port(file: Path) -> int:
    port = int(remember(file, lambda: str(free_port())))
    return port if is_free(port) else int(replace(file, str(free_port())))
