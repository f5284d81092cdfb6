"""G6.5: no write operation of any service goes without an audit entry, unless its service says why."""

from collections.abc import Iterator
from typing import Any

import fastapi.routing
import pytest
from contracts.event import EVENT_TYPES
from fastapi import Request
from fastapi.responses import JSONResponse
from leadwire.installation import settings_from
from leadwire.services import SERVICES, Service
from servicekit.app import App
from servicekit.audit import Act, Rules, record
from servicekit.audit.rules import WRITES
from servicekit.audit.ship import ship_entries
from servicekit.own_transactions import why_own
from servicekit.testing import TEST_KEY_SET, TEST_PRIVATE_KEY, ServiceUnderTest, TestDatabases, http_client

_SECRETS = {
    "LEADWIRE_IDENTITY_KEYS": TEST_KEY_SET,
    "LEADWIRE_IDENTITY_PRIVATE_KEY": TEST_PRIVATE_KEY,
    "LEADWIRE_KEY_PEPPER": "p" * 40,
    "LEADWIRE_WEBHOOK_SECRET_KEY": "w" * 40,
    "LEADWIRE_SMTP_HOST": "127.0.0.1",
    "LEADWIRE_SMTP_FROM": "Leadwire <leadwire@example.org>",
}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation succeeds without doing anything: what is left is the edge, as it is.

    Those that open their transactions themselves tell themselves what they did: here, that they did.
    """

    async def succeed(request: Request) -> JSONResponse:
        route, app = request.scope["route"], request.app
        if why_own(route.endpoint) and app.state.audit.keeps_write(f"{request.method} {route.path}"):
            async with app.state.database.unit_of_work() as work:
                await record(work, Act(action="done", object_kind="thing"))
        return JSONResponse({"id": "new_000001"})

    def handler(_route: Any) -> Any:
        return succeed

    monkeypatch.setattr(fastapi.routing.APIRoute, "get_route_handler", handler)


async def built(service: Service, dsn: str) -> App:
    return await service.build()(settings_from(service, _SECRETS | {"LEADWIRE_DATABASE_URL": dsn}))


def operations(app: App) -> Iterator[str]:
    for path, methods in app.http.openapi()["paths"].items():
        yield from (f"{method.upper()} {path}" for method in methods)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_g6_5_every_write_leaves_an_entry_or_is_exempt_with_a_reason(
    service: Service, test_databases: TestDatabases, answering: None
) -> None:
    dsn = await test_databases.clone(service.package)
    app = await built(service, dsn)
    rules: Rules = app.http.state.audit
    try:
        async with http_client(app) as http:
            headers = ServiceUnderTest(app, http, dsn, test_databases.owner_dsn(dsn)).headers()
            silent = []
            await ship_entries(app.database)  # what migrations did
            for operation in operations(app):
                method, path = operation.split(" ")
                kept = (method in WRITES and rules.keeps_write(operation)) or rules.keeps_read(operation)
                answer = await http.request(method, path.replace("{", "x_").replace("}", ""), json={}, headers=headers)
                assert answer.status_code in {200, 401, 422} or not kept, operation
                if (await ship_entries(app.database) == 1) is not kept:
                    silent.append(operation)
        assert silent == [], "its routes are not made by servicekit.http.router"
    finally:
        await app.close()
        await test_databases.drop(dsn)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_g6_5_what_is_exempt_exists_and_says_why(service: Service) -> None:
    app = await built(service, "postgresql://nobody@127.0.0.1:1/nothing")
    rules: Rules = app.http.state.audit
    try:
        named = {*rules.exempt, *rules.reads}
        assert named - set(operations(app)) == set(), "take out what no longer exists"
        assert all(len(reason) > 10 for reason in rules.exempt.values())
    finally:
        await app.close()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_g6_5_every_service_tells_in_its_own_name_and_identity_hears_all(service: Service) -> None:
    heard = {event_type for one in SERVICES[0].subscriptions() if one.name == "audit" for event_type in one.event_types}
    assert f"{service.context}.audit.recorded.v1" in heard & set(EVENT_TYPES)
    assert heard == {name for name in EVENT_TYPES if ".audit." in name}
