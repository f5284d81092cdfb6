"""An installation that is described by the environment: Compose, Kubernetes, or servers of one's own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from leadwire.errors import CannotRun
from leadwire.provision import Databases
from leadwire.services import SERVICES, Service

ADMIN_URL = "LEADWIRE_DATABASE_ADMIN_URL"
AMQP_URL = "LEADWIRE_AMQP_URL"
MANAGEMENT_URL = "LEADWIRE_AMQP_MANAGEMENT_URL"


class SettingsMissing(CannotRun):
    """Names all that is missing, never a value."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(f"These settings are missing: {', '.join(names)}")


def database_password_name(service: Service) -> str:
    return f"LEADWIRE_DATABASE_{service.context.upper()}_PASSWORD"


def amqp_password_name(service: Service) -> str:
    return f"LEADWIRE_AMQP_{service.context.upper()}_PASSWORD"


@dataclass(frozen=True, slots=True)
class BrokerAdministration:
    """The management API, and the passwords of the services' users by service key."""

    url: str
    passwords: Mapping[str, str]


def databases_from(environment: Mapping[str, str]) -> Databases:
    """Raises SettingsMissing."""
    _require(environment, [ADMIN_URL, *map(database_password_name, SERVICES)])
    return Databases(environment[ADMIN_URL], _passwords(environment, database_password_name))


def amqp_url_from(environment: Mapping[str, str]) -> str:
    """Raises SettingsMissing."""
    _require(environment, [AMQP_URL])
    return environment[AMQP_URL]


def broker_administration_from(environment: Mapping[str, str]) -> BrokerAdministration | None:
    """None where users of the broker are somebody else's business. Raises SettingsMissing."""
    if not environment.get(MANAGEMENT_URL):
        return None
    _require(environment, map(amqp_password_name, SERVICES))
    return BrokerAdministration(environment[MANAGEMENT_URL], _passwords(environment, amqp_password_name))


def _passwords(environment: Mapping[str, str], name_of: Callable[[Service], str]) -> dict[str, str]:
    return {service.key: environment[name_of(service)] for service in SERVICES}


def _require(environment: Mapping[str, str], names: Iterable[str]) -> None:
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise SettingsMissing(missing)
