"""/healthz, /readyz, /metrics, /docs; the database away; old answers forgotten."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest
from embedded import PostgresServer
from messaging.database import Database
from messaging.sight import Sight, SightRestricted, seeing
from servicekit.idempotency import forget_old_answers
from servicekit.identity import HEADER, Identity
from servicekit.migrations import migrate
from servicekit.testing import TEST_KEY_SET, TEST_SIGNER, ServiceUnderTest, http_client
from toy_svc.app import build
from toy_svc.settings import Settings


async def test_ready_means_database_and_schema(service: ServiceUnderTest):
    assert (await service.http.get("/healthz")).json() == {"service": "toy-svc", "status": "alive"}
    ready = await service.http.get("/readyz")
    assert (ready.status_code, ready.json()["failing"]) == (200, {})
    await service.as_owner("UPDATE alembic_version SET version_num = '20260101_things'")
    behind = await service.http.get("/readyz")
    assert (behind.status_code, set(behind.json()["failing"])) == (503, {"migrations"})
    await service.as_owner("UPDATE alembic_version SET version_num = '20990101_of_a_newer_release'")
    assert (await service.http.get("/readyz")).status_code == 200


async def test_a_database_without_the_restricted_role_is_no_fault_of_the_caller(service: ServiceUnderTest):
    """An installation on which the services were upgraded before `leadwire migrate` ran."""
    database = await Database.connect(service.owner_dsn, source="/leadwire/toy-svc")
    try:
        with seeing(Sight(partner_id="ptr_1")), pytest.raises(SightRestricted, match="leadwire migrate"):
            async with database.unit_of_work():
                pass
    finally:
        await database.close()


async def test_without_its_database_a_service_says_503_and_comes_back():
    folder = Path(tempfile.mkdtemp(prefix="leadwire-test-away-"))
    server = PostgresServer(folder, fast=True)
    server.start()
    try:
        migrate(server.dsn(), "toy_svc")
        app = await build(Settings(database_url=server.dsn(), identity_keys=TEST_KEY_SET))  # pyright: ignore[reportArgumentType] -- pydantic makes a secret of it
        headers = {HEADER: TEST_SIGNER.sign(Identity("usr_1", "admin"))}
        async with http_client(app) as http:
            server.kill()
            for key in ({}, {"Idempotency-Key": "k"}):
                answer = await http.post("/v1/things", json={"name": "a"}, headers=headers | key)
                assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
                assert answer.headers["retry-after"] == "1"
            away = await http.get("/readyz")
            assert (away.status_code, set(away.json()["failing"])) == (503, {"database", "migrations"})
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.get("/metrics")).status_code == 200
            server.start()
            assert (await http.post("/v1/things", json={"name": "a"}, headers=headers)).status_code == 201
            assert await app.database.pool.fetchval("SELECT count(*) FROM things") == 1
        await app.close()
    finally:
        server.stop()
        shutil.rmtree(folder)


async def test_requests_are_counted_by_route_and_never_by_path(service: ServiceUnderTest):
    await service.http.get("/v1/things/thg_wxyz")
    await service.http.get("/v1/nothing/usr_wxyz")
    metrics = (await service.http.get("/metrics")).text
    labels = 'method="GET",route="/v1/things/{thing_id}",service="toy-svc",status="200"'
    assert f"leadwire_http_requests_total{{{labels}}}" in metrics
    assert 'route="unknown"' in metrics
    assert "wxyz" not in metrics


async def test_g6_4_the_docs_page_asks_nobody_else(service: ServiceUnderTest):
    page = await service.http.get("/docs")
    assert page.status_code == 200
    assert "//cdn" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"docs/assets/{asset}" in page.text
        assert (await service.http.get(f"/docs/assets/{asset}")).status_code == 200
    document = (await service.http.get("/openapi.json")).json()
    assert "/v1/things" in document["paths"]


async def test_old_answers_are_forgotten(service: ServiceUnderTest):
    for key in ("old", "new"):
        headers = service.headers() | {"Idempotency-Key": key}
        await service.http.post("/v1/things", json={"name": "a"}, headers=headers)
    query = "UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = $1"
    await service.db.pool.execute(query, stored_key("old"))
    await forget_old_answers(service.db)
    left = [row["key"] for row in await service.db.pool.fetch("SELECT key FROM idempotency_keys")]
    assert left == [stored_key("new")]


def stored_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.mark.parametrize("given", ["mine-1", "Aa0._-" * 10])
async def test_request_ids_go_in_and_out(service: ServiceUnderTest, given: str):
    answer = await service.http.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    odd = await service.http.get("/healthz", headers={"X-Request-Id": "a b\tc"})
    assert odd.headers["x-request-id"].isalnum()
