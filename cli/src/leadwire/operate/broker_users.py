"""A user of the broker for every service: it may use what is its own, and declare nothing."""

from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

import httpx2
from embedded import Guest
from messaging.amqp.rights import permissions, topic_permissions

from leadwire.operate.environment import BrokerAdministration
from leadwire.services import SERVICES, Service

TIMEOUT_SECONDS = 20


def broker_user(service: Service) -> str:
    return f"leadwire_{service.key}"


def guest_of(service: Service, password: str) -> Guest:
    """The same user, of a node of our own."""
    return Guest(broker_user(service), password, permissions(service.name), topic_permissions(service.context))


async def provide_broker_users(broker: BrokerAdministration, amqp_url: str) -> None:
    """Makes them, or gives them the passwords and rights of now. Raises httpx2.HTTPError."""
    vhost = quote(_vhost_of(amqp_url), safe="")
    async with httpx2.AsyncClient(base_url=broker.url, timeout=TIMEOUT_SECONDS) as api:
        for service in SERVICES:
            user = broker_user(service)
            await _put(api, f"/api/users/{user}", {"password": broker.passwords[service.key], "tags": ""})
            await _put(api, f"/api/permissions/{vhost}/{user}", permissions(service.name))
            await _put(api, f"/api/topic-permissions/{vhost}/{user}", topic_permissions(service.context))


async def _put(api: httpx2.AsyncClient, path: str, body: Mapping[str, str]) -> None:
    (await api.put(path, json=dict(body))).raise_for_status()


def _vhost_of(amqp_url: str) -> str:
    path = urlsplit(amqp_url).path
    return unquote(path[1:]) or "/"
