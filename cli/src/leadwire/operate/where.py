"""Which installation a command is about."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from embedded import PostgresServer

from leadwire.errors import CannotRun
from leadwire.operate.environment import ADMIN_URL, databases_from
from leadwire.provision import Databases
from leadwire.secrets_file import Secrets
from leadwire.services import SERVICES, Service, service_named


class NoInstallation(CannotRun):
    """There is nothing where the command was told to look."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which installation, and which of its services.

    Parameters
    ----------
    data_dir
        The folder of `leadwire up`; not looked at where LEADWIRE_DATABASE_ADMIN_URL is set.
    service
        Only this service, e.g. lead-intake-svc.
    database_url
        The database of that service.

    """

    data_dir: Path = Path(".leadwire")
    service: str | None = None
    database_url: Annotated[str | None, Parameter(env_var="LEADWIRE_DATABASE_URL")] = None

    def services(self) -> tuple[Service, ...]:
        """Raises UnknownService for an unknown name."""
        return SERVICES if self.service is None else (service_named(self.service),)

    def addresses(self, environment: Mapping[str, str] = os.environ) -> dict[Service, str]:
        """Of the databases, with the rights of the services. Raises NoInstallation or SettingsMissing."""
        if self.database_url is not None:
            if self.service is None:
                raise NoInstallation("A database address is one service's: say which with --service.")
            return {service_named(self.service): self.database_url}
        databases = self.databases(environment)
        return {service: databases.login_dsn(service) for service in self.services()}

    def databases(self, environment: Mapping[str, str] = os.environ) -> Databases:
        """With the rights of the administrator. Raises NoInstallation or SettingsMissing."""
        return databases_from(environment) if self.is_described_by(environment) else self._private()

    def is_described_by(self, environment: Mapping[str, str]) -> bool:
        """Otherwise it is the data folder."""
        return bool(environment.get(ADMIN_URL))

    def _private(self) -> Databases:
        # Asking for a server's password would make one in a folder that has none.
        if not (self.data_dir / "secrets.json").exists():
            raise NoInstallation(
                f"There is no installation in {self.data_dir}: give its folder with --data-dir, or set {ADMIN_URL}."
            )
        return Databases(PostgresServer(self.data_dir / "postgres").dsn(), Secrets(self.data_dir).database_passwords)
