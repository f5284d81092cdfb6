"""ADR 19: another key signs who is calling, while everybody works; and the old one is believed no longer."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx2
import jwt
import pytest
import pytest_asyncio
from identity_svc.users.create_user import ensure_admin
from leadwire.gateway.in_process import InProcessGateway
from leadwire.key_folder import MOST_KEYS, KeyFolder, WrongStep, add, drop, use
from leadwire.operate.init_env import environment_file
from leadwire.operate.keys import OUTLIVED_SECONDS, SETTLE_SECONDS, changed_env
from leadwire.operate.where import NoInstallation
from leadwire.pages import start_pages
from leadwire.services import IDENTITY, SERVICES, Service, service_named
from servicekit.app import App
from servicekit.identity import HEADER
from servicekit.identity_token import LIFETIME_SECONDS
from servicekit.keys import generate_signing_key, key_id, split_keys
from servicekit.settings import read_key_set
from servicekit.testing import TestDatabases, http_client
from servicekit.watched_file import LOOK_SECONDS

T = TypeVar("T")
EMAIL, PASSWORD = "admin@example.test", "correct horse"
SPONSOR = service_named("sponsor-svc")


@dataclass
class World:
    """identity-svc and sponsor-svc behind the gateway; somebody asks all the time."""

    keys: KeyFolder
    apps: dict[str, App]
    client: httpx2.AsyncClient
    statuses: list[int] = field(default_factory=list)

    async def work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.statuses.append((await self.client.get("/v1/sponsors")).status_code)
            self.statuses.append((await self.client.get("/v1/me")).status_code)
            await asyncio.sleep(0.01)

    async def signed(self) -> str:
        """What identity-svc gives the gateway now."""
        async with http_client(self.apps[IDENTITY.name]) as http:
            answer = await http.get("/internal/authenticate", headers=dict(self.client.headers))
            return answer.headers[HEADER]

    async def believed(self, signed: str) -> bool:
        async with http_client(self.apps[SPONSOR.name]) as http:
            return (await http.get("/v1/sponsors", headers={HEADER: signed})).status_code == 200

    async def published(self) -> set[str]:
        async with http_client(self.apps[IDENTITY.name]) as http:
            return set(read_key_set((await http.get("/.well-known/jwks.json")).text))


@pytest_asyncio.fixture(loop_scope="session")
async def world(test_databases: TestDatabases, tmp_path: Path) -> AsyncIterator[World]:
    keys = KeyFolder(tmp_path / "keys")
    keys.make(generate_signing_key)
    dsns = {service.name: await test_databases.clone(service.package) for service in (IDENTITY, SPONSOR)}
    apps = {service.name: await _built(service, dsns[service.name], keys) for service in (IDENTITY, SPONSOR)}
    await ensure_admin(apps[IDENTITY.name].database, EMAIL, PASSWORD)
    everybody = {service.name: apps.get(service.name, apps[SPONSOR.name]).http for service in SERVICES}
    transport = httpx2.ASGITransport(app=InProcessGateway(everybody, start_pages([])))
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            session = await client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {session.json()['token']}"
            yield World(keys, apps, client)
    finally:
        for app in apps.values():
            await app.close()
        for dsn in dsns.values():
            await test_databases.drop(dsn)


async def _built(service: Service, dsn: str, keys: KeyFolder) -> App:
    settings = {"database_url": dsn, "identity_keys": str(keys.published), "identity_private_key": str(keys.signing)}
    return await service.build()(service.settings_class()(**settings))


async def test_g6_2_keys_are_exchanged_while_running_and_no_request_fails(world: World) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(world.work(stop))
    old = await world.signed()
    old_key = _kid(old)

    world.keys.take(add)
    new_key = key_id(world.keys.keys()[-1])
    await _until(world.published, lambda found: found == {old_key, new_key})
    assert _kid(await world.signed()) == old_key

    world.keys.take(use)
    await _until(world.signed, lambda signed: _kid(signed) == new_key)
    assert await world.believed(old), "what the old key signed is valid for its minute"

    world.keys.take(drop)
    await _until(lambda: world.believed(old), lambda believed: not believed)
    assert await world.published() == {new_key}
    assert await world.believed(await world.signed())

    stop.set()
    await working
    assert len(world.statuses) >= 4
    assert set(world.statuses) == {200}


def test_the_waits_are_longer_than_what_was_signed_lives() -> None:
    assert SETTLE_SECONDS > LOOK_SECONDS
    assert OUTLIVED_SECONDS > LIFETIME_SECONDS + LOOK_SECONDS


def test_steps_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    keys.make(generate_signing_key)
    for step in (use, drop):
        with pytest.raises(WrongStep):
            keys.take(step)
    for _ in range(MOST_KEYS - 1):
        keys.take(add)
    with pytest.raises(WrongStep):
        keys.take(add)
    keys.take(drop)
    assert len(keys.keys()) == 1


def test_a_compose_env_goes_through_the_same_steps() -> None:
    text = environment_file("a@example.test", demo=True)
    first = _keys_of(text)
    added = changed_env(text, add)
    used = changed_env(added, use)
    dropped = changed_env(used, drop)
    assert _keys_of(added) == [first[0], _keys_of(added)[1]]
    assert _keys_of(used) == _keys_of(added)[::-1]
    assert _keys_of(dropped) == [_keys_of(added)[1]]
    for changed in (added, used, dropped):
        published = json.loads(_value(changed, "LEADWIRE_IDENTITY_KEYS"))["keys"]
        assert {key["kid"] for key in published} == {key_id(pem) for pem in _keys_of(changed)}
        others = [line for line in changed.splitlines() if "_IDENTITY_" not in line]
        assert others == [line for line in text.splitlines() if "_IDENTITY_" not in line]
    with pytest.raises(NoInstallation):
        changed_env("LEADWIRE_PORT=1", add)


def _keys_of(env: str) -> list[str]:
    return split_keys(_value(env, "LEADWIRE_IDENTITY_PRIVATE_KEY"))


def _value(env: str, name: str) -> str:
    return next(line for line in env.splitlines() if line.startswith(f"{name}=")).partition("=")[2].strip("'")


def _kid(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


async def _until(question: Callable[[], Awaitable[T]], fits: Callable[[T], bool]) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 20
    while not fits(answer := await question()):
        assert loop.time() < deadline, f"still {answer!r}"
        await asyncio.sleep(0.02)
