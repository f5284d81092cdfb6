"""G6.3, ADR 8: nginx with the gateway's template, and embedded mode's gateway, do the same."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest
import pytest_asyncio
from embedded.ports import free_port
from gateway_world import OPENAPI, SIGNED, Upstreams, behind_nginx, in_process, nginx
from leadwire.services import SERVICES, Service

PARTNER_KEY = {"Authorization": "Bearer lw_live_abc"}
FORGED = {"X-Leadwire-Identity": "forged"}
PROBLEM = {"type", "title", "status", "code", "detail", "request_id", "errors"}
ONE_A_SECOND = {"LEADWIRE_RATE_PER_ADDRESS": "1", "LEADWIRE_RATE_BURST": "1"}
BOTH = ("nginx", "in process")


@pytest.fixture(scope="module")
def upstreams() -> Upstreams:
    return Upstreams()


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=BOTH)
async def gateway(
    request: pytest.FixtureRequest, upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.AsyncClient]:
    packages = request.config.rootpath / ".cache/packages"
    world = (
        in_process(upstreams, tmp_path_factory.mktemp("documents"))
        if request.param == "in process"
        else behind_nginx(upstreams, tmp_path_factory.mktemp("nginx"), packages)
    )
    async with world as url, httpx2.AsyncClient(base_url=url, timeout=10) as client:
        yield client


def test_both_have_the_same_table_of_paths() -> None:
    template = files("leadwire.gateway").joinpath("leadwire.conf.template").read_text()
    rows = re.findall(r"location ~ \^/v1/\(?([a-z|-]+?)\)?\(/\|\$\) \{.*?proxy_pass http://leadwire_(\w+);", template)
    table = {segment: context for segments, context in rows for segment in segments.split("|")}
    assert table == {segment: service.context for service in SERVICES for segment in service.paths}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_every_path_reaches_its_owner(gateway: httpx2.AsyncClient, service: Service) -> None:
    for segment in service.paths:
        for path in (f"/v1/{segment}", f"/v1/{segment}/some_id/part"):
            answer = await gateway.get(path, headers=PARTNER_KEY)
            assert (answer.json()["service"], answer.json()["path"]) == (service.name, path)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_o7_3_every_service_is_asked_for_its_own_dead_letters(
    gateway: httpx2.AsyncClient, service: Service
) -> None:
    for path in (f"/v1/dead-letters/{service.name}", f"/v1/dead-letters/{service.name}/groups"):
        answer = await gateway.get(path, headers=PARTNER_KEY)
        assert (answer.json()["service"], answer.json()["path"]) == (service.name, path)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v1/dead-letters",
        "/v1/dead-letters/nobody-svc",
        "/v1/leadsandmore",
        "/v1",
        "/v2/leads",
        "/internal/authenticate",
        "/_authenticate",
        "/metrics",
        "/v1/internal/authenticate",
    ],
)
async def test_what_nobody_owns_is_a_problem_document(gateway: httpx2.AsyncClient, path: str) -> None:
    _check_problem(await gateway.get(path), 404, "not-found")


@pytest.mark.parametrize("credentials", [{}, PARTNER_KEY, {"Authorization": "Bearer good"}], ids=str)
@pytest.mark.parametrize(
    "path", ["/v1/leads", "/v1/sessions", "/v1/sessions/current", "/v1/users", "/v1/shared-statistics"]
)
async def test_an_identity_from_outside_never_arrives(
    gateway: httpx2.AsyncClient, path: str, credentials: dict[str, str]
) -> None:
    """security.md: identity headers from outside are stripped."""
    for name in ("X-Leadwire-Identity", "x-leadwire-identity", "X_Leadwire_Identity"):
        headers = (await gateway.get(path, headers={**credentials, name: "forged"})).json()["headers"]
        assert headers.get("x-leadwire-identity") in {None, SIGNED}


SPELLINGS = [
    "X-Leadwire-Identity: forged",
    "x-leadwire-identity: forged",
    "X-LEADWIRE-IDENTITY: forged",
    "X-Leadwire-Identity: forged\r\nX-Leadwire-Identity: again",
    "X-Leadwire-Identity: forged\r\nx-leadwire-identity: again\r\nX-LeadWire-Identity: thrice",
    "X-Leadwire-Identity:forged",
    "X-Leadwire-Identity:\tforged\t",
    "X-Leadwire-Identity: ",
    "X_Leadwire_Identity: forged",
    "X-Leadwire_Identity: forged",
    "X_LEADWIRE_IDENTITY: forged\r\nX-Leadwire-Identity: forged",
    "Connection: X-Leadwire-Identity\r\nX-Leadwire-Identity: forged",
    "X-Leadwire-Identity : forged",
    "X-Leadwire-Identity\t: forged",
    " X-Leadwire-Identity: forged",
    "X-Other: a\r\n X-Leadwire-Identity: forged",
    "X-Other: a\rX-Leadwire-Identity: forged",
    "X-Other: a\nX-Leadwire-Identity: forged",
    "X-Leadwire-Identity\0: forged",
    "Transfer-Encoding: chunked\r\nTrailer: X-Leadwire-Identity\r\nX-Leadwire-Identity: forged",
]


@pytest.mark.parametrize("credentials", ["", "Authorization: Bearer good\r\n", "Authorization: Bearer lw_live_a\r\n"])
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_of_an_identity_from_outside_arrives(
    gateway: httpx2.AsyncClient, spelling: str, credentials: str
) -> None:
    """As raw bytes: an HTTP client of ours would not send most of them. Refusing the request is as good."""
    host, port = gateway.base_url.host, gateway.base_url.port
    reader, writer = await asyncio.open_connection(host, port)
    end = "0\r\nX-Leadwire-Identity: forged\r\n\r\n" if "chunked" in spelling else ""
    head = f"POST /v1/leads HTTP/1.1\r\nHost: a\r\n{credentials}{spelling}\r\nConnection: close\r\n\r\n{end}"
    writer.write(head.encode())
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    assert "forged" not in answer
    assert "again" not in answer
    told = [SIGNED in answer, '"x-leadwire-identity"' in answer]
    assert told in ([True, True], [False, False])
    assert SIGNED not in answer or "Bearer good" in credentials


async def test_who_is_signed_in_is_passed_on_signed(gateway: httpx2.AsyncClient) -> None:
    by_token = await gateway.get("/v1/leads", headers={"Authorization": "Bearer good", **FORGED})
    by_cookie = await gateway.get("/v1/leads", headers={"Cookie": "leadwire_session=good", **FORGED})
    assert [a.json()["headers"]["x-leadwire-identity"] for a in (by_token, by_cookie)] == [SIGNED, SIGNED]


async def test_a_partner_key_costs_no_call_of_identity_svc(gateway: httpx2.AsyncClient, upstreams: Upstreams) -> None:
    before = upstreams.asked
    answer = await gateway.post("/v1/leads", json={"a": 1}, headers=PARTNER_KEY)
    assert answer.json()["headers"]["authorization"] == PARTNER_KEY["Authorization"]
    assert upstreams.asked == before
    await gateway.get("/v1/leads", headers={"Authorization": "Bearer good"})
    assert upstreams.asked == before + 1


@pytest.mark.parametrize("path", ["/v1/leads", "/v1/queue/claim", "/v1/me"])
async def test_bad_credentials_are_401(gateway: httpx2.AsyncClient, path: str) -> None:
    answer = await gateway.get(path, headers={"Authorization": "Bearer bad"})
    _check_problem(answer, 401, "unauthenticated", whole=False)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await gateway.get(path, headers={"Cookie": "leadwire_session=old"})).status_code == 401


async def test_signing_in_works_with_an_old_cookie(gateway: httpx2.AsyncClient) -> None:
    """Each step of it."""
    for path in ("/v1/sessions", "/v1/sessions/totp"):
        answer = await gateway.post(path, json={}, headers={"Cookie": "leadwire_session=old"})
        assert (answer.status_code, answer.json()["service"]) == (200, "identity-svc")


@pytest.mark.parametrize("credentials", [{"Cookie": "leadwire_session=old"}, {"Authorization": "Bearer good"}], ids=str)
async def test_s0_13_a_link_is_opened_whoever_is_signed_in(
    gateway: httpx2.AsyncClient, upstreams: Upstreams, credentials: dict[str, str]
) -> None:
    """Nobody is asked who it is, and no identity is passed on; the ticket arrives."""
    before = upstreams.asked
    headers = {**credentials, "Leadwire-Ticket": "lwv_x"}
    for method, path in (("POST", "/v1/shared-statistics"), ("GET", "/v1/shared-statistics/stream")):
        told = (await gateway.request(method, path, headers=headers)).json()
        assert (told["service"], told["headers"]["leadwire-ticket"]) == ("sponsor-svc", "lwv_x")
        assert not told["headers"].get("x-leadwire-identity")
    assert upstreams.asked == before


async def test_a_write_by_cookie_without_csrf_token_is_403(gateway: httpx2.AsyncClient) -> None:
    cookie = {"Cookie": "leadwire_session=good"}
    _check_problem(await gateway.post("/v1/users", json={}, headers=cookie), 403, "csrf-token-invalid", whole=False)
    answer = await gateway.post("/v1/users", json={}, headers={**cookie, "X-CSRF-Token": "x"})
    assert answer.json()["headers"]["x-leadwire-identity"] == SIGNED


async def test_bodies_and_request_ids_pass(gateway: httpx2.AsyncClient) -> None:
    content = b"x" * 2_000_000
    headers = {**PARTNER_KEY, "X-Request-Id": "mine-1", "Idempotency-Key": "k", "If-Match": '"3"'}
    told = (await gateway.post("/v1/leads/batch", content=content, headers=headers)).json()
    assert told["size"] == len(content)
    assert told["headers"]["idempotency-key"] == "k"
    assert told["headers"]["if-match"] == '"3"'
    assert told["headers"]["x-request-id"] == "mine-1"


async def test_events_of_a_stream_come_at_once(gateway: httpx2.AsyncClient, upstreams: Upstreams) -> None:
    """S0.12: pushed to open pages within 2 s."""
    upstreams.go_on.clear()
    async with gateway.stream("GET", "/v1/statistics/stream", headers={"Authorization": "Bearer good"}) as answer:
        lines = answer.aiter_lines()
        async with asyncio.timeout(2):
            assert await anext(lines) == "data: first"
        upstreams.go_on.set()
        assert [line async for line in lines if line] == ["data: second"]


async def test_health_is_no_services(gateway: httpx2.AsyncClient) -> None:
    assert (await gateway.get("/healthz")).json() == {"service": "gateway", "status": "alive"}


async def test_g6_4_the_documents_and_their_pages_need_nobody_else(gateway: httpx2.AsyncClient) -> None:
    """Both documents, and pages to browse them, without signing in, without a CDN and without inline scripts."""
    assert (await gateway.get("/openapi.json")).json() == OPENAPI
    assert (await gateway.get("/asyncapi.json")).json()["asyncapi"].startswith("3.")
    moved = await gateway.get("/docs")
    assert moved.status_code in {307, 308}
    assert moved.headers["location"].endswith("/docs/")
    for address in ("/docs/", "/docs/events.html"):
        shown = await gateway.get(address)
        assert (shown.status_code, shown.headers["content-type"].partition(";")[0]) == (200, "text/html")
        assert "script-src 'self';" in shown.headers["content-security-policy"]
        linked = re.findall(r'(?:src|href)="([^"#]+)"', shown.text)
        assert linked
        for link in linked:
            assert not re.match(r"https?:|//", link)
            assert (await gateway.get(urljoin(address, link))).status_code == 200
    assert "assignment.lead.claimed.v1" in (await gateway.get("/docs/events.html")).text
    assert (
        (await gateway.get("/docs/assets/swagger-ui-bundle.js")).headers["content-type"].startswith("text/javascript")
    )
    for outside in ("/docs/../secrets.json", "/docs/%2e%2e/%2e%2e/secrets.json", "/docs/nothing"):
        assert (await gateway.get(outside)).status_code in {400, 404}


async def test_refusals_carry_the_request_id(gateway: httpx2.AsyncClient) -> None:
    headers = {"Authorization": "Bearer bad", "X-Request-Id": "mine-2"}
    assert (await gateway.get("/v1/leads", headers=headers)).headers["x-request-id"] == "mine-2"
    nothing = await gateway.get("/v1/nothing", headers={"X-Request-Id": "mine-3"})
    assert (nothing.headers["x-request-id"], nothing.json()["request_id"]) == ("mine-3", "mine-3")
    unsafe = await gateway.get("/v1/nothing", headers={"X-Request-Id": 'a"b'})
    assert unsafe.json()["request_id"] not in {"", 'a"b'}


@pytest.mark.parametrize("path", ["/v1/leads", "/v1/statistics"])
async def test_nginx_says_503_while_a_service_is_away_and_429_to_too_many(
    tmp_path: Path, pytestconfig: pytest.Config, path: str
) -> None:
    """For /v1/statistics identity-svc is what is away: nobody can be asked who is calling."""
    nowhere = {service.name: free_port() for service in SERVICES}
    packages = pytestconfig.rootpath / ".cache/packages"
    headers = PARTNER_KEY if path == "/v1/leads" else {}
    async with nginx(tmp_path, packages, nowhere, **ONE_A_SECOND) as url, httpx2.AsyncClient(base_url=url) as client:
        answers = [await client.get(path, headers=headers) for _ in range(4)]
    _check_problem(answers[0], 503, "unavailable")
    _check_problem(answers[-1], 429, "rate-limited")
    assert [answer.headers["retry-after"] for answer in answers] == ["1"] * 4
    assert answers[-1].headers["ratelimit-policy"] == '"address";q=1;w=1'


@pytest.mark.parametrize("path", ["/v1/leads", "/docs/", "/v1/nothing", "/nothing", "/healthz", "/v1/sessions"])
async def test_browsers_are_told_to_do_nothing_with_answers(gateway: httpx2.AsyncClient, path: str) -> None:
    """Refusals of the gateway's own as well, and each header once."""
    for credentials in (PARTNER_KEY, {"Authorization": "Bearer bad"}, {}):
        headers = (await gateway.get(path, headers=credentials)).headers
        assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
            headers["content-security-policy"].split("; ")
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


