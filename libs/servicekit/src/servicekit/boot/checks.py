"""What is asked of settings before anything is built from them."""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from typing import Any

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from servicekit.boot.errors import Misconfigured
from servicekit.boot.secrets import why_weak, why_wrong_broker, why_wrong_database

_HOST_NAME = re.compile(r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9-]{1,63})*")
ASK_SECONDS = 5
_ROLE = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
Check = tuple[str, Callable[[], Any]]


def check_values(settings: BaseSettings) -> None:
    """Secrets that are weak, addresses that cannot work. Raises Misconfigured."""
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if not isinstance(value, SecretStr):
            continue
        secret = value.get_secret_value()
        shortest = max((getattr(rule, "min_length", 0) for rule in field.metadata), default=0)
        problem = None
        if name == "database_url":
            problem = why_wrong_database(secret)
        elif name == "amqp_url":
            problem = why_wrong_broker(secret)
        elif shortest >= 16:
            problem = why_weak(secret, shortest)
        if problem is not None:
            raise Misconfigured(name, problem)


def check_parts(checks: Iterable[Check]) -> None:
    """What a service makes of its settings, tried before it begins. Raises Misconfigured."""
    for name, make in checks:
        try:
            make()
        except OSError as error:  # its text has the path, where somebody may have put the secret itself
            words = error.strerror or type(error).__name__
            raise Misconfigured(name, f"the file cannot be used ({words}); give the path of a readable one.") from None
        except ValueError as error:
            raise Misconfigured(name, f"{error}.") from None


def check_host(name: str, host: str) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Four numbers are meant as an address, so they have to be one.
        if not _HOST_NAME.fullmatch(host) or re.fullmatch(r"[0-9.]+", host):
            detail = "this is no address to listen on; write e.g. 127.0.0.1, or 0.0.0.0 for every interface."
            raise Misconfigured(name, detail) from None


def check_proxies(name: str, proxies: str) -> None:
    """Whoever is trusted may say who the client is: limits on guessing passwords depend on it."""
    for proxy in proxies.split(","):
        try:
            network = ipaddress.ip_network(proxy.strip(), strict=False)
        except ValueError:
            everybody = proxy.strip() == "*"
            if not everybody:
                detail = "write addresses or networks, separated by commas, e.g. 10.0.3.7, 172.18.0.0/16."
                raise Misconfigured(name, detail) from None
        else:
            everybody = network.prefixlen == 0
        if everybody:
            detail = "everybody could say who they are; name the gateway's address or network, e.g. 172.18.0.0/16."
            raise Misconfigured(name, detail)


def check_free(name: str, host: str, port: int) -> None:
    """Raises Misconfigured where somebody listens already, or where nobody may."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        words = error.strerror or type(error).__name__
        detail = f"cannot listen there ({words}); stop what does, or choose another address and port."
        raise Misconfigured(name, detail) from None


async def refuse_superuser(dsn: str) -> None:
    """Raises Misconfigured for a role that no row-level security and no lost right would stop.

    A database that is away is no reason not to begin: the process says so and waits.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=ASK_SECONDS)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return
    try:
        too_mighty = await connection.fetchval(_ROLE, timeout=ASK_SECONDS)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return
    finally:
        await connection.close(timeout=ASK_SECONDS)
    if too_mighty:
        detail = "the role is a superuser, or bypasses row-level security; use the service's own role, which"
        raise Misconfigured("database_url", f"{detail} `leadwire migrate` makes.")
