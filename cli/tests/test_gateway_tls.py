"""G6.3, security.md: the gateway speaks TLS as deploy/gateway/tls.conf says, or stands behind what does."""

import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import yaml
from embedded.account import server_account
from embedded.homes import private_home
from embedded.remembered import replace
from gateway_world import Upstreams, behind_nginx
from leadwire.gateway.nginx import render_gateway
from servicekit.testing_certificates import make_certificate

ROOT = Path(__file__).parents[2]
TLS_CONF = (ROOT / "deploy/gateway/tls.conf").read_text()
HSTS = "max-age=31536000; includeSubDomains"
PARTNER_KEY = {"Authorization": "Bearer lw_live_abc"}
EVERYWHERE = ("/v1/leads", "/v1/nothing", "/docs/", "/healthz", "/docs", "/openapi.json")


@pytest.fixture(scope="module")
def packages(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / ".cache/packages"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate") / "gateway.pem")


@pytest.fixture(scope="module")
def folder(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nginx's, with the certificate where its user can read it."""
    made, account = tmp_path_factory.mktemp("nginx"), server_account()
    home = private_home(made, account)
    replace(home / "fullchain.pem", certificate.read_text(), account)
    replace(home / "privkey.pem", certificate.with_suffix(".key").read_text(), account)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(certificate: Path, folder: Path, packages: Path) -> AsyncIterator[httpx2.AsyncClient]:
    settings = {"LEADWIRE_GATEWAY_EXTRA": TLS_CONF.replace("/tls/", "")}
    async with behind_nginx(Upstreams(), folder, packages, **settings) as url:
        trusting = ssl.create_default_context(cafile=str(certificate))
        base = url.replace("http://", "https://")
        async with httpx2.AsyncClient(base_url=base, verify=trusting, timeout=10) as client:
            yield client


def offering(certificate: Path, **changes: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    for name, value in changes.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_g6_3_every_answer_by_tls_asks_browsers_to_stay_there(gateway: httpx2.AsyncClient, path: str) -> None:
    answer = await gateway.get(path, headers=PARTNER_KEY)
    assert answer.headers["strict-transport-security"] == HSTS
    refused = await gateway.get(path, headers={"Authorization": "Bearer bad"})
    assert refused.headers["strict-transport-security"] == HSTS


async def test_g6_3_services_are_told_that_people_come_by_tls(gateway: httpx2.AsyncClient) -> None:
    """Cookies are then named `__Host-…`, and identity-svc reads no others."""
    told = (await gateway.get("/v1/leads", headers={**PARTNER_KEY, "X-Forwarded-Proto": "http"})).json()["headers"]
    assert told["x-forwarded-proto"] == "https"
    by_cookie = {"Cookie": "__Host-leadwire_session=good"}
    assert (await gateway.get("/v1/leads", headers=by_cookie)).json()["headers"]["x-leadwire-identity"]
    plain = {"Cookie": "leadwire_session=good"}
    assert "x-leadwire-identity" not in (await gateway.get("/v1/leads", headers=plain)).json()["headers"]


async def test_g6_3_there_is_no_door_without_tls_beside_it(gateway: httpx2.AsyncClient) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(
            str(gateway.base_url).replace("https://", "http://") + "/v1/leads", headers=PARTNER_KEY
        )
    assert answer.status_code == 400
    assert "services" not in answer.text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_g6_3_versions_of_today_are_spoken(
    gateway: httpx2.AsyncClient, certificate: Path, version: ssl.TLSVersion
) -> None:
    context = offering(certificate, minimum_version=version, maximum_version=version)
    async with httpx2.AsyncClient(base_url=gateway.base_url, verify=context) as client:
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("ciphers", ["AES256-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA384"])
async def test_g6_3_ciphers_of_yesterday_are_not(gateway: httpx2.AsyncClient, certificate: Path, ciphers: str) -> None:
    context = offering(certificate, maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(ciphers)
    async with httpx2.AsyncClient(base_url=gateway.base_url, verify=context) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("/healthz")


async def test_g6_3_versions_of_yesterday_are_not(gateway: httpx2.AsyncClient, certificate: Path) -> None:
    context = offering(certificate)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with httpx2.AsyncClient(base_url=gateway.base_url, verify=context) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("/healthz")


async def test_g6_3_behind_a_proxy_that_ends_tls_it_does_the_same_and_knows_the_callers_address(
    tmp_path: Path, packages: Path
) -> None:
    """As docs/operations.md says. Without it all people would have the proxy's address, and its limits."""
    settings = {
        "LEADWIRE_GATEWAY_SCHEME": "https",
        "LEADWIRE_GATEWAY_EXTRA": "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;",
    }
    headers = {**PARTNER_KEY, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    async with behind_nginx(Upstreams(), tmp_path, packages, **settings) as url, httpx2.AsyncClient() as client:
        answer = await client.get(f"{url}/v1/leads", headers=headers)
    assert answer.headers["strict-transport-security"] == HSTS
    told = answer.json()["headers"]
    assert (told["x-forwarded-proto"], told["x-forwarded-for"]) == ("https", "203.0.113.9")


async def test_g6_3_without_tls_nothing_is_said_of_it_and_nobody_outside_says_who_they_are(
    tmp_path: Path, packages: Path
) -> None:
    headers = {**PARTNER_KEY, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    async with behind_nginx(Upstreams(), tmp_path, packages) as url, httpx2.AsyncClient() as client:
        answers = [await client.get(f"{url}{path}", headers=headers) for path in EVERYWHERE]
    assert all("strict-transport-security" not in answer.headers for answer in answers)
    told = answers[0].json()["headers"]
    assert (told["x-forwarded-proto"], told["x-forwarded-for"]) == ("http", "127.0.0.1")


def test_g6_3_compose_mounts_what_the_configuration_reads() -> None:
    text = (ROOT / "docker-compose.tls.yml").read_text().replace("!override ", "")
    gateway = yaml.safe_load(text)["services"]["gateway"]
    environment = gateway["environment"]
    assert environment["LEADWIRE_GATEWAY_LISTEN"] == "8443 ssl"
    mounted = {volume.split(":")[-2]: volume.split(":")[0] for volume in gateway["volumes"]}
    (included,) = re.findall(r"include (\S+);", environment["LEADWIRE_GATEWAY_EXTRA"])
    assert (ROOT / mounted[included]).read_text() == TLS_CONF
    assert all(path.startswith("/tls/") for path in re.findall(r"ssl_certificate\w* (\S+);", TLS_CONF))
    assert "/tls" in mounted
    names = dict.fromkeys(re.findall(r"\$\{(LEADWIRE_\w+)\}", render_names()), "a:1")
    assert "listen 8443 ssl;" in render_gateway(names | environment)


def render_names() -> str:
    return (ROOT / "deploy/gateway/leadwire.conf.template").read_text()