async def test_nginx_logs_neither_queries_nor_what_is_behind_the_resource_nor_requests_that_fail(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """security.md: no personal data in logs. Neither where a service is away nor where somebody asks too often."""
    nowhere = {service.name: free_port() for service in SERVICES}
    addresses = ["/v1/customers?q=Kanarialintunen", "/v1/customers/kanarialintunen"]
    headers = {"Authorization": "Bearer lw_live_x", "Referer": "http://kanarialintunen.example"}
    async with nginx(tmp_path, pytestconfig.rootpath / ".cache/packages", nowhere, **ONE_A_SECOND) as url:
        async with httpx2.AsyncClient(base_url=url) as client:
            statuses = [(await client.get(address, headers=headers)).status_code for address in addresses * 2]
        logs = [(tmp_path / "server/access.log").read_text(), (tmp_path / "server.log").read_text()]
    assert {503, 429} <= set(statuses)
    assert logs[0].count('"GET /v1/customers"') == len(statuses)
    assert "kanaria" not in "".join(logs).lower()


async def test_nginx_refuses_a_body_that_is_too_large_before_reading_it(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    nowhere = {service.name: free_port() for service in SERVICES}
    async with nginx(tmp_path, pytestconfig.rootpath / ".cache/packages", nowhere) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        size = 8 * 1024 * 1024 + 1
        writer.write(f"POST /v1/leads HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        length = int(re.findall(rb"Content-Length: (\d+)", head)[0])
        document = json.loads(await reader.readexactly(length))
        writer.close()
    assert head.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in head
    assert (document["code"], set(document)) == ("body-too-large", PROBLEM)


def _check_problem(answer: httpx2.Response, status: int, code: str, *, whole: bool = True) -> None:
    """Where identity-svc refuses, embedded mode passes its document on: the stand-in's is not whole."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["code"], document["status"]) == (code, status)
    if whole:
        assert set(document) == PROBLEM
        assert document["type"] == f"https://leadwire.dev/problems/{code}"
