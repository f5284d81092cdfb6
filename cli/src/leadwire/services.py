"""The services of the platform, and the paths that each of them owns."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from leadwire.errors import CannotRun


class UnknownService(CannotRun):
    """Nobody has that name."""


@dataclass(frozen=True, slots=True)
class Service:
    """`paths` are the first segments under `/v1` that the gateway sends to it."""

    name: str
    paths: tuple[str, ...]

    @property
    def package(self) -> str:
        return self.name.replace("-", "_")

    @property
    def key(self) -> str:
        """For names of databases, roles and variables: `sponsor`, `lead_intake`, …"""
        return self.package.removesuffix("_svc")

    @property
    def context(self) -> str:
        """The first word of the types of its events."""
        return self.key.removeprefix("lead_")

    def settings_class(self) -> type[Any]:
        return import_module(f"{self.package}.settings").Settings

    def build(self) -> Any:
        return import_module(f"{self.package}.app").build

    def subscriptions(self) -> Any:
        """The table of what it hears, without building the service; a service without one hears nothing."""
        module = f"{self.package}.subscriptions"
        return import_module(module).SUBSCRIPTIONS if find_spec(module) else ()

    def retired_queues(self) -> list[str]:
        """Of subscriptions that it once had."""
        module = f"{self.package}.subscriptions"
        names: tuple[str, ...] = getattr(import_module(module), "RETIRED", ()) if find_spec(module) else ()
        return [f"{self.name}.{name}" for name in names]


IDENTITY = Service("identity-svc", ("sessions", "me", "users", "sign-in-policy", "audit"))
SERVICES: tuple[Service, ...] = (
    IDENTITY,
    Service(
        "sponsor-svc",
        (
            "sponsors",
            "projects",
            "products",
            "contact-lists",
            "statistics",
            "crm",
            "sponsor-accounts",
            "statistics-links",
            "shared-statistics",
        ),
    ),
    Service(
        "lead-intake-svc",
        (
            "partners",
            "leads",
            "suppressions",
            "imports",
            "returns",
            "return-flags",
            "sales",
            "erasures",
            "forms",
            "suppression-lists",
        ),
    ),
    Service(
        "assignment-svc",
        (
            "queue",
            "work-items",
            "assignments",
            "agents",
            "dispositions",
            "campaigns",
            "orders",
            "reports",
            "callbacks",
            "survey-templates",
            "survey-answers",
            "accounts",
            "opportunities",
            "customers",
        ),
    ),
    Service("validation-svc", ("validation",)),
    Service(
        "notify-svc",
        (
            "emails",
            "templates",
            "notification-rules",
            "webhook-endpoints",
            "webhook-deliveries",
            "email-suppressions",
            "email-bounces",
            "email-recipients",
            "alarms",
        ),
    ),
)


def service_named(name: str) -> Service:
    """Raises UnknownService with the names that there are."""
    for service in SERVICES:
        if service.name == name:
            return service
    raise UnknownService(f"There is no service {name}; there are {', '.join(service.name for service in SERVICES)}.")


def service_of(path: str) -> Service | None:
    """Who owns a request path, e.g. `/v1/leads/lead_1`; None: nobody does."""
    parts = path.split("/", 4)
    if len(parts) < 3 or parts[1] != "v1":
        return None
    if parts[2] == DEAD_LETTERS:
        return _BY_NAME.get(parts[3]) if len(parts) > 3 else None
    return _OWNERS.get(parts[2])


DEAD_LETTERS = "dead-letters"  # every service has its own, under its name
_BY_NAME = {service.name: service for service in SERVICES}
_OWNERS = {segment: service for service in SERVICES for segment in service.paths}
